/* alpha - transparency as pixel art has it: a pixel is there or it is not.
 * Flow:  soft RGBA -> [pixel/alpha] -> RGBA with alpha 0 or 255 -> quantise
 * Threads: one picture belongs to one thread.
 * Not here: finding a background in an opaque picture. */
#ifndef PIXEL_ALPHA_H
#define PIXEL_ALPHA_H
#include "base/err.h"
#include "image/image.h"

/* Pixels with alpha >= from become opaque, the others (0, 0, 0, 0). */
void alpha_cut(struct image *im, int from);

/* A half-transparent pixel (from <= alpha < solid) that is unlike all its eight neighbours with alpha >= from takes
 * the colour of the most opaque of them: what is left of a background, not a part of the thing. Returns how many. */
int alpha_defringe(struct image *im, int from, int solid);

/* Makes islands (pixels with alpha >= from, touching at sides or corners) of at most max_pixels pixels transparent if
 * not one of them has alpha >= solid: the dark end of a soft shadow. Never the largest island. ret_changed as below.
 * Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code alpha_drop_remnants(struct image *im, int from, int solid, int max_pixels,
                                               int *ret_changed, struct spr_error *err);

/* Takes away opaque islands of at most max_pixels pixels (touching at corners counts as touching), never the largest
 * one, and fills transparent holes of at most max_pixels (touching at sides) that do not reach the border, each pixel
 * with the colour of a neighbour. ret_changed (NULL is fine): pixels changed. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code alpha_despeckle(struct image *im, int max_pixels, int *ret_changed,
                                           struct spr_error *err);

/* Gives transparent pixels up to `steps` away the mean colour of their opaque or already reached neighbours and alpha
 * 0, so that filtering in a game does not bring a dark rim. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code alpha_bleed(struct image *im, int steps, struct spr_error *err);

#endif
