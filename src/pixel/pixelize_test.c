#include "pixel/pixelize.h"

#include "pixel/enlarge_test.h"

#include <stdlib.h>

/* The share of cells that are within 32 of the truth, and the largest error on the ground. */
static double agreement(const struct indexed *got, const struct image *truth, int *ret_ground_error)
{
    int alike = 0, cells = 0;
    *ret_ground_error = 0;
    for (int i = 0; i < truth->width * truth->height; i++) {
        struct rgba p = truth->pixel[i], q = got->palette.colour[got->index[i]];
        int most = abs(p.r - q.r);
        most = abs(p.g - q.g) > most ? abs(p.g - q.g) : most;
        most = abs(p.b - q.b) > most ? abs(p.b - q.b) : most;
        if (rgba_equal(p, drawn_ground)) {
            *ret_ground_error = most > *ret_ground_error ? most : *ret_ground_error;
        } else {
            cells++;
            alike += most <= 32 && (p.a >= 128) == (q.a >= 128);
        }
    }
    return (double)alike / cells;
}

static void finds_grids_of_all_kinds(void **state)
{
    static const struct {
        const char *why;
        struct enlarging how;
    } rows[] = {
        { "whole factor, clean", { .x = 8, .y = 8 } },
        { "factor 3, clean", { .x = 3, .y = 3 } },
        { "factor 2, clean", { .x = 2, .y = 2 } },
        { "fraction, clean", { .x = 7.3, .y = 7.3 } },
        { "whole factor, noise", { .x = 8, .y = 8, .noise = 6 } },
        { "factor 3, noise", { .x = 3, .y = 3, .noise = 4 } },
        { "fraction, antialiased, noise", { .x = 10.67, .y = 10.67, .noise = 5, .antialiased = true } },
        { "large fraction, noise", { .x = 25.6, .y = 25.6, .noise = 5, .antialiased = true } },
        { "cells that are not square", { .x = 8, .y = 9, .noise = 5, .antialiased = true } },
        { "very much not square", { .x = 6, .y = 13.5, .noise = 3, .antialiased = true } },
        { "uneven cells", { .x = 12, .y = 12, .uneven = 0.12, .noise = 5, .antialiased = true } },
        { "turned left", { .x = 12, .y = 12, .degrees = -0.9, .noise = 4, .antialiased = true } },
        { "turned right", { .x = 11.3, .y = 11.3, .degrees = 0.6, .noise = 4, .antialiased = true } },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        for (uint64_t seed = 1; seed <= 2; seed++) {
            struct image truth = draw_creature(30 + (int)seed * 4, 36, seed);
            struct image im = enlarge_art(&truth, &rows[i].how, seed);
            struct pixelize_options o = { 0 };
            struct pixelize_report r;
            struct indexed got = { 0 };
            struct spr_error err;
            int ground_error = 0;
            assert_int_equal(pixelize(&im, 1, &o, &got, &r, &err), SPR_OK);
            if (!r.found || r.width != truth.width || r.height != truth.height)
                fail_msg("%s, seed %d: %d x %d, found %d, confidence %.2f", rows[i].why, (int)seed, r.width,
                         r.height, r.found, r.grid.confidence);
            double alike = agreement(&got, &truth, &ground_error);
            if (alike < 0.995 || ground_error > 2)
                fail_msg("%s, seed %d: %.4f of the cells are right, ground error %d", rows[i].why, (int)seed,
                         alike, ground_error);
            if (rows[i].how.noise <= 0 && r.colours > 9)
                fail_msg("%s: %d colours of 9", rows[i].why, r.colours);
            assert_true(r.grid.confidence > 0.8);
            indexed_fini(&got);
            image_fini(&im);
            image_fini(&truth);
        }
}

/* A canvas of flat ground around a creature, of which margins of cells can only be reckoned. */
static struct image on_canvas(int side, uint64_t seed)
{
    struct image im, creature = draw_creature(32, 32, seed);
    struct spr_error err;
    assert_int_equal(image_init(&im, side, side, &err), SPR_OK);
    for (int i = 0; i < side * side; i++)
        im.pixel[i] = drawn_ground;
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            *image_at(&im, x + (side - 32) / 2, y + (side - 32) / 2) = *image_at(&creature, x, y);
    image_fini(&creature);
    return im;
}

static void counts_uneven_cells_of_margins(void **state)
{
    enum { PICTURES = 40 };
    int exact = 0, listed = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= PICTURES; seed++) {
        struct image truth = on_canvas(40, seed),
                     im = enlarge_art(&truth,
                                      &(struct enlarging){
                                          .x = 12, .y = 12, .uneven = 0.12, .noise = 5, .antialiased = true },
                                      seed);
        struct grid g;
        struct spr_error err;
        assert_int_equal(grid_find(&im, 1, &g, &err), SPR_OK);
        assert_int_equal(g.verdict, GRID_FOUND);
        assert_true(g.x.elastic && g.y.elastic);
        assert_int_equal((int)g.x.line[g.x.cells], im.width);
        exact += g.x.cells == 40 && g.y.cells == 40;
        bool among = false;
        for (int k = 0; k < 3 && k < g.candidates; k++)
            among = among || (g.candidate[k].cells_x == 40 && g.candidate[k].cells_y == 40);
        listed += among;
        assert_int_equal(g.candidate[0].cells_x * 100 + g.candidate[0].cells_y, g.x.cells * 100 + g.y.cells);
        grid_fini(&g);
        image_fini(&im);
        image_fini(&truth);
    }
    if (exact < 39 || listed < PICTURES)
        fail_msg("%d of %d right, %d among three", exact, PICTURES, listed);
}

