/* clock - what time it is: a steady one for durations, the calendar for records.
 * Threads: any. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H
#include <stddef.h>
#include <stdint.h>

int64_t clock_steady_ns(void);   /* never goes back; its zero means nothing */
void clock_sleep_ms(int64_t ms); /* a signal may end it early */
int64_t clock_wall_ms(void);     /* milliseconds since 1970-01-01 UTC */

enum { CLOCK_ISO_BYTES = 25 }; /* "2026-01-31T12:34:56.789Z" and a 0 byte */

/* Writes wall_ms as RFC 3339 UTC with milliseconds. Years 1970..9999. */
void clock_iso(int64_t wall_ms, char text[CLOCK_ISO_BYTES]);

/* The reverse, of exactly that form; 0 where text is NULL or no such time. */
int64_t clock_from_iso(const char *text);

/* Writes a duration for people: "0.4 s", "12 s", "3 min 20 s", "2 h 05 min". */
void clock_span(double seconds, char *text, size_t size);

#endif
