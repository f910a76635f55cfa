/* table - rows while they are being read: names and values of any kind of file become requests and words.
 * Flow:  rows/csv, rows/jsonl, rows/combine -> [rows/table] -> struct rows */
#ifndef ROWS_TABLE_H
#define ROWS_TABLE_H
#include "rows/rows.h"

struct table {
    struct rows rows;
    const struct request *base;
    size_t line; /* of what is being read, for sentences */
    bool seeded; /* somebody said a seed for the row in hand */
    bool open;   /* there is a row in hand: rows.row[rows.count] */
};

/* Begins a row as a copy of base. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code table_begin(struct table *t, struct spr_error *err);

/* Sets a field (by a flag's name or a wire key) or a word of the row in hand. Fails: SPR_BADARG, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code table_set(struct table *t, const char *name, const char *value,
                                     struct spr_error *err);

/* Puts the words into the prompt, checks the request, and makes a row of each of its pictures. Fails: SPR_BADARG,
 * SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code table_end(struct table *t, struct spr_error *err);

/* Each reads a whole file into t. Failures name the line, t->line. */
SPR_MUST_USE enum spr_code table_read_csv(struct table *t, const char *text, size_t size,
                                          struct spr_error *err);
SPR_MUST_USE enum spr_code table_read_jsonl(struct table *t, const char *text, size_t size,
                                            struct spr_error *err);
SPR_MUST_USE enum spr_code table_read_yaml(struct table *t, const char *text, size_t size,
                                           struct spr_error *err);

#endif
