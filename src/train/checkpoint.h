/* checkpoint - a training run in one file, enough to go on as if it had never stopped.
 * Flow:  train/trainer's optimiser + notes -> [train/checkpoint] -> a safetensors file -> the same
 * Form:  f32 tensors "param/NAME", "average/NAME", "moment/NAME", "square/NAME" for each tensor of the network, in
 *   its order in memory (convolutions (k, k, in, out), linear layers (in, out)); notes: "format", "config",
 *   "steps" and what the caller adds.
 * Invariants: published whole; reading checks every name and size before it changes anything.
 * Not here: model files for generating (paint/model.h). */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H
#include "base/err.h"
#include "nn/safetensors.h"
#include "paint/unet.h"
#include "train/optimizer.h"

#define CHECKPOINT_FORMAT "spritery-checkpoint-1"

/* notes: the caller's own, at most CHECKPOINT_NOTES_MAX. Fails: SPR_NOMEM, and as file_write does. */
enum { CHECKPOINT_NOTES_MAX = 64 };
SPR_MUST_USE enum spr_code checkpoint_write(const char *path, const struct unet_layout *layout,
                                            const struct optimizer *o, const struct note *notes, size_t count,
                                            struct spr_error *err);

/* An opened checkpoint. GIVES *ret (safetensors_close). Fails: as safetensors_open does, SPR_BADDATA for a file that
 * is no checkpoint. */
SPR_MUST_USE enum spr_code checkpoint_open(const char *path, struct safetensors **ret, struct spr_error *err);

/* Copies the parameters, averages, moments and the step count. Fails: SPR_BADDATA for a checkpoint of another network
 * (the tensor is named); *o is then as it was. */
SPR_MUST_USE enum spr_code checkpoint_read(const struct safetensors *file, const struct unet_layout *layout,
                                           struct optimizer *o, struct spr_error *err);

#endif
