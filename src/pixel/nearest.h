/* nearest - which colour of a palette is closest, for one pixel or many.
 * Flow:  struct palette -> [pixel/nearest] -> quantise, dither, check
 * Invariants: opaque pixels get opaque colours, pixels under the alpha threshold get the transparent one; ties go to
 *   the lowest index; the answer for a pixel does not depend on its neighbours.
 * Threads: immutable once built; any number of readers may share one. */
#ifndef PIXEL_NEAREST_H
#define PIXEL_NEAREST_H
#include "image/image.h"
#include "pixel/search.h"
#include <stddef.h>
#include <stdint.h>

enum colour_space {
    COLOUR_OKLAB, /* as the eye has it, the default: OkLab with L evened out in the dark and a, b doubled */
    COLOUR_SRGB   /* distance of 8-bit values, scaled to 0..1 */
};

struct nearest {
    enum colour_space space;
    int alpha_from;       /* pixels with this alpha or more are opaque */
    int transparent;      /* its index in the palette, or -1: then such pixels get the nearest colour */
    int count;            /* opaque colours, at least 1 */
    uint8_t index[256];   /* of each, in the palette */
    struct search search; /* their coordinates in the space */
};

/* BORROWS p. Palette colours with alpha under 128 are transparent, the first of them is used; if no colour is opaque,
 * every pixel is transparent. */
void nearest_init(struct nearest *n, const struct palette *p, enum colour_space space, int alpha_from);

int nearest_of(const struct nearest *n, struct rgba c);

/* to[i] is the index for from[i]. */
void nearest_map(const struct nearest *n, const struct rgba *from, size_t count, uint8_t *to);

/* Coordinates of colours in a space: what the distances above are taken between. */
void colour_space_map(enum colour_space space, const struct rgba *from, size_t count, float *x, float *y,
                      float *z);
/* In COLOUR_OKLAB, by how much a colour of that lightness x was brought nearer to black: 0.17 at black, 1 at white. */
float colour_space_dim(float x);
struct rgba colour_space_back(enum colour_space space, float x, float y, float z);

#endif
