#include "pixel/scale.h"

#include "pixel/art_test.h"

static void nearest(void **state)
{
    (void)state;
    struct image im = art("r.\n"
                          "gb\n"),
                 to = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(scale_nearest(&im, 3, &to, &err), SPR_OK);
    assert_art(&to, "rrr...\n"
                    "rrr...\n"
                    "rrr...\n"
                    "gggbbb\n"
                    "gggbbb\n"
                    "gggbbb\n");
    image_fini(&to);
    assert_int_equal(scale_nearest(&im, 40000, &to, &err), SPR_LIMIT);
    assert_string_equal(err.text, "a picture of 2x2, 40000 times as large, is over 32768 pixels a side");
    image_fini(&im);
}

static void epx_rounds_diagonals(void **state)
{
    (void)state;
    struct image im = art("r...\n"
                          ".r..\n"
                          "..r.\n"
                          "...r\n"),
                 to = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(scale_epx(&im, &to, &err), SPR_OK);
    assert_art(&to, "rr......\n"
                    "r.r.....\n"
                    ".rrr....\n"
                    "..rrr...\n"
                    "...rrr..\n"
                    "....rrr.\n"
                    ".....r.r\n"
                    "......rr\n");
    image_fini(&im);
    image_fini(&to);
}

static void halving_votes(void **state)
{
    (void)state;
    static const struct {
        const char *why, *before, *after;
    } rows[] = {
        { "majority and coverage",
          "rrg.....\n"
          "rb..g.gg\n",
          "r..g\n" },
        { "flat", "rrrr\nrrrr\n", "rr\n" },
        { "an outline that goes on stays",
          "#yyyyyyy\n"
          "y#yyyyyy\n"
          "yy#yyyyy\n"
          "yyy#yyyy\n",
          "#yyy\n"
          "y#yy\n" },
        { "a lone dark pixel does not",
          "yyyy\n"
          "y#yy\n",
          "yy\n" },
        { "odd sizes", "rrg\nrrg\nbbb\n", "rg\nbb\n" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(rows[i].before), to = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(scale_half(&im, &to, &err), SPR_OK);
        char text[256];
        art_text(&to, text, sizeof text);
        if (strcmp(text, rows[i].after) != 0)
            fail_msg("%s:\n%s", rows[i].why, text);
        image_fini(&im);
        image_fini(&to);
    }
}

/* Shapes whose enlargement can be read. */
static void mmpx_keeps_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *why, *before, *after;
    } rows[] = {
        { "a dot stays a square", "...\n.r.\n...\n", "......\n......\n..rr..\n..rr..\n......\n......\n" },
        { "a dark diagonal is a line", "wwwwww\nw#wwww\nww#www\nwww#ww\nwwww#w\nwwwwww\n",
          "wwwwwwwwwwww\nwwwwwwwwwwww\nww##wwwwwwww\nww###wwwwwww\nwww###wwwwww\nwwww###wwwww\nwwwww###wwww\n"
          "wwwwww###www\nwwwwwww###ww\nwwwwwwww##ww\nwwwwwwwwwwww\nwwwwwwwwwwww\n" },
        { "an edge of two to one is even", "......\n......\n....rr\n..rrrr\nrrrrrr\nrrrrrr\n",
          "............\n............\n............\n............\n..........rr\n........rrrr\n......rrrrrr\n"
          "....rrrrrrrr\nrrrrrrrrrrrr\nrrrrrrrrrrrr\nrrrrrrrrrrrr\nrrrrrrrrrrrr\n" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(rows[i].before), to = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(scale_mmpx(&im, &to, &err), SPR_OK);
        assert_art(&to, rows[i].after);
        image_fini(&to);
        image_fini(&im);
    }
}

