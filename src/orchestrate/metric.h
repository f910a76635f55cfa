/* metric - one number out of a JSON file or a page of Prometheus text.
 * JSON: "a.b.2" goes into objects by key and arrays by place. Prometheus: the metric's name, with labels as written in
 * the page if the name has some; the first sample that fits.
 * JSON lines, one document each, as `spritery check --json` prints them: "max:gates.0.value" is the largest of all lines,
 *   "min:..." the smallest; a line without it, or with no number, makes it missing, or no number.
 * Threads: any. Source: Prometheus, "Exposition formats", text format 0.0.4. */
#ifndef ORCHESTRATE_METRIC_H
#define ORCHESTRATE_METRIC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metric {
    bool found;
    double value;    /* may be NaN or infinite */
    int64_t time_ms; /* 0: the page does not say when */
};

struct metric metric_find(const char *text, size_t length, const char *name);

#endif
