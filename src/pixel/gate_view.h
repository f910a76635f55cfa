/* gate_view - one picture as the gates look at it.
 * Flow:  struct image -> gate_view_init -> gate_still, gate_shape, gate_moving. For gate.c and these three only. */
#ifndef PIXEL_GATE_VIEW_H
#define PIXEL_GATE_VIEW_H
#include "image/colour.h"
#include "pixel/gate.h"

#include <stdint.h>

enum { GATE_TABLE_BITS = 15, GATE_TABLE = 1 << GATE_TABLE_BITS };

struct gate_view {
    const struct image *im;
    int width, height;
    bool *in;          /* (height, width): of the shape */
    struct oklab *lab; /* (height, width); not set where alpha is 0 */
    int *scratch;      /* (height, width) */
    uint32_t *table;   /* (GATE_TABLE), shared by all views; BORROWED */
    int pixels;        /* of the shape */
    bool grounded;     /* there is a ground */
};

#define GATE_FAR 0.1f

SPR_MUST_USE enum spr_code gate_view_init(struct gate_view *v, const struct image *im, struct spr_error *err);
void gate_view_fini(struct gate_view *v); /* fine on a zeroed one */

static inline bool gate_in(const struct gate_view *v, int x, int y)
{
    return x >= 0 && y >= 0 && x < v->width && y < v->height &&
           v->in[(size_t)y * (size_t)v->width + (size_t)x];
}

static inline struct oklab gate_lab(const struct gate_view *v, int x, int y)
{
    return v->lab[(size_t)y * (size_t)v->width + (size_t)x];
}

static inline bool gate_far(struct oklab p, struct oklab q)
{
    return oklab_distance2(p, q) >= GATE_FAR * GATE_FAR;
}

/* Notes a spot; beyond GATE_PLACES it is only counted. */
void gate_mark(struct gate_result *r, int x, int y);

/* Each sets value and places, and applies to false where there is nothing to measure; places' frames are set later. */
typedef void gate_still_fn(const struct gate_view *v, struct gate_result *r);
gate_still_fn gate_alpha, gate_banding, gate_colours, gate_empty, gate_grid, gate_holes, gate_jaggies,
    gate_orphans, gate_outline, gate_pillow, gate_seam, gate_specks;

/* views[count] have one size, but for gate_size. Places have their frames. */
typedef void gate_moving_fn(const struct gate_view *views, int count, struct gate_result *r);
gate_moving_fn gate_drift, gate_duplicates, gate_flicker, gate_loop, gate_palette, gate_size;

/* More colours than pixel art has, and large enough to be enlarged: noise and soft edges, in which gate_grid sees no lines and grid.h must look. */
bool gate_soft(const struct gate_view *v);

/* Different colours among the opaque pixels of count pictures: exact up to GATE_TABLE / 2, where it ends. */
int gate_count_colours(const struct gate_view *views, int count);

#endif
