/* manifest - what a batch has made: one JSON object a line, so that a batch that was stopped anywhere can go on.
 * Flow:  cli/cmd_batch <-> [rows/manifest] <-> manifest.jsonl in the folder of the pictures
 *   {"state": "making", "file": F}                      before a file of that name appears
 *   {"state": "done", "file": F, "request": {...}, ...}  when it is whole and on disk
 *   {"state": "failed", "error": E, "request": {...}}    a row that was refused
 * Invariants: a line is on disk (fsync) before manifest_add returns; a last line that is cut short, as after a power cut, is
 *   taken off when the manifest is opened. One program at a time has it open.
 * Threads: one at a time. */
#ifndef ROWS_MANIFEST_H
#define ROWS_MANIFEST_H
#include "request/request.h"
#include <jansson.h>

struct manifest;

/* Makes it where it is missing. GIVES *ret (manifest_close). Fails: SPR_BUSY (another batch has it open), SPR_BADDATA (a
 * line that is none of ours: which), SPR_LIMIT, SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code manifest_open(const char *path, struct manifest **ret, struct spr_error *err);
void manifest_close(struct manifest *m); /* NULL is fine */

/* The file that was made for exactly that request, or NULL. BORROWS m until the next call. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code manifest_file(struct manifest *m, const struct request *r, const char **ret,
                                         struct spr_error *err);

/* Whether a file of that name was begun and not finished: what lies there may be replaced. */
bool manifest_making(const struct manifest *m, const char *file);

/* Each appends a line. TAKES about (NULL is fine): further keys of it. Fails: SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code manifest_begin(struct manifest *m, const char *file, struct spr_error *err);
SPR_MUST_USE enum spr_code manifest_done(struct manifest *m, const char *file, const struct request *r,
                                         json_t *about, struct spr_error *err);
SPR_MUST_USE enum spr_code manifest_failed(struct manifest *m, const struct request *r, const char *why,
                                           json_t *about, struct spr_error *err);

#endif
