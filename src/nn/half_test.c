#include "nn/half.h"

#include "base/err.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The definition, by arithmetic. */
static float reference(unsigned half)
{
    int exponent = (int)(half >> 10 & 31), mantissa = (int)(half & 1023);
    double value = exponent == 31  ? (mantissa ? NAN : INFINITY)
                   : exponent == 0 ? ldexp(mantissa, -24)
                                   : ldexp(1024 + mantissa, exponent - 25);
    return (float)(half & 0x8000 ? -value : value);
}

static void every_half_widens_exactly_and_comes_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h <= 0xffff; h++) {
        float f = half_to_float((uint16_t)h), want = reference(h);
        if (isnan(want))
            assert_true(isnan(f));
        else if (f != want || !signbit(f) != !signbit(want))
            fail_msg("half %04x is %a, got %a", h, (double)want, (double)f);
        unsigned back = half_from_float(f);
        unsigned quiet = isnan(want) ? h | 0x200 : h; /* a NaN comes back as a quiet one */
        if (back != quiet)
            fail_msg("half %04x comes back as %04x", h, back);
    }
}

/* Between each two neighbours: the middle goes to the even one, a hair more or less to the nearer. */
static void narrowing_rounds_to_nearest_even(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7bff; h++) {
        float low = reference(h), high = reference(h + 1);
        float middle = (low + high) / 2; /* exact: a float has 13 more bits */
        unsigned even = h & 1 ? h + 1 : h;
        if (half_from_float(middle) != even || half_from_float(nextafterf(middle, 0.0f)) != h ||
            half_from_float(nextafterf(middle, INFINITY)) != h + 1 ||
            half_from_float(-middle) != (even | 0x8000))
            fail_msg("around %a, between halves %04x and %04x", (double)middle, h, h + 1);
    }
}

static void narrowing_at_the_ends(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        float value;
        unsigned half;
    } rows[] = {
        { "largest", HALF_MAX, 0x7bff },
        { "just below the middle to infinity", 65519.996f, 0x7bff },
        { "the middle to infinity", 65520.0f, 0x7c00 },
        { "far over", 1e30f, 0x7c00 },
        { "infinity", INFINITY, 0x7c00 },
        { "minus infinity", -INFINITY, 0xfc00 },
        { "half the smallest: tie to zero", 0x1p-25f, 0 },
        { "a hair over half the smallest", 0x1.000002p-25f, 1 },
        { "a float subnormal", 1e-40f, 0 },
        { "minus zero", -0.0f, 0x8000 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (half_from_float(rows[i].value) != rows[i].half)
            fail_msg("%s: %04x", rows[i].why, half_from_float(rows[i].value));
}

static void arrays_need_no_alignment(void **state)
{
    (void)state;
    static const float value[5] = { 1.0f, -2.5f, 0x1p-24f, INFINITY, 65504.0f };
    unsigned char bytes[11];
    float back[5];
    floats_to_halves(value, 5, bytes + 1);
    halves_to_floats(bytes + 1, 5, back);
    assert_memory_equal(value, back, sizeof value);

    static const unsigned char bfloats[] = { 0xff, 0x80, 0x3f, 0x01, 0x00, 0x80, 0xff, 0xc0, 0x7f };
    bfloats_to_floats(bfloats + 1, 4, back);
    assert_true(back[0] == 1.0f && back[1] == 0x1p-133f && back[2] == -INFINITY && isnan(back[3]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_widens_exactly_and_comes_back),
        cmocka_unit_test(narrowing_rounds_to_nearest_even),
        cmocka_unit_test(narrowing_at_the_ends),
        cmocka_unit_test(arrays_need_no_alignment),
    };
    return cmocka_run_group_tests_name("nn/half", tests, NULL, NULL);
}
