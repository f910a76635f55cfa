/* seam - tiles that repeat without a visible edge: measured, and made.
 * Flow:  struct image -> [pixel/seam] -> figures, struct image
 * The figure: how different the pixels are that meet when the tile stands beside itself (mean distance in OkLab, and 1 where
 *   one is transparent and the other not), beside the same for all neighbouring columns (rows) within the tile. A tile is
 *   seamless where its edge is not over the 95th percentile of its own inside.
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_SEAM_H
#define PIXEL_SEAM_H
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

struct seam_axis {
    double edge;   /* where the tile meets itself */
    double inside; /* the 95th percentile of its neighbouring columns (rows) */
    bool seamless; /* edge <= inside */
};
struct seam {
    struct seam_axis x, y;
};

/* Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code seam_measure(const struct image *im, struct seam *ret, struct spr_error *err);

/* The tile made to repeat in the axes asked for, in its own size and colours. It is shifted round, so that what used to meet at
 * the edge lies within, and a piece of the tile as it was is laid over that, cut along the paths where both are most
 * alike (A. Efros, W. Freeman, Image Quilting, 2001). What meets at the edge afterwards met within the tile before. An axis
 * that is seamless already, or under 4 pixels, stays. GIVES ret->pixel (image_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code seam_mend(const struct image *im, bool x, bool y, struct image *ret,
                                     struct spr_error *err);

#endif