/* A ground that cuts noise off, or has none, does not hide how much there is; so dark cells on black are no ground. */
static void sees_noise_beside_any_ground(void **state)
{
    static const struct rgba grounds[] = {
        { 0, 0, 0, 255 }, { 255, 255, 255, 255 }, { 0, 255, 0, 255 }, { 0, 0, 0, 0 }, { 120, 130, 140, 255 }
    };
    (void)state;
    for (size_t k = 0; k < SPR_COUNT(grounds); k++) {
        struct image truth = draw_creature(36, 36, 3);
        const struct rgba outline = { 24, 20, 37, 255 }, dark = { 18, 18, 18, 255 };
        for (int i = 0; i < 36 * 36; i++) {
            struct rgba *p = &truth.pixel[i];
            *p = rgba_equal(*p, drawn_ground) ? grounds[k] : rgba_equal(*p, outline) ? dark : *p;
        }
        struct image im = enlarge_art(
            &truth, &(struct enlarging){ .x = 8.2, .y = 8.2, .noise = 5, .antialiased = true }, k);
        struct pixelize_options o = { 0 };
        struct pixelize_report r;
        struct indexed got;
        struct spr_error err;
        assert_int_equal(pixelize(&im, 1, &o, &got, &r, &err), SPR_OK);
        assert_true(r.found);
        assert_int_equal(r.width * 100 + r.height, 3636);
        if (fabs(r.grid.noise - 5) > 0.6)
            fail_msg("ground %zu: noise %.2f", k, r.grid.noise);
        int lost = 0;
        for (int i = 0; i < 36 * 36; i++)
            lost += !rgba_equal(truth.pixel[i], grounds[k]) && got.index[i] == got.index[0];
        if (lost > 2)
            fail_msg("ground %zu: %d cells became ground", k, lost);
        indexed_fini(&got);
        image_fini(&im);
        image_fini(&truth);
    }
}

