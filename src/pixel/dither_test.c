#include "pixel/dither.h"

#include "base/mem.h"
#include "image/colour.h"
#include "pixel/art_test.h"
#include "pixel/quantise.h"

#include <math.h>

static const struct palette black_white = { 2, { { 0, 0, 0, 255 }, { 255, 255, 255, 255 } } };

static struct image flat(int w, int h, struct rgba c)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, w, h, &err), SPR_OK);
    for (int i = 0; i < w * h; i++)
        im.pixel[i] = c;
    return im;
}

/* Sixteen steps of light from black to white, four pixels high. */
static struct image ramp(void)
{
    struct image im = flat(16, 4, (struct rgba){ 0, 0, 0, 255 });
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 16; x++) {
            uint8_t v = srgb_from_linear(((float)x + 0.5f) / 16);
            *image_at(&im, x, y) = (struct rgba){ v, v, v, 255 };
        }
    return im;
}

static void patterns(void **state)
{
    (void)state;
    static const struct {
        enum dither_kind kind;
        const char *want;
    } rows[] = {
        { DITHER_BAYER_2, "#####w#w#w#w#www\n"
                          "##w#w#w#wwwwwwww\n"
                          "#####w#w#w#w#www\n"
                          "##w#w#w#wwwwwwww\n" },
        { DITHER_BAYER_4, "#######w#w#w#www\n"
                          "##w#w#w#w#wwwwww\n"
                          "#####w#w#w#wwwww\n"
                          "w#w#w#w#wwwwwwww\n" },
        { DITHER_FLOYD_STEINBERG, "##w#w#wwwwwwwwww\n"
                                  "#####w####w#wwww\n"
                                  "##w#w#wwww#wwwww\n"
                                  "#####w####ww#www\n" },
        { DITHER_ATKINSON, "###ww#wwwwwwwwww\n"
                           "######w##wwwwwww\n"
                           "##w##ww#ww#wwwww\n"
                           "#####w##wwwwwwww\n" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = ramp(), back;
        struct indexed few = { 0 };
        struct spr_error err = { 0 };
        struct dither_options o = { .kind = rows[i].kind, .strength = 1 };
        assert_int_equal(dither_apply(&im, &black_white, &o, &few, &err), SPR_OK);
        assert_int_equal(image_from_indexed(&back, &few, &err), SPR_OK);
        assert_art(&back, rows[i].want);
        image_fini(&im);
        image_fini(&back);
        indexed_fini(&few);
    }
}

/* From afar the light is right: the mean over a flat picture, for greys and for a colour between four others. */
static void the_mean_is_right(void **state)
{
    (void)state;
    static const struct palette four = {
        4, { { 200, 30, 30, 255 }, { 30, 160, 60, 255 }, { 40, 40, 180, 255 }, { 230, 230, 200, 255 } }
    };
    static const struct rgba colours[] = { { 55, 55, 55, 255 },
                                           { 188, 188, 188, 255 },
                                           { 128, 118, 110, 255 } };
    for (int kind = DITHER_BAYER_4; kind <= DITHER_FLOYD_STEINBERG; kind++)
        for (size_t i = 0; i < SPR_COUNT(colours); i++) {
            const struct palette *p = i < 2 ? &black_white : &four;
            struct image im = flat(64, 64, colours[i]);
            struct indexed few = { 0 };
            struct spr_error err = { 0 };
            struct dither_options o = { .kind = (enum dither_kind)kind, .strength = 1 };
            double sum[3] = { 0 };
            assert_int_equal(dither_apply(&im, p, &o, &few, &err), SPR_OK);
            for (int k = 0; k < 64 * 64; k++) {
                struct rgba c = p->colour[few.index[k]];
                sum[0] += (double)srgb_linear[c.r];
                sum[1] += (double)srgb_linear[c.g];
                sum[2] += (double)srgb_linear[c.b];
            }
            double want[3] = { (double)srgb_linear[colours[i].r], (double)srgb_linear[colours[i].g],
                               (double)srgb_linear[colours[i].b] };
            for (int k = 0; k < 3; k++)
                if (fabs(sum[k] / 4096 - want[k]) > 0.035)
                    fail_msg("%s, colour %zu, channel %d: %.3f, not %.3f",
                             dither_kind_name((enum dither_kind)kind), i, k, sum[k] / 4096, want[k]);
            image_fini(&im);
            indexed_fini(&few);
        }
}

static void patterns_move_with_the_picture(void **state)
{
    (void)state;
    struct image small = ramp(), large = flat(40, 20, (struct rgba){ 0 });
    struct indexed a = { 0 }, b = { 0 };
    struct spr_error err = { 0 };
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 16; x++)
            *image_at(&large, x + 7, y + 5) = *image_at(&small, x, y);
    for (int kind = DITHER_BAYER_2; kind <= DITHER_BLUE_NOISE; kind++) {
        struct dither_options o = { .kind = (enum dither_kind)kind, .strength = 1 };
        assert_int_equal(dither_apply(&small, &black_white, &o, &a, &err), SPR_OK);
        o.origin_x = -7;
        o.origin_y = -5;
        assert_int_equal(dither_apply(&large, &black_white, &o, &b, &err), SPR_OK);
        for (int y = 0; y < 4; y++)
            assert_memory_equal(a.index + y * 16, b.index + (y + 5) * 40 + 7, 16);
        assert_int_equal(b.palette.count, 3);
        assert_int_equal(b.index[0], 2); /* transparent stays */
        indexed_fini(&a);
        indexed_fini(&b);
    }
    image_fini(&small);
    image_fini(&large);
}

