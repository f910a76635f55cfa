/* report - a run told afterwards, or so far: planned against actual, gates with their evidence, what stood in the way,
 * decisions, and the critical path as it turned out.
 * Flow:  past (its events) -> [report] -> JSON -> Markdown -> cli
 * Threads: one. */
#ifndef ORCHESTRATE_REPORT_H
#define ORCHESTRATE_REPORT_H
#include "base/buf.h"
#include "base/err.h"
#include "plan/plan.h"
#include <jansson.h>

/* week: 0 for all of it, else the N-th seven days since the first event: what happened in them. GIVES *ret
 * (json_decref):
 *   {"plan", "time", "week"?, "done", "total", "domains": [{"id", "name", "done", "total", "workstreams": [{"id", "name",
 *    "state", "why"?, "planned": {"min_s", "max_s"}, "actual": {"started", "ended", "seconds", "cpu_s", "peak_kb"}?,
 *    "attempts": [{"attempt", "started", "ended"?, "seconds"?, "how"?}]}]}],
 *    "gates": [{"id", "name", "state", "why"?, "looks": [{"time", "opened", "why"?, "criteria"}], "approvals": [...]}],
 *    "blockers": [{"number", "type", "severity", "on", "issue", "since", "resolved"?}], "decisions": [{"number", "title",
 *    "time", ...}], "critical_path": [{"id", "seconds"}], "damage"?}
 * Fails: SPR_NOTFOUND (the plan was never run), SPR_BADARG (a week that is yet to come), SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code report_make(const char *plan_file, const struct plan *p, int week, json_t **ret,
                                       struct spr_error *err);

/* Appends the report as Markdown. Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code report_markdown(const json_t *report, struct buf *out, struct spr_error *err);

#endif
