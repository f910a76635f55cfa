#include "orchestrate/metric.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char json[] =
    "{\"a\": {\"b\": [1, {\"c\": 2.5}]}, \"x.y\": 7, \"n\": \"NaN\", \"t\": true, \"s\": \"12\"}";
static const char page[] =
    "# HELP up is it\n# TYPE up gauge\nup{job=\"a}b\",i=\"1\"} 1 1700000000000\nupper 5\n"
    "bad one\nnan NaN\nbig +Inf\nup 0\nexp 1.5e3\n";

static const char lines[] = "{\"g\": [{\"v\": 3}]}\n{\"g\": [{\"v\": 9}]}\n\n{\"g\": [{\"v\": 5}]}\n";
static const char gap[] = "{\"v\": 3}\n{\"w\": 9}\n";
static const char nan_line[] = "{\"v\": 3}\n{\"v\": \"NaN\"}\n{\"v\": 4}\n";

static void numbers_are_found(void **state)
{
    static const struct {
        const char *why, *text, *name;
        int found; /* 2: found, not a number */
        double value;
        int64_t time_ms;
    } rows[] = {
        { "through objects and arrays", json, "a.b.0", 1, 1, 0 },
        { "and on", json, "a.b.1.c", 1, 2.5, 0 },
        { "a key with a dot", json, "x.y", 1, 7, 0 },
        { "no number", json, "n", 2, 0, 0 },
        { "a truth is one", json, "t", 1, 1, 0 },
        { "a word is none", json, "s", 0, 0, 0 },
        { "an object is none", json, "a", 0, 0, 0 },
        { "past the end", json, "a.b.9", 0, 0, 0 },
        { "missing", json, "zz", 0, 0, 0 },
        { "labels and a time", page, "up", 1, 1, 1700000000000 },
        { "not the beginning of another name", page, "upp", 0, 0, 0 },
        { "another name", page, "upper", 1, 5, 0 },
        { "a value that is none", page, "bad", 0, 0, 0 },
        { "NaN", page, "nan", 2, 0, 0 },
        { "infinity", page, "big", 1, INFINITY, 0 },
        { "an exponent", page, "exp", 1, 1500, 0 },
        { "the largest of lines", lines, "max:g.0.v", 1, 9, 0 },
        { "the smallest", lines, "min:g.0.v", 1, 3, 0 },
        { "a line without", gap, "max:v", 0, 0, 0 },
        { "a line that is no number", nan_line, "min:v", 2, 0, 0 },
        { "no lines", "", "max:v", 0, 0, 0 },
        { "half a JSON", "{\"a\": 1", "a", 0, 0, 0 },
        { "nothing", "", "a", 0, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct metric m = metric_find(rows[i].text, strlen(rows[i].text), rows[i].name);
        if (m.found != (rows[i].found > 0) || (rows[i].found == 2) != (m.found && isnan(m.value)) ||
            (rows[i].found == 1 && (m.value < rows[i].value || m.value > rows[i].value)) ||
            m.time_ms != rows[i].time_ms)
            fail_msg("%s: found %d, %g", rows[i].why, m.found, m.value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(numbers_are_found) };
    return cmocka_run_group_tests_name("orchestrate/metric", tests, NULL, NULL);
}
