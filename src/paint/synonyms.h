/* synonyms - what people call things, in words that the bundled vocabulary has.
 * Flow:  a word that is not in the vocabulary -> [paint/synonyms] -> one to three words that are
 * A word stands in one row only, and not in the table if the vocabulary has it; tests check both.
 * Threads: any; no state.
 * Not here: words found by nearness of meaning (the model file's lexicon, paint/lexicon.h). */
#ifndef PAINT_SYNONYMS_H
#define PAINT_SYNONYMS_H
#include <stdbool.h>
#include <stddef.h>

struct synonyms {
    const char *to;   /* words of the vocabulary, the most telling first */
    const char *from; /* words that mean about that, as paint/words gives them */
};

size_t synonyms_count(void);
const struct synonyms *synonyms_at(size_t row);

/* The vocabulary words that the word stands for, separated by blanks; NULL if it is in no row. */
const char *synonyms_of(const char *word);

/* True for words that ask for a picture and do not say of what: "sprite", "please", "an". */
bool synonyms_is_filler(const char *word);

#endif
