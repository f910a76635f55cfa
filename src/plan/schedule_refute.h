/* schedule_refute - a sharper bound for small problems: makespans shown to be impossible. Part of schedule_bound.
 * Flow:  plan/schedule's schedule_bound -> [plan/schedule_refute] */
#ifndef PLAN_SCHEDULE_REFUTE_H
#define PLAN_SCHEDULE_REFUTE_H
#include "plan/schedule.h"

/* Problems of more jobs are left to the plain bounds: the effort grows with the cube of the jobs. */
enum { SCHEDULE_REFUTE_JOBS = 120 };

/* Raises *bound, which no schedule can be shorter than, as far as some 0.1 s of refuting gets; the effort is counted in
 * steps, so that the same problem gives the same bound on every machine. head (nodes): the longest path before each job,
 * in the caller's unit of time. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code schedule_refute(const struct schedule_problem *s, const int64_t *duration,
                                           const int64_t *head, int64_t *bound, struct spr_error *err);

#endif
