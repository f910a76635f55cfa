#include "base/file.h"
#include "base/mem.h"
#include "cli/prompts.h"

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

static int make(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/spritery-prompts-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int drop(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(const char *text, size_t length)
{
    assert_int_equal(file_write(path, text, length, FILE_REPLACE, NULL), SPR_OK);
}

static void operands_come_first_then_lines(void **state)
{
    (void)state;
    static const char text[] = "# weapons\n  long sword \t\r\n\n\t# more\naxe";
    static const char *const operand[] = { "orc", "" };
    struct prompts p;
    struct spr_error err = { 0 };
    put(text, sizeof text - 1);
    assert_int_equal(prompts_read(operand, 2, path, &p, &err), SPR_OK);
    assert_int_equal(p.count, 4);
    assert_string_equal(p.item[0].text, "orc");
    assert_string_equal(p.item[1].text, "");
    assert_string_equal(p.item[2].text, "long sword");
    assert_int_equal(p.item[2].line, 2);
    assert_string_equal(p.item[3].text, "axe");
    assert_int_equal(p.item[3].line, 5);
    prompts_fini(&p);
    assert_int_equal(prompts_read(operand, 1, NULL, &p, &err), SPR_OK);
    assert_int_equal(p.count, 1);
    prompts_fini(&p);
}

static void bad_files_are_refused(void **state)
{
    (void)state;
    char want[160];
    struct prompts p;
    struct spr_error err = { 0 };
    put("a\0b", 3);
    assert_int_equal(prompts_read(NULL, 0, path, &p, &err), SPR_BADDATA);
    snprintf(want, sizeof want, "%s is not text: it has a 0 byte", path);
    assert_string_equal(err.text, want);
    put("# nothing\n", 10);
    assert_int_equal(prompts_read(NULL, 0, path, &p, &err), SPR_BADARG);
    snprintf(want, sizeof want, "%s has no prompt; each line is one", path);
    assert_string_equal(err.text, want);
    char *many = mem_zalloc(PROMPTS_MAX + 1, 2);
    for (size_t i = 0; i <= PROMPTS_MAX; i++)
        memcpy(many + 2 * i, "a\n", 2);
    put(many, 2 * (PROMPTS_MAX + 1));
    mem_free(many);
    assert_int_equal(prompts_read(NULL, 0, path, &p, &err), SPR_LIMIT);
    snprintf(want, sizeof want, "%s has more than 100000 prompts", path);
    assert_string_equal(err.text, want);
    assert_int_equal(prompts_read(NULL, 0, "/nonexistent", &p, &err), SPR_NOTFOUND);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    struct prompts p;
    struct spr_error err = { 0 };
    put("orc\n", 4);
    for (uint64_t n = 1; n <= 2; n++) {
        mem_fail_nth(n);
        assert_int_equal(prompts_read(NULL, 0, path, &p, &err), SPR_NOMEM);
    }
    mem_fail_nth(0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(operands_come_first_then_lines),
        WITH(bad_files_are_refused),
        WITH(no_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("cli/prompts", tests, NULL, NULL);
}
