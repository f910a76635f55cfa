/* base - trains a whole model from folders of captioned tiles: `spritery train base`.
 * Flow:  data folders (+ a model to begin with) -> [train/base] -> a folder with a checkpoint, logs, sheets, a model
 * The folder's model.safetensors is the moving average in f16, written with every checkpoint; it also holds what
 * going on needs of the network: configuration, vocabulary and notes.
 * Threads: one caller; as many more as asked for. */
#ifndef TRAIN_BASE_H
#define TRAIN_BASE_H
#include "base/err.h"
#include "train/dataset.h"
#include "train/run.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define BASE_MODEL "model.safetensors"

struct base_job {
    struct dataset_source data[DATASET_FOLDERS_MAX]; /* with captions.jsonl (tools/fetch-tiles makes one) */
    size_t datas;
    const char *folder; /* of the run; made if need be */
    const char
        *init; /* model file to begin with, whose vocabulary grows by the data's words; NULL: from nothing */
    bool resume; /* go on with the folder's run; init is not looked at */
    struct train_options options;
    struct run_pace pace;
    int threads;
    const atomic_bool *stop; /* may be NULL */
    void *context;           /* of progress; may be NULL */
    void (*progress)(void *context, const struct run_progress *p);
    void (*learns)(void *context, const char *const *word,
                   size_t words); /* the model got new words; may be NULL */
};

void base_defaults(struct base_job *job);

/* Fails: as run_train, model_load and dataset_open do. */
SPR_MUST_USE enum spr_code base_train(const struct base_job *job, struct spr_error *err);

#endif
