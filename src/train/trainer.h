/* trainer - the network in training: one step is a batch of samples, their gradient, and a step of the optimiser.
 * Flow:  train/dataset + train/augment -> [train/trainer] -> train/checkpoint, train/validate, a model file
 * A batch is cut into lanes: a lane has a gradient and a session of its own, and takes its samples part by part.
 * Invariants: what a step does depends on the options, the data, the parameters and the step's number; not on the
 *   number of threads (more threads than lanes have nothing to do). No allocation inside a step.
 * Threads: one caller; work is shared out over the trainer's pool. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H
#include "base/err.h"
#include "base/pool.h"
#include "nn/conv.h"
#include "paint/unet.h"
#include "train/augment.h"
#include "train/dataset.h"
#include "train/optimizer.h"
#include "train/schedule.h"
#include <stdint.h>

/* Everything that decides what a run computes; train/options.h names each and keeps it in checkpoints. */
struct train_options {
    struct schedule schedule;
    struct optimizer_options optimizer;
    struct augment_options augment;
    uint64_t seed;
    int batch;                     /* samples in a step: a multiple of lanes */
    int lanes;                     /* gradient sums */
    int part;                      /* samples that go through the network together */
    enum conv_precision precision; /* of the products; parameters, sums and moments are f32 */
    int hold_out;                  /* tiles kept for validation; dataset_open is told, too */
};

struct trainer;

/* The optimiser's parameters are all zero: load a checkpoint or weights, then call trainer_refresh. GIVES *ret
 * (trainer_free). BORROWS layout, data and pool for its life. Fails: SPR_BADARG, SPR_NOMEM. */
SPR_MUST_USE enum spr_code trainer_new(const struct train_options *options, const struct unet_layout *layout,
                                       const struct dataset *data, struct pool *pool, struct trainer **ret,
                                       struct spr_error *err);
void trainer_free(struct trainer *t); /* NULL is fine */

/* BORROWED from the trainer: parameters, average and moments, to be filled or saved between steps. */
struct optimizer *trainer_optimizer(struct trainer *t);
void trainer_refresh(struct trainer *t); /* after the parameters were changed from outside */

uint64_t trainer_samples(const struct trainer *t); /* seen so far: steps * batch */

struct trainer_report {
    double loss; /* mean squared error of the velocity over the batch, before the step */
    double norm; /* of the gradient, before clipping */
    double rate; /* learning rate of this step */
};
/* Fails: SPR_BADDATA if the gradient is not finite; the parameters are then as before. */
SPR_MUST_USE enum spr_code trainer_step(struct trainer *t, struct trainer_report *ret, struct spr_error *err);

#endif
