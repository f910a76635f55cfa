#include "image/colour.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_curve_is_srgb_s(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++) {
        double c = i / 255.0, light = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
        assert_true(fabs(srgb_linear[i] - light) < 1e-7);
        assert_int_equal(srgb_from_linear(srgb_linear[i]), i);
    }
    static const struct {
        float light;
        int value;
    } rows[] = { { -1, 0 }, { NAN, 0 }, { 0, 0 }, { 0.5f, 188 }, { 1, 255 }, { 3, 255 }, { INFINITY, 255 } };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        assert_int_equal(srgb_from_linear(rows[i].light), rows[i].value);
}

/* The published example values, computed there from XYZ, and the corners of sRGB as widely printed. */
static void known_colours(void **state)
{
    (void)state;
    static const struct {
        struct rgba c;
        struct oklab want;
    } rows[] = {
        { { 255, 255, 255, 255 }, { 1.0f, 0.0f, 0.0f } },
        { { 0, 0, 0, 255 }, { 0.0f, 0.0f, 0.0f } },
        { { 255, 0, 0, 255 }, { 0.62796f, 0.22486f, 0.12585f } },
        { { 0, 255, 0, 255 }, { 0.86644f, -0.23389f, 0.17950f } },
        { { 0, 0, 255, 255 }, { 0.45201f, -0.03246f, -0.31153f } },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct oklab got = oklab_from(rows[i].c);
        if (oklab_distance2(got, rows[i].want) > 1e-8f)
            fail_msg("row %zu: %f %f %f", i, (double)got.L, (double)got.a, (double)got.b);
    }
}

static void every_colour_comes_back(void **state)
{
    (void)state;
    for (int r = 0; r < 256; r += 3)
        for (int g = 0; g < 256; g += 3) {
            struct rgba row[256];
            float L[256], a[256], b[256];
            for (int i = 0; i < 256; i++)
                row[i] = (struct rgba){ (uint8_t)r, (uint8_t)g, (uint8_t)i, 255 };
            oklab_from_many(row, 256, L, a, b);
            for (int i = 0; i < 256; i++) {
                struct oklab one = oklab_from(row[i]), many = { L[i], a[i], b[i] };
                assert_memory_equal(&one, &many, sizeof one);
                assert_true(rgba_equal(oklab_to(one), row[i]));
            }
        }
}

static void colours_are_read_strictly(void **state)
{
    static const char *const bad[] = { "",        "#",       "12345",  "1234567", "#12345",
                                       "##12345", "#12345g", "+1+2+3", "# 12345" };
    struct rgba c = { 1, 2, 3, 4 };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (rgba_from_hex(bad[i], &c))
            fail_msg("\"%s\" was read", bad[i]);
    assert_true(rgba_equal(c, (struct rgba){ 1, 2, 3, 4 }));
    assert_true(rgba_from_hex("#Ff8001", &c) && rgba_equal(c, (struct rgba){ 255, 128, 1, 255 }));
    assert_true(rgba_from_hex("00ff7f", &c) && rgba_equal(c, (struct rgba){ 0, 255, 127, 255 }));
}

static void agrees_with_double_arithmetic(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct rgba c = { (uint8_t)(i * 7), (uint8_t)(i / 3), (uint8_t)(i * i), 255 };
        double r = (double)srgb_linear[c.r], g = (double)srgb_linear[c.g], b = (double)srgb_linear[c.b];
        double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
        double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
        double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
        struct oklab got = oklab_from(c);
        assert_true(fabs((double)got.L - (0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s)) < 1e-6);
        assert_true(fabs((double)got.a - (1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s)) < 2e-6);
        assert_true(fabs((double)got.b - (0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)) < 2e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_is_srgb_s),           cmocka_unit_test(known_colours),
        cmocka_unit_test(every_colour_comes_back),       cmocka_unit_test(colours_are_read_strictly),
        cmocka_unit_test(agrees_with_double_arithmetic),
    };
    return cmocka_run_group_tests_name("image/colour", tests, NULL, NULL);
}
