/* optimizer - AdamW with clipping by the gradient's norm, and a moving average (EMA) of the parameters.
 * Flow:  train/trainer: gradients of the lanes -> [train/optimizer] -> parameters and their average
 * Invariants: gradients are added in the order of the lanes and the norm in the order of the parameters, whatever
 *   the thread count, so the result is the same bit for bit. Weight decay is decoupled and touches matrices only
 *   (convolutions, linear layers, embeddings), never vectors.
 * Threads: one caller; the work is shared out over the pool that is given.
 * Source: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019). */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H
#include "base/err.h"
#include "base/pool.h"
#include "paint/unet.h"
#include <stddef.h>
#include <stdint.h>

struct optimizer_options {
    double beta1, beta2, epsilon;
    double decay;   /* of matrices, per step times the rate */
    double clip;    /* longest gradient; 0: as long as it likes */
    double average; /* how much of the average stays at each step, 0..1; less in the first steps */
};

struct optimizer_chunk;

struct optimizer {
    struct optimizer_options options;
    size_t floats;
    float *param, *average; /* (floats) */
    float *moment, *square; /* (floats) the gradient's running mean, and its square's */
    uint64_t steps;         /* taken so far */
    int chunks;
    struct optimizer_chunk *chunk; /* (chunks) what one task does; none crosses a tensor's end */
};

/* Allocates; everything is zero but the chunks. BORROWS nothing of layout. (optimizer_fini). Fails: SPR_NOMEM,
 * SPR_BADARG for options out of bounds. */
SPR_MUST_USE enum spr_code optimizer_init(struct optimizer *o, const struct optimizer_options *options,
                                          const struct unet_layout *layout, struct spr_error *err);
void optimizer_fini(struct optimizer *o); /* fine on a zeroed one */

/* One step with the sum of grad[0..lanes-1], each (floats), at this rate; the gradients are zero afterwards.
 * Gives the norm of the sum before clipping. Fails: SPR_BADDATA if it is not finite, and then the parameters and
 * moments are as they were. */
SPR_MUST_USE enum spr_code optimizer_step(struct optimizer *o, float *const *grad, int lanes, double rate,
                                          struct pool *pool, double *ret_norm, struct spr_error *err);

#endif
