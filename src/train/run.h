/* run - a whole training run in a folder: steps, log, validation, sheets, checkpoints, and going on after a stop.
 * Flow:  cli/cmd_train -> [train/run] -> FOLDER/run.checkpoint, loss.csv, validation.csv, sheet-*.png, model files
 * Invariants: after a kill at any instant the folder holds a whole checkpoint, or none yet; going on from it gives
 *   the parameters that the run would have had without the stop, bit for bit.
 * Threads: one caller; the rows of the log and the files are written by it, between steps. */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H
#include "base/err.h"
#include "paint/unet.h"
#include "train/dataset.h"
#include "train/trainer.h"
#include <stdatomic.h>
#include <stdbool.h>

#define RUN_CHECKPOINT "run.checkpoint"

/* How often, in samples (0: never) and seconds; none of it changes what is learned. */
struct run_pace {
    uint64_t log, validate, sheet;
    double checkpoint_s;
    double limit_s; /* stop with a checkpoint after so long; 0: no limit */
};
extern const struct run_pace run_pace_default;

struct run_progress {
    uint64_t samples, total;
    double per_second; /* samples, lately */
    double loss;       /* lately */
    double left_s;     /* until the end at this speed */
};

/* Called by the thread that trains, between steps; each may be NULL. */
struct run_hooks {
    void *of_progress;                                             /* their first arguments */
    void (*progress)(void *context, const struct run_progress *p); /* after every step */
    void *of_publish;
    /* Writes a model file from the averaged weights; before each checkpoint, the last one too. */
    enum spr_code (*publish)(void *context, const float *average, uint64_t samples, double loss,
                             struct spr_error *err);
};

struct run {
    const char *folder; /* exists */
    struct train_options options;
    struct run_pace pace;
    const struct unet_layout *layout;
    struct dataset_words words;
    const struct dataset *data;
    struct pool *pool;
    const float *start;      /* (floats) where a new run begins; NULL to go on from the folder's checkpoint */
    const atomic_bool *stop; /* raised by a signal; may be NULL */
    struct run_hooks hooks;
};

/* Fails: SPR_CANCELLED after a stop (the checkpoint is written), SPR_EXISTS for a new run in a folder that has one,
 * SPR_NOTFOUND or SPR_BADDATA for a checkpoint that is missing or of another network, data set or options, and as
 * files and steps do. Time limits end with SPR_OK. */
SPR_MUST_USE enum spr_code run_train(const struct run *run, struct spr_error *err);

/* The options a folder's checkpoint was made with. Fails: as checkpoint_open does. */
SPR_MUST_USE enum spr_code run_options(const char *folder, struct train_options *ret, struct spr_error *err);

#endif
