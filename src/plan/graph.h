/* graph - what waits for what, as one directed graph without cycles, and the order and slack that follow from it.
 * Flow:  plan/read + check -> [plan/graph] -> schedule, simulate, draw; orchestrate
 * Nodes: every workstream by its index; then a begin and an end for each domain; then every gate. Domains and gates
 *   take no time. A sequential domain runs one workstream at a time: that is a matter of hands (schedule), not an edge.
 *   With them the number of edges stays linear: a gate after a domain of 100,000 is one edge.
 * Invariants: immutable once built; `order` is topological and, where free, by priority then file order.
 * Threads: any number of readers. */
#ifndef PLAN_GRAPH_H
#define PLAN_GRAPH_H
#include "plan/plan.h"

struct plan_graph {
    int32_t nodes, edges;
    int32_t *need_first; /* (nodes + 1): node n waits for need[need_first[n]..need_first[n + 1]) */
    int32_t *need;       /* (edges) */
    int32_t *next_first; /* (nodes + 1): and is waited for by next[...] */
    int32_t *next;       /* (edges) */
    int32_t *order;      /* (nodes) */
};

static inline int32_t graph_domain_begin(const struct plan *p, int32_t domain)
{
    return p->workstreams + 2 * domain;
}
static inline int32_t graph_domain_end(const struct plan *p, int32_t domain)
{
    return p->workstreams + 2 * domain + 1;
}
static inline int32_t graph_gate(const struct plan *p, int32_t gate)
{
    return p->workstreams + 2 * p->domains + gate;
}

/* The id to print for a node; a domain's begin and end share its id. */
const char *graph_node_id(const struct plan *p, int32_t node);

/* Builds the graph. GIVES ret's arrays (graph_fini). On a cycle SPR_BADDATA: *ret_cycle (mem_free, NULL is fine)
 * GIVES its nodes in order, *ret_length of them, and ret is left alone. Fails otherwise: SPR_NOMEM. */
SPR_MUST_USE enum spr_code graph_init(struct plan_graph *ret, const struct plan *p, int32_t **ret_cycle,
                                      int32_t *ret_length, struct spr_error *err);
/* The same for any nodes: node n waits for need[need_first[n]..need_first[n + 1]). TAKES both arrays, also on failure.
 * Fails: SPR_BADDATA (a cycle), SPR_NOMEM. */
SPR_MUST_USE enum spr_code graph_init_needs(struct plan_graph *ret, int32_t nodes, int32_t *need_first,
                                            int32_t *need, struct spr_error *err);
void graph_fini(struct plan_graph *g); /* fine on a zeroed one */

/* Critical path method with unlimited hands. duration (nodes) seconds; every result array has `nodes` entries and is
 * the caller's. early: earliest start; slack: how much later it may start without moving the end. Returns the
 * makespan. Source: Kelley and Walker, "Critical-path planning and scheduling" (1959). */
double graph_critical(const struct plan_graph *g, const double *duration, double *ret_early,
                      double *ret_slack);

/* Forward pass only: earliest starts into start (nodes); returns the makespan. */
double graph_makespan(const struct plan_graph *g, const double *duration, double *ret_start);

/* One critical path, from the beginning to the end: nodes into ret_path (nodes entries), workstreams only. Returns its
 * length. */
int32_t graph_critical_path(const struct plan *p, const struct plan_graph *g, const double *duration,
                            const double *early, const double *slack, int32_t *ret_path);

#endif
