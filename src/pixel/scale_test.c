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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest),
        cmocka_unit_test(epx_rounds_diagonals),
        cmocka_unit_test(halving_votes),
    };
    return cmocka_run_group_tests_name("pixel/scale", tests, NULL, NULL);
}
