#include "base/clock.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void times_come_back(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        { 1, "1970-01-01T00:00:00.001Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { 1767225599999, "2025-12-31T23:59:59.999Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char text[CLOCK_ISO_BYTES];
        clock_iso(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
        assert_true(clock_from_iso(text) == rows[i].ms);
    }
}

static void only_such_times_are_read(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-01-31",
        "2026-01-31T12:34:56Z",
        "2026-01-31T12:34:56.789",
        "2026-01-31T12:34:56.789Z ",
        "2026-01-31T12:34:56.789+01:00",
        "2026-1-31T12:34:56.789Z",
        "2026-02-30T12:34:56.789Z",
        "2026-13-01T12:34:56.789Z",
        "2026-01-31T24:34:56.789Z",
        "99999999999-01-31T12:34:56.789Z",
        "-026-01-31T12:34:56.789Z",
        "1969-12-31T23:59:59.999Z",
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(bad); i++)
        if (clock_from_iso(bad[i]) != 0)
            fail_msg("\"%s\" was read", bad[i]);
    assert_true(clock_from_iso(NULL) == 0);
}

static void spans_are_for_people(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {
        { -1, "0.0 s" },          { 0.44, "0.4 s" },      { 9.94, "9.9 s" },
        { 9.96, "10 s" },         { 59.4, "59 s" },       { 59.6, "1 min 00 s" },
        { 3599.6, "1 h 00 min" }, { 7500, "2 h 05 min" }, { 1e300, "277777 h 46 min" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char text[32];
        clock_span(rows[i].seconds, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_come_back),
        cmocka_unit_test(only_such_times_are_read),
        cmocka_unit_test(spans_are_for_people),
    };
    return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
