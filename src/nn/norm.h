/* norm - group normalisation with everything that follows it in this network, in one pass over the data:
 *   y = silu?( (weight * (x - mean) * rstd + bias) * (1 + scale) + shift ),  mean and rstd over a group of channels.
 * Flow:  paint/unet -> [nn/norm] -> nn/conv
 * Layout: x, y (B, N, C): sample, position, channel. adapt (B, 2 C): scale, then shift, of each sample's channels.
 * Invariants: no allocation; sums have one fixed order, independent of batch and instruction set.
 * Threads: any number on different outputs and states.
 * Source: Wu and He, "Group Normalization" (2018); the scale and shift by conditioning are AdaGN of Dhariwal and
 *   Nichol, "Diffusion models beat GANs" (2021). */
#ifndef NN_NORM_H
#define NN_NORM_H
#include <stdbool.h>
#include <stddef.h>

struct norm_shape {
    int batch, positions, channels;
    int group; /* channels in one group; divides channels */
    bool silu; /* apply x * sigmoid(x) at the end */
};

struct norm_params {
    const float *weight, *bias; /* (C) */
    const float *adapt;         /* (B, 2 C), or NULL for none */
};

/* Gradients. x (B, N, C) is overwritten, or added to if add_x; weight and bias (C) are added to; adapt (B, 2 C) is
 * overwritten, and NULL where there is none. */
struct norm_grads {
    float *x;
    bool add_x;
    float *weight, *bias, *adapt;
};

/* What norm_forward leaves for norm_again and norm_backward, in floats. */
size_t norm_state_floats(const struct norm_shape *s);

/* y = norm(x); y may be x. Fills state. */
void norm_forward(const struct norm_shape *s, const float *x, const struct norm_params *p, float *state,
                  float *y);

/* The same y again, from the state: cheaper than keeping it. */
void norm_again(const struct norm_shape *s, const float *x, const float *state, float *y);

/* After norm_forward of the same x: the gradients from dy (B, N, C), which is used up and holds nonsense after. */
void norm_backward(const struct norm_shape *s, const float *x, const struct norm_params *p, float *state,
                   float *dy, const struct norm_grads *g);

#endif
