#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_steady_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void clock_sleep_ms(int64_t ms)
{
    struct timespec span = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&span, NULL);
}

int64_t clock_wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_iso(int64_t wall_ms, char text[CLOCK_ISO_BYTES])
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm tm;
    if (wall_ms < 0 || !gmtime_r(&s, &tm) || tm.tm_year > 8099) {
        memcpy(text, "0000-00-00T00:00:00.000Z", CLOCK_ISO_BYTES);
        return;
    }
    char day[32];
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, CLOCK_ISO_BYTES, "%.19s.%03uZ", day, (unsigned)(wall_ms % 1000));
}

void clock_span(double seconds, char *text, size_t size)
{
    if (!(seconds >= 0))
        seconds = 0;
    long s = seconds < 1e9 ? (long)(seconds + 0.5) : 1000000000L;
    if (seconds < 9.95)
        snprintf(text, size, "%.1f s", seconds);
    else if (s < 60)
        snprintf(text, size, "%ld s", s);
    else if (s < 3600)
        snprintf(text, size, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(text, size, "%ld h %02ld min", s / 3600, s % 3600 / 60);
}

int64_t clock_from_iso(const char *text)
{
    struct tm t = { 0 };
    int ms = 0;
    char again[CLOCK_ISO_BYTES];
    if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour,
                        &t.tm_min, &t.tm_sec, &ms) != 7)
        return 0;
    t.tm_year -= 1900;
    t.tm_mon--;
    int64_t wall_ms = (int64_t)timegm(&t) * 1000 + ms;
    clock_iso(wall_ms, again); /* other forms and days that no month has come out as another text */
    return strcmp(again, text) == 0 ? wall_ms : 0;
}
