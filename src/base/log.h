/* log - what a program tells its keeper, one line per event on a stream (stderr by default).
 * Flow:  cli, daemon -> [base/log]; libraries below them return errors and never log above debug.
 * Text:  "12:34:56.789 warn  message". JSON lines: {"time":"...","level":"warn","message":"..."}.
 * Threads: a struct log may be shared: each line is one write. */
#ifndef BASE_LOG_H
#define BASE_LOG_H
#include "base/err.h"
#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVEL_COUNT };

struct log {
    enum log_level level; /* lines above this are dropped */
    bool json;
    int fd;
};

void log_write(const struct log *log, enum log_level level, const char *format, ...) SPR_PRINTF(3, 4);

/* "error", "warn", "info", "debug" -> level; false for other words. */
bool log_level_named(const char *name, enum log_level *ret);
const char *log_level_name(enum log_level level);

#endif
