#include "pixel/quantise.h"

#include "base/mem.h"
#include "base/random.h"
#include "image/colour.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct image blank(int w, int h)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, w, h, &err), SPR_OK);
    return im;
}

/* Many colours: three gradients and some noise; a transparent corner where asked. */
static struct image busy(int w, int h, bool corner)
{
    struct image im = blank(w, h);
    struct random r = { 7, 0 };
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint8_t noise = (uint8_t)random_below(r, (uint64_t)(y * w + x), 16);
            *image_at(&im, x, y) =
                (struct rgba){ (uint8_t)(x * 239 / w + noise), (uint8_t)(y * 239 / h + noise),
                               (uint8_t)((x + y) * 239 / (w + h) + noise), 255 };
            if (corner && x + y < w / 2)
                *image_at(&im, x, y) = (struct rgba){ 9, 9, 9, (uint8_t)(x * 3) };
        }
    return im;
}

static double error_of(const struct image *im, const struct indexed *few)
{
    double sum = 0;
    size_t n = (size_t)im->width * (size_t)im->height;
    for (size_t i = 0; i < n; i++)
        sum +=
            (double)oklab_distance2(oklab_from(im->pixel[i]), oklab_from(few->palette.colour[few->index[i]]));
    return sum / (double)n;
}

static void few_enough_colours_stay_exact(void **state)
{
    (void)state;
    for (int colours = 1; colours <= 255; colours += 1 + colours / 2) {
        struct image im = blank(40, 30), back = { 0 };
        struct indexed few = { 0 };
        struct spr_error err = { 0 };
        for (int i = 0; i < 40 * 30; i++)
            im.pixel[i] = i < 600 || i % 11
                              ? (struct rgba){ (uint8_t)(i % colours), (uint8_t)(i % colours * 7), 3, 255 }
                              : (struct rgba){ 0 };
        struct quantise_options o = { .colours = colours };
        assert_int_equal(quantise(&im, &o, &few, &err), SPR_OK);
        assert_int_equal(few.palette.count, colours + 1);
        assert_int_equal(few.palette.colour[0].a, 0);
        assert_int_equal(image_from_indexed(&back, &few, &err), SPR_OK);
        assert_memory_equal(back.pixel, im.pixel, 40 * 30 * sizeof *im.pixel);
        image_fini(&im);
        image_fini(&back);
        indexed_fini(&few);
    }
}

static void never_more_than_asked(void **state)
{
    (void)state;
    static const int asked[] = { 2, 3, 4, 8, 15, 16, 17, 64, 255, 256 };
    double before = 1;
    for (size_t i = 0; i < SPR_COUNT(asked); i++)
        for (int corner = 0; corner < 2; corner++) {
            struct image im = busy(160, 120, corner);
            struct indexed few = { 0 };
            struct spr_error err = { 0 };
            struct quantise_options o = { .colours = asked[i] };
            assert_int_equal(quantise(&im, &o, &few, &err), SPR_OK);
            assert_int_equal(few.palette.count, corner && asked[i] < 256 ? asked[i] + 1 : asked[i]);
            assert_int_equal(few.palette.colour[0].a, corner ? 0 : 255);
            for (int k = 0; k < 160 * 120; k++) {
                assert_true(few.index[k] < few.palette.count);
                assert_int_equal(few.palette.colour[few.index[k]].a, im.pixel[k].a < 128 ? 0 : 255);
            }
            for (int k = 2; k < few.palette.count; k++)
                assert_true(oklab_from(few.palette.colour[k - 1]).L <= oklab_from(few.palette.colour[k]).L);
            if (!corner) {
                double now = error_of(&im, &few); /* more colours, less error */
                assert_true(now < before);
                before = now;
            }
            image_fini(&im);
            indexed_fini(&few);
        }
}