/* Waves of many lengths: changes everywhere, on no lattice. */
static struct image draw_waves(int side)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, side, side, &err), SPR_OK);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double v = 127 + 50 * sin(x * 0.071 + y * 0.013) + 40 * sin(y * 0.137 - x * 0.049) +
                       20 * sin(x * y * 0.0021);
            *image_at(&im, x, y) = (struct rgba){ (uint8_t)v, (uint8_t)(255 - v), (uint8_t)(v / 2), 255 };
        }
    return im;
}

static void refuses_what_has_no_grid(void **state)
{
    struct pixelize_options o = { 0 };
    struct pixelize_report r;
    struct indexed got;
    struct spr_error err;
    struct image waves = draw_waves(300), flat = draw_waves(200), tiny = draw_waves(5);
    (void)state;
    for (int i = 0; i < 200 * 200; i++)
        flat.pixel[i] = drawn_ground;
    assert_int_equal(pixelize(&waves, 1, &o, &got, &r, &err), SPR_OK);
    assert_false(r.found);
    assert_int_equal(r.grid.verdict, GRID_NONE);
    assert_int_equal(pixelize(&flat, 1, &o, &got, &r, &err), SPR_OK);
    assert_false(r.found);
    assert_int_equal(r.grid.verdict, GRID_FLAT);
    o.to_width = 24;
    o.to_height = 20;
    assert_int_equal(pixelize(&waves, 1, &o, &got, &r, &err), SPR_OK);
    assert_true(r.found);
    assert_int_equal(got.width * 100 + got.height, 2420);
    assert_in_range(r.colours, 8, PIXELIZE_REDUCED_COLOURS);
    indexed_fini(&got);
    o.to_width = 6;
    assert_int_equal(pixelize(&tiny, 1, &o, &got, &r, &err), SPR_BADARG);
    image_fini(&waves);
    image_fini(&flat);
    image_fini(&tiny);
}

/* A sprite as it is drawn, shaded in many colours, is its own result; a photo as small as that is none. */
static void takes_small_sprites_as_they_are(void **state)
{
    struct pixelize_options o = { .space = COLOUR_OKLAB };
    struct pixelize_report r;
    struct indexed got;
    struct spr_error err;
    struct image sprite = draw_creature(32, 32, 3), photo = draw_waves(32);
    (void)state;
    for (int i = 0; i < 32 * 32; i++)
        if (rgba_equal(sprite.pixel[i], drawn_ground))
            sprite.pixel[i] = (struct rgba){ 0, 0, 0, 0 };
        else
            sprite.pixel[i].r = (uint8_t)(sprite.pixel[i].r / 4 + i * 37 % 25);
    assert_int_equal(pixelize(&sprite, 1, &o, &got, &r, &err), SPR_OK);
    assert_true(r.found);
    assert_in_range(r.colours, 65, 256);
    for (int i = 0; i < 32 * 32; i++)
        assert_true(rgba_equal(got.palette.colour[got.index[i]], sprite.pixel[i]));
    indexed_fini(&got);
    for (int i = 0; i < 32 * 32; i++)
        photo.pixel[i].b = (uint8_t)(i * 7);
    assert_int_equal(pixelize(&photo, 1, &o, &got, &r, &err), SPR_OK);
    assert_false(r.found);
    image_fini(&sprite);
    image_fini(&photo);
}

static void rgb_under_transparency_does_not_count(void **state)
{
    struct image truth = draw_creature(32, 32, 5);
    for (int i = 0; i < 32 * 32; i++)
        if (rgba_equal(truth.pixel[i], drawn_ground))
            truth.pixel[i].a = 0;
    struct image im = enlarge_art(&truth, &(struct enlarging){ .x = 7.4, .y = 7.4, .antialiased = true }, 5);
    struct random r = { 9, 9 };
    for (int i = 0; i < im.width * im.height; i++)
        if (im.pixel[i].a == 0) {
            uint32_t v = random_u32(r, (uint64_t)(i / 5)); /* stripes of another pitch */
            im.pixel[i] = (struct rgba){ (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), 0 };
        }
    struct pixelize_options o = { 0 };
    struct pixelize_report report;
    struct indexed got;
    struct spr_error err;
    (void)state;
    assert_int_equal(pixelize(&im, 1, &o, &got, &report, &err), SPR_OK);
    assert_true(report.found);
    assert_int_equal(report.width * 100 + report.height, 3232);
    for (int i = 0; i < 32 * 32; i++)
        assert_int_equal(got.palette.colour[got.index[i]].a, truth.pixel[i].a);
    indexed_fini(&got);
    image_fini(&im);
    image_fini(&truth);
}