/* A creature walks, one arm up in every second frame, before a still thing or none: its pattern stays with it. */
static void patterns_follow_what_moves(void **state)
{
    (void)state;
    enum { W = 40, H = 24, FRAMES = 6 };
    struct image small = ramp(), before = { 0 };
    struct dither_options o = { .kind = DITHER_BAYER_4, .strength = 1 };
    uint8_t first[16 * 4];
    for (int i = 0; i < FRAMES; i++) {
        struct image im = flat(W, H, (struct rgba){ 0 });
        struct indexed few = { 0 };
        struct spr_error err = { 0 };
        int at_x = 3 + 3 * i, at_y = 9 - i % 2;
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 16; x++)
                *image_at(&im, x + at_x, y + at_y) = *image_at(&small, x, y);
        if (i % 2)
            *image_at(&im, at_x + 2, at_y - 3) = (struct rgba){ 90, 90, 90, 255 };
        if (before.pixel)
            dither_follow(&before, &im, &o);
        assert_int_equal(dither_apply(&im, &black_white, &o, &few, &err), SPR_OK);
        for (int y = 0; y < 4; y++) {
            const uint8_t *row = few.index + (y + at_y) * W + at_x;
            if (i == 0)
                memcpy(first + y * 16, row, 16);
            assert_memory_equal(row, first + y * 16, 16);
        }
        indexed_fini(&few);
        image_fini(&before);
        before = im;
    }
    struct image clear = flat(W, H, (struct rgba){ 0 });
    int x = o.origin_x;
    dither_follow(&before, &clear, &o);
    dither_follow(&before, &small, &o);
    assert_int_equal(o.origin_x, x);
    image_fini(&clear);
    image_fini(&before);
    image_fini(&small);
}

static void strength_0_and_none_are_plain(void **state)
{
    (void)state;
    struct image im = ramp();
    struct indexed plain = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(quantise_apply(&im, &black_white, COLOUR_OKLAB, 0, &plain, &err), SPR_OK);
    for (int kind = 0; kind < DITHER_MATRIX; kind++) {
        struct indexed few = { 0 };
        struct dither_options o = { .kind = (enum dither_kind)kind, .strength = kind == DITHER_NONE ? 1 : 0 };
        assert_int_equal(dither_apply(&im, &black_white, &o, &few, &err), SPR_OK);
        assert_memory_equal(few.index, plain.index, 64);
        indexed_fini(&few);
    }
    indexed_fini(&plain);
    image_fini(&im);
}

