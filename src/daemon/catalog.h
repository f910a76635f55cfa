/* catalog - the models there are: the native ones, and those of the ComfyUI servers.
 * Flow:  models folders, servers -> [daemon/catalog] -> list_models
 * Servers are asked on a thread of libuv's, at the start and again when somebody asks and the last answer is old, so that
 *   no question waits for them: what a server said last is told, also while it does not answer.
 * Threads: everything here on the loop's. */
#ifndef DAEMON_CATALOG_H
#define DAEMON_CATALOG_H
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct catalog;

struct catalog_item {
    char *name, *path; /* path: a file, or a server's address with folder and name */
    const char *kind;  /* "checkpoint", "lora", "vae" */
    int64_t bytes;     /* 0: not known */
};
struct catalog_list {
    struct catalog_item *item;
    size_t count;
};

/* servers: URLs with commas or blanks between, "" for none; copied. Begins to ask them. GIVES *ret (catalog_stop, then
 * catalog_free). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code catalog_new(uv_loop_t *loop, const char *servers, struct catalog **ret,
                                       struct spr_error *err);
void catalog_stop(struct catalog *c); /* ends the asking soon; the loop must run until it has; NULL is fine */
void catalog_free(struct catalog *c); /* NULL is fine */

/* Asks the servers again, unless that is going on or (not now) was done a moment ago. */
void catalog_refresh(struct catalog *c, bool now);

/* All of them, by name, upper and lower case alike; of a name and kind that several servers have, the first server's.
 * GIVES *ret (catalog_list_free). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code catalog_list(const struct catalog *c, struct catalog_list *ret,
                                        struct spr_error *err);
/* Whether a ComfyUI server said that it has a model of that name and kind ("checkpoint", "lora", "vae"). */
bool catalog_serves(const struct catalog *c, const char *name, const char *kind);
void catalog_list_free(struct catalog_list *l); /* fine on a zeroed one */

#endif
