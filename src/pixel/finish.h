/* finish - the last stage of generating: soft RGBA from a network becomes true pixel art.
 * Flow:  paint's picture -> [pixel/finish] -> struct indexed -> PNG
 * In this order: lone half-transparent colours take a neighbour's, what is left of soft shadows goes, alpha is cut to
 *   0 or 255, specks and pinholes go,
 *   colours are chosen (or a given palette's taken), grain goes, gaps in a dark outline are closed, unused colours leave the
 *   palette.
 * Invariants: alpha 0 or 255; at most the asked number of opaque colours; transparent first, then dark to light.
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_FINISH_H
#define PIXEL_FINISH_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/nearest.h"

struct finish_options {
    int colours;                   /* most opaque colours, 1..256; not looked at with a palette */
    const struct palette *palette; /* NULL: chosen from the picture. BORROWED */
    enum colour_space space;
    int alpha_from;     /* 1..255: pixels with less become transparent */
    int speck;          /* islands and holes of at most so many pixels go; 0: none */
    int remnant;        /* islands of at most so many pixels go if none of their pixels is solid; 0: none */
    float min_distance; /* chosen colours closer than that become one (quantise.h) */
    float reluctance;   /* against grain (clean.h); 0: leave it */
};

extern const struct finish_options finish_default; /* 16 colours, as generate uses it */

/* BORROWS im. GIVES ret->index (indexed_fini). Fails: SPR_BADARG (colours), SPR_LIMIT (a palette of 256 opaque
 * colours and transparent pixels), SPR_NOMEM. */
SPR_MUST_USE enum spr_code finish(const struct image *im, const struct finish_options *o, struct indexed *ret,
                                  struct spr_error *err);

#endif
