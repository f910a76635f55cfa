/* pixelize - any picture, or the frames of a sequence -> pixel art: the whole of `spritery pixelize`, one call.
 * Flow:  struct image... + options -> [pixel/pixelize] -> struct indexed... + report
 *        grid (found or given) -> cells -> joined over time and place -> ground away -> colours
 *        no grid, but a size: reduce -> ground away -> colours
 * Frames share one grid and one palette.
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_PIXELIZE_H
#define PIXEL_PIXELIZE_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/dither.h"
#include "pixel/grid.h"
#include "pixel/ground.h"
#include "pixel/nearest.h"

enum { PIXELIZE_REDUCED_COLOURS = 32 };

struct pixelize_options {
    double cell_x, cell_y;   /* px; 0: found */
    double phase_x, phase_y; /* with a cell: a corner of one */
    int to_width, to_height; /* pixels of the result where no grid is looked for; 0: look for one */
    int colours;             /* at most so many, 1..256; 0: all that noise did not make, at most 256; and
                              * PIXELIZE_REDUCED_COLOURS with to_width */
    const struct palette *palette; /* NULL: chosen. BORROWED */
    enum colour_space space;
    enum dither_kind dither;            /* for a palette or a number of colours */
    const struct dither_matrix *matrix; /* for DITHER_MATRIX; BORROWED */
    float strength;                     /* of dithering, 0..1 */
    struct ground ground;
};

struct pixelize_report {
    struct grid grid;  /* without its lines; zeroed for a size */
    bool found;        /* false: no result, and grid.verdict says why */
    int width, height; /* of the result */
    int colours;       /* opaque ones in all frames together */
    int transparent;   /* pixels of all frames */
};

/* Frames are the caller's, of one size; where they were turned they are straightened in place. Fills ret[count] if
 * ret_report->found. GIVES ret[]'s indices (indexed_fini). Fails: SPR_BADARG (sizes that differ; a cell, size or number
 * that cannot be), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code pixelize(struct image *frame, int count, const struct pixelize_options *o,
                                    struct indexed *ret, struct pixelize_report *ret_report,
                                    struct spr_error *err);

#endif
