/* probe - looks at a model in training, through its averaged weights: a loss that can be compared between runs, and
 * a sheet of samples for fixed prompts.
 * Flow:  train/trainer's average -> [train/probe] -> train/run: validation.csv, sheet PNGs
 * Invariants: tiles, times and noise of the loss, and prompts and noise of a sheet, are always the same; only the
 *   weights differ. Results do not depend on the number of threads.
 * Threads: one caller; work is shared out over the pool. */
#ifndef TRAIN_PROBE_H
#define TRAIN_PROBE_H
#include "base/err.h"
#include "base/pool.h"
#include "image/image.h"
#include "paint/unet.h"
#include "train/dataset.h"

struct probe;

/* params: the averaged weights, (layout->floats). GIVES *ret (probe_free). BORROWS everything for its life.
 * Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code probe_new(const struct unet_layout *layout, const float *params,
                                     const struct dataset *data, struct pool *pool, struct probe **ret,
                                     struct spr_error *err);
void probe_free(struct probe *p);    /* NULL is fine */
void probe_refresh(struct probe *p); /* after the weights changed */

/* Mean squared error of the velocity, on tiles of one of the data's folders that are never trained on, and on as many
 * that are. A set without tiles gives 0. part: which folder, < data->parts. */
struct probe_loss {
    double held, seen;
};
struct probe_loss probe_measure(struct probe *p, size_t part);

/* The fixed prompts, drawn 3 times as large, 8 in a row on grey. Words the vocabulary lacks are left out.
 * GIVES ret->pixel (image_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code probe_sheet(struct probe *p, const struct dataset_words *words, struct image *ret,
                                       struct spr_error *err);

#endif
