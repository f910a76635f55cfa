#include "pixel/finish.h"

#include "base/mem.h"
#include "base/random.h"
#include "pixel/art_test.h"
#include "pixel/clean.h"
#include "pixel/quantise.h"

/* A 16x16 potion, as it should be. */
static const char potion[] = "................\n"
                             "......####......\n"
                             "......#oo#......\n"
                             ".......##.......\n"
                             "......#ws#......\n"
                             "......#ws#......\n"
                             ".....#wsss#.....\n"
                             "....#wrrrrs#....\n"
                             "...#wrwrrrrs#...\n"
                             "...#rrrrrrrr#...\n"
                             "...#rrrrrRRr#...\n"
                             "...#rrrrRRRR#...\n"
                             "....#RrRRRR#....\n"
                             ".....######.....\n"
                             "................\n"
                             "................\n";

/* What a network would give for it: noise on every channel, soft edges, a faint shadow, a speck. */
static struct image soft(const char *text, float noise)
{
    struct image im = art(text);
    struct random r = { 5, 0 };
    int count = im.width * im.height;
    for (int i = 0; i < count; i++) {
        float n[4];
        random_normals(r, (uint64_t)i * 4, 4, n);
        struct rgba *p = &im.pixel[i];
        int v[4] = { p->r, p->g, p->b, p->a };
        for (int k = 0; k < 4; k++) {
            v[k] += (int)(n[k] * (k == 3 ? 4 * noise : noise));
            v[k] = v[k] < 0 ? 0 : v[k] > 255 ? 255 : v[k];
        }
        *p = (struct rgba){ (uint8_t)v[0], (uint8_t)v[1], (uint8_t)v[2], (uint8_t)v[3] };
    }
    return im;
}

/* The sign of the nearest art colour for each pixel. */
static void nearest_art(const struct indexed *few, char *text, size_t size)
{
    struct palette all = { 0 };
    struct nearest n;
    struct image im;
    struct spr_error err;
    for (size_t i = 0; i < SPR_COUNT(art_colours); i++)
        all.colour[all.count++] = art_colours[i].colour;
    nearest_init(&n, &all, COLOUR_OKLAB, 128);
    assert_int_equal(image_from_indexed(&im, few, &err), SPR_OK);
    for (int i = 0; i < im.width * im.height; i++)
        im.pixel[i] = all.colour[nearest_of(&n, im.pixel[i])];
    art_text(&im, text, size);
    image_fini(&im);
}

static void noise_goes_and_the_glint_stays(void **state)
{
    (void)state;
    struct image im = soft(potion, 5);
    *image_at(&im, 14, 14) = (struct rgba){ 0, 0, 0, 160 }; /* the end of a shadow */
    *image_at(&im, 13, 14) = (struct rgba){ 0, 0, 0, 150 };
    *image_at(&im, 1, 1) = (struct rgba){ 200, 200, 0, 255 }; /* a speck */
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(finish(&im, &finish_default, &few, &err), SPR_OK);
    char text[512];
    nearest_art(&few, text, sizeof text);
    if (strcmp(text, potion) != 0)
        fail_msg("\n%s", text);
    assert_true(few.palette.count <= 17);
    indexed_fini(&few);
    image_fini(&im);
}

static void limits_hold(void **state)
{
    (void)state;
    struct image im = soft(potion, 25);
    for (int colours = 1; colours <= 256; colours += 1 + colours / 2)
        for (int space = 0; space < 2; space++) {
            struct finish_options o = finish_default;
            struct indexed few = { 0 };
            struct spr_error err = { 0 };
            o.colours = colours;
            o.space = (enum colour_space)space;
            assert_int_equal(finish(&im, &o, &few, &err), SPR_OK);
            assert_true(few.palette.count <= colours + 1);
            assert_int_equal(few.palette.colour[0].a, 0);
            for (int i = 1; i < few.palette.count; i++)
                assert_int_equal(few.palette.colour[i].a, 255);
            bool used[256] = { false };
            for (int i = 0; i < 256; i++)
                used[few.index[i]] = true;
            for (int i = 0; i < few.palette.count; i++)
                assert_true(used[i]);
            indexed_fini(&few);
        }
    struct finish_options o = finish_default;
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    o.colours = 0;
    assert_int_equal(finish(&im, &o, &few, &err), SPR_BADARG);
    assert_string_equal(err.text, "0 colours asked for; 1..256 are possible");
    image_fini(&im);
}

