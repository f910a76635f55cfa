/* diff - what changed from one plan to another, by ids.
 * Flow:  two plans -> [plan/diff] -> lines -> cli
 * Threads: any. */
#ifndef PLAN_DIFF_H
#define PLAN_DIFF_H
#include "base/buf.h"
#include "plan/plan.h"

/* Appends a line for each thing that came ("+ "), went ("- ") or changed ("~ "), in the order of the new plan, then
 * what went in the order of the old; *ret_lines says how many. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code plan_diff(const struct plan *from, const struct plan *to, struct buf *out,
                                     int *ret_lines, struct spr_error *err);

#endif