static void a_matrix_of_one_s_own(void **state)
{
    (void)state;
    static const uint8_t stripes[4] = { 0, 0, 1, 1 };
    struct dither_matrix m = { 2, 2, 2, stripes };
    struct dither_options o = { .kind = DITHER_MATRIX, .strength = 1, .matrix = &m };
    struct image im = flat(4, 4, (struct rgba){ 188, 188, 188, 255 }), back;
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(dither_apply(&im, &black_white, &o, &few, &err), SPR_OK);
    assert_int_equal(image_from_indexed(&back, &few, &err), SPR_OK);
    assert_art(&back, "####\n"
                      "wwww\n"
                      "####\n"
                      "wwww\n");
    image_fini(&back);
    indexed_fini(&few);
    m.levels = 1;
    assert_int_equal(dither_apply(&im, &black_white, &o, &few, &err), SPR_BADARG);
    assert_string_equal(err.text, "a dithering matrix has sides of 1..256 and 2..64 levels");
    o = (struct dither_options){ .kind = DITHER_BAYER_2, .strength = NAN };
    assert_int_equal(dither_apply(&im, &black_white, &o, &few, &err), SPR_BADARG);
    assert_string_equal(err.text, "a dithering strength of nan; 0..1 is possible");
    image_fini(&im);
}

static void a_picture_is_a_matrix(void **state)
{
    (void)state;
    struct image two = art("#w\n"
                           "sk\n"),
                 one = art("##\n"), ramp = flat(256, 1, (struct rgba){ 0, 0, 0, 255 }),
                 wide = flat(257, 1, (struct rgba){ 0, 0, 0, 255 });
    struct dither_matrix m = { 0 };
    uint8_t *value = NULL;
    struct spr_error err = { 0 };
    assert_int_equal(dither_matrix_of(&two, &m, &value, &err), SPR_OK);
    assert_true(m.width == 2 && m.height == 2 && m.levels == 4 && m.value == value);
    assert_memory_equal(value, ((const uint8_t[4]){ 0, 3, 2, 1 }), 4);
    mem_free(value);
    for (int x = 0; x < 256; x++)
        image_at(&ramp, x, 0)->g = (uint8_t)x;
    assert_int_equal(dither_matrix_of(&ramp, &m, &value, &err), SPR_OK);
    assert_int_equal(m.levels, 64);
    for (int x = 0; x < 256; x++)
        assert_int_equal(value[x], x / 4);
    mem_free(value);
    assert_int_equal(dither_matrix_of(&one, &m, &value, &err), SPR_BADARG);
    assert_string_equal(err.text, "a dithering matrix of one shade mixes nothing; 2 or more are needed");
    assert_int_equal(dither_matrix_of(&wide, &m, &value, &err), SPR_BADARG);
    mem_fail_nth(1);
    assert_int_equal(dither_matrix_of(&two, &m, &value, &err), SPR_NOMEM);
    mem_fail_nth(0);
    image_fini(&two);
    image_fini(&one);
    image_fini(&ramp);
    image_fini(&wide);
}

static void names_are_known(void **state)
{
    (void)state;
    for (int kind = 0; kind < DITHER_KIND_COUNT; kind++) {
        enum dither_kind found = DITHER_KIND_COUNT;
        assert_true(dither_kind_named(dither_kind_name((enum dither_kind)kind), &found));
        assert_int_equal(found, kind);
    }
    enum dither_kind none;
    assert_false(dither_kind_named("bayer3", &none));
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    for (int kind = DITHER_BAYER_2; kind <= DITHER_ATKINSON; kind++) {
        struct image im = ramp();
        bool done = false;
        for (uint64_t nth = 1; !done; nth++) {
            struct indexed few = { 0 };
            struct spr_error err = { 0 };
            struct dither_options o = { .kind = (enum dither_kind)kind, .strength = 1 };
            mem_fail_nth(nth);
            enum spr_code rc = dither_apply(&im, &black_white, &o, &few, &err);
            mem_fail_nth(0);
            done = rc == SPR_OK;
            assert_true(nth < 20 && (done || (rc == SPR_NOMEM && !few.index)));
            indexed_fini(&few);
        }
        image_fini(&im);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(the_mean_is_right),
        cmocka_unit_test(patterns_move_with_the_picture),
        cmocka_unit_test(patterns_follow_what_moves),
        cmocka_unit_test(strength_0_and_none_are_plain),
        cmocka_unit_test(a_matrix_of_one_s_own),
        cmocka_unit_test(a_picture_is_a_matrix),
        cmocka_unit_test(names_are_known),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests_name("pixel/dither", tests, NULL, NULL);
}
