#include "pixel/art_test.h"
/* cmocka's order above */
#include "base/mem.h"
#include "pixel/gate.h"
#include "pixel/scale.h"

#include <math.h>

/* One gate over pictures with its own bound. */
static struct gate_result over(enum gate gate, const struct image *picture, int count)
{
    const struct image *frame[16];
    struct gate_choice choice = { gate, gate_row(gate)->bound };
    struct gate_result r;
    struct spr_error err;
    for (int i = 0; i < count; i++)
        frame[i] = &picture[i];
    assert_int_equal(gate_check(frame, count, &choice, 1, &r, &err), SPR_OK);
    return r;
}

static void table_is_sorted_and_whole(void **state)
{
    (void)state;
    enum gate found;
    int still = 0;
    for (int i = 0; i < GATE_COUNT; i++) {
        const struct gate_row *row = gate_row((enum gate)i);
        assert_non_null(row->name);
        assert_true(strlen(row->measure) > 8);
        assert_true(gate_named(row->name, &found));
        assert_int_equal(found, i);
        if (i > 0)
            assert_true(strcmp(gate_row((enum gate)(i - 1))->name, row->name) < 0);
        still += !row->moving;
    }
    assert_true(still >= 10);
    assert_false(gate_named("beauty", &found));
    struct gate_choice usual[GATE_COUNT];
    assert_int_equal(gate_usual(usual), GATE_COUNT - 3);
}

struct row {
    const char *why;
    enum gate gate;
    const char *art;
    double value;
    bool passed;
    int x, y; /* the first place; -1: none */
};

static void still_gates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "half transparent", GATE_ALPHA, "....\n.r5.\n..r.\n....\n", 1, false, 2, 1 },
        { "there or not", GATE_ALPHA, "....\n.rr.\n....\n", 0, true, -1, 0 },
        { "three colours, transparent is none", GATE_COLOURS, ".rgb\n.rgb\n", 3, true, -1, 0 },
        { "nothing", GATE_EMPTY, "....\n....\n", 0, false, -1, 0 },
        { "a ground in all corners is not drawn", GATE_EMPTY, "wwww\nwrrw\nwwww\n", 100 * 2 / 12.0, true, -1,
          0 },
        { "no ground: all of it is drawn", GATE_EMPTY, "wwwr\nwrrw\nwwww\n", 100, true, -1, 0 },
        { "an eye in a face", GATE_ORPHANS, ".......\n.rrrrr.\n.rrrrr.\n.rrwrr.\n.rrrrr.\n.rrrrr.\n.......\n",
          100 / 9.0, false, 3, 3 },
        { "two together are no orphans", GATE_ORPHANS,
          ".......\n.rrrrr.\n.rrrrr.\n.rrwwr.\n.rrrrr.\n.rrrrr.\n.......\n", 0, true, -1, 0 },
        { "a near shade is texture", GATE_ORPHANS,
          ".......\n.sssss.\n.sssss.\n.sswss.\n.sssss.\n.sssss.\n.......\n", 0, true, -1, 0 },
        { "islands of one and two; three is a thing", GATE_SPECKS,
          "r....rr..\n.........\n...r..rrr\n....r....\n.........\n", 3, true, 0, 0 },
        { "a corner joins", GATE_SPECKS, "r..\n.r.\n..r\n", 0, true, -1, 0 },
        { "a hole; a bay is none", GATE_HOLES, "rrrrr\nr.rr.\nrrrrr\nrr.rr\n", 1, false, 1, 1 },
        { "a hole of two, joined at sides", GATE_HOLES, "rrrrr\nr..rr\nrrrrr\n", 1, false, 1, 1 },
        { "two holes that touch at a corner", GATE_HOLES, "rrrrr\nr.rrr\nrr.rr\nrrrrr\n", 2, false, 1, 1 },
        { "at its own size", GATE_GRID, "rgbrgb\ngbrgbr\nbrgbrg\nrbgrbg\n", 1, true, -1, 0 },
        { "twice as large", GATE_GRID, "rrggbbrr\nrrggbbrr\nbbrrggbb\nbbrrggbb\nrrbbggrr\nrrbbggrr\n", 2,
          false, -1, 0 },
        { "wide stripes have rows too thin to be enlarged", GATE_GRID,
          "rrrrggggrrrr\nbbbbrrrrgggg\nrrrrggggrrrr\nggggrrrrbbbb\n", 1, true, -1, 0 },
        { "a brick wall is at its own size", GATE_GRID,
          "rrrr#rrr\nrrrr#rrr\n########\nr#rrrr#r\nr#rrrr#r\n########\n", 1, true, -1, 0 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(rows[i].art);
        struct gate_result r = over(rows[i].gate, &im, 1);
        if (fabs(r.value - rows[i].value) > 1e-9 || r.passed != rows[i].passed || !r.applies)
            fail_msg("%s: %g, %s", rows[i].why, r.value, r.passed ? "passed" : "failed");
        if (rows[i].x >= 0 && (r.places < 1 || r.place[0].x != rows[i].x || r.place[0].y != rows[i].y))
            fail_msg("%s: %d places, the first at %d,%d", rows[i].why, r.places, r.place[0].x, r.place[0].y);
        image_fini(&im);
    }
}

