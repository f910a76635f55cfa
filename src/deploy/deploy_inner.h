/* deploy_inner - what the files of deploy share.
 * Threads: one. */
#ifndef DEPLOY_DEPLOY_INNER_H
#define DEPLOY_DEPLOY_INNER_H
#include "base/buf.h"
#include "deploy/deploy.h"
#include <limits.h>

#define DEPLOY_FOLDER ".spritery-deploy"

/* folder/name. Fails: SPR_LIMIT. */
SPR_MUST_USE enum spr_code deploy_join(const char *folder, const char *name, char ret[PATH_MAX],
                                       struct spr_error *err);
/* A path that stays below the folder it is put behind: relative, no "." or ".." in it, nothing empty. */
bool deploy_path_good(const char *path);

/* Copies both texts. GIVES a zeroed entry with them, owned by the list; NULL on lack of memory or too many. */
struct deploy_file *deploy_files_add(struct deploy_files *f, const char *path, const char *from,
                                     struct spr_error *err);
void deploy_files_sort(struct deploy_files *f); /* by path */
const struct deploy_file *deploy_files_find(const struct deploy_files *f,
                                            const char *path); /* sorted; or NULL */

/* collect.c: every file that the job's sources are now, sorted, without hashes. */
SPR_MUST_USE enum spr_code deploy_collect(const struct deploy_job *job, struct deploy_files *ret,
                                          struct spr_error *err);

/* manifest.c. An absent one gives an empty list. GIVES *ret. Fails: SPR_BADDATA, SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code manifest_read(const char *into, const char *name, struct deploy_files *ret,
                                         struct spr_error *err);
/* The text for those files that are there afterwards. */
SPR_MUST_USE enum spr_code manifest_text(const struct deploy_job *job, const struct deploy_files *files,
                                         struct buf *ret, struct spr_error *err);

/* steps.c: all that changes in the target, as one.
 *     .spritery-deploy/NAME.part/  0, 1, 2...  a step's new file; after it, the old one
 *                                  steps.json  what to move back if it is still there
 * Made first, then steps.json, then everything is moved, then steps.json goes: that is the moment it counts.
 * A process apart moves, and this one waits (docs/adr/0018). */
SPR_MUST_USE enum spr_code steps_run(const struct deploy_job *job, const struct deploy_files *files,
                                     const struct buf *manifest, struct spr_error *err);
/* Moves back what a killed deploy had moved. Fine if there is nothing. Fails: SPR_IO, SPR_BADDATA, SPR_NOMEM. */
SPR_MUST_USE enum spr_code steps_undo(const char *into, const char *name, struct spr_error *err);

#endif
