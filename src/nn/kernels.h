/* kernels - what a kernel set must offer; private to src/nn.
 * Flow:  nn/conv -> [nn/kernels] -> conv_tiles.c with one of the tables of tiles.h, or conv_cblas.c
 * Each function is the one of the same name in nn/conv.h, which states the contract; its first argument is the set's
 * own table, that of f32 or that of bf16 (pairs). */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H
#include "nn/conv.h"

struct tiles;

struct conv_ops {
    size_t (*packed_floats)(const struct tiles *k, int kernel, int in, int out);
    void (*pack)(const struct tiles *k, const float *weight, int kernel, int in, int out, float *packed);
    void (*pack_backward)(const struct tiles *k, const float *weight, int kernel, int in, int out,
                          float *packed);
    size_t (*scratch_floats)(const struct tiles *k, const struct conv_shape *s);
    void (*forward)(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                    const float *bias, const float *add, float *y, float *scratch);
    void (*backward_input)(const struct tiles *k, const struct conv_shape *s, const float *dy,
                           const float *packed_backward, bool accumulate, float *dx, float *scratch);
    /* Without dbias: conv.c adds that. */
    void (*backward_weight)(const struct tiles *k, const struct conv_shape *s, const float *x,
                            const float *dy, float *dweight, float *scratch);
};

extern const struct conv_ops conv_tiles_ops, conv_cblas_ops;
extern const struct tiles cblas_floats, cblas_pairs; /* empty but for .pairs */

/* The set's loops over numbers, or NULL where it has none ("cblas"). */
struct pointwise;
const struct pointwise *nn_pointwise(void);

#endif