/* Noise of few colours, alpha too: every pixel of the result is the pixel's own colour or one within two pixels. */
static void no_new_colours(void **state)
{
    (void)state;
    static const struct rgba few[] = {
        { 0 }, { 9, 9, 9, 255 }, { 200, 30, 40, 255 }, { 255, 255, 255, 255 }, { 0, 90, 9, 255 }
    };
    uint32_t seed = 1;
    for (int round = 0; round < 60; round++) {
        struct image im, to;
        struct spr_error err = { 0 };
        int kinds = 2 + round % 4;
        assert_int_equal(image_init(&im, 1 + round % 17, 1 + round % 13, &err), SPR_OK);
        for (int i = 0; i < im.width * im.height; i++) {
            seed = seed * 1664525u + 1013904223u;
            im.pixel[i] = few[(seed >> 16) % (uint32_t)kinds];
        }
        for (int m = 0; m < SCALE_METHOD_COUNT; m++) {
            assert_int_equal(scale_by(&im, (enum scale_method)m, 2, &to, &err), SPR_OK);
            assert_int_equal(to.width, im.width * 2);
            for (int y = 0; y < to.height; y++)
                for (int x = 0; x < to.width; x++) {
                    bool known = false;
                    for (int v = y / 2 - 2; v <= y / 2 + 2; v++)
                        for (int u = x / 2 - 2; u <= x / 2 + 2; u++)
                            known = known || (u >= 0 && v >= 0 && u < im.width && v < im.height &&
                                              rgba_equal(*image_at(&im, u, v), *image_at(&to, x, y)));
                    assert_true(known);
                }
            image_fini(&to);
        }
        image_fini(&im);
    }
}

/* Mirrored first or mirrored afterwards is the same for the scalers that have no order of rules. */
static void scales_alike_in_all_directions(void **state)
{
    (void)state;
    struct image im = art("..#....\n.#r#...\n#rgr#..\n.#r##y.\n..#.yyy\n...y.y.\n"), turned = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(image_init(&turned, im.height, im.width, &err), SPR_OK);
    for (int y = 0; y < im.height; y++)
        for (int x = 0; x < im.width; x++)
            *image_at(&turned, y, x) = *image_at(&im, x, y);
    for (int m = 0; m < SCALE_METHOD_COUNT; m++) {
        struct image a, b;
        assert_int_equal(scale_by(&im, (enum scale_method)m, 4, &a, &err), SPR_OK);
        assert_int_equal(scale_by(&turned, (enum scale_method)m, 4, &b, &err), SPR_OK);
        for (int y = 0; y < a.height; y++)
            for (int x = 0; x < a.width; x++)
                if (!rgba_equal(*image_at(&a, x, y), *image_at(&b, y, x)))
                    fail_msg("%s differs at %d,%d", scale_method_name((enum scale_method)m), x, y);
        image_fini(&a);
        image_fini(&b);
    }
    image_fini(&turned);
    image_fini(&im);
}

static void factors(void **state)
{
    (void)state;
    struct image im = art("r.\n.r\n"), to = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(scale_by(&im, SCALE_MMPX, 6, &to, &err), SPR_BADARG);
    assert_string_equal(err.text, "mmpx enlarges by 2, 4, 8 ..., not by 6; nearest does any whole number");
    assert_int_equal(scale_by(&im, SCALE_MMPX, 1, &to, &err), SPR_OK);
    assert_art(&to, "r.\n.r\n");
    image_fini(&to);
    assert_int_equal(scale_by(&im, SCALE_EPX, 8, &to, &err), SPR_OK);
    assert_int_equal(to.height, 16);
    image_fini(&to);
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest),
        cmocka_unit_test(epx_rounds_diagonals),
        cmocka_unit_test(mmpx_keeps_shapes),
        cmocka_unit_test(no_new_colours),
        cmocka_unit_test(scales_alike_in_all_directions),
        cmocka_unit_test(factors),
        cmocka_unit_test(halving_votes),
    };
    return cmocka_run_group_tests_name("pixel/scale", tests, NULL, NULL);
}
