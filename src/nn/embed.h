/* embed - numbers and words as vectors: the wave code of a time, and rows of an embedding table.
 * Flow:  paint/unet, paint/text -> [nn/embed]
 * Invariants: no allocation; the same bits on every machine (no libm).
 * Threads: any number on different outputs. */
#ifndef NN_EMBED_H
#define NN_EMBED_H
#include <stddef.h>

/* y (2 * waves) = cos(1000 t f_k) for k = 0..waves-1, then sin of the same; f_k = 10000^(-k / waves). 0 <= t <= 1. */
void embed_time(float t, int waves, float *y);

/* y (width) = weight * row `id` of table (rows, width). */
void embed_row(const float *table, size_t width, int id, float weight, float *y);

/* The reverse: row `id` of dtable += weight * dy (width). */
void embed_row_backward(const float *dy, size_t width, int id, float weight, float *dtable);

#endif
