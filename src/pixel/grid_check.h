/* grid_check - whether a picture really is made of these cells: within a cell nothing changes but noise.
 * Flow:  pixel/grid -> [pixel/grid_check] -> pixel/grid
 * Variance is taken within the middle of each cell, once where the grid says the cells are and once half a cell aside,
 * along either axis, where a true grid has its borders. In pixel art the first is noise and the others are not; in a
 * photo they are alike. Besides, colours must change clearly across some borders, unlike in the blocks of a codec.
 * Threads: any; nothing is shared. */
#ifndef PIXEL_GRID_CHECK_H
#define PIXEL_GRID_CHECK_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/grid.h"

struct axis_check {
    double
        plain; /* 1 - variance within cells / variance within cells half a cell aside along this axis, 0..1 */
    int clear; /* borders across which the colour changes clearly */
    double
        ridge; /* what lies on borders and is no mixture of the cells beside, against what changes across them:
                   * near 0 in pixel art, 1 and more where lines are drawn around cells, as between bricks */
};

struct grid_check {
    double noise; /* standard deviation of one channel within quiet cells */
    struct axis_check x, y;
    double confidence; /* 0..1, of all that */
};

SPR_MUST_USE enum spr_code grid_check(const struct image *im, const struct grid *g, struct grid_check *ret,
                                      struct spr_error *err);

#endif
