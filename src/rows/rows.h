/* rows - a file of many requests, read whole: CSV, JSON lines, or YAML with lists to combine.
 * Flow:  file -> [rows] -> cli/cmd_batch -> engine
 *   CSV     a line of names, then a row a line; RFC 4180: "quoted, with ""quotes""", CR LF or LF
 *   JSONL   an object a line, with the keys of the wire ("negative_prompt") or of the flags ("negative")
 *   YAML    defaults: {steps: 20}
 *           prompt: "{color} {thing}"                          one row for each combination of the lists,
 *           lists: {color: [red, blue], thing: [sword, axe]}   the first list changing slowest
 *           rows: [{prompt: knight, seed: 7}, ...]             and rows of their own
 * A name that is no field of a request is a word of the row: "{word}" in a prompt, and in names of files, stands for it.
 *   One that nearly is a field ("stpes") and that no prompt uses is refused: it is one misspelt.
 * Invariants: every row's request is complete and checked (request_check), its count is 1 (a count of n became n rows with
 *   n seeds), and its seed is decided: the file's, or the base's plus the number of rows before it.
 * Threads: a plain value; whoever owns it says. */
#ifndef ROWS_ROWS_H
#define ROWS_ROWS_H
#include "request/request.h"

enum { ROWS_MAX = 100000, ROWS_WORDS_MAX = 64, ROWS_NAME_BYTES = 64 };
#define ROWS_FILE_MAX ((size_t)64 << 20)

enum rows_kind { ROWS_CSV, ROWS_JSONL, ROWS_YAML };

struct row_word {
    char *name, *value;
};

struct row {
    struct request request;
    int words;
    struct row_word *word;
    size_t line; /* of the file, from 1 */
};

struct rows {
    size_t count;
    struct row *row;
};

/* The kind that a file's name ends with (.csv, .jsonl, .ndjson, .yaml, .yml); false for another. */
bool rows_kind_of(const char *path, enum rows_kind *ret);

/* BORROWS text. base: what a row does not say. GIVES *ret (rows_fini). The sentence of a failure begins with the line.
 * Fails: SPR_BADDATA (the file), SPR_BADARG (a field's value), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code rows_read(enum rows_kind kind, const char *text, size_t size,
                                     const struct request *base, struct rows *ret, struct spr_error *err);
void rows_fini(struct rows *r); /* fine on a zeroed one */

/* Appends the pattern with "{name}" replaced: a word of the row, a field of the request, or {index} (from 1, with as many
 * digits as the last row's). "{{" is a brace. Fails: SPR_BADARG (no such name: the nearest is said), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code rows_expand(const struct rows *rows, size_t index, const char *pattern,
                                       struct buf *into, struct spr_error *err);

#endif
