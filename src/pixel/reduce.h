/* reduce - photos and paintings to few pixels, so that outlines and highlights survive.
 * Flow:  struct image -> [pixel/reduce] -> struct image of the asked size -> quantise
 * Averaging (a box filter) turns a dark outline that covers a third of a pixel into a slightly darker fill. Here the area
 * behind each pixel is split into two colours in OkLab. If they are alike, their mean is taken: smooth parts stay smooth.
 * Else the larger one, which keeps edges crisp; but a darker one that covers enough of it wins, which keeps outlines, and
 * a much lighter one that covers nearly half, which keeps highlights.
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_REDUCE_H
#define PIXEL_REDUCE_H
#include "base/err.h"
#include "image/image.h"

/* 1 <= width <= im->width, the same for height. Alpha is averaged and cut at 128. GIVES ret->pixel.
 * Fails: SPR_BADARG (larger than the picture), SPR_NOMEM. */
SPR_MUST_USE enum spr_code reduce(const struct image *im, int width, int height, struct image *ret,
                                  struct spr_error *err);

#endif