static void jaggies_are_what_sticks_out(void **state)
{
    (void)state;
    struct image calm =
                     art("........\n.rrrrrr.\n.rrrrrr.\n.rrrrrr.\n.rrrrrr.\n.rrrrrr.\n.rrrrrr.\n........\n"),
                 rough =
                     art("..r..r..\n.rrrrrr.\n.rrrrrrr\n.rrrrrr.\nrrrrrr..\n.rrrrrr.\n.rrr.rr.\n.....r..\n");
    struct gate_result r = over(GATE_JAGGIES, &calm, 1);
    assert_true(r.applies && r.passed);
    assert_int_equal(r.places, 0);
    r = over(GATE_JAGGIES, &rough, 1);
    /* Out: 2,0 5,0 7,2 0,4 5,7; in: 6,4 4,6 */
    assert_int_equal(r.places, 7);
    assert_false(r.passed);
    assert_int_equal(r.place[0].x, 2);
    assert_int_equal(r.place[0].y, 0);
    image_fini(&calm);
    image_fini(&rough);
    struct image wall = art("rgrg\ngrgr\nrgrb\n");
    assert_false(over(GATE_JAGGIES, &wall, 1).applies); /* no ground, no contour */
    image_fini(&wall);
}

static void banding_is_runs_that_hug(void **state)
{
    (void)state;
    /* s becomes a near shade of w: the two upper rows begin and end alike, the lower ones do not. */
    struct image im = art("........\n.wwwww..\n.sssss..\n.wwwwww.\n..ssssss\n........\n");
    for (int i = 0; i < im.width * im.height; i++)
        if (im.pixel[i].r == 180)
            im.pixel[i] = (struct rgba){ 235, 235, 235, 255 };
    struct gate_result r = over(GATE_BANDING, &im, 1);
    assert_int_equal(r.places, 1);
    assert_int_equal(r.place[0].y, 1);
    assert_true(fabs(r.value - 100 * 5 / 22.0) < 1e-9);
    image_fini(&im);
    struct image far = art("........\n.wwwww..\n.#####..\n........\n");
    assert_int_equal(over(GATE_BANDING, &far, 1).places, 0); /* far colours are an edge, not a ramp */
    image_fini(&far);
}

/* A disc of radius 13 with lightness by `shade`. */
static struct image disc(double (*shade)(double x, double y))
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, 32, 32, &err), SPR_OK);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++) {
            double u = (x - 15.5) / 13, v = (y - 15.5) / 13;
            if (u * u + v * v > 1)
                continue;
            uint8_t L = (uint8_t)(40 + 180 * shade(u, v));
            *image_at(&im, x, y) = (struct rgba){ L, L, L, 255 };
        }
    return im;
}

