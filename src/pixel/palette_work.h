/* palette_work - palettes taken from pictures, put in order and joined.
 * Flow:  pictures, palettes -> [pixel/palette_work] -> struct palette -> palette.h's files
 * Invariants: at most one transparent colour, first; the others opaque and different from each other.
 * Threads: any; nothing is shared. */
#ifndef PIXEL_PALETTE_WORK_H
#define PIXEL_PALETTE_WORK_H
#include "base/err.h"
#include "image/image.h"

/* The colours of all pictures (pixels with alpha from 128 on), in the order in which they appear; where there are more
 * than `colours` (1..256), that many chosen as quantise_choose does, dark to light. BORROWS pictures[count].
 * Fails: SPR_BADARG (not one opaque pixel), SPR_NOMEM. */
SPR_MUST_USE enum spr_code palette_extract(const struct image *const *pictures, int count, int colours,
                                           struct palette *ret, struct spr_error *err);

/* The colours of all palettes, each once, in order; colours nearer than `near` (a distance in OkLab; 0: only equal ones)
 * to one that is there already are left out; if then more than `colours` are left, that many are chosen.
 * BORROWS palettes[count]. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code palette_join(const struct palette *palettes, int count, double near, int colours,
                                        struct palette *ret, struct spr_error *err);

enum palette_order {
    PALETTE_AS_IS,
    PALETTE_BY_LIGHT, /* dark to light */
    PALETTE_BY_HUE,   /* greys first, then around the circle; dark to light within a twelfth of it */
    PALETTE_ORDER_COUNT
};
void palette_sort(struct palette *p, enum palette_order order);

#endif
