/* options - every number that decides a training run, declared once: name, default, bounds, what it does.
 * Flow:  cli flags, checkpoint notes -> [train/options] -> train/trainer;  and back into checkpoints and model files
 * Threads: any; no state. */
#ifndef TRAIN_OPTIONS_H
#define TRAIN_OPTIONS_H
#include "train/trainer.h"
#include <stdbool.h>
#include <stddef.h>

enum train_kind {
    TRAIN_U64,
    TRAIN_INT,
    TRAIN_DOUBLE,
    TRAIN_PRECISION
}; /* uint64_t, int, double, enum conv_precision */

struct train_option {
    const char *name; /* "drop-dir": the flag is --drop-dir, the checkpoint's note is "drop-dir" */
    enum train_kind kind;
    size_t offset; /* in struct train_options */
    double standard, least, most;
    const char *help;
};

extern const struct train_option train_option_table[];
extern const size_t train_option_count;

void train_options_default(struct train_options *o);

/* Fails: SPR_NOTFOUND (no such option), SPR_BADARG (not a number, or out of bounds: the sentence has them). */
SPR_MUST_USE enum spr_code train_options_set(struct train_options *o, const char *name, const char *value,
                                             struct spr_error *err);

enum { TRAIN_OPTION_BYTES = 32 };
/* The option's value as text that train_options_set reads back exactly. */
void train_option_text(const struct train_options *o, const struct train_option *row,
                       char text[TRAIN_OPTION_BYTES]);

#endif
