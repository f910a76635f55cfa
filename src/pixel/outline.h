/* outline - lines around and within sprites, and the clean-up of lines drawn by hand.
 * Flow:  struct image with alpha 0 or 255 -> [pixel/outline] -> the same
 * Words: a pixel is solid from alpha 128 on. Neighbours are the four at the sides, or all eight.
 * Threads: one picture belongs to one thread. Deterministic. */
#ifndef PIXEL_OUTLINE_H
#define PIXEL_OUTLINE_H
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

enum outline_place {
    OUTLINE_OUTER, /* transparent pixels beside solid ones */
    OUTLINE_INNER  /* solid pixels beside transparent ones, or at the border */
};

struct outline_options {
    enum outline_place place;
    bool grow;      /* outer: the canvas grows by one pixel at every side */
    bool corners;   /* pixels that touch at a corner count as beside */
    bool selective; /* each pixel a darker shade of the colour beside it (inner: of its own), instead of: */
    struct rgba colour; /* opaque */
};

/* Whether a solid pixel lies at the border: an outer line has no room there unless the canvas grows. */
bool outline_needs_room(const struct image *im);

/* In place; the pixels may move into a larger picture. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code outline_draw(struct image *im, const struct outline_options *o,
                                        struct spr_error *err);

/* The darker shade that a selective outline has beside c: its lightness by 0.55, its colour by 0.8. */
struct rgba outline_shade(struct rgba c);

/* Takes the corner pixels out of one pixel wide lines that step to the side, as freehand drawing leaves them ("jaggies"):
 * a pixel that goes on at two sides in its own colour, where one of the two runs ends after one pixel more and then goes
 * on diagonally or sideways. It gets the colour that lies outside the corner. Right angles with both runs longer stay.
 * Returns the pixels changed. */
int outline_clean(struct image *im);

/* Closes gaps in a dark outline. A picture has one where one dark colour makes at least OUTLINE_SHARE percent of the solid
 * pixels that have a transparent one at a side, the picture's edge left out. A gap is one or two such pixels that touch,
 * lighter than the line by more than what is far (gate.h), between two pixels of the line that do not touch each other: the
 * tip of a blade, which does not break the line, stays. Gaps take the line's colour. Returns the pixels changed. */
enum { OUTLINE_SHARE = 80 };
int outline_close(struct image *im);

#endif
