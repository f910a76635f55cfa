/* simulate - how long a plan will take: by its smallest and largest estimates, by PERT, and by many random runs.
 * Flow:  plan + plan/graph + plan/schedule -> [plan/simulate] -> draw, cli
 * Words: unlimited: as if there were hands for everything, only needs and gates hold back. limited: under the plan's
 *   capacity, resources, agents and sequential domains, started by priority as a run would.
 * A workstream's duration is drawn from PERT's beta distribution with its mode in the middle of MIN..MAX, that is
 *   Beta(3, 3): mean (min + max) / 2, standard deviation (max - min) / sqrt(28). Source: Malcolm, Roseboom, Clark,
 *   Fazar, "Application of a technique for research and development program evaluation" (1959).
 * Invariants: a run depends on its number and the seed alone, so the result has the same bytes on any number of
 *   threads. Gates open at once when what they come after is done.
 * Threads: a simulation belongs to one thread; it shares work out over a pool. */
#ifndef PLAN_SIMULATE_H
#define PLAN_SIMULATE_H
#include "base/pool.h"
#include "plan/schedule.h"

enum { SIMULATE_UNIT = 1000, SIMULATE_RUNS_MAX = 1000000 }; /* milliseconds in the schedules below */

enum simulate_end { SIMULATE_MIN, SIMULATE_EXPECTED, SIMULATE_MAX, SIMULATE_ENDS };

/* Without chance. Everything in seconds but where it says milliseconds; index: enum simulate_end. */
struct plan_figures {
    double effort[SIMULATE_ENDS];    /* one workstream after the other */
    double unlimited[SIMULATE_ENDS]; /* the longest path */
    double limited[SIMULATE_ENDS];   /* by priority */
    double best, bound;              /* expected durations: the shortest schedule found; none is shorter */
    double pert_mean, pert_sd;       /* along the critical path of expected durations */
    int64_t *duration_ms, *start_ms; /* (nodes) expected, limited by priority */
    double *early_s, *slack_s;       /* (nodes) expected, unlimited */
    int32_t *path; /* a critical path of expected durations, unlimited: workstreams in order */
    int32_t path_length;
};

/* GIVES ret's arrays (figures_fini). search: look for the shortest schedule too, else best is the limited one.
 * Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code figures_init(struct plan_figures *ret, const struct plan *p,
                                        const struct plan_graph *g, const struct schedule_problem *s,
                                        bool search, struct spr_error *err);
void figures_fini(struct plan_figures *f); /* fine on a zeroed one */

/* Durations of every node in milliseconds at an end of the estimates; domains and gates take none. */
void simulate_durations(const struct plan *p, const struct plan_graph *g, enum simulate_end end,
                        int64_t *ret_ms);

struct simulate_spread {
    double mean, least, p50, p80, p95, most; /* seconds; pN: N % of the runs ended by then */
};

struct simulation {
    int runs;
    uint64_t seed;
    struct simulate_spread unlimited, limited;
    int32_t *critical; /* (workstreams) in how many runs it was on a longest path, unlimited */
    int32_t
        *critical_chain; /* (workstreams) in how many runs it was in the chain that made the end, limited */
};

/* runs 1..SIMULATE_RUNS_MAX. limited_too: also under the plan's limits, which takes several times as long. GIVES ret's
 * arrays (simulation_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code simulation_init(struct simulation *ret, const struct plan *p,
                                           const struct plan_graph *g, const struct schedule_problem *s,
                                           int runs, uint64_t seed, bool limited_too, struct pool *pool,
                                           struct spr_error *err);
void simulation_fini(struct simulation *s); /* fine on a zeroed one */

#endif
