#include "pixel/join.h"

#include "base/mem.h"
#include "base/random.h"
#include "pixel/art_test.h"

#include <stdlib.h>

static struct cells cells_of(const char *picture, float error)
{
    struct cells c = { .colour = art(picture) };
    size_t n = (size_t)c.colour.width * (size_t)c.colour.height;
    c.error = mem_zalloc(n, sizeof *c.error);
    c.uneven = mem_zalloc(n, sizeof *c.uneven);
    c.drift = mem_zalloc(n, 3 * sizeof *c.drift);
    assert_non_null(c.error);
    assert_non_null(c.uneven);
    assert_non_null(c.drift);
    for (size_t i = 0; i < n; i++)
        c.error[i] = error;
    return c;
}

static void shake(struct image *im, double sigma, uint64_t seed)
{
    float noise[3];
    for (int i = 0; i < im->width * im->height; i++) {
        uint8_t *p = &im->pixel[i].r;
        random_normals((struct random){ seed, 1 }, (uint64_t)i * 3, 3, noise);
        for (int k = 0; k < 3; k++) {
            double v = p[k] + sigma * (double)noise[k] + 0.5;
            p[k] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    }
}

static int colours_of(const struct image *im)
{
    struct indexed few;
    struct spr_error err;
    assert_int_equal(indexed_from_image(&few, im, &err), SPR_OK);
    int count = few.palette.count;
    indexed_fini(&few);
    return count;
}

static const char scene[] = "ssssssssssss\n"
                            "sss####sssss\n"
                            "ss#rrrr#ssss\n"
                            "ss#rRRr#ssss\n"
                            "ss#gGGg#ssss\n"
                            "sss####sssss\n"
                            "ssssssssssss\n";

static void noise_is_joined_and_colours_stay(void **state)
{
    struct cells c = cells_of(scene, 1);
    struct image truth = art(scene);
    struct spr_error err;
    (void)state;
    shake(&c.colour, 1, 5);
    assert_true(colours_of(&c.colour) > 30);
    assert_int_equal(join_noise(&c, 1, &err), SPR_OK);
    assert_int_equal(colours_of(&c.colour), 6);
    for (int i = 0; i < truth.width * truth.height; i++) {
        struct rgba p = truth.pixel[i], q = c.colour.pixel[i];
        assert_true(abs(p.r - q.r) <= 2 && abs(p.g - q.g) <= 2 && abs(p.b - q.b) <= 2);
    }
    cells_fini(&c);
    image_fini(&truth);
}

static void without_noise_nothing_changes(void **state)
{
    struct cells c = cells_of("rg\nb.\n", 0);
    struct spr_error err;
    (void)state;
    c.colour.pixel[1] = c.colour.pixel[0];
    c.colour.pixel[1].r++;
    assert_int_equal(join_noise(&c, 1, &err), SPR_OK);
    assert_int_equal(c.colour.pixel[1].r, c.colour.pixel[0].r + 1);
    cells_fini(&c);
}

static void time_agrees_where_nothing_moves(void **state)
{
    enum { FRAMES = 5 };
    struct cells frame[FRAMES];
    struct spr_error err;
    (void)state;
    for (int f = 0; f < FRAMES; f++) {
        frame[f] = cells_of(scene, 2);
        *image_at(&frame[f].colour, 9, 3) =
            (struct rgba){ (uint8_t)(f * 50), 0, 250, 255 }; /* this one changes */
        shake(&frame[f].colour, 2, (uint64_t)f + 3);
    }
    assert_int_equal(join_noise(frame, FRAMES, &err), SPR_OK);
    for (int f = 1; f < FRAMES; f++)
        for (int i = 0; i < 12 * 7; i++) {
            struct rgba p = frame[f].colour.pixel[i], q = frame[0].colour.pixel[i];
            if (i == 3 * 12 + 9)
                assert_true(abs(p.r - f * 50) < 12);
            else
                assert_true(rgba_equal(p, q));
        }
    for (int f = 0; f < FRAMES; f++)
        cells_fini(&frame[f]);
}

/* A ground of 252 in a picture with noise was 255; what a codec left beside an edge is ground; the thing is not. */
static void grounds_are_one_colour(void **state)
{
    (void)state;
    for (int noisy = 0; noisy < 2; noisy++) {
        struct cells c = cells_of(scene, noisy ? 0.5f : 0);
        struct spr_error err;
        c.noise = noisy ? 4 : 0;
        c.codec = noisy;
        struct rgba was = c.colour.pixel[0], ground = { 252, 252, 253, 255 };
        for (int i = 0; i < 12 * 7; i++)
            if (rgba_equal(c.colour.pixel[i], was))
                c.colour.pixel[i] = ground;
        struct rgba red = *image_at(&c.colour, 3, 2);
        *image_at(&c.colour, 1, 3) = (struct rgba){ 252, 245, 252, 255 };
        *image_at(&c.colour, 10, 1) = (struct rgba){ 252, 200, 252, 255 };
        assert_int_equal(join_noise(&c, 1, &err), SPR_OK);
        assert_int_equal(image_at(&c.colour, 0, 0)->r, noisy ? 255 : 252);
        assert_int_equal(image_at(&c.colour, 1, 3)->g, noisy ? 255 : 245);
        assert_true(image_at(&c.colour, 10, 1)->g < 210);
        struct rgba now = *image_at(&c.colour, 3, 2);
        assert_true(abs(now.r - red.r) <= 4 && abs(now.g - red.g) <= 4 && abs(now.b - red.b) <= 4);
        cells_fini(&c);
    }
}

/* Noise of 6 that is cut off moves 0 to 2.4 and 3 to 4.1; a codec hides the noise, so that 4 is 0. */
static void what_was_cut_off_comes_back(void **state)
{
    static const struct {
        uint8_t mean, want;
        bool codec;
        const char *why;
    } rows[] = {
        { 2, 0, false, "the end itself" },
        { 5, 4, false, "beside the end" },
        { 40, 40, false, "far from it" },
        { 4, 0, true, "a codec" },
        { 6, 6, true, "a codec, and beyond what it hides" },
    };
    (void)state;
    for (size_t k = 0; k < SPR_COUNT(rows); k++) {
        struct cells c = cells_of(scene, 0.5f);
        struct spr_error err;
        struct rgba was = c.colour.pixel[0];
        c.noise = 6;
        c.codec = rows[k].codec;
        for (int i = 0; i < 12 * 7; i++)
            if (rgba_equal(c.colour.pixel[i], was))
                c.colour.pixel[i] = (struct rgba){ 120, rows[k].mean, 120, 255 };
        assert_int_equal(join_noise(&c, 1, &err), SPR_OK);
        if (c.colour.pixel[0].g != rows[k].want || c.colour.pixel[0].r != 120)
            fail_msg("%s: %d of %d", rows[k].why, c.colour.pixel[0].g, rows[k].want);
        cells_fini(&c);
    }
}

/* Single cells in a thing: ground but for a rim that reaches their middle, ground but for a codec's hue, and neither. */
static void holes_are_ground(void **state)
{
    static const struct {
        struct rgba hole;
        float drift;
        bool codec, ground;
        const char *why;
    } rows[] = {
        { { 80, 90, 100, 255 }, 0, false, false, "a colour of its own" },
        { { 120, 120, 120, 255 }, 30, false, true, "a rim" },
        { { 120, 120, 120, 255 }, -30, false, false, "what is around it is darker" },
        { { 100, 104, 116, 255 }, 0, false, false, "hue without a codec" },
        { { 100, 104, 116, 255 }, 0, true, true, "a codec's hue" },
        { { 111, 111, 111, 255 }, 0, false, false, "near it, and nothing but noise was done to it" },
        { { 111, 111, 111, 255 }, 0, true, true, "as near after a codec" },
    };
    (void)state;
    for (size_t k = 0; k < SPR_COUNT(rows); k++) {
        struct cells c = cells_of(scene, 0.5f);
        struct spr_error err;
        struct rgba was = c.colour.pixel[0];
        size_t hole = 3 * 12 + 4;
        c.noise = 3;
        c.codec = rows[k].codec;
        for (int i = 0; i < 12 * 7; i++)
            if (rgba_equal(c.colour.pixel[i], was))
                c.colour.pixel[i] = (struct rgba){ 104, 104, 104, 255 };
        c.colour.pixel[hole] = rows[k].hole;
        for (size_t n = 0; n < 3; n++)
            c.drift[hole * 3 + n] = rows[k].drift;
        assert_int_equal(join_noise(&c, 1, &err), SPR_OK);
        if (rgba_equal(c.colour.pixel[hole], c.colour.pixel[0]) != rows[k].ground)
            fail_msg("%s", rows[k].why);
        cells_fini(&c);
    }
}

/* What a codec does to a few cells it does to few alike: a colour that recurs is the thing's own. */
static void recurring_colours_are_no_ground(void **state)
{
    static const int also[] = { 13, 22, 37, 46, 61, 70, 5 };
    const struct rgba own = { 110, 100, 128, 255 }, ground = { 104, 104, 104, 255 };
    (void)state;
    for (int recurs = 0; recurs < 2; recurs++) {
        struct cells c = cells_of(scene, 0.5f);
        struct spr_error err;
        struct rgba was = c.colour.pixel[0];
        size_t hole = 3 * 12 + 4;
        c.noise = 3;
        c.codec = true;
        for (int i = 0; i < 12 * 7; i++)
            if (rgba_equal(c.colour.pixel[i], was))
                c.colour.pixel[i] = ground;
        c.colour.pixel[hole] = own;
        for (size_t k = 0; recurs && k < SPR_COUNT(also); k++)
            c.colour.pixel[also[k]] = own;
        assert_int_equal(join_noise(&c, 1, &err), SPR_OK);
        assert_int_equal(rgba_equal(c.colour.pixel[hole], c.colour.pixel[0]), !recurs);
        cells_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_joined_and_colours_stay), cmocka_unit_test(without_noise_nothing_changes),
        cmocka_unit_test(time_agrees_where_nothing_moves),  cmocka_unit_test(grounds_are_one_colour),
        cmocka_unit_test(what_was_cut_off_comes_back),      cmocka_unit_test(holes_are_ground),
        cmocka_unit_test(recurring_colours_are_no_ground),
    };
    return cmocka_run_group_tests_name("pixel/join", tests, NULL, NULL);
}