static void a_palette_is_obeyed(void **state)
{
    (void)state;
    struct image im = soft(potion, 10);
    struct palette p = { 3, { { 0, 0, 0, 255 }, { 200, 60, 60, 255 }, { 240, 240, 240, 255 } } };
    struct finish_options o = finish_default;
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    o.palette = &p;
    assert_int_equal(finish(&im, &o, &few, &err), SPR_OK);
    assert_int_equal(few.palette.count, 4);
    for (int i = 0; i < 3; i++)
        assert_true(rgba_equal(few.palette.colour[i + 1], p.colour[i]));
    indexed_fini(&few);
    image_fini(&im);
}

static void nothing_there_is_fine(void **state)
{
    (void)state;
    struct image im = art("...\n...\n");
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(finish(&im, &finish_default, &few, &err), SPR_OK);
    assert_int_equal(few.palette.count, 1);
    assert_int_equal(few.palette.colour[0].a, 0);
    indexed_fini(&few);
    image_fini(&im);
}

static void a_gap_in_the_outline_is_closed(void **state)
{
    (void)state;
    struct image im = art("..........\n"
                          ".########.\n"
                          ".#rrrrrr#.\n"
                          ".#rr.rrr#.\n"
                          ".#rr.rrrr.\n"
                          ".#rrrrrr#.\n"
                          ".########.\n"
                          "..........\n");
    struct indexed few = { 0 };
    struct image made;
    struct spr_error err = { 0 };
    assert_int_equal(finish(&im, &finish_default, &few, &err), SPR_OK);
    assert_int_equal(image_from_indexed(&made, &few, &err), SPR_OK);
    assert_art(&made, "..........\n"
                      ".########.\n"
                      ".#rrrrrr#.\n"
                      ".#rrrrrr#.\n"
                      ".#rrrrrr#.\n"
                      ".#rrrrrr#.\n"
                      ".########.\n"
                      "..........\n");
    image_fini(&made);
    indexed_fini(&few);
    image_fini(&im);
}

static void orphans_are_counted(void **state)
{
    (void)state;
    struct image im = art("rrrr\n"
                          "rgrr\n"
                          "rrrb\n");
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(indexed_from_image(&few, &im, &err), SPR_OK);
    assert_int_equal(clean_count_orphans(&few), 2);
    /* far from red: meant; a price that outweighs that makes it red all the same */
    assert_int_equal(clean_grain(&few, &im, COLOUR_OKLAB, 0.04f), 0);
    assert_int_equal(clean_grain(&few, &im, COLOUR_OKLAB, 1), 2);
    assert_int_equal(clean_count_orphans(&few), 0);
    indexed_fini(&few);
    image_fini(&im);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    struct image im = soft(potion, 5);
    bool done = false;
    for (uint64_t nth = 1; !done; nth++) {
        struct indexed few = { 0 };
        struct spr_error err = { 0 };
        mem_fail_nth(nth);
        enum spr_code rc = finish(&im, &finish_default, &few, &err);
        mem_fail_nth(0);
        done = rc == SPR_OK;
        assert_true(done || (rc == SPR_NOMEM && !few.index));
        assert_true(nth < 50);
        indexed_fini(&few);
    }
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_goes_and_the_glint_stays),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_palette_is_obeyed),
        cmocka_unit_test(nothing_there_is_fine),
        cmocka_unit_test(a_gap_in_the_outline_is_closed),
        cmocka_unit_test(orphans_are_counted),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests_name("pixel/finish", tests, NULL, NULL);
}
