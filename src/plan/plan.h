/* plan - a production as data: domains of workstreams, what each needs, and the gates between.
 * Flow:  plan.yaml -> plan/doc -> plan/read -> [struct plan] -> check, graph, schedule, simulate, draw; orchestrate
 * Words: a workstream is one piece of work with one contract; a domain is a group of them under one orchestrator; a
 *   gate opens what it `opens` once everything in its `after` is done and all of its criteria hold. "A needs B" draws
 *   an arrow from B to A.
 * Invariants (after plan_load): ids are unique over domains, workstreams and gates together; every reference is
 *   resolved; the graph with gates has no cycle; estimates have min <= max; workstreams lie domain by domain, in file
 *   order. A plan is pure data: nothing here starts a process or asks what time it is.
 * Durations are seconds of work: `day` and `week` mean what the plan's calendar says.
 * Threads: immutable once loaded; any number of readers. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H
#include "yaml/schema.h"
#include <stdbool.h>
#include <stdint.h>

enum { PLAN_NONE = -1, PLAN_PRIORITIES = 4 };

/* Part of one of the plan's flat arrays. */
struct plan_span {
    int32_t first, count;
};

enum plan_thing { PLAN_WORKSTREAM, PLAN_DOMAIN, PLAN_GATE };

/* A resolved reference, with its place for messages. */
struct plan_ref {
    enum plan_thing thing; /* a workstream or a domain */
    int32_t index;
    int32_t node; /* in plan->doc */
};

enum plan_action {
    PLAN_ACTION_NONE, /* planning only */
    PLAN_ACTION_RUN,
    PLAN_ACTION_GENERATE,
    PLAN_ACTION_PIXELIZE,
    PLAN_ACTION_TRAIN,
    PLAN_ACTION_PACK,
    PLAN_ACTION_DEPLOY,
    PLAN_ACTION_AGENT,  /* the agent's command with the spec */
    PLAN_ACTION_MANUAL, /* a person says done */
    PLAN_ACTION_COUNT
};

enum plan_criterion_kind { PLAN_COMMAND, PLAN_FILE, PLAN_METRIC, PLAN_APPROVAL };

struct plan_criterion {
    const char *name;
    enum plan_criterion_kind kind;
    const char *subject; /* the command, file, metric or role */
    const char *from;    /* metric: the JSON file or http address that has it; NULL: the plan's `metrics` */
    double above, below; /* metric: strict bounds; -infinity, +infinity where not given */
    int64_t min_bytes;   /* file: at least this large */
    int64_t max_age_s;   /* metric: older is stale; 0 is no limit */
    int32_t node;
};

/* How often and how long: from the workstream, else from `defaults`. Seconds; 0 is no limit. */
struct plan_limits {
    int64_t timeout_s, retry_delay_s, status_every_s, stall_after_s, blocker_after_s;
    int32_t retries;
    double overrun; /* times the largest estimate */
};

/* What an agent may spend before it is paused and asked about; 0 is no limit. */
struct plan_budget {
    int64_t time_s, turns, tokens;
    double cost;
};

struct plan_use {
    int32_t resource; /* in plan->resource */
    int64_t amount;
};

struct plan_workstream {
    const char *id, *name, *milestone; /* milestone may be NULL */
    int32_t domain;
    int32_t agent;            /* in plan->agent, or PLAN_NONE */
    int8_t priority;          /* 0..3: P0 first */
    bool branch;              /* in a git worktree and branch of its own */
    int64_t min_s, max_s;     /* estimate; 0, 0 where none is given */
    struct plan_span needs;   /* in plan->ref; always workstreams */
    struct plan_span uses;    /* in plan->use */
    struct plan_span outputs; /* in plan->path */
    struct plan_span accept;  /* in plan->criterion */
    enum plan_action action;
    int32_t detail;             /* node of the action's value, or DOC_NONE */
    const char *spec, *workdir; /* or NULL */
    const char *task, *manual;  /* for the agent; for the person; or NULL */
    int32_t env;                /* node of a map of words, or DOC_NONE */
    struct plan_limits limits;
    struct plan_budget budget;
    int32_t node;
};

struct plan_domain {
    const char *id, *name;
    bool sequential;
    struct plan_span needs;       /* in plan->ref; always domains */
    struct plan_span workstreams; /* in plan->workstream */
    int32_t node;
};

struct plan_gate {
    const char *id, *name;
    struct plan_span after, opens; /* in plan->ref */
    struct plan_span criteria;     /* in plan->criterion */
    int32_t node;
};

struct plan_resource {
    const char *name;
    int64_t amount;
};

struct plan_agent {
    const char *name;
    const char *command; /* or NULL */
    int32_t limit;       /* at most so many at once; 0 is no limit */
    int32_t env;         /* node, or DOC_NONE */
};

struct plan {
    const char *name;
    const char *metrics, *hook, *shell; /* or NULL */
    int64_t day_s, week_s;
    int64_t status_every_s;
    int64_t grace_s;  /* a domain's process stays so long when its run has nobody who leads it */
    int64_t capacity; /* workstreams at once in all; 0 is no limit */
    struct plan_domain *domain;
    struct plan_workstream *workstream;
    struct plan_gate *gate;
    struct plan_resource *resource;
    struct plan_agent *agent;
    struct plan_ref *ref;
    struct plan_use *use;
    const char **path;
    struct plan_criterion *criterion;
    int32_t domains, workstreams, gates, resources, agents;
    int32_t *index; /* hash table of ids; see plan_find */
    int32_t index_mask;
    struct doc doc; /* owns every string */
};

/* Reads and checks a whole plan; every complaint of the run is in *report, not only the first. GIVES *ret
 * (plan_free) only if there is none. Fails: SPR_BADDATA (the report says what and where), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code plan_load(const char *bytes, size_t length, struct plan *ret,
                                     struct doc_report *report, struct spr_error *err);
void plan_free(struct plan *p); /* fine on a zeroed one */

/* What an id names, and its index among its kind; false if nothing does. */
bool plan_find(const struct plan *p, const char *id, enum plan_thing *ret_thing, int32_t *ret_index);

const char *plan_action_name(enum plan_action action); /* the key that says it, "run" */

/* Writes a duration in the plan's own units: "3 d", "2.5 d", "4 h", "90 s". */
void plan_span_text(const struct plan *p, double seconds, char *text, size_t size);

#endif