/* Four tight clouds and four colours: each cloud gets one, the small one too. */
static void clouds_are_found(void **state)
{
    (void)state;
    static const struct rgba middle[4] = {
        { 200, 40, 40, 255 }, { 60, 180, 60, 255 }, { 40, 40, 90, 255 }, { 240, 230, 120, 255 }
    };
    struct image im = blank(64, 64);
    struct random r = { 3, 1 };
    for (uint32_t i = 0; i < 64 * 64; i++) {
        int c = i < 30 ? 3 : (int)(i % 3);
        im.pixel[i] = (struct rgba){ (uint8_t)(middle[c].r + random_below(r, i, 9) - 4),
                                     (uint8_t)(middle[c].g + random_below(r, i + 5000, 9) - 4),
                                     (uint8_t)(middle[c].b + random_below(r, i + 10000, 9) - 4), 255 };
    }
    for (int keep = 0; keep < 2; keep++) {
        struct indexed few = { 0 };
        struct spr_error err = { 0 };
        struct quantise_options o = { .colours = 4, .keep = keep };
        assert_int_equal(quantise(&im, &o, &few, &err), SPR_OK);
        assert_int_equal(few.palette.count, 4);
        for (int c = 0; c < 4; c++) {
            bool near = false, own = false;
            for (int k = 0; k < 4; k++)
                near = near || (abs(few.palette.colour[k].r - middle[c].r) < 4 &&
                                abs(few.palette.colour[k].g - middle[c].g) < 4 &&
                                abs(few.palette.colour[k].b - middle[c].b) < 4);
            for (int i = 0; i < 64 * 64; i++)
                own = own || rgba_equal(im.pixel[i], few.palette.colour[c]);
            if (!near || (keep && !own))
                fail_msg("cloud %d: near %d, own %d; %d %d %d", c, near, own, few.palette.colour[c].r,
                         few.palette.colour[c].g, few.palette.colour[c].b);
        }
        indexed_fini(&few);
    }
    image_fini(&im);
}

static void close_colours_are_joined(void **state)
{
    (void)state;
    struct image im = blank(8, 8);
    for (int i = 0; i < 64; i++)
        im.pixel[i] = i < 32 ? (struct rgba){ 100, 100, (uint8_t)(100 + i % 3), 255 }
                             : (struct rgba){ 200, (uint8_t)(50 + i % 2), 50, 255 };
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    struct quantise_options o = { .colours = 16, .min_distance = 0.02f };
    assert_int_equal(quantise(&im, &o, &few, &err), SPR_OK);
    assert_int_equal(few.palette.count, 2);
    indexed_fini(&few);
    image_fini(&im);
}

/* Noise on a black line is no reason for three blacks; what they leave room for is used. */
static void blacks_that_look_the_same_are_one(void **state)
{
    (void)state;
    static const struct rgba black[3] = { { 0, 0, 0, 255 }, { 2, 4, 2, 255 }, { 0, 1, 4, 255 } };
    struct image im = blank(8, 8);
    for (int i = 0; i < 64; i++)
        im.pixel[i] = i < 40 ? black[i % 3] : (struct rgba){ (uint8_t)(60 + 40 * (i % 5)), 50, 50, 255 };
    for (int colours = 5; colours <= 8; colours++) {
        struct indexed few = { 0 };
        struct spr_error err = { 0 };
        struct quantise_options o = { .colours = colours, .min_distance = 0.04f };
        int dark = 0;
        assert_int_equal(quantise(&im, &o, &few, &err), SPR_OK);
        for (int i = 0; i < few.palette.count; i++)
            dark += few.palette.colour[i].r < 20;
        assert_int_equal(dark, 1);
        assert_int_equal(few.palette.count, colours < 6 ? colours : 6);
        indexed_fini(&few);
    }
    image_fini(&im);
}

