/* job - one run of packing: files in, pages and metadata out, and only what changed is written.
 * Flow:  cmd_pack -> [pack/job] -> sprites, build, target, sheet -> files
 * Out files: OUT.pack.json (our own description, by which the next run knows what is there) and, for one target, OUT.png
 *   and its metadata beside it; for several, a folder each: OUT/godot/NAME.png ... Targets that want equal cells get a
 *   sheet of their own where others want a dense one: OUT.grid.pack.json.
 * Invariants: nothing is written before all of it is made; a file that the former run did not write, or that somebody
 *   changed since, is not replaced without `force`; the description comes last.
 * Threads: one call uses the pool it is given. */
#ifndef PACK_JOB_H
#define PACK_JOB_H
#include "pack/build.h"
#include "pack/sheet.h"
#include "pack/target.h"
#include <stdatomic.h>

enum { PACK_TARGETS_MAX = 16, PACK_PARTS = 2 };

struct pack_job {
    const char *const *path; /* (paths): files and folders */
    int paths;
    const char *out;     /* "build/hero" */
    const char *sidecar; /* or NULL */
    struct sprite_defaults defaults;
    struct pack_rules rules;
    const struct target
        *target[PACK_TARGETS_MAX]; /* (targets); none: pictures and our own description only */
    int targets;
    struct target_options options;
    bool force; /* replace files that are not ours */
    bool fresh; /* forget the former sheet's places */
    void (*progress)(void *context, const char *stage, int step, int steps); /* or NULL */
    void *context;
    const atomic_bool *stop; /* or NULL */
};

/* One sheet that was made. */
struct pack_part {
    char sheet[1024];   /* path of our description */
    struct atlas atlas; /* with page files relative to the sheet */
    int shared, empty, kept_pages;
    int64_t used_px, page_px;
    double place_ms;
};

struct pack_report {
    bool unchanged; /* nothing was different: nothing was done */
    struct pack_part part[PACK_PARTS];
    int parts;
    struct sheet_list written, same, removed; /* files */
    struct sheet_list added, changed, gone;   /* inputs, compared with the former run; empty without one */
    bool compared;
};

/* BORROWS job. *complaints gets the sidecar's mistakes. GIVES *ret (pack_report_fini). Fails: SPR_BADARG, SPR_NOTFOUND,
 * SPR_BADDATA, SPR_LIMIT, SPR_EXISTS, SPR_IO, SPR_CANCELLED, SPR_NOMEM. */
SPR_MUST_USE enum spr_code pack_run(const struct pack_job *job, struct pool *pool, struct pack_report *ret,
                                    struct doc_report *complaints, struct spr_error *err);
void pack_report_fini(struct pack_report *r); /* fine on a zeroed one */

/* --- Between job.c and publish.c --- */

/* Files that are made and not yet written. */
struct publish {
    const char *folder; /* of the sheet */
    bool force;
    const struct sheet_list *former; /* outputs of the former run */
    struct publish_item {
        char *path; /* relative to folder */
        char *data; /* NULL: the file that is there stays */
        size_t length;
        char hash[DIGEST_HEX_BYTES];
    } * item;
    int count;
};

/* BORROWS bytes. */
SPR_MUST_USE enum spr_code publish_add(struct publish *p, const char *path, const void *bytes, size_t length,
                                       struct spr_error *err);
/* True if the former run wrote this file and it is as it was: then it is kept, without having been made again. */
bool publish_keep(struct publish *p, const char *path, struct spr_error *err);
/* Checks all, then writes what differs, then removes what is left over from the former run. */
SPR_MUST_USE enum spr_code publish_all(struct publish *p, struct pack_report *report, struct spr_error *err);
void publish_fini(struct publish *p);

#endif
