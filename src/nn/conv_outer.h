/* conv_outer - the weight gradient by tiles.h, term by term; private to src/nn.
 * Flow:  nn/conv_tiles -> [nn/conv_outer] -> nn/tiles */
#ifndef NN_CONV_OUTER_H
#define NN_CONV_OUTER_H
#include "nn/conv.h"

struct tiles;

size_t outer_scratch_floats(const struct tiles *k, const struct conv_shape *s);

/* As conv_backward_weight of nn/conv.h, without dbias. */
void outer_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x, const float *dy,
                           float *dweight, float *scratch);

/* The same in bf16 (outer_pairs.c): k is a table of pairs. */
size_t outer_pairs_scratch_floats(const struct tiles *k, const struct conv_shape *s);
void outer_pairs_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                                 const float *dy, float *dweight, float *scratch);

#endif
