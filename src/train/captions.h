/* captions - what is drawn on each tile of a data folder: records in captions.jsonl, and the vocabulary they make.
 * Flow:  data folder -> tools/captions, tools/emoji -> captions.jsonl -> [train/captions] -> train, tools/model-words
 * Form:  one JSON object per line, sorted by file, every field there but the last, which may be left out:
 *   {"file":"item/weapon/axe.png","dir_words":["item","weapon"],"file_words":["axe"],"colour":"grey",
 *    "weight":2.2,"flip":false,"hue":true,"keep":true,"style_words":["emoji"]}
 * Invariants: words are as paint/words gives them; no file word is also a directory word.
 * Threads: immutable once read. */
#ifndef TRAIN_CAPTIONS_H
#define TRAIN_CAPTIONS_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"
#include "train/colour.h"
#include <stdbool.h>
#include <stddef.h>

enum { CAPTION_WORDS_MAX = 16, CAPTION_STYLES_MAX = 2, TILE_SIDE = 32 };

struct caption {
    const char *file;                         /* path below the data folder, "/" between its parts */
    const char *dir_word[CAPTION_WORDS_MAX];  /* what the folders say: general */
    const char *file_word[CAPTION_WORDS_MAX]; /* what the file name says: this tile */
    const char
        *style_word[CAPTION_STYLES_MAX]; /* whose hand it is by, where that is not the data's usual one */
    int dir_words, file_words, style_words;
    enum colour colour; /* the picture's dominant colour */
    float weight;       /* how often it is drawn, relative to the others; > 0 */
    bool flip;          /* may be mirrored */
    bool hue;           /* may have its hue shifted */
    bool keep;          /* its file words enter the vocabulary even if no other tile has them */
};

struct captions {
    size_t count;
    struct caption *row;
    char *text; /* what the rows' strings point into */
};

/* Reads a captions.jsonl. GIVES *ret (captions_fini). Fails: SPR_NOTFOUND, SPR_IO, SPR_LIMIT, SPR_NOMEM, SPR_BADDATA
 * (the sentence names the line). */
SPR_MUST_USE enum spr_code captions_read(const char *path, struct captions *ret, struct spr_error *err);
void captions_fini(struct captions *c); /* fine on a zeroed one */

/* Appends the caption as a line of captions.jsonl. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code caption_write(const struct caption *c, struct buf *into, struct spr_error *err);

/* Adds a word to a list, unless it is there. False where the list is full. BORROWS word for the caption's life. */
bool caption_add_word(const char *list[CAPTION_WORDS_MAX], int *count, const char *word);

/* The words a model of c[count] knows: "<pad>", the twelve colours, then in alphabetical order every word of
 * at least two tiles and the words of tiles with `keep` that are longer than two letters. */
struct vocabulary {
    size_t count;
    const char **word; /* BORROWS the captions' text */
};
SPR_MUST_USE enum spr_code captions_vocabulary(const struct captions *c, size_t count, struct vocabulary *ret,
                                               struct spr_error *err);
void vocabulary_fini(struct vocabulary *v);

/* Puts a picture of 28..32 x 24..32 pixels on a transparent tile, centred, its feet on the ground. False where the
 * size does not fit or fewer than 20 pixels can be seen: such pictures are no data. */
bool tile_place(const struct image *im, struct rgba ret[TILE_SIDE * TILE_SIDE]);

#endif
