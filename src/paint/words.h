/* words - text to normalised words: what a person typed, and what a tile's file name says, become the same words.
 * Flow:  prompt -> [paint/words] -> paint/lexicon -> paint/text;  file name -> [paint/words] -> captions
 * Invariants: the one place where text is split, so that the trainer and the reader can never disagree. Words are
 *   lower case, in order of first appearance, none twice. A word is in letters a-z and inner digits, or it is in
 *   another script and kept as its UTF-8 bytes, to be reported as not understood.
 * Threads: any; no state.
 * Not here: which words the model knows, and what to do about the others (paint/lexicon.h). */
#ifndef PAINT_WORDS_H
#define PAINT_WORDS_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    WORDS_TEXT_MAX = 4096, /* bytes of text that are read */
    WORDS_MAX = 64,        /* words that are kept; a model reads 8 or so */
    WORD_BYTES = 32        /* a word and its final 0 byte; longer ones are cut between code points */
};

struct word {
    char text[WORD_BYTES]; /* "axe" */
    char from[WORD_BYTES]; /* "battleaxes": what was written, lower case */
    bool linked; /* a comma or a word like "of", "with" stands between the word before it and this one */
};

struct words {
    int count;
    bool more; /* there were words after WORDS_MAX; they are left out */
    struct word word[WORDS_MAX];
};

/* Text without any word gives count 0. Fails: SPR_LIMIT for more than WORDS_TEXT_MAX bytes, SPR_BADARG where the
 * text is not UTF-8 (the sentence names the byte). */
SPR_MUST_USE enum spr_code words_read(const char *text, size_t length, struct words *ret,
                                      struct spr_error *err);

/* Where the word is in w, or -1. */
int words_find(const struct words *w, const char *text);

#endif
