/* clean - takes the grain out of a quantised picture without touching what is drawn.
 * Flow:  the picture before + struct indexed -> [pixel/clean] -> struct indexed -> finish
 * A pixel that differs from its neighbours is either meant (an eye, a glint) or grain. Which, the colour before
 *   quantising tells: it is close to the neighbours' colour for grain, and far from it for a glint.
 * Invariants: no colour is added; transparent pixels stay, opaque ones stay opaque.
 * Threads: one picture belongs to one thread. Order of pixels is fixed, so the result is too. */
#ifndef PIXEL_CLEAN_H
#define PIXEL_CLEAN_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/nearest.h"

/* Each opaque pixel gets the colour of the palette that it or a neighbour has with the least sum of
 *   squared distance in that space to the pixel before quantising, and reluctance^2 for each of 8 neighbours of another colour
 * in up to four sweeps. reluctance is a distance: 0 changes nothing, 0.03 takes grain, 0.06
 * flattens shading. BORROWS before, of the same size as im. Returns the pixels changed. */
int clean_grain(struct indexed *im, const struct image *before, enum colour_space space, float reluctance);

/* Pixels whose eight neighbours all have other colours (or none): what a quality gate counts. */
int clean_count_orphans(const struct indexed *im);

#endif
