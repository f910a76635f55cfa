#include "pixel/alpha.h"

#include "base/mem.h"
#include "pixel/art_test.h"

static void cutting(void **state)
{
    (void)state;
    struct image im = art("123\n456\n789\n");
    alpha_cut(&im, 128);
    assert_art(&im, "...\n..r\nrrr\n");
    image_fini(&im);
}

static void despeckling(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int most, changed;
        const char *before, *after;
    } rows[] = {
        { "an island of one goes, touching at a corner is no island", 1, 1,
          "r......\n"
          "...ggg.\n"
          "..gggg.\n"
          ".b.ggg.\n"
          ".......\n",
          ".......\n"
          "...ggg.\n"
          "..gggg.\n"
          ".b.ggg.\n"
          ".......\n" },
        { "a pinhole is filled with a colour from around it", 1, 1,
          ".ggggg.\n"
          ".gg.gg.\n"
          ".ggggr.\n",
          ".ggggg.\n"
          ".ggggg.\n"
          ".ggggr.\n" },
        { "an opening to the border is no hole, and a hole of two stays", 1, 0,
          "ggg.ggg\n"
          "g..gggg\n"
          "ggggggg\n"
          "ggg.ggg\n",
          "ggg.ggg\n"
          "g..gggg\n"
          "ggggggg\n"
          "ggg.ggg\n" },
        { "islands of two with a higher limit", 2, 2,
          "rr..ggg\n"
          "....ggg\n",
          "....ggg\n"
          "....ggg\n" },
        { "the largest island stays however small", 5, 1,
          "b....\n"
          "...rr\n",
          ".....\n"
          "...rr\n" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(rows[i].before);
        struct spr_error err = { 0 };
        int changed = -1;
        assert_int_equal(alpha_despeckle(&im, rows[i].most, &changed, &err), SPR_OK);
        char text[512];
        art_text(&im, text, sizeof text);
        if (strcmp(text, rows[i].after) != 0 || changed != rows[i].changed)
            fail_msg("%s: %d changed\n%s", rows[i].why, changed, text);
        image_fini(&im);
    }
}

static void remnants_of_shadows(void **state)
{
    (void)state;
    struct image im = art(".......66.\n"
                          ".rrr...67.\n"
                          ".r6r......\n"
                          ".rrr...r6.\n"
                          "..........\n");
    struct spr_error err = { 0 };
    int changed;
    assert_int_equal(alpha_drop_remnants(&im, 128, 224, 6, &changed, &err), SPR_OK);
    assert_int_equal(changed, 4);
    alpha_cut(&im, 128);
    assert_art(&im, "..........\n"
                    ".rrr......\n"
                    ".rrr......\n"
                    ".rrr...rr.\n"
                    "..........\n");
    image_fini(&im);
}

static void lone_fringe_colours_go(void **state)
{
    (void)state;
    struct image im = art(".....\n"
                          ".ggg.\n"
                          ".gg7.\n" /* half red between greens: what was behind */
                          ".ggg.\n"
                          "r8...\n"); /* red beside red: belongs to it */
    int changed = alpha_defringe(&im, 128, 224);
    alpha_cut(&im, 128);
    assert_int_equal(changed, 1);
    assert_art(&im, ".....\n"
                    ".ggg.\n"
                    ".ggg.\n"
                    ".ggg.\n"
                    "rr...\n");
    image_fini(&im);
}

static void bleeding_keeps_alpha(void **state)
{
    (void)state;
    struct image im = art(".....\n"
                          ".....\n"
                          "..r..\n"
                          ".....\n"
                          "....b\n");
    struct spr_error err = { 0 };
    assert_int_equal(alpha_bleed(&im, 1, &err), SPR_OK);
    for (int i = 0; i < 25; i++)
        assert_int_equal(im.pixel[i].a, i == 12 || i == 24 ? 255 : 0);
    assert_true(rgba_equal(*image_at(&im, 1, 1), (struct rgba){ 220, 40, 40, 0 }));
    assert_true(rgba_equal(*image_at(&im, 3, 3), (struct rgba){ 140, 65, 135, 0 })); /* between both */
    assert_true(rgba_equal(*image_at(&im, 0, 0), (struct rgba){ 0 }));
    image_fini(&im);
    im = art("r....\n");
    assert_int_equal(alpha_bleed(&im, 3, &err), SPR_OK);
    for (int x = 0; x < 5; x++)
        assert_int_equal(im.pixel[x].r, x <= 3 ? 220 : 0);
    image_fini(&im);
}

static void lack_of_memory_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct image im = art("r..\n.gg\n.gg\n");
        struct spr_error err = { 0 };
        mem_fail_nth(nth);
        assert_int_equal(alpha_despeckle(&im, 1, NULL, &err), SPR_NOMEM);
        mem_fail_nth(0);
        assert_art(&im, "r..\n.gg\n.gg\n");
        image_fini(&im);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cutting),
        cmocka_unit_test(despeckling),
        cmocka_unit_test(remnants_of_shadows),
        cmocka_unit_test(lone_fringe_colours_go),
        cmocka_unit_test(bleeding_keeps_alpha),
        cmocka_unit_test(lack_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests_name("pixel/alpha", tests, NULL, NULL);
}
