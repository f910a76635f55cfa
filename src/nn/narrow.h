/* narrow - 3x3 convolutions to a few channels, and the weight gradient of those from or to a few; private to src/nn.
 * Flow:  nn/conv_tiles -> [nn/narrow] -> nn/tiles
 * Invariants: as of nn/winograd: kernel and channels alone decide. */
#ifndef NN_NARROW_H
#define NN_NARROW_H
#include "nn/conv.h"

struct tiles;

bool narrow_takes(const struct tiles *k, int kernel, int in, int out);
size_t narrow_scratch_floats(const struct tiles *k, const struct conv_shape *s);

/* As conv_backward_weight of nn/conv.h, without dbias. */
void narrow_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                            const float *dy, float *dweight, float *scratch);

/* Forward, as the functions of nn/conv.h. */
bool narrow_takes_forward(int kernel, int in, int out);
size_t narrow_packed_floats(const struct tiles *k, int in, int out);
void narrow_pack(const struct tiles *k, const float *weight, int in, int out, float *packed);
size_t narrow_forward_floats(const struct tiles *k, const struct conv_shape *s);
void narrow_forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                    const float *bias, const float *add, float *y, float *scratch);

#endif
