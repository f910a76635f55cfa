/* start - the parameters of a network that has learned nothing yet.
 * Flow:  [train/start] -> train/run, for training without given weights
 * Threads: any; no state. */
#ifndef TRAIN_START_H
#define TRAIN_START_H
#include "paint/unet.h"
#include <stdint.h>

/* Fills param[layout->floats]. Norms are one; each block's last product, and the network's, is zero, so that the
 * network begins as the identity of its skips; embeddings are normal with deviation 0.5 (the padding word zero); the
 * rest is uniform within 1 / sqrt(inputs), biases zero. */
void start_parameters(const struct unet_layout *layout, uint64_t seed, float *param);

#endif
