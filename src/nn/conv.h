/* conv - convolutions and linear layers, forward and backward: the program's arithmetic hot spot.
 * Flow:  paint/unet -> [nn/conv] -> nn/conv_tiles, nn/winograd (AVX-512, AVX2, NEON), or nn/conv_cblas
 * Layout: activations are channels-last, (B, H, W, C) floats; weights in memory are (kh, kw, in, out), so that a
 *   1x1 convolution and a linear layer are one matrix product (a linear layer is a 1x1 convolution with H = W = 1,
 *   B = rows). Files hold (out, in, kh, kw): paint/model converts.
 * Invariants: no allocation; single-threaded: callers give different samples to different threads. Each output
 *   element is summed in one fixed order, whatever B, so a sample's result does not depend on its company; all sets
 *   but "cblas" give the same bits (laws N2 and N3 of the README).
 * Threads: any number at once on different outputs and scratch. */
#ifndef NN_CONV_H
#define NN_CONV_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

/* What is multiplied: floats, or their upper halves (nn/bf16.h), each product exact and sums in floats. bf16 is twice as
 * fast where the processor multiplies pairs of it (AVX512_BF16), and slower than f32 elsewhere; the bits are the same. */
enum conv_precision { CONV_F32, CONV_BF16 };
const char *conv_precision_name(enum conv_precision p);               /* "f32", "bf16" */
bool conv_precision_find(const char *name, enum conv_precision *ret); /* false: no such name */

/* kernel 1: 1x1. kernel 2: 2x2 with stride 2, H and W even, no padding. kernel 3: 3x3, stride 1, padding 1, which is
 * zeros or, with wrap, the opposite edge (seamless tiles). */
struct conv_shape {
    int batch, height, width; /* of the input */
    int in, out;              /* channels */
    int kernel;               /* 1, 2 or 3 */
    bool wrap;
    enum conv_precision precision;
};

/* Weights are used in a packed form made by conv_pack: 64-byte aligned, for one choice of kernel set and one precision.
 * Of a shape only kernel, channels and precision count here. */
size_t conv_packed_floats(const struct conv_shape *s);
void conv_pack(const struct conv_shape *s, const float *weight /* (k, k, in, out) */, float *packed);
/* The same for conv_backward_input. */
size_t conv_packed_backward_floats(const struct conv_shape *s);
void conv_pack_backward(const struct conv_shape *s, const float *weight, float *packed);

/* The most scratch that any of the calls below needs for this shape, in floats; scratch is 64-byte aligned. */
size_t conv_scratch_floats(const struct conv_shape *s);

/* y (B, H', W', out) = conv(x) + bias + add; bias (out) and add (like y, may be y itself) may be NULL. */
void conv_forward(const struct conv_shape *s, const float *x, const float *packed, const float *bias,
                  const float *add, float *y, float *scratch);

/* dx (B, H, W, in) = gradient of the input from dy; overwritten, or added to if `accumulate`. */
void conv_backward_input(const struct conv_shape *s, const float *dy, const float *packed_backward,
                         bool accumulate, float *dx, float *scratch);

/* dweight (k, k, in, out) += ..., dbias (out) += ... (dbias may be NULL). */
void conv_backward_weight(const struct conv_shape *s, const float *x, const float *dy, float *dweight,
                          float *dbias, float *scratch);

/* The kernel set in use: "avx512bf16", "avx512", "avx2", "neon" or "cblas". nn_kernels_use picks one by name for tests, benchmarks
 * and SPRITERY_KERNELS (before any packing, from one thread); false where this machine or build lacks it. */
const char *nn_kernels_name(void);
bool nn_kernels_use(const char *name);
/* Fails where SPRITERY_KERNELS names no set that runs here, SPR_BADARG: the sentence has those that do. */
SPR_MUST_USE enum spr_code nn_kernels_check(struct spr_error *err);

#endif
