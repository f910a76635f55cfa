/* rects - where each of many rectangles lies, on one page or several, with as little lost as can be found.
 * Flow:  sizes of trimmed sprites -> [pack/rects] -> pack/atlas
 * Invariants: nothing overlaps, nothing leaves its page; the places depend on the sizes, their order and the rules
 *   alone, not on threads or time. Rectangles of one size take their places in the order they are given.
 * How: many fills (pack/bin) by several orders, widths and methods; the smallest page wins. The number of tries is
 *   bounded by the work they mean, never by a clock.
 * Threads: one call uses the pool it is given. */
#ifndef PACK_RECTS_H
#define PACK_RECTS_H
#include "base/err.h"
#include "base/pool.h"
#include <stdbool.h>
#include <stdint.h>

struct rect_size {
    int w, h; /* 1.. */
};

struct rect_place {
    int page, x, y;
    bool turned; /* h wide and w high */
};

struct rect_page {
    int w, h;
};

enum rect_shape {
    RECT_FREE,   /* any width and height, at most twice as long as wide where the limits allow */
    RECT_SQUARE, /* width and height the same */
    RECT_POT     /* each a power of two */
};

struct rect_rules {
    int max_w, max_h; /* of a page */
    int border;       /* free on each side of a page */
    int padding;      /* free between two rectangles */
    enum rect_shape shape;
    bool turn; /* may be turned by 90 degrees */
};

enum { RECT_PAGES_MAX = 4096 };

struct rect_plan {
    struct rect_place *place; /* (count), borders included in x and y */
    int count;
    struct rect_page *page; /* (pages) */
    int pages;
};

/* BORROWS size[count], count >= 1. GIVES *ret (rects_free). Fails: SPR_LIMIT (one is larger than a page: *ret_index,
 * NULL is fine, says which; or over RECT_PAGES_MAX), SPR_NOMEM. */
SPR_MUST_USE enum spr_code rects_pack(const struct rect_size *size, int count, const struct rect_rules *rules,
                                      struct pool *pool, struct rect_plan *ret, int *ret_index,
                                      struct spr_error *err);

/* As rects_pack, but on one page of at most max_w x max_h; what finds no place has page -1. */
SPR_MUST_USE enum spr_code rects_pack_page(const struct rect_size *size, int count,
                                           const struct rect_rules *rules, struct pool *pool,
                                           struct rect_plan *ret, struct spr_error *err);

/* Equal cells in rows, each rectangle at its cell's top left. columns 0: as square as it gets. Pages hold whole rows.
 * Fails: as rects_pack. */
SPR_MUST_USE enum spr_code rects_grid(int count, struct rect_size cell, int columns,
                                      const struct rect_rules *rules, struct rect_plan *ret,
                                      struct spr_error *err);

void rects_free(struct rect_plan *p); /* fine on a zeroed one */

#endif
