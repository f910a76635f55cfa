/* sketch - small pictures that a model file carries, to begin from where the network alone is weak at shapes:
 * creatures above all. A sprite whose prompt fits one starts from it with much noise mixed in, instead of from noise
 * alone; the network then draws it anew, in the words' colours and with the seed's chances.
 * Flow:  model file + struct reading -> [paint/sketch] -> struct image -> paint/paint
 * Form, in a model file (made by tools/model_sketches.c; all four tensors or none), N sketches of 32 x 32:
 *   sketch.palette U8  [N, 16, 4]  RGBA; alpha is 0 or 255
 *   sketch.index   U8  [N, 512]    two pixels a byte, the left one in the low half, row by row
 *   sketch.word    I16 [N, 8]      vocabulary indices: what is drawn; negative where it is only a kind of that, as a
 *                                  toad is a frog; 0 is none
 *   sketch.rule    I16 [N, 4]      a word without which it is not taken, 0 is none; a word of style that it brings
 *                                  along, 0 is none; the category that a reading with categories must have ("monster"),
 *                                  0 is any; 1 if it may be mirrored
 * Invariants: the same file, reading and seed give the same picture.
 * Threads: immutable once made; any number of readers. */
#ifndef PAINT_SKETCH_H
#define PAINT_SKETCH_H
#include "base/err.h"
#include "image/image.h"
#include "nn/safetensors.h"
#include "paint/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SKETCH_SIDE = 32, SKETCH_COLOURS = 16, SKETCH_WORDS = 8, SKETCH_CHOICES = 32 };

struct sketches;

/* word[words]: the vocabulary. BORROWS both for its life. GIVES *ret (sketches_free), NULL where the file has none.
 * Fails: SPR_BADDATA (tensors that are not as described above), SPR_NOMEM. */
SPR_MUST_USE enum spr_code sketches_new(const char *const *word, int words, const struct safetensors *file,
                                        struct sketches **ret, struct spr_error *err);
void sketches_free(struct sketches *s);          /* NULL is fine */
size_t sketches_count(const struct sketches *s); /* 0 for NULL */

/* The sketches that fit a reading about equally well, the best first. */
struct sketch_choice {
    int count; /* 0: none fits */
    int at[SKETCH_CHOICES];
    int style; /* the word that they bring along; 0 for none */
};
void sketches_choose(const struct sketches *s, const struct reading *r, struct sketch_choice *ret);

/* One of them by the seed, mirrored by chance where it may be, in the colour that the reading asks for. count > 0.
 * pixel (32, 32). Returns which. */
int sketches_draw(const struct sketches *s, const struct sketch_choice *choice, const struct reading *r,
                  uint64_t seed, struct rgba *pixel);

#endif