static void a_given_palette_is_kept(void **state)
{
    (void)state;
    struct image im = busy(50, 40, true);
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    struct palette p = { 3, { { 255, 255, 255, 255 }, { 0, 0, 0, 255 }, { 200, 30, 40, 255 } } };
    assert_int_equal(quantise_apply(&im, &p, COLOUR_OKLAB, 0, &few, &err), SPR_OK);
    assert_int_equal(few.palette.count, 4); /* its order, and a transparent colour behind */
    for (int i = 0; i < 3; i++)
        assert_true(rgba_equal(few.palette.colour[i], p.colour[i]));
    assert_int_equal(few.palette.colour[3].a, 0);
    assert_int_equal(few.index[0], 3);
    for (int i = 0; i < 50 * 40; i++) {
        struct rgba c = im.pixel[i];
        if (c.a < 128)
            continue;
        int best = 0; /* the plain loop */
        float x[4], y[4], z[4], least = 9;
        struct rgba four[4] = { p.colour[0], p.colour[1], p.colour[2], c };
        colour_space_map(COLOUR_OKLAB, four, 4, x, y, z);
        for (int k = 0; k < 3; k++) {
            float d =
                (x[3] - x[k]) * (x[3] - x[k]) + (y[3] - y[k]) * (y[3] - y[k]) + (z[3] - z[k]) * (z[3] - z[k]);
            best = d < least ? k : best;
            least = d < least ? d : least;
        }
        assert_int_equal(few.index[i], best);
    }
    indexed_fini(&few);
    p.count = 256;
    for (int i = 0; i < 256; i++)
        p.colour[i] = (struct rgba){ (uint8_t)i, 0, 0, 255 };
    assert_int_equal(quantise_apply(&im, &p, COLOUR_OKLAB, 0, &few, &err), SPR_LIMIT);
    assert_string_equal(err.text,
                        "the palette has 256 colours and none is transparent, but the picture is in places");
    p.count = 0;
    assert_int_equal(quantise_apply(&im, &p, COLOUR_OKLAB, 0, &few, &err), SPR_BADARG);
    assert_null(few.index);
    image_fini(&im);
}

static void one_palette_for_several(void **state)
{
    (void)state;
    struct image a = blank(4, 4), b = blank(5, 3);
    const struct image *both[] = { &a, &b };
    struct palette p = { 0 };
    struct spr_error err = { 0 };
    for (int i = 0; i < 15; i++)
        b.pixel[i] = (struct rgba){ 9, 9, 200, 255 };
    struct quantise_options o = { .colours = 4 };
    assert_int_equal(quantise_choose(both, 2, &o, &p, &err), SPR_OK);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.colour[0].a, 0);
    assert_int_equal(p.colour[1].b, 200);
    o.colours = 257;
    assert_int_equal(quantise_choose(both, 2, &o, &p, &err), SPR_BADARG);
    assert_string_equal(err.text, "257 colours asked for; 1..256 are possible");
    image_fini(&a);
    image_fini(&b);
}

static void compact_and_sort_keep_the_picture(void **state)
{
    (void)state;
    struct indexed im = { 0 };
    struct spr_error err;
    assert_int_equal(indexed_init(&im, 3, 1, &err), SPR_OK);
    im.palette = (struct palette){
        5, { { 255, 255, 255, 255 }, { 7, 7, 7, 255 }, { 0 }, { 1, 0, 0, 255 }, { 255, 255, 255, 255 } }
    };
    memcpy(im.index, (uint8_t[]){ 4, 3, 2 }, 3);
    indexed_compact(&im);
    assert_int_equal(im.palette.count, 3);
    assert_memory_equal(im.index, ((uint8_t[]){ 2, 1, 0 }), 3);
    memcpy(im.palette.colour, (struct rgba[]){ { 9, 9, 9, 255 }, { 3, 3, 3, 255 }, { 0 } }, 12);
    indexed_sort(&im);
    assert_memory_equal(im.index, ((uint8_t[]){ 0, 1, 2 }), 3);
    assert_int_equal(im.palette.colour[1].r, 3);
    indexed_fini(&im);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    struct image im = busy(300, 300, true); /* enough colours for bins */
    struct spr_error err = { 0 };
    bool done = false;
    for (uint64_t nth = 1; !done; nth++) {
        struct indexed few = { 0 };
        struct quantise_options o = { .colours = 16 };
        mem_fail_nth(nth);
        enum spr_code rc = quantise(&im, &o, &few, &err);
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
        cmocka_unit_test(few_enough_colours_stay_exact),
        cmocka_unit_test(never_more_than_asked),
        cmocka_unit_test(clouds_are_found),
        cmocka_unit_test(close_colours_are_joined),
        cmocka_unit_test(blacks_that_look_the_same_are_one),
        cmocka_unit_test(a_given_palette_is_kept),
        cmocka_unit_test(one_palette_for_several),
        cmocka_unit_test(compact_and_sort_keep_the_picture),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests_name("pixel/quantise", tests, NULL, NULL);
}
