#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void fail_fills_code_and_sentence(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    assert_int_equal(SPR_FAIL(&err, SPR_LIMIT, "size %d; 1..%d allowed", 99, 64), SPR_LIMIT);
    assert_int_equal(err.code, SPR_LIMIT);
    assert_string_equal(err.text, "size 99; 1..64 allowed");
    assert_int_equal(SPR_FAIL(NULL, SPR_IO, "nobody listens"), SPR_IO);
}

static void long_sentence_is_cut_between_characters(void **state)
{
    (void)state;
    struct spr_error err;
    char text[600];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', sizeof text);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 3); /* the euro sign */
        text[sizeof text - 1] = '\0';
        SPR_FAIL(&err, SPR_BADARG, "%s", text);
        size_t n = strlen(err.text);
        assert_true(n >= sizeof err.text - 4 && n < sizeof err.text);
        assert_int_equal((n - shift) % 3, 0);
    }
}

static void prefix_goes_before(void **state)
{
    (void)state;
    struct spr_error err;
    SPR_FAIL(&err, SPR_BADDATA, "no header");
    spr_prefix(&err, "%s", "dragon.png");
    spr_prefix(NULL, "nobody listens");
    assert_int_equal(err.code, SPR_BADDATA);
    assert_string_equal(err.text, "dragon.png: no header");
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < SPR_CODE_COUNT; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(spr_code_name((enum spr_code)i), spr_code_name((enum spr_code)j));
    assert_string_equal(spr_code_name((enum spr_code)999), "internal");
    for (int i = SPR_OK + 1; i < SPR_CODE_COUNT; i++)
        assert_int_equal(spr_code_named(spr_code_name((enum spr_code)i), SPR_OK), i);
    assert_int_equal(spr_code_named("ok", SPR_IO), SPR_IO);
    assert_int_equal(spr_code_named(NULL, SPR_IO), SPR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fills_code_and_sentence),
        cmocka_unit_test(long_sentence_is_cut_between_characters),
        cmocka_unit_test(prefix_goes_before),
        cmocka_unit_test(every_code_has_a_name),
    };
    return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
