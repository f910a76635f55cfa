/* build - sprites become a sheet: trimmed, shared, placed, drawn.
 * Flow:  pack/sprites -> [pack/build: units, layout, compose] -> struct atlas and its pictures -> pack/write
 * Invariants: the same sprites, rules and former sheet give the same bytes, whatever the threads. With a former sheet
 *   of the same rules, pages whose sprites kept their sizes keep every place.
 * Threads: one call uses the pool it is given. */
#ifndef PACK_BUILD_H
#define PACK_BUILD_H
#include "pack/atlas.h"
#include "pack/rects.h"
#include "pack/sprites.h"

enum pack_trim {
    TRIM_NONE,
    TRIM_FRAME, /* each to its own visible pixels */
    TRIM_TAG /* one box for all frames of an animation, so that engines which know no offsets do not shake */
};

struct pack_rules {
    struct rect_rules rects;
    int extrude; /* how often a sprite's outermost pixels are repeated around it */
    enum pack_trim trim;
    bool share;  /* equal pictures share one place */
    bool grid;   /* equal cells in the order of names; nothing is trimmed, shared or turned */
    int columns; /* of a grid; 0: as square as it gets */
    int bleed;   /* how far colours spread under transparent pixels */
};

struct pack_result {
    struct atlas atlas;
    struct image *page; /* (atlas.pages) */
    int units;          /* pictures that have a place of their own */
    int shared;         /* frames that use another's */
    int empty;          /* frames without a visible pixel */
    int64_t used_px;    /* of all places */
    int64_t page_px;
    int kept_pages;  /* of the former sheet, with every place as it was */
    double place_ms; /* what finding places took */
};

/* former: NULL, or a sheet made by the same rules whose places are kept where they can be. name: what files are called.
 * BORROWS all. GIVES *ret (pack_result_fini). Fails: SPR_LIMIT (a frame larger than a page: its name is in the
 * sentence), SPR_NOMEM. */
SPR_MUST_USE enum spr_code pack_build(const struct sprites *s, const struct pack_rules *rules,
                                      const struct atlas *former, const char *name, struct pool *pool,
                                      struct pack_result *ret, struct spr_error *err);
void pack_result_fini(struct pack_result *r); /* fine on a zeroed one */

/* --- Between the files of this part --- */

struct pack_box {
    int x, y, w, h;
};

/* One picture with a place of its own. */
struct pack_unit {
    int sprite;              /* the first that looks like this */
    struct pack_box box;     /* of that sprite's source */
    struct rect_place place; /* of the box itself, without extrusion */
};

struct pack_units {
    struct pack_unit *unit;
    int count;
    int *of;              /* (sprites): the unit of each */
    struct pack_box *box; /* (sprites) */
    int empty;
};

SPR_MUST_USE enum spr_code units_find(const struct sprites *s, const struct pack_rules *rules,
                                      struct pack_units *ret, struct spr_error *err);
void units_fini(struct pack_units *u);

/* Sets every unit's place. GIVES *ret_page[*ret_pages] (mem_free). */
SPR_MUST_USE enum spr_code layout_find(const struct sprites *s, struct pack_units *u,
                                       const struct pack_rules *rules, const struct atlas *former,
                                       struct pool *pool, struct rect_page **ret_page, int *ret_pages,
                                       int *ret_kept, int *ret_columns, struct spr_error *err);

/* Draws one page. GIVES ret->pixel. */
SPR_MUST_USE enum spr_code compose_page(const struct sprites *s, const struct pack_units *u,
                                        const struct pack_rules *rules, int page, struct rect_page size,
                                        struct image *ret, struct spr_error *err);

#endif
