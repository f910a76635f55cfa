/* escalation - what somebody should know: a stall, an overrun, a blocker, a shut gate, a lost process. Each is raised
 * once a level, also over restarts, and resolved when its cause is gone.
 * Level: "domain" where only that domain's own workstreams wait for it, otherwise "meta". What stays open at the level of
 *   its domain for the workstream's blocker_after rises to meta, once: an event with the same number.
 * Flow:  crew, run -> [escalation] -> events; status, report
 * Threads: one. */
#ifndef ORCHESTRATE_ESCALATION_H
#define ORCHESTRATE_ESCALATION_H
#include "orchestrate/event.h"
#include "plan/graph.h"

enum { ESCALATION_AFFECTED_MAX = 20 };

struct escalation {
    int32_t number;    /* from 1 */
    char type[16];     /* "stall", "overrun", "blocker", "gate", "lost", "failed", "paused", "merge" */
    char severity[12]; /* "medium", "high" */
    enum plan_thing thing;
    int32_t index;    /* PLAN_NONE: the plan has it no more */
    int32_t attempts; /* made when it was raised */
    bool open, meta;  /* meta: at its level, not only its domain's */
    int64_t since_ms, until_ms;
    char *issue; /* or NULL; owned by the list */
};

struct escalations {
    struct escalation *list;
    int32_t count, room, open;
};

/* Takes an ESCALATE or RESOLVED event, of the past or of now. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code escalations_apply(struct escalations *s, const struct run_event *e,
                                             struct spr_error *err);
/* The open one of that type about that thing, or NULL. */
const struct escalation *escalations_find(const struct escalations *s, const char *type,
                                          enum plan_thing thing, int32_t index);
int32_t escalations_open(const struct escalations *s);

/* Whose it is: the domain's id, or "meta". */
const char *escalation_orchestrator(const struct plan *p, enum plan_thing thing, int32_t index);
/* What a person can do about it, in words; type as above. */
const char *escalation_help(const char *type);
/* The workstreams that wait for it, nearest first, at most so many. Returns how many. */
int32_t escalation_affects(const struct plan *p, const struct plan_graph *g, enum plan_thing thing,
                           int32_t index, int32_t ret_workstream[ESCALATION_AFFECTED_MAX]);
/* Something outside its domain waits for it, or a gate does: its orchestrator cannot settle it alone. */
bool escalation_leaves_domain(const struct plan *p, const struct plan_graph *g, enum plan_thing thing,
                              int32_t index);
/* An open one as people and hooks get it (docs/plan-json.md). GIVES it (json_decref), or NULL without memory. */
struct json_t *escalation_json(const struct plan *p, const struct plan_graph *g, const struct escalation *x);
void escalations_fini(struct escalations *s);

#endif
