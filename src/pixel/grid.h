/* grid - the cells that a picture of enlarged pixel art is made of.
 * Flow:  struct image -> pixel/edges -> pixel/skew -> pixel/pitch -> [pixel/grid] -> pixel/cells
 * Invariants of a grid that was found: cells >= 1 on both axes, cells + 1 ascending lines within the picture.
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_GRID_H
#define PIXEL_GRID_H
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

enum { GRID_CANDIDATES = 5 };

enum grid_verdict {
    GRID_FOUND,
    GRID_FLAT,  /* nothing changes anywhere */
    GRID_SMALL, /* too few pixels to tell */
    GRID_NONE   /* what changes lies on no lattice: a photo, a painting */
};

struct grid_axis {
    double pitch; /* mean width of a cell, px */
    double phase; /* px: where the first line is that lies on the lattice, 0 <= phase < pitch */
    bool elastic; /* cells are of uneven width */
    int cells;
    float *line; /* (cells + 1) px */
};

struct grid_candidate {
    double cell_x, cell_y; /* px */
    int cells_x, cells_y;
    double confidence; /* 0..1 */
};

struct grid {
    enum grid_verdict verdict;
    double degrees; /* the picture was turned clockwise by that much */
    double confidence;
    double noise; /* standard deviation of a channel, 0..255 */
    struct grid_axis x, y;
    int candidates;
    struct grid_candidate candidate[GRID_CANDIDATES]; /* best first; the first is the grid if one was found */
};

/* The one grid of frame[count], all of one size. Where they were turned, they become the straightened ones (TAKES the
 * old pixels, GIVES the new). A verdict other than GRID_FOUND is no failure. GIVES the lines (grid_fini).
 * Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code grid_find(struct image *frame, int count, struct grid *ret, struct spr_error *err);

/* The grid that somebody gives: cells of that size, the first one at phase_x, phase_y. GIVES the lines (grid_fini).
 * Fails: SPR_BADARG (smaller than a pixel or larger than the picture), SPR_NOMEM. */
SPR_MUST_USE enum spr_code grid_given(const struct image *im, double cell_x, double cell_y, double phase_x,
                                      double phase_y, struct grid *ret, struct spr_error *err);

void grid_fini(struct grid *g); /* fine on a zeroed one */

const char *grid_verdict_text(enum grid_verdict v); /* why not, for a person */

#endif