static double pillow(double x, double y)
{
    return 1 - sqrt(x * x + y * y);
}

static double lit_from_above(double x, double y)
{
    (void)x;
    return 0.5 - 0.5 * y;
}

static double hollow(double x, double y)
{
    return sqrt(x * x + y * y);
}

static void pillow_shading(void **state)
{
    (void)state;
    static const struct {
        double (*shade)(double x, double y);
        bool passed;
    } rows[] = { { pillow, false }, { lit_from_above, true }, { hollow, true } };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = disc(rows[i].shade);
        struct gate_result r = over(GATE_PILLOW, &im, 1);
        assert_true(r.applies);
        assert_int_equal(r.passed, rows[i].passed);
        image_fini(&im);
    }
}

static void outline_gaps(void **state)
{
    (void)state;
    struct image
        closed = art(
            "..........\n..######..\n.#rrrrrr#.\n.#rrrrrr#.\n.#rrrrrr#.\n.#rrrrrr#.\n..######..\n.........."
            "\n"),
        open =
            art("..........\n..######..\n.#rrrrrr#.\n.#rrrrrrw.\n.#rrrrrr#.\n.#rrrrrr#.\n..######..\n........"
                "..\n"),
        none =
            art("..........\n..rrrrrr..\n.rrrggrrr.\n.rrrggrrr.\n.rggrrggr.\n.rrrrrrrr.\n..gggggg..\n........"
                "..\n");
    assert_true(over(GATE_OUTLINE, &closed, 1).applies);
    assert_true(over(GATE_OUTLINE, &closed, 1).passed);
    struct gate_result r = over(GATE_OUTLINE, &open, 1);
    assert_false(r.passed);
    assert_int_equal(r.places, 1);
    assert_int_equal(r.place[0].x, 8);
    assert_int_equal(r.place[0].y, 3);
    assert_false(over(GATE_OUTLINE, &none, 1).applies);
    image_fini(&closed);
    image_fini(&open);
    image_fini(&none);
}

static void seam_is_a_step_that_is_unusual(void **state)
{
    (void)state;
    struct image tile =
        art("rgbyrgby\ngbyrgbyr\nbyrgbyrg\nyrgbyrgb\nrgbyrgby\ngbyrgbyr\nbyrgbyrg\nyrgbyrgb\n");
    assert_true(over(GATE_SEAM, &tile, 1).passed);
    image_fini(&tile);
    struct image ramp =
        art("##kkssww\n##kkssww\n##kkssww\n##kkssww\n##kkssww\n##kkssww\n##kkssww\n##kkssww\n");
    struct gate_result r = over(GATE_SEAM, &ramp, 1);
    assert_true(r.value > 2 && !r.passed);
    image_fini(&ramp);
}

static void frames_of_an_animation(void **state)
{
    (void)state;
    struct image walk[4] = { art("......\n.rr...\n.gg...\n......\n"), art("......\n..rr..\n.gg...\n......\n"),
                             art("......\n.rr...\n..gg..\n......\n"),
                             art("......\n.rr...\n.gg...\n......\n") };
    assert_true(over(GATE_DUPLICATES, walk, 4).passed);
    assert_true(over(GATE_DRIFT, walk, 4).passed);
    assert_true(over(GATE_PALETTE, walk, 4).passed);
    assert_true(over(GATE_FLICKER, walk, 4).passed);
    assert_true(over(GATE_LOOP, walk, 4).passed);
    assert_true(over(GATE_SIZE, walk, 4).passed);
    struct image again[3] = { walk[0], walk[1], walk[1] };
    struct gate_result r = over(GATE_DUPLICATES, again, 3);
    assert_false(r.passed);
    assert_int_equal(r.place[0].frame, 2);
    struct image jumps[4] = { art("rr....\ngg....\n"), art(".rr...\n.gg...\n"), art("..rr..\n..gg..\n"),
                              art("....rr\n....gg\n") };
    r = over(GATE_DRIFT, jumps, 4);
    assert_true(fabs(r.value - 4) < 1e-9 && !r.passed);
    assert_int_equal(r.place[0].frame, 3);
    struct image sizes[2] = { walk[0], jumps[0] };
    assert_false(over(GATE_SIZE, sizes, 2).passed);
    assert_false(over(GATE_DRIFT, sizes, 2).applies); /* nothing to compare */
    assert_false(over(GATE_LOOP, walk, 1).applies);   /* no animation */
    for (int i = 0; i < 4; i++) {
        image_fini(&walk[i]);
        image_fini(&jumps[i]);
    }
}

