/* turn - mirrored and rotated pictures, without a colour that was not there; sets of directions.
 * Flow:  struct image -> [pixel/turn] -> struct image
 * Angles are degrees, clockwise as one sees it. Quarters of a turn move pixels exactly. Deterministic on every machine:
 *   sine and cosine are computed here, with correctly rounded operations only.
 * Threads: any; nothing is shared. */
#ifndef PIXEL_TURN_H
#define PIXEL_TURN_H
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

/* In place. */
void turn_mirror(struct image *im, bool x, bool y);

enum turn_method {
    TURN_NEAREST, /* each pixel from the one that it came from */
    TURN_SMART,   /* after enlarging by 8 with EPX, as RotSprite does: lines and outlines stay whole */
    TURN_METHOD_COUNT
};

/* Rotated about the middle. keep_size: on a canvas as before, what leaves it is lost; else on the smallest that holds all
 * of it. GIVES ret->pixel. Fails: SPR_LIMIT (TURN_SMART: over a million pixels), SPR_NOMEM. */
SPR_MUST_USE enum spr_code turn_rotate(const struct image *im, double degrees, enum turn_method method,
                                       bool keep_size, struct image *ret, struct spr_error *err);

/* The picture as it looks towards 4 or 8 directions, itself the first, on square canvases of one size that hold every one;
 * each is rotated by 360 / count degrees more. GIVES ret[count] (each by image_fini). Fails: as turn_rotate. */
SPR_MUST_USE enum spr_code turn_set(const struct image *im, int count, enum turn_method method,
                                    struct image *ret, struct spr_error *err);

#endif
