/* quantise - few colours for a picture: chosen from it, or given.
 * Flow:  struct image -> [pixel/quantise] -> struct indexed (the nearest colour for each pixel)
 * Invariants: alpha of the result is 0 or 255; index 0 is the transparent colour (0,0,0,0) where a chosen palette has
 *   one, then dark to light; a palette chosen for few enough colours is those colours exactly.
 * Deterministic, on every machine: integer and exact floating-point arithmetic in a fixed order.
 * Threads: any; nothing is shared.
 * Not here: dithering (pixel/dither.h), cleaning up pixels (pixel/alpha.h, pixel/finish.h). */
#ifndef PIXEL_QUANTISE_H
#define PIXEL_QUANTISE_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/nearest.h"

struct quantise_options {
    int colours;             /* at most so many opaque ones, 1..256; a transparent one comes on top, and
                              * then at most 255 are opaque */
    enum colour_space space; /* in which colours are compared */
    int alpha_from;          /* 1..255: pixels with less are transparent; 0 here means 128 */
    float
        min_distance; /* colours closer than this become one; 0: none; 0.02 is hard to see. Near black a and b count
                              * less, as on a screen, and what becomes free by that goes to other colours */
    bool keep;        /* choose only among the picture's own colours, not their means; dark ones are then
                              * as far apart as others */
};

/* One palette for pictures[count]. BORROWS the pictures. Fails: SPR_BADARG (colours), SPR_NOMEM. */
SPR_MUST_USE enum spr_code quantise_choose(const struct image *const *pictures, int count,
                                           const struct quantise_options *o, struct palette *ret,
                                           struct spr_error *err);

/* The picture in the palette's nearest colours; indices are the palette's. If a pixel is transparent and no colour of
 * the palette is, one is added at its end. alpha_from as above. GIVES ret->index (indexed_fini).
 * Fails: SPR_LIMIT (256 colours and none transparent), SPR_BADARG (an empty palette), SPR_NOMEM. */
SPR_MUST_USE enum spr_code quantise_apply(const struct image *im, const struct palette *p,
                                          enum colour_space space, int alpha_from, struct indexed *ret,
                                          struct spr_error *err);

/* Both. */
SPR_MUST_USE enum spr_code quantise(const struct image *im, const struct quantise_options *o,
                                    struct indexed *ret, struct spr_error *err);

/* Takes colours out of the palette that no pixel has; the order of the others stays. */
void indexed_compact(struct indexed *im);

/* The transparent colour first, then by OkLab lightness; indices follow. */
void indexed_sort(struct indexed *im);

#endif
