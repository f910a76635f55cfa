/* read - from a tree of YAML nodes to the arrays of struct plan, references still by name.
 * Flow:  plan/doc -> [plan/read] -> plan/check
 * Invariants: never stops at the first complaint; a field that is wrong keeps its default.
 * Threads: one reader belongs to one thread. */
#ifndef PLAN_READ_H
#define PLAN_READ_H
#include "plan/plan.h"

struct reader {
    struct schema schema; /* first: complaints, units */
    struct plan *plan;
    struct spr_error *err;
    int32_t refs, uses, paths, criteria; /* in use in the plan's flat arrays */
    int32_t room[9];                     /* allocated, per array: enum reader_array in read.c */
    struct plan_limits defaults;
};

/* Fills r->plan from r->schema.doc. A ref's `index` is PLAN_NONE until plan_check resolves it by its node's text.
 * Failures other than complaints are in r->schema.rc. */
void plan_read(struct reader *r);

/* Resolves every reference and checks the graph, the gates and what cannot be known from one key alone. */
void plan_check(struct reader *r);

#endif
