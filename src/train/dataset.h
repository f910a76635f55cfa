/* dataset - folders of 32 x 32 tiles with captions, held in memory, their words as numbers of a vocabulary.
 * Flow:  folders -> train/captions + image/png -> [train/dataset] -> train/augment, train/probe
 * Invariants: a tile is either drawn for training or held out for validation, never both; which is decided by the
 *   files' names alone, in each folder for itself. Held-out tiles are such that each of their words is also on
 *   HELD_OUT_RIVALS others of their folder.
 * Threads: immutable once open. */
#ifndef TRAIN_DATASET_H
#define TRAIN_DATASET_H
#include "base/err.h"
#include "image/image.h"
#include "train/captions.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HELD_OUT_RIVALS = 6, TILE_PIXELS = TILE_SIDE * TILE_SIDE, DATASET_FOLDERS_MAX = 8 };

/* Words that the vocabulary does not have are left out. */
struct tile {
    uint16_t dir_id[CAPTION_WORDS_MAX];    /* what the folders say */
    uint16_t file_id[CAPTION_WORDS_MAX];   /* what the file's name says */
    uint16_t style_id[CAPTION_STYLES_MAX]; /* whose hand it is by */
    uint32_t dir_tint, file_tint;          /* bit i: word i fixes a colour */
    uint8_t dir_ids, file_ids, style_ids;
    int8_t colour; /* enum colour of the picture */
    bool tinted;   /* its name has a word for a colour, even one outside the vocabulary */
    bool flip;     /* may be mirrored */
    bool hue;      /* may have its hue turned: allowed, and colourful enough to show it */
    float weight;  /* how often it is drawn, relative to the others */
};

/* Where one folder's tiles are. */
struct dataset_part {
    size_t first, count; /* of tile[] */
    size_t held, helds;  /* of held[] */
};

struct dataset {
    size_t count;
    struct tile *tile;  /* (count) */
    struct rgba *pixel; /* (count, 32, 32) */
    double *upto;       /* (count) weights of tiles 0..i drawn for training, added up; the last is 1 */
    uint32_t *held;     /* (helds) tiles held out */
    size_t helds;
    struct dataset_part part[DATASET_FOLDERS_MAX]; /* (parts), one after the other */
    size_t parts;
    uint16_t colour_id[COLOUR_COUNT]; /* vocabulary indices; 0 where it lacks the word */
    uint64_t digest;                  /* of captions, pixels and vocabulary: tells two data sets apart */
};

/* What a model can read: word[0] is the padding word. */
struct dataset_words {
    const char *const *word;
    size_t count;
};

/* A folder with captions.jsonl, and how often its tiles are drawn: times their own weights. 0 < factor. */
struct dataset_source {
    const char *folder;
    double factor;
};

/* Reads the captions of source[sources] and every picture they name; holds out up to hold_out tiles of each folder.
 * GIVES *ret (dataset_close). Fails: as captions_read and png_read do, SPR_BADDATA for a picture that is no tile (the
 * file is named), and for no tiles at all, SPR_LIMIT for more than DATASET_FOLDERS_MAX folders, SPR_NOMEM. */
SPR_MUST_USE enum spr_code dataset_open(const struct dataset_source *source, size_t sources,
                                        const struct dataset_words *words, size_t hold_out,
                                        struct dataset *ret, struct spr_error *err);
void dataset_close(struct dataset *d); /* fine on a zeroed one */

/* The tile for 0 <= u < 1, by weight. */
size_t dataset_pick(const struct dataset *d, double u);

static inline const struct rgba *dataset_pixels(const struct dataset *d, size_t tile)
{
    return d->pixel + tile * TILE_PIXELS;
}

#endif
