/* canvas - what the network paints on: (H, W, 4) floats, premultiplied RGBA, each 2 * value - 1 for a value in 0..1.
 * A transparent pixel is (-1, -1, -1, -1).
 * Flow:  image -> [paint/canvas] -> paint/paint -> [paint/canvas] -> image
 * Threads: any. */
#ifndef PAINT_CANVAS_H
#define PAINT_CANVAS_H
#include "image/image.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CANVAS_CHANNELS = 4 };

void canvas_from_image(const struct image *im, float *x);

/* Straight alpha; colours are lost below an alpha of 5 in 255, where there are too few steps to tell them. im has its
 * size and pixels; x may be out of bounds. */
void canvas_to_image(const float *x, const struct image *im);

/* Another size. Larger: each pixel doubled by Scale2x, which keeps edges sharp, then, where that is too large, reduced
 * by area. Smaller: by area, each new pixel the mean of what it covers. wrap: the neighbour across an edge is the other
 * edge's. spare: 4 * side * side * 4 floats, used where to_side > side and to_side != 2 * side. */
void canvas_scale(const float *x, int side, bool wrap, float *to, int to_side, float *spare);

/* keep[i] = 1 where the mask's pixel is dark or transparent: kept as it is. */
void canvas_mask(const struct image *mask, uint8_t *keep);
/* The mask at another size: kept where all that the new pixel touches is kept. */
void canvas_scale_mask(const uint8_t *keep, int side, uint8_t *to, int to_side);

/* The point at `amount` (0..1) along the arc from a to b: of two vectors of noise this is noise again, where a
 * straight mixture would be too weak. Exactly a at 0, b at 1. to may be a or b. */
void canvas_arc(size_t count, const float *a, const float *b, double amount, float *to);

#endif