static void flicker_comes_back(void **state)
{
    (void)state;
    struct image f[3] = { art("wwww\nwwww\nwwww\nrrrr\n"), art("wwww\nwwww\nwwww\nrrrr\n"),
                          art("wwww\nwwww\nwwww\nrrrr\n") };
    *image_at(&f[1], 1, 1) = (struct rgba){ 240, 240, 240, 255 }; /* near white, and nobody's colour */
    struct gate_result r = over(GATE_FLICKER, f, 3);
    assert_int_equal(r.places, 1);
    assert_int_equal(r.place[0].x, 1);
    assert_int_equal(r.place[0].frame, 1);
    assert_false(r.passed);
    *image_at(&f[2], 1, 1) = (struct rgba){ 240, 240, 240, 255 }; /* a change that stays is none */
    assert_int_equal(over(GATE_FLICKER, f, 3).places, 0);
    *image_at(&f[1], 1, 1) = (struct rgba){ 220, 40, 40, 255 }; /* nor is one to a far colour */
    *image_at(&f[2], 1, 1) = (struct rgba){ 255, 255, 255, 255 };
    assert_int_equal(over(GATE_FLICKER, f, 3).places, 0);
    for (int i = 0; i < 3; i++)
        image_fini(&f[i]);
}

/* A loop that is cut off jumps where it begins again. */
static void loop_that_jumps(void **state)
{
    (void)state;
    struct image f[4] = { art(".....\n.rrr.\n.rrr.\n.rrr.\n.rrr.\n"),
                          art(".....\n.....\n.rrr.\n.rrr.\n.rrr.\n"),
                          art(".....\n.....\n.....\n.rrr.\n.rrr.\n"),
                          art(".....\n.....\n.....\n.....\n.rrr.\n") };
    struct gate_result r = over(GATE_LOOP, f, 4);
    assert_false(r.passed);
    for (int i = 0; i < 4; i++)
        image_fini(&f[i]);
}

/* The worst frame counts, and its number is told. */
static void worst_frame(void **state)
{
    (void)state;
    struct image f[3] = { art("rrr\nrrr\n"), art("rr5\n3rr\n"), art("rr5\nrrr\n") };
    struct gate_result r = over(GATE_ALPHA, f, 3);
    assert_int_equal(r.places, 2);
    assert_int_equal(r.place[0].frame, 1);
    for (int i = 0; i < 3; i++)
        image_fini(&f[i]);
}

/* A noisy enlargement is seen through the noise. */
static void grid_under_noise(void **state)
{
    (void)state;
    struct image small, big;
    struct spr_error err;
    uint32_t x = 1;
    assert_int_equal(image_init(&small, 20, 20, &err), SPR_OK);
    for (int i = 0; i < 400; i++) {
        x = x * 1664525u + 1013904223u;
        small.pixel[i] = (struct rgba){ (uint8_t)((x >> 30) * 70 + 20), (uint8_t)((x >> 28 & 3) * 70 + 20),
                                        (uint8_t)((x >> 26 & 3) * 70 + 20), 255 };
    }
    assert_int_equal(scale_nearest(&small, 6, &big, &err), SPR_OK);
    for (int i = 0; i < 120 * 120; i++) {
        x = x * 1664525u + 1013904223u;
        big.pixel[i].r = (uint8_t)(big.pixel[i].r + (x >> 28));
        big.pixel[i].g = (uint8_t)(big.pixel[i].g + (x >> 24 & 15));
        big.pixel[i].b = (uint8_t)(big.pixel[i].b + (x >> 20 & 15));
    }
    struct gate_result r = over(GATE_GRID, &big, 1);
    assert_true(fabs(r.value - 6) < 0.1 && !r.passed);
    image_fini(&big);
    image_fini(&small);
}