static void what_does_not_move_does_not_flicker(void **state)
{
    enum { FRAMES = 6 };
    struct image truth = draw_creature(34, 34, 7), frame[FRAMES];
    struct indexed got[FRAMES];
    struct pixelize_options o = { 0 };
    struct pixelize_report r;
    struct spr_error err;
    (void)state;
    for (int f = 0; f < FRAMES; f++)
        frame[f] =
            enlarge_art(&truth, &(struct enlarging){ .x = 11, .y = 11, .noise = 6, .antialiased = true },
                        (uint64_t)f + 20);
    assert_int_equal(pixelize(frame, FRAMES, &o, got, &r, &err), SPR_OK);
    assert_true(r.found);
    assert_int_equal(r.width * 100 + r.height, 3434);
    for (int f = 1; f < FRAMES; f++)
        assert_memory_equal(got[f].index, got[0].index, 34 * 34);
    for (int f = 0; f < FRAMES; f++) {
        indexed_fini(&got[f]);
        image_fini(&frame[f]);
    }
    image_fini(&truth);
}

static void a_cell_by_hand_is_taken(void **state)
{
    struct image truth = draw_creature(30, 30, 3);
    struct image im = enlarge_art(&truth, &(struct enlarging){ .x = 9, .y = 9 }, 3);
    struct pixelize_options o = { .cell_x = 9, .cell_y = 9, .phase_x = 18, .phase_y = -9 };
    struct pixelize_report r;
    struct indexed got;
    struct spr_error err;
    int ground_error;
    (void)state;
    assert_int_equal(pixelize(&im, 1, &o, &got, &r, &err), SPR_OK);
    assert_int_equal(got.width * 100 + got.height, 3030);
    assert_true(agreement(&got, &truth, &ground_error) >= 1);
    indexed_fini(&got);
    o.cell_x = 0.5;
    assert_int_equal(pixelize(&im, 1, &o, &got, &r, &err), SPR_BADARG);
    o.cell_x = 400;
    assert_int_equal(pixelize(&im, 1, &o, &got, &r, &err), SPR_BADARG);
    image_fini(&im);
    image_fini(&truth);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct image truth = draw_creature(24, 24, 3);
    struct spr_error err;
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct image im =
            enlarge_art(&truth, &(struct enlarging){ .x = 5, .y = 5, .noise = 3, .degrees = 0.9 }, 3);
        struct pixelize_options o = { .ground = { .kind = GROUND_FLOOD } };
        struct pixelize_report r;
        struct indexed got = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = pixelize(&im, 1, &o, &got, &r, &err);
        mem_fail_nth(0);
        indexed_fini(&got);
        image_fini(&im);
        if (rc == SPR_OK)
            break;
        assert_int_equal(rc, SPR_NOMEM);
    }
    image_fini(&truth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_grids_of_all_kinds),
        cmocka_unit_test(counts_uneven_cells_of_margins),
        cmocka_unit_test(sees_noise_beside_any_ground),
        cmocka_unit_test(refuses_what_has_no_grid),
        cmocka_unit_test(takes_small_sprites_as_they_are),
        cmocka_unit_test(rgb_under_transparency_does_not_count),
        cmocka_unit_test(what_does_not_move_does_not_flicker),
        cmocka_unit_test(a_cell_by_hand_is_taken),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests_name("pixel/pixelize", tests, NULL, NULL);
}
