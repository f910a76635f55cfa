/* grow - a model to begin with gets words it does not have: those of new data.
 * Flow:  a model + captions -> [train/grow] -> train/base
 * Invariants: every word and every parameter of the model stays what it was; new words come after them, in
 *   alphabetical order. The same model, captions and seed give the same numbers.
 * A new word begins as the mean of the words that its tiles also have ("owl": monster, animal, bird), and a little
 * chance of its own, so that it means something from the first step.
 * Threads: any; no state. */
#ifndef TRAIN_GROW_H
#define TRAIN_GROW_H
#include "base/err.h"
#include "paint/model.h"
#include "train/captions.h"
#include <stddef.h>
#include <stdint.h>

struct grown {
    struct unet_layout layout;
    const char **word; /* [layout.config.vocab]; BORROWS the model's and the captions' text */
    float *params;     /* (layout.floats), 64-byte aligned */
    size_t added;      /* words at the end of word[] that the model did not have */
};

/* The words of captions[count] that train/captions.h puts into a vocabulary. GIVES *ret (grown_fini).
 * Fails: SPR_BADDATA where the network cannot have that many, SPR_NOMEM. */
SPR_MUST_USE enum spr_code grow_vocabulary(const struct model *m, const struct captions *captions,
                                           size_t count, uint64_t seed, struct grown *ret,
                                           struct spr_error *err);
void grown_fini(struct grown *g); /* fine on a zeroed one */

#endif
