/* augment - training sample number k: a tile, changed by chance, the words for it, a time and noise.
 * Flow:  train/dataset -> [train/augment] -> train/trainer
 * Invariants: sample k depends on the seed, k, the data and the options alone; never on threads, batches or what was
 *   drawn before. A sample may be drawn again at any time.
 * Threads: any; no state. */
#ifndef TRAIN_AUGMENT_H
#define TRAIN_AUGMENT_H
#include "paint/text.h"
#include "train/dataset.h"
#include <stdint.h>

enum { SAMPLE_WORDS_MAX = READING_WORDS_MAX, SAMPLE_FLOATS = TILE_PIXELS * 4 };

/* Each a chance, 0..1; the defaults are in train/options.c. */
struct augment_options {
    double flip;      /* mirror a tile that may be */
    double hue;       /* turn the hue of a tile that may be, and call it by its new colour */
    double colour;    /* say the colour of a tile whose name does not */
    double drop_dir;  /* leave out a folder word, each */
    double drop_file; /* leave out a word of the name, each, unless it is the only one */
    double drop_all;  /* leave out everything: the unconditional samples that guidance needs */
};

struct sample {
    int words;
    uint16_t id[SAMPLE_WORDS_MAX]; /* vocabulary indices, in any order */
    float t;                       /* 0 is the picture, 1 is noise */
};

/* The same as a prompt's reading would be. */
void sample_reading(const struct sample *s, struct reading *ret);

/* words_max: how many words the model reads. x (32, 32, 4): premultiplied, -1..1. noise (32, 32, 4): standard
 * normal. */
void augment_draw(const struct dataset *d, const struct augment_options *o, uint64_t seed, uint64_t number,
                  int words_max, struct sample *ret, float *x, float *noise);

/* A tile as it is, with all its words and its colour if its name has none: for validation and LoRA checks. */
void augment_plain(const struct dataset *d, size_t tile, int words_max, struct sample *ret, float *x);

/* The time of sample `number`: logistic of a normal, spread evenly over any run of consecutive numbers. */
float augment_time(uint64_t seed, uint64_t number);

#endif
