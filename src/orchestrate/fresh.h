/* fresh - whether a workstream that was done once would do the same again: hashes of what it is, what it takes, what it
 * gave.
 * Flow:  orchestrate/meta -> [fresh] -> SHA-256 of texts and files
 * made: its action, agent's command, environment, folder, outputs and acceptance as the plan has them, and its spec's
 *   bytes. Not: names, estimates, priorities, limits.
 * took: what everything it needs gave, through domains and gates.
 * gave: the names and bytes of its outputs, and of a deploy all that it put into its target; of one without outputs, the attempt: who runs again is new to others.
 * Threads: any; one at a time for a memo. */
#ifndef ORCHESTRATE_FRESH_H
#define ORCHESTRATE_FRESH_H
#include "orchestrate/event.h"
#include "orchestrate/place.h"
#include "plan/graph.h"

struct work;

SPR_MUST_USE enum spr_code fresh_made(const struct plan *p, int32_t w, const struct place *at,
                                      struct run_hash *ret, struct spr_error *err);
/* Hashes of what domains and gates give, so that a thousand workstreams behind a gate do not each look at the thousand
 * before it. */
struct fresh_memo {
    struct run_hash *hash; /* (nodes that are no workstreams) */
    bool *known;
};

/* GIVES m's arrays (fresh_memo_fini). BORROWS nothing. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code fresh_memo_init(struct fresh_memo *m, const struct plan *p,
                                           const struct plan_graph *g, struct spr_error *err);
void fresh_memo_fini(struct fresh_memo *m); /* fine on a zeroed one */
/* Workstream w gave something else than before: to be said whenever it did. */
void fresh_changed(struct fresh_memo *m, const struct plan *p, const struct plan_graph *g, int32_t w);
void fresh_took(const struct plan *p, const struct plan_graph *g, const struct work *work,
                struct fresh_memo *m, int32_t w, struct run_hash *ret);
/* Fails: SPR_NOTFOUND (an output is missing: the sentence says which), SPR_IO. An output may be a file, a folder with
 * all that is in it, or a pattern (*, ?, []) that something must match. folder: of the workstream's action. */
SPR_MUST_USE enum spr_code fresh_gave(const struct plan *p, int32_t w, const char *folder, int32_t attempt,
                                      struct run_hash *ret, struct spr_error *err);

#endif
