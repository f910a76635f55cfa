/* schedule - when each job starts where hands are limited: the resource-constrained project scheduling problem.
 * Flow:  plan + plan/graph, or a benchmark file (plan/rcpsp) -> [plan/schedule] -> simulate, draw, cli
 * Words: a job is a node of a graph; a resource is anything of which only so much is to be had at once: workstreams in
 *   all, a named resource, an agent's hands, and a sequential domain (of which there is one).
 * Invariants: time is whole numbers of a unit of the caller's; a job runs without a break; one without duration needs
 *   no hands. The same input gives the same schedule on every machine.
 * Threads: a problem is immutable once made; a lister belongs to one thread. */
#ifndef PLAN_SCHEDULE_H
#define PLAN_SCHEDULE_H
#include "plan/graph.h"

struct schedule_problem {
    const struct plan_graph *graph; /* BORROWED */
    int32_t resources;
    int64_t *capacity; /* (resources) */
    int32_t
        *use_first; /* (nodes + 1): node n uses use[use_first[n]..use_first[n + 1]), resources ascending */
    struct plan_use *use; /* amount <= capacity of its resource */
    int8_t *priority;     /* (nodes): 0 first */
};

/* BORROWS g. GIVES *ret (schedule_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code schedule_init(struct schedule_problem *ret, const struct plan *p,
                                         const struct plan_graph *g, struct spr_error *err);
void schedule_fini(struct schedule_problem *s); /* fine on a zeroed one */

/* No schedule can be shorter: the longest path, and for every resource the work between a head and a tail that must
 * come before and after it (for more than SCHEDULE_BOUND_JOBS jobs, all of the work); small problems are bounded more
 * sharply by plan/schedule_refute. Fails: SPR_NOMEM. */
enum { SCHEDULE_BOUND_JOBS = 3000 };
SPR_MUST_USE enum spr_code schedule_bound(const struct schedule_problem *s, const int64_t *duration,
                                          int64_t *ret, struct spr_error *err);

/* Looks at a whole schedule: every job after its needs, no resource over its capacity at any time. SPR_BADDATA and
 * a sentence where that does not hold. */
SPR_MUST_USE enum spr_code schedule_verify(const struct schedule_problem *s, const int64_t *duration,
                                           const int64_t *start, struct spr_error *err);

/* Which job goes first when hands are short. Ties: the longer remaining path, then file order. */
enum schedule_rule {
    SCHEDULE_BY_PRIORITY,  /* P0 before P1: what a run does */
    SCHEDULE_BY_PATH,      /* longest remaining path */
    SCHEDULE_BY_FOLLOWERS, /* most work in the job and those that wait for it directly */
    SCHEDULE_BY_FILE,
    SCHEDULE_RULES
};

/* Scratch memory for list scheduling many times over. */
struct schedule_lister;
SPR_MUST_USE enum spr_code lister_new(const struct schedule_problem *s, struct schedule_lister **ret,
                                      struct spr_error *err); /* BORROWS s; GIVES *ret (lister_free) */
void lister_free(struct schedule_lister *l);                  /* NULL is fine */

/* Settles the order of jobs; to be called before the first lister_run. */
void lister_rank(struct schedule_lister *l, enum schedule_rule rule, const int64_t *duration);

/* At every instant the first ready job that fits starts. start (nodes) is the caller's; returns the makespan.
 * Takes time in n log n while the kinds of demands are few. */
int64_t lister_run(struct schedule_lister *l, const int64_t *duration, int64_t *ret_start);

/* After lister_run: the chain of jobs that made the end what it is, last first: each began the moment the next in the
 * chain ended, because it waited for that job or for what it used. Returns how many; ret_chain has room for all. */
int32_t lister_chain(const struct schedule_lister *l, const int64_t *duration, const int64_t *start,
                     int32_t *ret_chain);

/* Takes a schedule and makes it shorter where it can: `passes` times a random order that prefers urgent jobs (or
 * resembles the best so far), placed job by job, then pushed right and left. Stops at the bound. start, *makespan are
 * read and replaced; never worse. Fails: SPR_NOMEM.
 * Sources: Kolisch and Hartmann, "Heuristic algorithms for the resource-constrained project scheduling problem"
 * (1999), for regret-based sampling; Valls, Ballestin, Quintanilla, "Justification and RCPSP: a technique that pays"
 * (2005). */
SPR_MUST_USE enum spr_code schedule_improve(const struct schedule_problem *s, const int64_t *duration,
                                            int64_t bound, int passes, uint64_t seed, int64_t *start,
                                            int64_t *makespan, struct spr_error *err);

/* Every rule by list, then as many passes of schedule_improve as suit the size. */
SPR_MUST_USE enum spr_code schedule_best(const struct schedule_problem *s, const int64_t *duration,
                                         int64_t bound, int64_t *ret_start, int64_t *ret_makespan,
                                         struct spr_error *err);

/* How many passes suit a number of jobs: some tens of milliseconds; 0 where there are too many jobs. */
int schedule_passes(int32_t jobs);

#endif
