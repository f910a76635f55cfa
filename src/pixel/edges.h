/* edges - how much changes from each pixel to the next, summed along lines: what a grid is looked for in.
 * Flow:  struct image -> [pixel/edges] -> profiles -> pixel/pitch
 * A line is named by the pixel after it: line x lies between pixels x - 1 and x; lines 0 and `length` are the borders.
 * A change is |dr| + 2|dg| + |db| + 2|da| of premultiplied values (0..1530), less what noise makes of it, at most
 * EDGES_CLIP; so colours under transparent pixels count for nothing.
 * Sums are kept in bands across the axis, because in a turned picture a line lies elsewhere in every band.
 * Threads: immutable once built. */
#ifndef PIXEL_EDGES_H
#define PIXEL_EDGES_H
#include "base/err.h"
#include "image/image.h"
#include <stdint.h>

enum { EDGES_CLIP = 360, EDGES_BANDS = 64 };

struct edges {
    int length;    /* pixels along the axis */
    int across;    /* pixels across it */
    int bands;     /* 1..EDGES_BANDS */
    int band_px;   /* pixels across the axis that a band has; the last one may have fewer */
    uint32_t *sum; /* (bands, length + 1); 0 at both borders */
};

struct edge_map {
    struct edges x, y; /* upright lines along x; level ones along y */
    int noise;         /* the change that noise makes between two pixels of one colour, 0..1530; 0: none */
};

/* The change of all frames together, which have one size. GIVES ret->x.sum (edge_map_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code edge_map_init(struct edge_map *ret, const struct image *frame, int count,
                                         struct spr_error *err);
void edge_map_fini(struct edge_map *m); /* fine on a zeroed one */

/* Sums the bands, each moved by slope times its distance from the middle: profile[length + 1] as a picture would have
 * it in which every line x is really x + slope * (across - middle). */
void edges_profile(const struct edges *e, double slope, float *profile);

#endif
