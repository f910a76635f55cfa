#include "pixel/margin.h"

#include "pixel/art_test.h"

#include <math.h>

enum { LINES_MOST = 64 };

/* An uneven axis: cells of turns `mean - spread` and `mean + spread` pixels between first and what is left of length. */
static struct fit uneven(float line[LINES_MOST], double first, int cells, double mean, double spread)
{
    struct fit f = { .pitch = mean,
                     .elastic = true,
                     .seen = cells,
                     .lines = cells + 1,
                     .last = cells,
                     .line = line,
                     .vary = spread * spread };
    for (int k = 0; k <= cells; k++)
        line[k] = (float)(first + k * mean + (k % 2 ? spread : 0));
    return f;
}

struct row {
    const char *why;
    double first_x;
    int seen_x;
    double last_x, first_y;
    int seen_y;
    double last_y;
    int cells_x, cells_y, second_x, second_y;
};

static void margins_are_counted(void **state)
{
    static const struct row rows[] = {
        { "whole margins", 40, 20, 50, 20, 30, 40, 29, 36, -1, -1 },
        { "no margins", 0, 20, 0, 0, 30, 0, 20, 30, -1, -1 },
        { "less than half a cell is none", 4, 20, 0, 6, 30, 0, 20, 31, -1, -1 },
        { "what is left open becomes square", 43, 20, 76, 40, 20, 80, 32, 32, 31, 32 },
        { "and is as near as it can be elsewhere", 43, 20, 76, 40, 21, 90, 32, 34, 31, 34 },
        { "what is certain stays as it is", 43, 20, 71, 40, 20, 80, 31, 32, 32, 32 },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        float lx[LINES_MOST], ly[LINES_MOST];
        struct fit x = uneven(lx, r->first_x, r->seen_x, 10, 0.7),
                   y = uneven(ly, r->first_y, r->seen_y, 10, 0.7);
        struct margin_size size[MARGIN_SIZES];
        int n = margin_sizes(&x, (int)(r->first_x + r->seen_x * 10 + r->last_x), 0, &y,
                             (int)(r->first_y + r->seen_y * 10 + r->last_y), 0, size);
        assert_true(n >= 2);
        if (size->cells_x != r->cells_x || size->cells_y != r->cells_y)
            fail_msg("%s: %d x %d", r->why, size->cells_x, size->cells_y);
        assert_int_equal(size->cells_x, size->x.before + r->seen_x + size->x.after);
        if (r->second_x >= 0 && (size[1].cells_x != r->second_x || size[1].cells_y != r->second_y))
            fail_msg("%s: then %d x %d", r->why, size[1].cells_x, size[1].cells_y);
        for (int k = 1; k < n; k++) {
            assert_true(size[k].likely <= size[k - 1].likely && size[k].likely >= 0);
            for (int l = 0; l < k; l++)
                assert_true(size[k].cells_x != size[l].cells_x || size[k].cells_y != size[l].cells_y);
        }
    }
}

/* An axis that shows four cells only takes their mean from the other one. */
static void axes_share_a_mean(void **state)
{
    float lx[LINES_MOST], ly[LINES_MOST];
    struct fit x = uneven(lx, 100, 4, 10.5, 0.7), y = uneven(ly, 30, 40, 10, 0.7);
    struct margin_size size[MARGIN_SIZES];
    (void)state;
    margin_sizes(&x, 242, 0, &y, 480, 0, size);
    assert_int_equal(size->x.before * 100 + size->x.after, 1010);
    y.pitch = 12; /* another one */
    margin_sizes(&x, 247, 0, &y, 480, 0, size);
    assert_int_equal(size->x.before * 100 + size->x.after, 1010);
}

static void an_even_axis_keeps_its_cells(void **state)
{
    float lx[LINES_MOST];
    struct fit x = uneven(lx, 47, 20, 10, 0.7), even = { .pitch = 10 };
    struct margin_size size[MARGIN_SIZES];
    (void)state;
    int n = margin_sizes(&x, 277, 0, &even, 270, 27, size);
    assert_int_equal(size->cells_x * 100 + size->cells_y, 2827);
    for (int i = 0; i < n; i++)
        assert_int_equal(size[i].cells_y, 27);
    n = margin_sizes(&even, 270, 27, &even, 310, 31, size);
    assert_int_equal(n, 1);
    assert_int_equal(size->cells_x * 100 + size->cells_y, 2731);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(margins_are_counted),
        cmocka_unit_test(axes_share_a_mean),
        cmocka_unit_test(an_even_axis_keeps_its_cells),
    };
    return cmocka_run_group_tests_name("pixel/margin", tests, NULL, NULL);
}
