#include "paint/canvas.h"

#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE_MAX = 16, ROOM = 4 * SIDE_MAX * SIDE_MAX };

/* '#' is opaque white, '.' transparent. */
static void draw(const char *rows, int side, float *x)
{
    for (int i = 0; i < side * side; i++)
        for (int c = 0; c < 4; c++)
            x[4 * i + c] = rows[i] == '#' ? 1.0f : -1.0f;
}

static void read_back(const float *x, int side, char *text)
{
    for (int i = 0; i < side * side; i++)
        text[i] = x[4 * i] > 0.5f ? '#' : x[4 * i] < -0.5f ? '.' : '?';
    text[side * side] = '\0';
}

static void doubling_keeps_edges(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        bool wrap;
        const char *from, *want;
    } rows[] = {
        { "a diagonal is filled; the ends see themselves across the edge", false,
          "#.."
          ".#."
          "..#",
          "##...."
          "#.#..."
          ".###.."
          "..###."
          "...#.#"
          "....##" },
        { "a straight edge stays", false,
          "##."
          "##."
          "##.",
          "####.."
          "####.."
          "####.."
          "####.."
          "####.."
          "####.." },
        { "a dot stays", false,
          "..."
          ".#."
          "...",
          "......"
          "......"
          "..##.."
          "..##.."
          "......"
          "......" },
        { "a diagonal that goes on across the edge", true,
          "#.."
          "..."
          "..#",
          "##...#"
          "##...."
          "......"
          "......"
          "....##"
          "#...##" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        float x[ROOM], to[ROOM];
        char got[40];
        draw(rows[i].from, 3, x);
        canvas_scale(x, 3, rows[i].wrap, to, 6, NULL);
        read_back(to, 6, got);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, got);
    }
}

static void reducing_takes_the_mean(void **state)
{
    (void)state;
    static const float x[9 * 4] = {
        9, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, /**/ 0, 0, 0, 1, 0, 9, 0, 1, 0, 0, 0, 1, /**/
        0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 9, 1,
    };
    float to[4 * 4];
    canvas_scale(x, 3, false, to, 2, NULL);
    /* each new pixel covers 1.5 x 1.5 old ones: 1 whole, two halves, a quarter */
    static const float want[4 * 4] = { 4, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 4, 1 };
    for (int i = 0; i < 16; i++)
        if (fabsf(to[i] - want[i]) > 1e-6f)
            fail_msg("number %d is %g, not %g", i, (double)to[i], (double)want[i]);
}

static void one_colour_stays_one_colour(void **state)
{
    (void)state;
    static const int sides[][2] = { { 8, 12 }, { 8, 16 }, { 16, 12 }, { 16, 8 }, { 12, 16 }, { 7, 5 } };
    for (size_t i = 0; i < SPR_COUNT(sides); i++) {
        float x[ROOM], to[ROOM], spare[4 * ROOM];
        for (int k = 0; k < ROOM; k++)
            x[k] = 0.1f * (float)(k % 4);
        canvas_scale(x, sides[i][0], true, to, sides[i][1], spare);
        for (int k = 0; k < 4 * sides[i][1] * sides[i][1]; k++)
            assert_true(fabsf(to[k] - 0.1f * (float)(k % 4)) < 1e-6f);
    }
}

static void masks(void **state)
{
    (void)state;
    struct rgba pixel[4] = {
        { 255, 255, 255, 255 }, { 0, 0, 0, 255 }, { 255, 255, 255, 0 }, { 200, 128, 60, 255 }
    };
    const struct image mask = { 2, 2, pixel };
    static const uint8_t want[4] = { 0, 1, 1, 0 };
    uint8_t keep[4], to[16];
    canvas_mask(&mask, keep);
    assert_memory_equal(keep, want, 4);
    canvas_scale_mask(keep, 2, to, 4);
    static const uint8_t larger[16] = { 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0 };
    assert_memory_equal(to, larger, 16);
    uint8_t back[4], one[1];
    canvas_scale_mask(larger, 4, back, 2);
    assert_memory_equal(back, want, 4);
    canvas_scale_mask(larger, 4, one, 1);
    assert_int_equal(one[0], 0);
}

static void pictures_come_back(void **state)
{
    (void)state;
    struct rgba pixel[256], back[256];
    const struct image im = { 16, 16, pixel }, to = { 16, 16, back };
    float x[4 * 256];
    for (int i = 0; i < 256; i++)
        pixel[i] = i < 6 ? (struct rgba){ 0, 0, 0, (uint8_t)i }
                         : (struct rgba){ (uint8_t)(i * 7), (uint8_t)(255 - i), 255, (uint8_t)i };
    canvas_from_image(&im, x);
    canvas_to_image(x, &to);
    assert_memory_equal(back, pixel, sizeof pixel);
    for (int i = 0; i < 4 * 256; i++)
        assert_true(x[i] >= -1 && x[i] <= 1);
    static const float wild[8] = {
        5, -5, 0, 3, NAN, NAN, NAN, NAN
    }; /* out of bounds, and no number at all */
    const struct image two = { 2, 1, back };
    canvas_to_image(wild, &two);
    assert_true(back[0].r == 255 && back[0].g == 0 && back[0].b == 128 && back[0].a == 255 && back[1].a == 0);
}

static double length(const float *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

static void arcs_keep_their_length(void **state)
{
    (void)state;
    enum { COUNT = 4096 };
    static float a[COUNT], b[COUNT], to[COUNT];
    random_normals((struct random){ 1, 1 }, 0, COUNT, a);
    random_normals((struct random){ 2, 1 }, 0, COUNT, b);
    canvas_arc(COUNT, a, b, 0, to);
    assert_memory_equal(to, a, sizeof a);
    canvas_arc(COUNT, a, b, 1, to);
    assert_memory_equal(to, b, sizeof b);
    canvas_arc(COUNT, a, b, 0.5, to);
    double mean = (length(a, COUNT) + length(b, COUNT)) / 2;
    assert_true(fabs(length(to, COUNT) / mean - 1) < 0.01); /* a straight mixture would have 0.71 of it */
    canvas_arc(COUNT, a, a, 0.3, to);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(fabsf(to[i] - a[i]) < 1e-6f * (1 + fabsf(a[i])));
    static const float zero[4];
    canvas_arc(4, zero, zero, 0.5, to);
    assert_true(to[0] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubling_keeps_edges),        cmocka_unit_test(reducing_takes_the_mean),
        cmocka_unit_test(one_colour_stays_one_colour), cmocka_unit_test(masks),
        cmocka_unit_test(pictures_come_back),          cmocka_unit_test(arcs_keep_their_length),
    };
    return cmocka_run_group_tests_name("paint/canvas", tests, NULL, NULL);
}
