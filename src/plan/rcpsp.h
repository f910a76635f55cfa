/* rcpsp - scheduling problems in the two file formats of the field: PSPLIB's .sm and Patterson's .rcp.
 * Flow:  file bytes -> [plan/rcpsp] -> plan/schedule: to compare with what is published
 * Invariants: single-mode jobs and renewable resources only; the dummy first and last job are kept.
 * Threads: immutable once read.
 * Source: Kolisch and Sprecher, "PSPLIB - a project scheduling problem library" (1997). */
#ifndef PLAN_RCPSP_H
#define PLAN_RCPSP_H
#include "plan/schedule.h"

struct rcpsp {
    struct plan_graph graph;
    struct schedule_problem problem; /* its graph is the one above: do not copy the struct */
    int64_t *duration;               /* (jobs) */
};

/* BORROWS the bytes. GIVES what is in *ret (rcpsp_fini). Fails: SPR_BADDATA (with the line), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code rcpsp_read(const char *bytes, size_t length, struct rcpsp *ret,
                                      struct spr_error *err);
void rcpsp_fini(struct rcpsp *r); /* fine on a zeroed one */

/* GIVES a problem of jobs, their needs as pairs (job, need), durations, capacities and dense demands
 * (jobs, resources). Fails: SPR_BADDATA (a cycle; a demand over its capacity), SPR_NOMEM. */
struct rcpsp_parts {
    int32_t jobs, resources, pairs;
    const int32_t (*pair)[2];
    const int64_t *duration, *capacity, *demand;
};
SPR_MUST_USE enum spr_code rcpsp_make(const struct rcpsp_parts *parts, struct rcpsp *ret,
                                      struct spr_error *err);

#endif
