#include "daemon/config.h"

#include "base/file.h"
#include "yaml/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];
static struct doc_report report;

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/spritery-config-%ld.yaml", (long)getpid());
    setenv("HOME", "/home/x", 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_DATA_HOME");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(const char *text)
{
    assert_int_equal(file_write(path, text, strlen(text), FILE_REPLACE, NULL), SPR_OK);
}

static void flag_environment_file_default(void **state)
{
    (void)state;
    static const char *const sets[] = { "queue.tries=7" };
    struct config c;
    struct spr_error err;
    put("queue:\n  tries: 4\n  lease: 2m\nlog: {level: debug}\nstop_after: 0s\ndata:\n  folder: ~/d\n");
    setenv("SPRITERY_QUEUE_TRIES", "5", 1);
    setenv("SPRITERY_LOG_LEVEL", "warn", 1);
    assert_int_equal(config_load(path, sets, 1, &c, &report, &err), SPR_OK);
    assert_true(c.queue.tries == 7 && c.queue.lease_s == 120 && c.stop_s == 0 &&
                c.queue.keep_s == 90 * 86400);
    assert_string_equal(c.log.level, "warn");
    assert_string_equal(c.data.folder, "/home/x/d");
    assert_string_equal(c.data.gallery, "/home/x/d/gallery");
    assert_string_equal(c.keys.allowed, "/home/x/.config/spritery/keys/allowed");
    config_fini(&c);
    unsetenv("SPRITERY_QUEUE_TRIES");
    unsetenv("SPRITERY_LOG_LEVEL");
}

static void every_setting_is_printed_as_it_is_read(void **state)
{
    (void)state;
    struct config c, again;
    struct spr_error err;
    put("");
    assert_int_equal(config_load(path, NULL, 0, &c, &report, &err), SPR_OK);
    for (size_t i = 0; config_row(i); i++) {
        struct buf text;
        char set[4200];
        const char *sets[] = { set };
        buf_init(&text, 4096);
        assert_int_equal(config_print(&c, i, &text, &err), SPR_OK);
        snprintf(set, sizeof set, "%s=%s", config_row(i)->name, text.data ? text.data : "");
        if (config_load(path, sets, 1, &again, &report, &err))
            fail_msg("%s: %s", set, err.text);
        assert_int_equal(again.from[i], CONFIG_FLAG);
        config_fini(&again);
        buf_fini(&text);
    }
    config_fini(&c);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        int line, column, count;
    } rows[] = {
        { "queue:\n  trys: 3\n", "there is no setting queue.trys; did you mean queue.tries?", 2, 3, 1 },
        { "quueue: 1\n", "there is no setting quueue", 1, 1, 1 },
        { "queue: 5\n", "queue must be a map", 1, 8, 1 },
        { "queue:\n  tries: many\n", "queue.tries is \"many\"; it must be a whole number from 1 to 100", 2,
          10, 1 },
        { "queue: {tries: 0}\n", "it must be a whole number from 1 to 100", 1, 16, 1 },
        { "queue: {lease: 3}\n", "a time such as 90s", 1, 16, 1 },
        { "queue: {durable: maybe}\n", "it must be one of kill, power", 1, 18, 1 },
        { "listen: {ipc: perhaps}\n", "it must be yes or no", 1, 15, 1 },
        { "data: {folder: here}\n", "it must begin with / or ~/", 1, 16, 1 },
        { "- a\n", "settings are a map", 1, 1, 1 },
        { "a: 1\nb: 2\nlog: {level: loud}\n", "there is no setting a", 1, 1, 3 },
        { "log:\n  level: [info]\n", "log.level must be one value", 2, 10, 1 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct config c = { 0 };
        struct spr_error err = { 0 };
        put(rows[i].text);
        assert_int_equal(config_load(path, NULL, 0, &c, &report, &err), SPR_BADDATA);
        const struct doc_complaint *first = &report.complaint[0];
        if (report.count != rows[i].count || first->line != rows[i].line || first->column != rows[i].column ||
            !strstr(first->text, rows[i].words) || !strstr(err.text, path))
            fail_msg("%s: %d complaints, %d:%d %s", rows[i].text, report.count, first->line, first->column,
                     first->text);
        assert_null(c.from);
    }
}

static void only_live_settings_change(void **state)
{
    (void)state;
    struct config c, next;
    struct spr_error err;
    int later;
    put("");
    assert_int_equal(config_load(path, NULL, 0, &c, NULL, &err), SPR_OK);
    put("queue: {keep: 1d, lease: 5m}\nlog: {json: yes, level: error}\n");
    assert_int_equal(config_load(path, NULL, 0, &next, NULL, &err), SPR_OK);
    config_reload(&c, &next, &later);
    assert_int_equal(later, 1);
    assert_true(c.queue.keep_s == 86400 && c.queue.lease_s == 60 && c.log.json);
    assert_string_equal(c.log.level, "error");
    config_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flag_environment_file_default),
        cmocka_unit_test(every_setting_is_printed_as_it_is_read),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(only_live_settings_change),
    };
    return cmocka_run_group_tests_name("daemon/config", tests, set_up, tear_down);
}
