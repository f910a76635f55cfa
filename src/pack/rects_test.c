#include "pack/rects.h"

#include "base/mem.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1200 };

static struct pool *pool_of(int threads)
{
    struct pool *p = NULL;
    struct spr_error err;
    assert_int_equal(pool_new(threads, &p, &err), SPR_OK);
    return p;
}

static void make_sizes(struct rect_size *size, int count, int most, uint64_t seed)
{
    struct random r = { seed, 1 };
    for (int i = 0; i < count; i++)
        size[i] = (struct rect_size){ 1 + (int)random_below(r, (uint64_t)i * 2, (uint32_t)most),
                                      1 + (int)random_below(r, (uint64_t)i * 2 + 1, (uint32_t)most) };
}

static int covered_w(const struct rect_plan *p, const struct rect_size *size, int i)
{
    return p->place[i].turned ? size[i].h : size[i].w;
}

static int covered_h(const struct rect_plan *p, const struct rect_size *size, int i)
{
    return p->place[i].turned ? size[i].w : size[i].h;
}

/* Every pixel of a page is looked at: a rectangle grown by the padding to the right and below touches none but its own. */
static void assert_sound(const struct rect_plan *p, const struct rect_size *size, const struct rect_rules *r)
{
    for (int page = 0; page < p->pages; page++) {
        int w = p->page[page].w, h = p->page[page].h;
        assert_true(w >= 1 && h >= 1 && w <= r->max_w && h <= r->max_h);
        if (r->shape == RECT_POT)
            assert_true((w & (w - 1)) == 0 && (h & (h - 1)) == 0);
        if (r->shape == RECT_SQUARE)
            assert_int_equal(w, h);
        unsigned char *used = calloc((size_t)w, (size_t)h);
        assert_non_null(used);
        for (int i = 0; i < p->count; i++) {
            if (p->place[i].page != page)
                continue;
            int x = p->place[i].x, y = p->place[i].y, pw = covered_w(p, size, i), ph = covered_h(p, size, i);
            assert_true(!p->place[i].turned || r->turn);
            assert_true(x >= r->border && y >= r->border && x + pw <= w - r->border &&
                        y + ph <= h - r->border);
            for (int v = y; v < y + ph + r->padding && v < h; v++)
                for (int u = x; u < x + pw + r->padding && u < w; u++)
                    assert_int_equal(used[v * w + u]++, 0);
        }
        free(used);
    }
}

static void nothing_overlaps(void **state)
{
    static const struct {
        const char *why;
        int count, most;
        struct rect_rules rules;
    } rows[] = {
        { "one", 1, 30, { 64, 64, 0, 0, RECT_FREE, false } },
        { "many on one page", 400, 30, { 2048, 2048, 0, 0, RECT_FREE, false } },
        { "several pages", 400, 30, { 128, 128, 0, 0, RECT_FREE, false } },
        { "border and padding", 300, 30, { 256, 256, 3, 2, RECT_FREE, false } },
        { "padding wider than the border", 300, 30, { 200, 300, 0, 5, RECT_FREE, false } },
        { "turned", 300, 40, { 256, 200, 1, 1, RECT_FREE, true } },
        { "square", 300, 30, { 512, 400, 2, 1, RECT_SQUARE, false } },
        { "powers of two", 300, 30, { 300, 2048, 1, 2, RECT_POT, true } },
        { "wide limits", 100, 20, { 2000, 24, 0, 0, RECT_FREE, false } },
        { "mixed sizes", 200, 200, { 1024, 1024, 0, 1, RECT_FREE, true } },
        { "equal sizes", 500, 1, { 64, 64, 0, 0, RECT_FREE, false } },
    };
    struct rect_size size[MOST];
    struct pool *pool = pool_of(2);
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct rect_plan p = { 0 };
        struct spr_error err = { 0 };
        make_sizes(size, rows[i].count, rows[i].most, i);
        if (rects_pack(size, rows[i].count, &rows[i].rules, pool, &p, NULL, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        for (int k = 0; k < p.count; k++)
            assert_true(p.place[k].page >= 0 && p.place[k].page < p.pages);
        assert_sound(&p, size, &rows[i].rules);
        rects_free(&p);
    }
    pool_free(pool);
}

static void threads_change_nothing(void **state)
{
    struct rect_size size[MOST];
    struct rect_rules rules = { .max_w = 300, .max_h = 400, .padding = 1, .turn = true };
    struct rect_plan plan[2];
    struct spr_error err;
    (void)state;
    make_sizes(size, 700, 30, 9);
    for (int i = 0; i < 2; i++) {
        struct pool *pool = pool_of(i ? 4 : 1);
        assert_int_equal(rects_pack(size, 700, &rules, pool, &plan[i], NULL, &err), SPR_OK);
        pool_free(pool);
    }
    assert_int_equal(plan[0].pages, plan[1].pages);
    for (int i = 0; i < 700; i++)
        assert_true(plan[0].place[i].page == plan[1].place[i].page &&
                    plan[0].place[i].x == plan[1].place[i].x && plan[0].place[i].y == plan[1].place[i].y &&
                    plan[0].place[i].turned == plan[1].place[i].turned);
    rects_free(&plan[0]);
    rects_free(&plan[1]);
}

static double occupancy(const struct rect_plan *p, const struct rect_size *size)
{
    double used = 0, all = 0;
    for (int i = 0; i < p->count; i++)
        used += (double)size[i].w * size[i].h;
    for (int i = 0; i < p->pages; i++)
        all += (double)p->page[i].w * p->page[i].h;
    return used / all;
}

static void little_is_lost(void **state)
{
    static const struct {
        const char *why;
        int count, most;
        bool turn;
        enum rect_shape shape;
        double least;
    } rows[] = {
        { "a thousand small ones", 1000, 32, false, RECT_FREE, 0.985 },
        { "turned", 1000, 32, true, RECT_FREE, 0.99 },
        { "in a square", 1000, 32, false, RECT_SQUARE, 0.97 },
        { "small and large", 300, 150, false, RECT_FREE, 0.96 },
    };
    struct rect_size size[MOST];
    struct pool *pool = pool_of(1);
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct rect_rules rules = {
            .max_w = 2048, .max_h = 2048, .turn = rows[i].turn, .shape = rows[i].shape
        };
        struct rect_plan p;
        struct spr_error err;
        make_sizes(size, rows[i].count, rows[i].most, 5);
        assert_int_equal(rects_pack(size, rows[i].count, &rules, pool, &p, NULL, &err), SPR_OK);
        assert_int_equal(p.pages, 1);
        if (occupancy(&p, size) < rows[i].least)
            fail_msg("%s: %.4f of the page used, %.4f wanted", rows[i].why, occupancy(&p, size),
                     rows[i].least);
        rects_free(&p);
    }
    pool_free(pool);
}

