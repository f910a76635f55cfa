#include "pixel/inward.h"

#include "base/random.h"
#include "pixel/art_test.h"

#include <math.h>
#include <stdlib.h>

/* One cell of 11.5 x 10 pixels at (3.25, 2), 40, 90 and 200 inside; what comes in from the given sides is white and fades
 * like a blurred edge. */
static struct image rimmed(const bool side[4], double deviation, double noise)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, 20, 16, &err), SPR_OK);
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 20; x++) {
            double u = (x + 0.5 - 3.25) / 11.5, v = (y + 0.5 - 2) / 10, far[4] = { u, 1 - u, v, 1 - v },
                   inside = 1;
            const double colour[3] = { 40, 90, 200 };
            float normal[3];
            uint8_t value[3];
            for (int k = 0; k < 4; k++)
                inside *= side[k] ? 1 - 0.5 * erfc(far[k] / deviation / sqrt(2)) : 1;
            random_normals((struct random){ 9, 1 }, (uint64_t)(y * 20 + x) * 3, 3, normal);
            for (int k = 0; k < 3; k++) {
                double w = colour[k] * inside + 255 * (1 - inside) + noise * (double)normal[k] + 0.5;
                value[k] = (uint8_t)(w < 0 ? 0 : w > 255 ? 255 : w);
            }
            *image_at(&im, x, y) = (struct rgba){ value[0], value[1], value[2], 255 };
        }
    return im;
}

static void the_inside_is_found_behind_rims(void **state)
{
    static const struct {
        const char *why;
        bool side[4];
        double deviation, noise, within;
    } rows[] = {
        { "nothing comes in", { false, false, false, false }, 0.2, 0, 1 },
        { "one side", { true, false, false, false }, 0.2, 0, 4 },
        { "a corner", { true, false, true, false }, 0.2, 0, 6 },
        { "all around", { true, true, true, true }, 0.2, 0, 10 },
        { "all around, with noise", { true, true, true, true }, 0.2, 4, 12 },
        { "hardly anything", { true, true, true, true }, 0.08, 0, 4 },
    };
    struct inward_box box = { 3.25, 14.75, 2, 12 };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = rimmed(rows[i].side, rows[i].deviation, rows[i].noise);
        struct inward got;
        assert_true(inward_fit(&im, &box, rows[i].deviation, &got));
        double off = fmax(fabs(got.r - 40), fmax(fabs(got.g - 90), fabs(got.b - 200)));
        if (off > rows[i].within)
            fail_msg("%s: %.1f %.1f %.1f", rows[i].why, got.r, got.g, got.b);
        if (got.residual > 3 * rows[i].noise * rows[i].noise * 1.4 + 0.18 * got.spread + 15)
            fail_msg("%s: %.1f of %.1f is left", rows[i].why, got.residual, got.spread);
        assert_true(got.error > 0 && got.error < 1);
        image_fini(&im);
    }
}

static void what_cannot_be_fitted_is_said(void **state)
{
    static const bool none[4] = { false };
    struct image im = rimmed(none, 0.2, 0);
    struct inward got;
    (void)state;
    assert_false(inward_fit(&im, &(struct inward_box){ 3, 7, 3, 7 }, 0.2, &got));  /* few pixels */
    assert_true(inward_fit(&im, &(struct inward_box){ -2, 9, -3, 9 }, 0.2, &got)); /* partly outside */
    image_at(&im, 8, 8)->a = 254;
    assert_false(inward_fit(&im, &(struct inward_box){ 3, 14, 2, 12 }, 0.2, &got));
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_inside_is_found_behind_rims),
        cmocka_unit_test(what_cannot_be_fitted_is_said),
    };
    return cmocka_run_group_tests_name("pixel/inward", tests, NULL, NULL);
}
