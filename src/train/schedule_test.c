#include "train/schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void rate_follows_the_table(void **state)
{
    (void)state;
    static const struct schedule cosine = { .peak = 1e-3, .last = 0.02, .warmup = 100, .total = 1100 };
    static const struct schedule level = {
        .peak = 1e-3, .hold = 0.5, .last = 0, .warmup = 10, .total = 1000
    };
    static const struct schedule cold = { .peak = 1e-3, .last = 0.5, .warmup = 500, .total = 100 };
    static const struct {
        const char *why;
        const struct schedule *s;
        uint64_t seen, batch;
        double rate;
    } rows[] = {
        { "first step of the warm-up", &cosine, 0, 10, 1e-4 },
        { "half of the warm-up", &cosine, 40, 10, 5e-4 },
        { "warm", &cosine, 90, 10, 1e-3 },
        { "start of the descent", &cosine, 100, 10, 1e-3 },
        { "middle of the descent", &cosine, 600, 10, 1e-3 * 0.51 },
        { "end", &cosine, 1100, 10, 2e-5 },
        { "past the end", &cosine, 5000, 10, 2e-5 },
        { "level until half", &level, 500, 10, 1e-3 },
        { "three quarters", &level, 750, 10, 5e-4 },
        { "end at nothing", &level, 1000, 10, 0 },
        { "a warm-up longer than the run only rises", &cold, 240, 10, 5e-4 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        double rate = schedule_rate(rows[i].s, rows[i].seen, rows[i].batch);
        if (fabs(rate - rows[i].rate) > 1e-12)
            fail_msg("%s: %g, not %g", rows[i].why, rate, rows[i].rate);
    }
}

static void bad_fields_are_named(void **state)
{
    (void)state;
    static const struct {
        struct schedule s;
        const char *text;
    } rows[] = {
        { { .peak = 0, .total = 1 }, "learning rate 0 is outside 0..1" },
        { { .peak = (double)NAN, .total = 1 }, "learning rate nan is outside 0..1" },
        { { .peak = 1, .hold = 2, .total = 1 }, "hold 2 is outside 0..1" },
        { { .peak = 1, .last = -1, .total = 1 }, "last rate -1 is outside 0..1 of the peak" },
        { { .peak = 1 }, "a run of 0 samples trains nothing" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct spr_error err = { 0 };
        assert_int_equal(schedule_check(&rows[i].s, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_follows_the_table),
        cmocka_unit_test(bad_fields_are_named),
    };
    return cmocka_run_group_tests_name("train/schedule", tests, NULL, NULL);
}
