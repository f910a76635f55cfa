/* lexicon - a prompt to the words of a model's vocabulary: known ones, synonyms, near ones, and their categories.
 * Flow:  prompt -> paint/words -> [paint/lexicon] -> struct reading -> paint/text
 * Each word of the prompt is tried in this order; the first that finds something decides:
 *   1. fillers ("a sprite of ...") say nothing and are left out          5. the model file's near words
 *   2. the vocabulary itself                                             6. other endings: "deadly" -> "dead"
 *   3. the synonyms of paint/synonyms.h                                  7. two words written as one
 *   4. endings that hide a known word: "reddish" -> "red"                8. not understood: reported
 * Then the category words that captions have with these ("item weapon" with "sword") fill what room is left.
 *
 * Form, in a model file (made by tools/model-words; all five tensors or none):
 *   lexicon.words    U8  [bytes]  N words, each followed by "\n", sorted by bytes; more "\n" may follow
 *   lexicon.near     I16 [N, 3]   vocabulary indices, the nearest first; 0 is none
 *   lexicon.weight   U8  [N, 3]   how strongly, 255 is 1.0; 0 with index 0
 *   lexicon.category I16 [V, 4]   for each vocabulary word the words its captions' folders have; 0 is none
 *   lexicon.share    U8  [V, 4]   in how much of the word's tiles, 255 is all
 * Invariants: a reading has no vocabulary index twice, and never more words than asked for. The same prompt and the
 *   same file give the same reading.
 * Threads: immutable once made; any number of readers. */
#ifndef PAINT_LEXICON_H
#define PAINT_LEXICON_H
#include "base/buf.h"
#include "base/err.h"
#include "nn/safetensors.h"
#include "paint/text.h"
#include <stdbool.h>
#include <stddef.h>

enum { LEXICON_NEAR = 3, LEXICON_CATEGORIES = 4 };

struct lexicon;

/* word[words]: the vocabulary, word[0] is padding. file may be NULL, or without a lexicon: then steps 5 and the
 * categories are missing. BORROWS word and file for the lexicon's life. GIVES *ret (lexicon_free).
 * Fails: SPR_BADDATA (a lexicon that is not as described above), SPR_NOMEM. */
SPR_MUST_USE enum spr_code lexicon_new(const char *const *word, int words, const struct safetensors *file,
                                       struct lexicon **ret, struct spr_error *err);
void lexicon_free(struct lexicon *l); /* NULL is fine */

struct lexicon_options {
    int words_max;   /* 1..READING_WORDS_MAX: what the model reads at most */
    bool categories; /* add category words: for a prompt yes, for a negative prompt no */
};

/* Fails: as words_read does; SPR_BADARG where nothing of the prompt is understood (the sentence names the words and
 * what is near in spelling), or where no word of it says what to draw. */
SPR_MUST_USE enum spr_code lexicon_read(const struct lexicon *l, const char *prompt, size_t length,
                                        const struct lexicon_options *o, struct reading *ret,
                                        struct spr_error *err);

/* Appends the reading as a line for people, without a line feed:
 * "red; zweihander -> great sword; + item weapon; not understood: frobnik". */
SPR_MUST_USE enum spr_code lexicon_describe(const struct lexicon *l, const struct reading *r,
                                            struct buf *into, struct spr_error *err);

/* The vocabulary index of a word as paint/words gives it; 0 if the model does not know it. */
int lexicon_find(const struct lexicon *l, const char *word);

#endif
