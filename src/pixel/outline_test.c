#include "pixel/outline.h"

#include "image/colour.h"
#include "pixel/art_test.h"

static void draws(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct outline_options o;
        const char *before, *after;
    } rows[] = {
        { "outer",
          { OUTLINE_OUTER, false, false, false, { 0, 0, 0, 255 } },
          ".....\n.rr..\n..r..\n.....\n",
          ".##..\n#rr#.\n.#r#.\n..#..\n" },
        { "outer with corners",
          { OUTLINE_OUTER, false, true, false, { 0, 0, 0, 255 } },
          "....\n.r..\n....\n",
          "###.\n#r#.\n###.\n" },
        { "outer, more room",
          { OUTLINE_OUTER, true, false, false, { 0, 0, 0, 255 } },
          "r.\n",
          ".#..\n#r#.\n.#..\n" },
        { "holes too",
          { OUTLINE_OUTER, false, false, false, { 0, 0, 0, 255 } },
          "rrr\nr.r\nrrr\n",
          "rrr\nr#r\nrrr\n" },
        { "inner",
          { OUTLINE_INNER, false, false, false, { 0, 0, 0, 255 } },
          "rrrr\nrrrr\nrrrr\n.rr.\n",
          "####\n#rr#\n#rr#\n.##.\n" },
        { "inner with corners",
          { OUTLINE_INNER, false, true, false, { 0, 0, 0, 255 } },
          ".rrr.\nrrrrr\nrrrrr\nrrrrr\n",
          ".###.\n##r##\n#rrr#\n#####\n" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(rows[i].before);
        struct spr_error err = { 0 };
        assert_int_equal(outline_draw(&im, &rows[i].o, &err), SPR_OK);
        assert_art(&im, rows[i].after);
        image_fini(&im);
    }
}

static void shades_are_darker(void **state)
{
    (void)state;
    struct image im = art("....\n.rg.\n....\n");
    struct outline_options o = { .place = OUTLINE_OUTER, .selective = true };
    struct spr_error err = { 0 };
    struct rgba r = *image_at(&im, 1, 1), g = *image_at(&im, 2, 1);
    assert_int_equal(outline_draw(&im, &o, &err), SPR_OK);
    assert_true(rgba_equal(*image_at(&im, 1, 0), outline_shade(r)));
    assert_true(rgba_equal(*image_at(&im, 3, 1), outline_shade(g)));
    assert_true(oklab_from(outline_shade(g)).L < 0.6f * oklab_from(g).L);
    assert_true(outline_shade(r).r > outline_shade(r).g); /* still red */
    image_fini(&im);
}

static void cleans_lines(void **state)
{
    (void)state;
    static const struct {
        const char *why, *before, *after;
        int changed;
    } rows[] = {
        { "a line that steps", "####....\n...####.\n......##\n", "###.....\n...###..\n......##\n", 2 },
        { "a diagonal drawn twice", "##...\n.##..\n..##.\n...##\n", "#....\n.#...\n..#..\n...##\n", 3 },
        { "a square stays", "####\n#..#\n#..#\n####\n", "####\n#..#\n#..#\n####\n", 0 },
        { "a clean circle stays", ".##.\n#..#\n#..#\n.##.\n", ".##.\n#..#\n#..#\n.##.\n", 0 },
        { "a patch stays", ".##.\n####\n####\n.##.\n", ".##.\n####\n####\n.##.\n", 0 },
        { "on a ground", "##rrr\ng##rr\ngg##r\n", "#rrrr\ng#rrr\ngg##r\n", 2 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(rows[i].before);
        int changed = outline_clean(&im);
        assert_art(&im, rows[i].after);
        assert_int_equal(changed, rows[i].changed);
        assert_int_equal(outline_clean(&im), 0); /* once is enough */
        image_fini(&im);
    }
}

static void closes_gaps(void **state)
{
    (void)state;
    static const struct {
        const char *why, *before, *after;
        int changed;
    } rows[] = {
        { "a gap of one pixel",
          "........\n.######.\n.#rrrr#.\n.#rrrrr.\n.#rrrr#.\n.#rrrr#.\n.##rr#..\n...##...\n........\n",
          "........\n.######.\n.#rrrr#.\n.#rrrr#.\n.#rrrr#.\n.#rrrr#.\n.##rr#..\n...##...\n........\n", 1 },
        { "two that touch",
          "........\n.######.\n.#rrrr#.\n.#rrrrr.\n.#rrrrr.\n.#rrrr#.\n.######.\n........\n",
          "........\n.######.\n.#rrrr#.\n.#rrrr#.\n.#rrrr#.\n.#rrrr#.\n.######.\n........\n", 2 },
        { "three are drawn so",
          "........\n.######.\n.#rrrr#.\n.#rrrrr.\n.#rrrrr.\n.#rrrrr.\n.#rrrr#.\n.######.\n........\n",
          "........\n.######.\n.#rrrr#.\n.#rrrrr.\n.#rrrrr.\n.#rrrrr.\n.#rrrr#.\n.######.\n........\n", 0 },
        { "a tip that shines does not break the line",
          "........\n.####w..\n.#rr##..\n.#rrr#..\n.#rrr#..\n.#####..\n........\n",
          "........\n.####w..\n.#rr##..\n.#rrr#..\n.#rrr#..\n.#####..\n........\n", 0 },
        { "no outline, but a light thing with a dark spot",
          "........\n.rrrrrr.\n.r#rrrr.\n.rrrrrr.\n.rrr##r.\n.rrrrrr.\n........\n",
          "........\n.rrrrrr.\n.r#rrrr.\n.rrrrrr.\n.rrr##r.\n.rrrrrr.\n........\n", 0 },
        { "a light outline is none that we close",
          "........\n.wwwwww.\n.wrrrrw.\n.wrrrrr.\n.wrrrrw.\n.wwwwww.\n........\n",
          "........\n.wwwwww.\n.wrrrrw.\n.wrrrrr.\n.wrrrrw.\n.wwwwww.\n........\n", 0 },
        { "no room for a border", "##\n#r\n", "##\n#r\n", 0 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(rows[i].before);
        int changed = outline_close(&im);
        assert_art(&im, rows[i].after);
        assert_int_equal(changed, rows[i].changed);
        assert_int_equal(outline_close(&im), 0);
        image_fini(&im);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(draws), cmocka_unit_test(shades_are_darker),
                                        cmocka_unit_test(cleans_lines), cmocka_unit_test(closes_gaps) };
    return cmocka_run_group_tests_name("pixel/outline", tests, NULL, NULL);
}
