#include "daemon/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct request asked(int steps, int count)
{
    struct request r;
    request_init(&r);
    r.steps = steps;
    r.count = count;
    return r;
}

static void what_was_measured_is_expected(void **state)
{
    (void)state;
    struct estimate e = { 0 };
    struct request ten = asked(10, 1), many = asked(10, 4), twenty = asked(20, 1);
    assert_true(estimate_seconds(&e, &ten) > 0);
    estimate_learn(&e, &ten, 0.5);
    assert_true(estimate_seconds(&e, &ten) == 0.5);
    assert_true(estimate_seconds(&e, &twenty) == 1.0); /* by its work */
    estimate_learn(&e, &many, 0.25);
    assert_true(estimate_seconds(&e, &many) == 1.0); /* four that cost less each */
    for (int i = 0; i < 50; i++)
        estimate_learn(&e, &ten, 2);
    assert_true(estimate_seconds(&e, &ten) > 1.99);
    for (int i = 1; i <= 200; i++) { /* more kinds than there is room for */
        struct request other = asked(i, 1);
        estimate_learn(&e, &other, i);
        assert_true(estimate_seconds(&e, &other) > 0);
    }
}

static void percent_never_falls(void **state)
{
    (void)state;
    struct advance a;
    double last = 0;
    advance_begin(&a, 4, 0);
    assert_true(advance_stage(&a, STAGE_ENCODING, 100000000));
    assert_true(a.percent == 12 && a.eta_s > 3.8 && a.eta_s < 4);
    assert_false(advance_stage(&a, STAGE_LOADING, 1));
    for (int picture = 0; picture < 6; picture += 2) /* groups of two, four steps each */
        for (int step = 0; step <= 4; step++) {
            struct engine_progress p = { step, 4, picture, 6 };
            advance_step(&a, &p, 2, 1000000000LL + (picture * 5 + step) * 100000000LL);
            assert_true(a.percent >= last && a.percent <= 95);
            last = a.percent;
        }
    assert_true(last == 95 && a.eta_s == 0);
    assert_true(advance_stage(&a, STAGE_FINISHING, 5000000000LL) && a.percent == 99);
    struct engine_progress late = { 1, 4, 0, 6 };
    advance_step(&a, &late, 2, 6000000000LL);
    assert_true(a.percent == 99 && a.stage == STAGE_FINISHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_measured_is_expected),
        cmocka_unit_test(percent_never_falls),
    };
    return cmocka_run_group_tests_name("daemon/estimate", tests, NULL, NULL);
}
