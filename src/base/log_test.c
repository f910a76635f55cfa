#include "base/log.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Writes one line into a pipe and reads it back. */
static void capture(struct log log, enum log_level level, const char *message, char *line, size_t size)
{
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    log.fd = fd[1];
    log_write(&log, level, "%s", message);
    close(fd[1]);
    ssize_t n = read(fd[0], line, size - 1);
    line[n < 0 ? 0 : n] = '\0';
    close(fd[0]);
}

static void lines_have_the_form(void **state)
{
    (void)state;
    char line[6000];
    const struct log text = { .level = LOG_INFO }, json = { .level = LOG_DEBUG, .json = true };
    capture(text, LOG_WARN, "low disk", line, sizeof line);
    assert_int_equal(line[2], ':');
    assert_string_equal(line + 12, " warn  low disk\n");
    capture(text, LOG_INFO, "job a\n12:00:00.000 error \x1B[2Jlies\x7F", line, sizeof line);
    assert_string_equal(line + 12, " info  job a?12:00:00.000 error ?[2Jlies?\n");
    capture(text, LOG_DEBUG, "not shown", line, sizeof line);
    assert_string_equal(line, "");
    capture(json, LOG_ERROR, "say \"hi\"\n\\ \xFF", line, sizeof line);
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_non_null(
        strstr(line, "\"level\":\"error\",\"message\":\"say \\\"hi\\\"\\u000a\\\\ \xEF\xBF\xBD\"}\n"));
}

static void long_json_lines_stay_whole(void **state)
{
    (void)state;
    char message[4000], line[6000];
    memset(message, '\n', sizeof message);
    message[sizeof message - 1] = '\0';
    capture((struct log){ .level = LOG_INFO, .json = true }, LOG_INFO, message, line, sizeof line);
    assert_string_equal(line + strlen(line) - 3, "\"}\n");
}

static void levels_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        enum log_level back;
        assert_true(log_level_named(log_level_name((enum log_level)i), &back));
        assert_int_equal(back, i);
    }
    enum log_level untouched = LOG_INFO;
    assert_false(log_level_named("loud", &untouched));
}

static void times_and_spans_are_written(void **state)
{
    (void)state;
    char iso[CLOCK_ISO_BYTES], span[32];
    clock_iso(1700000000123, iso);
    assert_string_equal(iso, "2023-11-14T22:13:20.123Z");
    clock_iso(-1, iso);
    assert_string_equal(iso, "0000-00-00T00:00:00.000Z");
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {
        { 0.42, "0.4 s" }, { 12, "12 s" }, { 200, "3 min 20 s" }, { 7500, "2 h 05 min" }, { -1, "0.0 s" }
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        clock_span(rows[i].seconds, span, sizeof span);
        assert_string_equal(span, rows[i].text);
    }
    assert_true(clock_steady_ns() <= clock_steady_ns());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_the_form),
        cmocka_unit_test(long_json_lines_stay_whole),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(times_and_spans_are_written),
    };
    return cmocka_run_group_tests_name("base/log clock", tests, NULL, NULL);
}
