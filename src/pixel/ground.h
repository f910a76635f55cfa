/* ground - the one colour behind a thing, taken away.
 * Flow:  pixel/cells, pixel/join -> [pixel/ground] -> the same with transparent ground
 *        two pictures of one thing on two grounds -> [pixel/ground] -> the thing with its alpha
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_GROUND_H
#define PIXEL_GROUND_H
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

enum ground_kind {
    GROUND_KEEP,
    GROUND_AUTO,  /* if most of the border is one colour: that colour, wherever it is */
    GROUND_FLOOD, /* the border's most frequent colour, as far as it reaches from the border */
    GROUND_COLOUR /* a given colour, wherever it is */
};

struct ground {
    enum ground_kind kind;
    struct rgba colour; /* GROUND_COLOUR */
    int within;         /* a channel may differ by that much and be ground all the same, 0..255 */
};

/* "keep", "auto", "flood", "color=#rrggbb"; false for others. within is set to 10 with a colour. */
bool ground_named(const char *text, struct ground *ret);

/* Makes the ground of a picture of cells transparent, in place. *ret_removed (NULL is fine): how many pixels.
 * Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code ground_remove(struct image *im, const struct ground *g, int *ret_removed,
                                         struct spr_error *err);

/* The thing that stands before one ground in a and before another in b, with its alpha, by the equations
 * a = alpha c + (1 - alpha) A, b = alpha c + (1 - alpha) B (Smith and Blinn, "Blue screen matting", 1996). A and B are
 * the most frequent colours of the borders. GIVES ret->pixel. Fails: SPR_BADARG (sizes differ), SPR_BADDATA (the grounds
 * are too much alike: their channels differ by less than 96 together), SPR_NOMEM. */
SPR_MUST_USE enum spr_code ground_two(const struct image *a, const struct image *b, struct image *ret,
                                      struct spr_error *err);

#endif
