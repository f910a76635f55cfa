/* cells - one colour for each cell of a grid.
 * Flow:  struct image + struct grid -> [pixel/cells] -> struct cells -> pixel/join
 * The middle of a cell says which colour it is: where the middle has two, the one that has more of it. All pixels of the
 * cell that noise can have made of that colour are then averaged, so blurred and antialiased borders stay out while
 * noise averages out. Colours count by their alpha, so what lies under transparent pixels does not count.
 * Invariants: alpha of the result is 0..255 as the cell has it; of a cell with alpha 0 the colour is black.
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_CELLS_H
#define PIXEL_CELLS_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/grid.h"
#include <stdbool.h>

struct cells {
    struct image colour; /* (cells) */
    float *error;        /* (cells): standard deviation of what noise left in a channel, 0..255 */
    double noise;        /* of a pixel: standard deviation of a channel, 0..255 */
    float *uneven;       /* (cells): standard deviation within the cell beyond noise: blur, halos, codecs */
    float
        *drift; /* (cells, 3): how r, g, b change from the cell's colour to its middle's mean; 0 where even */
    bool
        codec; /* colours are smoother than brightness: JPEG and WebP keep them for every second pixel only */
};

/* BORROWS im and g (found or given). GIVES *ret (cells_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code cells_take(const struct image *im, const struct grid *g, struct cells *ret,
                                      struct spr_error *err);
/* Whether the middle of cell `at` is not of one colour. */
bool cells_uneven(const struct cells *c, size_t at);
void cells_fini(struct cells *c); /* fine on a zeroed one */

struct span {
    int from, to; /* pixels from..to - 1 */
};

/* The pixels whose centres lie between low and high, but the given share of the width at each side; at least one. */
struct span span_within(double low, double high, double edge, int length);

#endif
