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

/* Twice the size by the rules of MMPX (McGuire, Gagiu 2021), which keep slopes, corners and single pixels. */
SPR_MUST_USE enum spr_code scale_mmpx(const struct image *im, struct image *ret, struct spr_error *err);

/* Twice the size with edges found as by xBR (Hyllian 2011, level 1), which also follows edges between shades; but without
 * its blending: a quarter of a pixel is its own colour or a neighbour's. */
SPR_MUST_USE enum spr_code scale_xbr(const struct image *im, struct image *ret, struct spr_error *err);

enum scale_method { SCALE_NEAREST, SCALE_EPX, SCALE_MMPX, SCALE_XBR, SCALE_METHOD_COUNT };
const char *scale_method_name(enum scale_method m); /* "nearest", "epx", "mmpx", "xbr" */

/* factor times the size; other methods than nearest double as often as it takes. GIVES ret->pixel. Fails: SPR_BADARG (a
 * factor that is no power of two), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code scale_by(const struct image *im, enum scale_method method, int factor,
                                    struct image *ret, struct spr_error *err);

/* Half the size: each 2x2 square becomes the colour that most of it has; without a majority, the one that stands out
 * least from the other three, but an outline (a colour far darker than all others of the square, that continues beside
 * it) wins. Opaque where at least two of the four are. An odd last row or column counts twice.
 * GIVES ret->pixel. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code scale_half(const struct image *im, struct image *ret, struct spr_error *err);

#endif
