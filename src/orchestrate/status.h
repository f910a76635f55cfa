/* status - how a run stands, as JSON: for files that other programs watch, and for `plan status --json`.
 * Files: status.json of the whole, and status/DOMAIN.json for each domain:
 *   {"orchestrator": "model", "status": "active", "workstreams": {"WS-04": {"status": "done", ...},
 *    "WS-06": {"status": "waiting", "for": ["WS-05"], "why": "needs WS-05"}}, "blockers": [], "decisions_needed": [],
 *    "escalations": []}; all of it is in docs/plan-json.md
 * They follow every change, at most once a second, and at least every status_every.
 * Threads: one. */
#ifndef ORCHESTRATE_STATUS_H
#define ORCHESTRATE_STATUS_H
#include "orchestrate/meta.h"

struct meta;
struct json_t;
struct escalations;

void status_due(struct meta *m);   /* something changed: within a second */
void status_write(struct meta *m); /* now; a status that cannot be written is not worth a run */

/* GIVES the object (json_decref), or NULL without memory. progress (workstreams) may be NULL. */
struct json_t *status_plan(const struct run *r, const struct meta_progress *progress,
                           const struct escalations *escalations, int64_t now_ms);

/* Why a workstream waits, in words: "needs WS-05 and 2 more". */
void status_reason(const struct run *r, int32_t w, char *text, size_t size);
/* Seconds from now to the end if everything takes what is left of its largest estimate; 0 without estimates. */
double status_left_s(const struct run *r, int64_t now_ms);
/* The longest path to the end by the same measure: workstreams and gates into nodes[room]. Returns how many; 0 without
 * estimates. */
int32_t status_path(const struct run *r, int64_t now_ms, int32_t *nodes, int32_t room);

#endif
