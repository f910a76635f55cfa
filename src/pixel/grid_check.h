/* grid_check - whether a picture really is made of these cells: within a cell nothing changes but noise.
 * Flow:  pixel/grid -> [pixel/grid_check] -> pixel/grid
 * Variance is taken within the middle of each cell, once where the grid says the cells are and once half a cell aside,
 * where a true grid has its borders. In pixel art the first is noise and the second is not; in a photo they are alike.
 * Threads: any; nothing is shared. */
#ifndef PIXEL_GRID_CHECK_H
#define PIXEL_GRID_CHECK_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/grid.h"

struct grid_check {
    double noise;  /* standard deviation of one channel within quiet cells */
    double within; /* mean variance within cells, without the noise */
    double aside;  /* the same for the cells that are half a cell aside */
    double plain;  /* 1 - within / aside, 0..1 */
};

SPR_MUST_USE enum spr_code grid_check(const struct image *im, const struct grid *g, struct grid_check *ret,
                                      struct spr_error *err);

#endif
