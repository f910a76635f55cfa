/* deploy - finished files into a folder that belongs to others, a game project's: all of them or none, and never over
 * what somebody else put there.
 * Flow:  files, folders -> collect -> [deploy/deploy] -> the target folder and its manifest
 * In the target: .spritery-deploy/NAME.json, the manifest: every file with its hash and where it came from. NAME tells
 *   several deploys into one folder apart: each removes only what it brought itself.
 * Invariants: D1 A file is replaced or removed only if it is as this deploy left it; `force` also replaces others.
 *   D2 Files are made beside the target first, and moved into place when all are whole. A second process moves, so that
 *   either can be ended; what both left half done is moved back by the next deploy before it looks (deploy/steps).
 * Threads: one; another process that deploys into the same folder is waited for, 30 seconds. */
#ifndef DEPLOY_DEPLOY_H
#define DEPLOY_DEPLOY_H
#include "base/err.h"
#include "digest/digest.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEPLOY_NAME_MAX = 100, DEPLOY_FILES_MAX = 1000000 };

enum deploy_change {
    DEPLOY_SAME,     /* lies there already */
    DEPLOY_NEW,      /* nothing was there */
    DEPLOY_REPLACED, /* something else was there */
    DEPLOY_REMOVED,  /* an earlier deploy brought it, and nothing makes it any more */
    DEPLOY_KEPT,     /* the same, but somebody changed it, so it stays */
    DEPLOY_CHANGES
};

struct deploy_file {
    char *path; /* below the target */
    char *from; /* as it was found; where REMOVED or KEPT: as the manifest has it */
    uint64_t bytes;
    char hash[DIGEST_HEX_BYTES];  /* SHA-256 in hexadecimal; REMOVED: "" */
    char there[DIGEST_HEX_BYTES]; /* of what lies there before; "" for nothing */
    bool found;                   /* it lay there before the first deploy: never removed */
    enum deploy_change change;
};

struct deploy_files {
    struct deploy_file *item; /* by path */
    size_t count, room;
};

struct deploy_job {
    const char *const
        *from; /* files, folders, patterns. A folder comes with its name, its content alone after a '/' */
    size_t froms;
    const char *const *pattern; /* of names, or of paths if there is a '/' in it; none: everything */
    size_t patterns;
    const char *into;
    const char *name;              /* of this deploy */
    const char *plan, *workstream; /* for the manifest; or NULL */
    bool force, dry_run;
    const atomic_bool *cancel; /* or NULL: asked between files, until they are moved into place */
    void (*progress)(void *context, const char *what, size_t done, size_t all); /* or NULL */
    void *context;
};

/* Does it, or with dry_run only says what it would do. GIVES *ret (deploy_files_fini): every file with its change.
 * Fails, with the target as it was: SPR_BADARG (a name, two files of one place), SPR_NOTFOUND (no such source, nothing to
 * deploy), SPR_EXISTS (something is in the way: the sentence says what), SPR_BADDATA (the manifest is damaged), SPR_BUSY
 * (another one deploys there), SPR_IO, SPR_LIMIT, SPR_NOMEM, SPR_CANCELLED. */
SPR_MUST_USE enum spr_code deploy_run(const struct deploy_job *job, struct deploy_files *ret,
                                      struct spr_error *err);
void deploy_files_fini(struct deploy_files *f); /* fine on a zeroed one */

/* Looks whether everything that the manifest lists lies there as it was deployed. ret_hash: of the manifest. Fails:
 * SPR_NOTFOUND (nothing was deployed, a file is missing or was changed: the sentence says which), SPR_BADDATA, SPR_IO. */
SPR_MUST_USE enum spr_code deploy_look(const char *into, const char *name, char ret_hash[DIGEST_HEX_BYTES],
                                       struct spr_error *err);

/* A name that a manifest can have: letters, digits, '.', '_' and '-', no '.' at the beginning. */
bool deploy_name_good(const char *name);
const char *deploy_change_name(enum deploy_change change); /* "new" */

#endif
