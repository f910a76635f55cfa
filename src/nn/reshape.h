/* reshape - moving whole positions about: nearest upsampling, joining and splitting channels.
 * Flow:  paint/unet -> [nn/reshape]
 * Layout: channels-last, (B, H, W, C).
 * Invariants: no allocation; outputs never overlap inputs.
 * Threads: any number on different outputs. */
#ifndef NN_RESHAPE_H
#define NN_RESHAPE_H
#include <stddef.h>

struct reshape_image {
    int batch, height, width, channels;
};

/* y (B, 2 H, 2 W, C): each position of x (B, H, W, C) four times. `s` is x's shape. */
void reshape_double(const struct reshape_image *s, const float *x, float *y);

/* dx (B, H, W, C) = the sums of dy (B, 2 H, 2 W, C) over the four copies. */
void reshape_double_backward(const struct reshape_image *s, const float *dy, float *dx);

/* y (rows, A + B) = a (rows, A) beside b (rows, B). */
void reshape_join(size_t rows, const float *a, size_t A, const float *b, size_t B, float *y);

/* The reverse: a and b from y. */
void reshape_split(size_t rows, const float *y, size_t A, float *a, size_t B, float *b);

#endif
