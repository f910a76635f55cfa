/* scale - larger and smaller by whole factors, without a colour that was not there.
 * Flow:  struct image -> [pixel/scale] -> struct image
 * Threads: any; nothing is shared. */
#ifndef PIXEL_SCALE_H
#define PIXEL_SCALE_H
#include "base/err.h"
#include "image/image.h"

/* Every pixel becomes a factor x factor square. factor >= 1. GIVES ret->pixel. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code scale_nearest(const struct image *im, int factor, struct image *ret,
                                         struct spr_error *err);

/* Twice the size with round diagonals (EPX): each pixel becomes four, a corner of which takes the colour of the two
 * sides there if those are equal and the opposite ones are not. GIVES ret->pixel. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code scale_epx(const struct image *im, struct image *ret, struct spr_error *err);

/* Half the size: each 2x2 square becomes the colour that most of it has; without a majority, the one that stands out
 * least from the other three, but an outline (a colour far darker than all others of the square, that continues beside
 * it) wins. Opaque where at least two of the four are. An odd last row or column counts twice.
 * GIVES ret->pixel. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code scale_half(const struct image *im, struct image *ret, struct spr_error *err);

#endif
