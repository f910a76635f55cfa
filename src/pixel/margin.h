/* margin - how many uneven cells lie where nothing is seen: between a picture's borders and the outermost lines.
 * Flow:  pixel/pitch's uneven fits of both axes -> [pixel/margin] -> pixel/grid
 * Threads: any; nothing is shared. Deterministic: no libm but correctly rounded square roots. */
#ifndef PIXEL_MARGIN_H
#define PIXEL_MARGIN_H
#include "pixel/pitch.h"

enum { MARGIN_SIZES = 4 };

/* The cells of one axis outside its outermost seen lines; of an even axis, which has none, both are 0. */
struct margin {
    int before, after;
};

struct margin_size {
    struct margin x, y;
    int cells_x, cells_y;
    double likely; /* how likely, the best one's being 1 */
};

/* The likeliest sizes of a picture of width x height pixels, best first, each another one; of an even axis the number
 * of cells is given. BORROWS the fits. How many there are: 1 at least, 1 where both axes are even. */
int margin_sizes(const struct fit *x, int width, int cells_x, const struct fit *y, int height, int cells_y,
                 struct margin_size ret[MARGIN_SIZES]);

#endif
