/* inward - the colour that a cell has where nothing comes in from its sides.
 * Flow:  struct image + one cell -> [pixel/inward] -> pixel/cells
 * Blur, halos and rims fade from each side inwards like the tail of a normal distribution, equally wide all over a
 * picture: a pixel is c + l L(x) + r R(x) + t T(y) + b B(y) + m (L + R)(T + B), the last for corners. Least squares over the cell's pixels give c.
 * Threads: any; nothing is shared. Deterministic: no libm. */
#ifndef PIXEL_INWARD_H
#define PIXEL_INWARD_H
#include "image/image.h"
#include <stdbool.h>

struct inward_box {
    double left, right, top, bottom; /* px */
};

struct inward {
    double r, g, b;  /* c; may be beyond 0..255 */
    double residual; /* variance that is left, summed over channels */
    double spread;   /* variance of the pixels, summed over channels */
    double error;    /* of c: standard deviations of a pixel's noise */
    int pixels;
};

/* deviation: the tail's, in cells. False if there are too few pixels, or some are not opaque. */
bool inward_fit(const struct image *im, const struct inward_box *box, double deviation, struct inward *ret);

#endif