static void one_page_leaves_the_rest(void **state)
{
    struct rect_size size[MOST];
    struct rect_rules rules = { .max_w = 128, .max_h = 128 };
    struct rect_plan p;
    struct spr_error err;
    struct pool *pool = pool_of(1);
    int left = 0;
    (void)state;
    make_sizes(size, 300, 30, 3);
    assert_int_equal(rects_pack_page(size, 300, &rules, pool, &p, &err), SPR_OK);
    for (int i = 0; i < 300; i++)
        left += p.place[i].page < 0;
    assert_int_equal(p.pages, 1);
    assert_in_range(left, 100, 299);
    assert_sound(&p, size, &rules);
    rects_free(&p);
    pool_free(pool);
}

static void too_large_is_named(void **state)
{
    struct rect_size size[] = { { 4, 4 }, { 9, 4 }, { 4, 9 } };
    struct rect_rules rules = { .max_w = 10, .max_h = 8, .border = 1 };
    struct rect_plan p = { .count = 77 };
    struct spr_error err = { 0 };
    struct pool *pool = pool_of(1);
    int index = -1;
    (void)state;
    assert_int_equal(rects_pack(size, 3, &rules, pool, &p, &index, &err), SPR_LIMIT);
    assert_int_equal(index, 1);
    assert_string_equal(err.text, "9 x 4 with a border of 1 does not fit into a page of 10 x 8");
    assert_int_equal(p.count, 77);
    rules.turn = true;
    size[1] = (struct rect_size){ 6, 8 };
    size[2] = (struct rect_size){ 8, 6 };
    assert_int_equal(rects_pack(size, 3, &rules, pool, &p, &index, &err), SPR_OK);
    rects_free(&p);
    pool_free(pool);
}

static void grids_are_rows(void **state)
{
    struct rect_rules rules = { .max_w = 100, .max_h = 60, .border = 2, .padding = 1 };
    struct rect_plan p = { 0 };
    struct spr_error err = { 0 };
    (void)state;
    assert_int_equal(rects_grid(7, (struct rect_size){ 16, 16 }, 3, &rules, &p, &err), SPR_OK);
    assert_int_equal(p.pages, 1);
    assert_true(p.page[0].w == 3 * 17 - 1 + 4 && p.page[0].h == 3 * 17 - 1 + 4);
    assert_true(p.place[4].x == 2 + 17 && p.place[4].y == 2 + 17);
    rects_free(&p);
    assert_int_equal(rects_grid(20, (struct rect_size){ 16, 16 }, 0, &rules, &p, &err), SPR_OK);
    assert_int_equal(p.pages, 2);
    assert_true(p.place[15].page == 1 && p.place[15].x == 2 && p.place[15].y == 2);
    rects_free(&p);
    assert_int_equal(rects_grid(7, (struct rect_size){ 16, 16 }, 6, &rules, &p, &err), SPR_LIMIT);
    assert_string_equal(err.text, "6 columns of 17 pixels are wider than a page of 100; 5 fit");
}

static void no_memory_is_an_error(void **state)
{
    struct rect_size size[60];
    struct rect_rules rules = { .max_w = 64, .max_h = 64, .turn = true };
    struct pool *pool = pool_of(1);
    (void)state;
    make_sizes(size, 60, 20, 2);
    for (uint64_t n = 1;; n++) {
        struct rect_plan p = { 0 };
        struct spr_error err = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = rects_pack(size, 60, &rules, pool, &p, NULL, &err);
        mem_fail_nth(0);
        if (!rc) {
            rects_free(&p);
            break;
        }
        assert_int_equal(rc, SPR_NOMEM);
        assert_null(p.place);
        assert_true(n < 2000);
    }
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_overlaps),      cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(little_is_lost),        cmocka_unit_test(one_page_leaves_the_rest),
        cmocka_unit_test(too_large_is_named),    cmocka_unit_test(grids_are_rows),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("pack/rects", tests, NULL, NULL);
}