static void bounds_of_ones_own(void **state)
{
    (void)state;
    struct image im = art("rgb\nrgb\n");
    const struct image *frame[] = { &im };
    const struct gate_choice choice[] = { { GATE_COLOURS, 2 }, { GATE_COLOURS, 3 }, { GATE_EMPTY, 100 } };
    struct gate_result r[3];
    struct spr_error err;
    assert_int_equal(gate_check(frame, 1, choice, 3, r, &err), SPR_OK);
    assert_false(r[0].passed);
    assert_true(r[1].passed);
    assert_true(r[2].passed);
    image_fini(&im);
}

static void every_size_down_to_one_pixel(void **state)
{
    (void)state;
    struct gate_choice choice[GATE_COUNT];
    struct gate_result r[GATE_COUNT];
    struct spr_error err;
    for (int g = 0; g < GATE_COUNT; g++)
        choice[g] = (struct gate_choice){ (enum gate)g, gate_row((enum gate)g)->bound };
    for (int w = 1; w <= 9; w++)
        for (int h = 1; h <= 9; h++)
            for (int fill = 0; fill < 3; fill++) {
                struct image im;
                assert_int_equal(image_init(&im, w, h, &err), SPR_OK);
                for (int i = 0; fill && i < w * h; i++)
                    im.pixel[i] = (struct rgba){ (uint8_t)(fill == 2 ? i * 37 : 9), 50, 90, 255 };
                const struct image *frame[] = { &im, &im, &im };
                assert_int_equal(gate_check(frame, 3, choice, GATE_COUNT, r, &err), SPR_OK);
                for (int g = 0; g < GATE_COUNT; g++)
                    assert_true(isfinite(r[g].value));
                image_fini(&im);
            }
}

static void without_memory(void **state)
{
    (void)state;
    struct image im = art("rgb\nrgb\n");
    const struct image *frame[] = { &im, &im };
    struct gate_choice choice[GATE_COUNT];
    struct gate_result r[GATE_COUNT];
    struct spr_error err;
    int n = gate_usual(choice), failures = 0;
    for (uint64_t nth = 1; nth < 100; nth++) {
        mem_fail_nth(nth);
        enum spr_code rc = gate_check(frame, 2, choice, n, r, &err);
        mem_fail_nth(0);
        if (rc == SPR_OK)
            break;
        assert_int_equal(rc, SPR_NOMEM);
        failures++;
    }
    assert_true(failures >= 5 && failures < 90);
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sorted_and_whole),
        cmocka_unit_test(still_gates),
        cmocka_unit_test(jaggies_are_what_sticks_out),
        cmocka_unit_test(banding_is_runs_that_hug),
        cmocka_unit_test(pillow_shading),
        cmocka_unit_test(outline_gaps),
        cmocka_unit_test(seam_is_a_step_that_is_unusual),
        cmocka_unit_test(frames_of_an_animation),
        cmocka_unit_test(flicker_comes_back),
        cmocka_unit_test(loop_that_jumps),
        cmocka_unit_test(worst_frame),
        cmocka_unit_test(grid_under_noise),
        cmocka_unit_test(bounds_of_ones_own),
        cmocka_unit_test(every_size_down_to_one_pixel),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests_name("pixel/gate", tests, NULL, NULL);
}
