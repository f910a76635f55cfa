/* winograd - 3x3 convolutions with 16 multiplications for each 2x2 pixels instead of 36; private to src/nn.
 * Flow:  nn/conv_tiles -> [nn/winograd] -> nn/tiles
 * Invariants: whether a convolution is done this way depends on its kernel and channels alone, never on the machine,
 *   the picture or the batch, so that results are the same bits everywhere. */
#ifndef NN_WINOGRAD_H
#define NN_WINOGRAD_H
#include "nn/conv.h"

struct tiles;

/* Wants both channel counts to be multiples of 16, of 32 for pairs, so that every kind of register is full. */
bool winograd_takes(const struct tiles *k, int kernel, int in, int out);

size_t winograd_packed_floats(const struct tiles *k, int in, int out);
void winograd_pack(const struct tiles *k, const float *weight, int in, int out, float *packed);
void winograd_pack_backward(const struct tiles *k, const float *weight, int in, int out, float *packed);
size_t winograd_scratch_floats(const struct tiles *k, const struct conv_shape *s);

/* As the functions of nn/conv.h. The input gradient is conv_forward of a shape whose in and out are exchanged. */
void winograd_forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                      const float *bias, const float *add, float *y, float *scratch);
void winograd_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                              const float *dy, float *dweight, float *scratch);

#endif
