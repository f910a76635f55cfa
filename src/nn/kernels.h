/* kernels - what a kernel set must offer; private to src/nn.
 * Flow:  nn/conv -> [nn/kernels] -> conv_cblas.c
 * Each function is the one of the same name in nn/conv.h, which states the contract. */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H
#include "nn/conv.h"

struct conv_set {
    const char *name;
    bool (*usable)(void); /* does this processor have what the set was compiled for? */
    size_t (*packed_floats)(int kernel, int in, int out);
    void (*pack)(const float *weight, int kernel, int in, int out, float *packed);
    void (*pack_backward)(const float *weight, int kernel, int in, int out, float *packed);
    size_t (*scratch_floats)(const struct conv_shape *s);
    void (*forward)(const struct conv_shape *s, const float *x, const float *packed, const float *bias,
                    const float *add, float *y, float *scratch);
    void (*backward_input)(const struct conv_shape *s, const float *dy, const float *packed_backward,
                           bool accumulate, float *dx, float *scratch);
    void (*backward_weight)(const struct conv_shape *s, const float *x, const float *dy, float *dweight,
                            float *scratch); /* without dbias: conv.c adds that */
};

extern const struct conv_set conv_cblas;

#endif
