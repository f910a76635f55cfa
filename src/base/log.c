#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[LOG_LEVEL_COUNT] = { "error", "warn", "info", "debug" };

bool log_level_named(const char *name, enum log_level *ret)
{
    for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return (unsigned)level < LOG_LEVEL_COUNT ? names[level] : "error";
}

/* Appends text as the inside of a JSON string; bytes that are not UTF-8 become U+FFFD. Returns the new length. */
static size_t escape(char *out, size_t size, size_t n, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length && n + 8 < size;) {
        uint32_t point;
        size_t took = utf8_decode(text + i, length - i, &point);
        if (took == 0) {
            memcpy(out + n, "\xEF\xBF\xBD", 3);
            n += 3;
            took = 1;
        } else if (point == '"' || point == '\\') {
            out[n++] = '\\';
            out[n++] = (char)point;
        } else if (point < 0x20) {
            n += (size_t)snprintf(out + n, size - n, "\\u%04x", point);
        } else {
            memcpy(out + n, text + i, took);
            n += took;
        }
        i += took;
    }
    return n;
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    if (level > log->level)
        return;
    char message[2048], line[sizeof message * 2], stamp[CLOCK_ISO_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    clock_iso(clock_wall_ms(), stamp);
    size_t n;
    for (char *p = message; !log->json && *p; p++) /* one line, and nothing that drives a terminal */
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
    if (log->json) {
        n = (size_t)snprintf(line, sizeof line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"", stamp,
                             log_level_name(level));
        n = escape(line, sizeof line - 8, n, message);
        memcpy(line + n, "\"}\n", 3);
        n += 3;
    } else {
        n = (size_t)snprintf(line, sizeof line, "%.12s %-5s %s\n", stamp + 11, log_level_name(level),
                             message);
    }
    ssize_t ignored = write(log->fd, line, n);
    (void)ignored;
}
