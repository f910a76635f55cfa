#include "train/colour.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { PIXELS = 20 };

static void one_colour_gives_its_word(void **state)
{
    (void)state;
    static const struct {
        struct rgba pixel;
        enum colour want;
    } rows[] = {
        { { 230, 20, 20, 255 }, COLOUR_RED },     { { 230, 20, 80, 255 }, COLOUR_RED },
        { { 240, 140, 20, 255 }, COLOUR_ORANGE }, { { 240, 230, 30, 255 }, COLOUR_YELLOW },
        { { 30, 200, 40, 255 }, COLOUR_GREEN },   { { 20, 210, 210, 255 }, COLOUR_CYAN },
        { { 20, 40, 220, 255 }, COLOUR_BLUE },    { { 110, 20, 220, 255 }, COLOUR_PURPLE },
        { { 240, 60, 200, 255 }, COLOUR_PINK },   { { 120, 30, 100, 255 }, COLOUR_PURPLE },
        { { 120, 70, 30, 255 }, COLOUR_BROWN },   { { 20, 20, 30, 255 }, COLOUR_BLACK },
        { { 128, 128, 120, 255 }, COLOUR_GREY },  { { 250, 250, 245, 255 }, COLOUR_WHITE },
        { { 230, 20, 20, 127 }, COLOUR_NONE },    { { 230, 20, 20, 128 }, COLOUR_RED },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct rgba bytes[PIXELS];
        float floats[PIXELS * 4];
        for (int p = 0; p < PIXELS; p++) {
            bytes[p] = rows[i].pixel;
            floats[p * 4 + 0] = (float)rows[i].pixel.r / 255;
            floats[p * 4 + 1] = (float)rows[i].pixel.g / 255;
            floats[p * 4 + 2] = (float)rows[i].pixel.b / 255;
            floats[p * 4 + 3] = (float)rows[i].pixel.a / 255;
        }
        if (colour_dominant_bytes(bytes, PIXELS) != rows[i].want ||
            colour_dominant(floats, PIXELS) != rows[i].want)
            fail_msg("row %zu: %d instead of %d", i, colour_dominant_bytes(bytes, PIXELS), rows[i].want);
    }
}

static void a_majority_decides(void **state)
{
    (void)state;
    static const struct rgba red = { 230, 20, 20, 255 }, black = { 10, 10, 10, 255 }, none = { 0 };
    struct rgba pixel[PIXELS] = { 0 };
    assert_int_equal(colour_dominant_bytes(pixel, PIXELS), COLOUR_NONE);
    for (int i = 0; i < PIXELS; i++) /* outlines weigh little: 14 of 20 are black */
        pixel[i] = i < 6 ? red : black;
    assert_int_equal(colour_dominant_bytes(pixel, PIXELS), COLOUR_RED);
    for (int i = 0; i < PIXELS; i++)
        pixel[i] = i < 11 ? red : none;
    assert_int_equal(colour_dominant_bytes(pixel, PIXELS), COLOUR_NONE); /* 11 pixels are too few */
    pixel[11] = red;
    assert_int_equal(colour_dominant_bytes(pixel, PIXELS), COLOUR_RED);
    static const struct rgba three[3] = { { 230, 20, 20, 255 }, { 20, 230, 20, 255 }, { 20, 20, 230, 255 } };
    struct rgba even[18];
    for (int i = 0; i < 18; i++)
        even[i] = three[i % 3];
    assert_int_equal(colour_dominant_bytes(even, 18), COLOUR_NONE); /* a third each */
}

static void hsv_there_and_back(void **state)
{
    (void)state;
    for (int r = 0; r <= 8; r++)
        for (int g = 0; g <= 8; g++)
            for (int b = 0; b <= 8; b++) {
                float rgb[3] = { (float)r / 8, (float)g / 8, (float)b / 8 }, back[3];
                struct hsv c = colour_to_hsv(rgb);
                assert_true(c.h >= 0 && c.h <= 1 && c.s >= 0 && c.s <= 1 && c.v >= 0 && c.v <= 1);
                colour_from_hsv(c, back);
                for (int i = 0; i < 3; i++)
                    assert_true(fabsf(back[i] - rgb[i]) < 1e-5f);
            }
    struct hsv green = colour_to_hsv((float[3]){ 0, 1, 0 });
    assert_true(fabsf(green.h - 1.0f / 3) < 1e-6f);
}

static void names(void **state)
{
    (void)state;
    for (int c = 0; c < COLOUR_COUNT; c++)
        assert_int_equal(colour_named(colour_name((enum colour)c)), c);
    assert_null(colour_name(COLOUR_NONE));
    assert_int_equal(colour_named("gold"), COLOUR_NONE);
    assert_true(colour_is_word("gold"));
    assert_true(colour_is_word("white"));
    assert_false(colour_is_word("dragon"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_colour_gives_its_word),
        cmocka_unit_test(a_majority_decides),
        cmocka_unit_test(hsv_there_and_back),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests_name("train/colour", tests, NULL, NULL);
}
