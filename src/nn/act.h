/* act - element by element: SiLU, sums of tensors, and the mean squared error.
 * Flow:  paint/unet, train -> [nn/act]
 * Invariants: no allocation; the same bits on every machine.
 * Threads: any number on different outputs. */
#ifndef NN_ACT_H
#define NN_ACT_H
#include <stddef.h>

/* y[count] = x * sigmoid(x); y may be x. */
void act_silu(const float *x, size_t count, float *y);

/* dx[count] = dy * d silu(x) / dx; dx may be dy. */
void act_silu_backward(const float *x, const float *dy, size_t count, float *dx);

/* y[count] += x[count] */
void act_add(const float *x, size_t count, float *y);

/* The mean of (y - target)^2 over count > 0 values. dy (y's shape, y itself, or NULL) is overwritten with scale * its
 * gradient: scale * 2 (y - target) / count. */
double act_mse(const float *y, const float *target, size_t count, float scale, float *dy);

#endif
