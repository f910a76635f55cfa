#include "train/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void names_are_sorted_and_defaults_within_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < train_option_count; i++) {
        const struct train_option *row = &train_option_table[i];
        assert_true(i == 0 || strcmp(row[-1].name, row->name) < 0);
        assert_true(row->standard >= row->least && row->standard <= row->most);
    }
}

static void text_reads_back_exactly(void **state)
{
    (void)state;
    struct train_options a, b;
    train_options_default(&a);
    a.schedule.peak = 1.0 / 3000;
    a.optimizer.epsilon = 1e-13;
    a.seed = 9007199254740991;
    a.lanes = 7;
    a.precision = CONV_BF16;
    memset(&b, 0, sizeof b);
    for (size_t i = 0; i < train_option_count; i++) {
        char text[TRAIN_OPTION_BYTES];
        train_option_text(&a, &train_option_table[i], text);
        assert_int_equal(train_options_set(&b, train_option_table[i].name, text, NULL), SPR_OK);
    }
    assert_memory_equal(&a, &b, sizeof a);
}

static void bad_values_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *text;
        enum spr_code code;
    } rows[] = {
        { "bach", "1", "there is no training option 'bach'", SPR_NOTFOUND },
        { "batch", "0", "batch '0' is not a whole number from 1 to 65536", SPR_BADARG },
        { "batch", "1.5", "batch '1.5' is not a whole number from 1 to 65536", SPR_BADARG },
        { "precision", "f16", "precision 'f16' is neither f32 nor bf16", SPR_BADARG },
        { "rate", "nan", "rate 'nan' is not a number from 1e-09 to 1", SPR_BADARG },
        { "rate", "", "rate '' is not a number from 1e-09 to 1", SPR_BADARG },
        { "flip", "-0.1", "flip '-0.1' is not a number from 0 to 1", SPR_BADARG },
        { "seed", "-1", "seed '-1' is not a whole number from 0 to 9007199254740991", SPR_BADARG },
        { "samples", "99999999999999",
          "samples '99999999999999' is not a whole number from 1 to 1000000000000", SPR_BADARG },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct train_options o, before;
        struct spr_error err = { 0 };
        train_options_default(&o);
        before = o;
        assert_int_equal(train_options_set(&o, rows[i].name, rows[i].value, &err), rows[i].code);
        assert_string_equal(err.text, rows[i].text);
        assert_memory_equal(&o, &before, sizeof o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sorted_and_defaults_within_bounds),
        cmocka_unit_test(text_reads_back_exactly),
        cmocka_unit_test(bad_values_are_named),
    };
    return cmocka_run_group_tests_name("train/options", tests, NULL, NULL);
}
