/* gate - what is wrong with a sprite, a tile or an animation, in figures: each gate measures one thing and passes or
 *   fails by a bound.
 * Flow:  pictures of one sprite, in order -> [pixel/gate] -> results -> `spritery check`, plans, retries
 * Words:
 *   ground   what is transparent; in a wholly opaque picture the colour that all four corners share; else there is none
 *   shape    what is not ground
 *   far      colours differ by 0.1 or more in OkLab, five times what an eye tells apart
 *   moving   gates that look at several frames; with one frame they pass and say that they do not apply
 * Invariants: results depend on the pixels and the bound alone; the pictures are not changed; bounds stand in one table
 *   (gate_row) and were set on tiles of Dungeon Crawl Stone Soup of which bench/gates holds back one half.
 * Threads: any; nothing is shared.
 * Sources: the vocabulary is that of Cure, "The Pixel Art Tutorial" (Pixel Joint, 2010: jaggies, banding, pillow shading,
 *   noise, outlines) and of Helm, "Ramblings in Pixels" (Pixelation: clusters, hugging); how each is measured is ours and
 *   stands at its function in gate_still.c, gate_shape.c and gate_moving.c.
 * Not here: repairing (clean.h, alpha.h); a sprite that is well drawn or not: no gate sees beauty. */
#ifndef PIXEL_GATE_H
#define PIXEL_GATE_H
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

enum gate {
    GATE_ALPHA,
    GATE_BANDING,
    GATE_COLOURS,
    GATE_DRIFT,
    GATE_DUPLICATES,
    GATE_EMPTY,
    GATE_FLICKER,
    GATE_GRID,
    GATE_HOLES,
    GATE_JAGGIES,
    GATE_LOOP,
    GATE_ORPHANS,
    GATE_OUTLINE,
    GATE_PALETTE,
    GATE_PILLOW,
    GATE_SEAM,
    GATE_SIZE,
    GATE_SPECKS,
    GATE_COUNT
};

struct gate_row {
    const char *name;    /* one word */
    const char *measure; /* what the value is, with its unit */
    double bound;        /* passes up to here; for GATE_EMPTY from here on */
    bool least;          /* the bound is the least value, not the most */
    bool moving;         /* looks at several frames */
    bool usual;          /* among those that are run when nobody says which */
};

const struct gate_row *gate_row(enum gate gate); /* sorted by name */
bool gate_named(const char *name, enum gate *ret);

enum { GATE_PLACES = 16, GATE_FRAMES_MAX = 4096 };

struct gate_place {
    int x, y, frame;
};

struct gate_result {
    enum gate gate;
    double value, bound; /* finite */
    bool passed;
    bool applies; /* false: nothing to measure it on (no outline, one frame), and it passes */
    int places;   /* how many spots are meant, all told */
    struct gate_place place[GATE_PLACES]; /* the first of them */
};

struct gate_choice {
    enum gate gate;
    double bound;
};

/* The usual ones with their bounds; how many. */
int gate_usual(struct gate_choice ret[GATE_COUNT]);

/* Runs choice[choices] over frame[frames] (1..GATE_FRAMES_MAX) into ret[choices]. A gate that looks at one picture takes
 * each frame and keeps the worst value. BORROWS everything. Fails: SPR_LIMIT (frames), SPR_NOMEM. */
SPR_MUST_USE enum spr_code gate_check(const struct image *const *frame, int frames,
                                      const struct gate_choice *choice, int choices, struct gate_result *ret,
                                      struct spr_error *err);

#endif
