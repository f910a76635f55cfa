#include "nn/act.h"

#include "base/err.h"
#include "base/random.h"
#include "nn/exp.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static double silu(double x)
{
    return x / (1 + exp(-x));
}

static void exp_is_close(void **state)
{
    (void)state;
    for (double x = -64; x <= 64; x += 0.0071) {
        double want = exp((double)(float)x), off = fabs(exp_fixed((float)x) / want - 1);
        if (!(off < 1.2e-7))
            fail_msg("e^%.9g is off by %.3g", x, off);
    }
}

static void exp_at_the_edges(void **state)
{
    (void)state;
    assert_true(exp_fixed(0) == 1);
    assert_true(exp_fixed(-INFINITY) == exp_fixed(-64) && exp_fixed(-1e30f) > 1e-28f);
    assert_true(exp_fixed(INFINITY) == exp_fixed(64) && isfinite(exp_fixed(1e30f)));
    assert_true(isnan(exp_fixed(NAN)));
    assert_true(sigmoid_fixed(0) == 0.5f && sigmoid_fixed(200) == 1);
}

/* Fixed bits: these change only if the arithmetic does, on this machine or another. */
static void exp_has_fixed_bits(void **state)
{
    (void)state;
    uint64_t hash = 0;
    for (int i = -6000; i <= 6000; i++) {
        float y = exp_fixed((float)i * 0.01f);
        uint32_t bits;
        memcpy(&bits, &y, sizeof bits);
        hash = random_mix(hash ^ bits);
    }
    assert_int_equal(hash, UINT64_C(0xeabafba877f3dcf4));
}

static void silu_and_its_gradient(void **state)
{
    (void)state;
    float x[1001], y[1001], dy[1001], dx[1001];
    for (int i = 0; i < 1001; i++) {
        x[i] = (float)(i - 500) * 0.05f;
        dy[i] = 1 + (float)(i % 7);
    }
    act_silu(x, 1001, y);
    act_silu_backward(x, dy, 1001, dx);
    for (int i = 0; i < 1001; i++) {
        double want = silu(x[i]), slope = dy[i] * (silu(x[i] + 1e-5) - silu(x[i] - 1e-5)) / 2e-5;
        assert_true(fabs(y[i] - want) < 1e-6 * (1 + fabs(want)));
        assert_true(fabs(dx[i] - slope) < 2e-6 * (1 + fabs(slope)));
    }
    act_silu(x, 1001, x);
    assert_memory_equal(x, y, sizeof y);
}

static void the_same_at_every_offset(void **state)
{
    (void)state;
    float x[67], whole[67], part[67];
    for (int i = 0; i < 67; i++)
        x[i] = (float)(i - 30) * 0.3f;
    act_silu(x, 67, whole);
    for (size_t from = 0; from < 67; from++) {
        act_silu(x + from, 67 - from, part);
        assert_memory_equal(part, whole + from, (67 - from) * sizeof *part);
    }
}

static void add_adds(void **state)
{
    (void)state;
    float x[5] = { 1, 2, 3, 4, 5 }, y[5] = { 10, 20, 30, 40, 50 };
    act_add(x, 5, y);
    for (int i = 0; i < 5; i++)
        assert_true(y[i] == 11.0f * (float)(i + 1));
}

static void mean_squared_error(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 7, 8, 9, 1000 };
    float y[1000], target[1000], dy[1000];
    for (size_t k = 0; k < SPR_COUNT(counts); k++) {
        size_t count = counts[k];
        double sum = 0;
        for (size_t i = 0; i < count; i++) {
            y[i] = 2 * random_unit((struct random){ 3, 1 }, i) - 1;
            target[i] = 2 * random_unit((struct random){ 3, 2 }, i) - 1;
            sum += pow((double)y[i] - target[i], 2);
        }
        double mse = act_mse(y, target, count, 4, dy);
        assert_true(fabs(mse - sum / (double)count) < 1e-12);
        assert_true(act_mse(y, target, count, 4, NULL) == mse);
        for (size_t i = 0; i < count; i++) /* a square's central difference is exact */
            assert_true(fabs(dy[i] - 4 * 2 * ((double)y[i] - target[i]) / (double)count) < 1e-6);
        act_mse(y, target, count, 4, y); /* in place */
        assert_memory_equal(y, dy, count * sizeof *y);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_close),
        cmocka_unit_test(exp_at_the_edges),
        cmocka_unit_test(exp_has_fixed_bits),
        cmocka_unit_test(silu_and_its_gradient),
        cmocka_unit_test(the_same_at_every_offset),
        cmocka_unit_test(add_adds),
        cmocka_unit_test(mean_squared_error),
    };
    return cmocka_run_group_tests_name("nn/act", tests, NULL, NULL);
}
