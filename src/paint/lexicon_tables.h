/* lexicon_tables - the lexicon's five tensors in a model file, checked and ready for lookups.
 * Flow:  nn/safetensors -> [paint/lexicon_tables] -> paint/lexicon. The form is described in paint/lexicon.h.
 * Threads: immutable once made. A zeroed one is an empty one: every lookup finds nothing. */
#ifndef PAINT_LEXICON_TABLES_H
#define PAINT_LEXICON_TABLES_H
#include "base/err.h"
#include "nn/safetensors.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lexicon_tables {
    size_t count;                                          /* N near words */
    const char *text;                                      /* their text, in the file */
    uint32_t *begin;                                       /* [count + 1]: where each begins */
    const unsigned char *near, *weight, *category, *share; /* in the file; near and category little-endian */
    int words;                                             /* V */
};

/* BORROWS file for the tables' life. A file without a lexicon gives empty tables. Fails: SPR_BADDATA, SPR_NOMEM. */
SPR_MUST_USE enum spr_code lexicon_tables_init(struct lexicon_tables *ret, const struct safetensors *file,
                                               int words, struct spr_error *err);
void lexicon_tables_fini(struct lexicon_tables *t);

struct lexicon_near {
    int count; /* 1..3 */
    int id[3];
    float weight[3];
};
bool lexicon_tables_near(const struct lexicon_tables *t, const char *word, struct lexicon_near *ret);

struct lexicon_category {
    int id;
    float share; /* 0..1 */
};
bool lexicon_tables_has_category(const struct lexicon_tables *t, int id);
int lexicon_tables_categories(const struct lexicon_tables *t, int id,
                              struct lexicon_category ret[4]); /* how many */

#endif
