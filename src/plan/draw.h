/* draw - a plan as pictures and text: tree and Gantt chart for a terminal, Graphviz DOT, SVG Gantt chart, JSON.
 * Flow:  plan + plan/graph + plan/simulate's figures -> [plan/draw] -> bytes -> cli
 * Invariants: bars are the schedule by priority under the plan's limits with expected durations. Critical means on a
 *   longest path when hands are unlimited. Words of the plan are escaped for DOT, SVG and JSON; for a terminal they
 *   are not: cli prints through terminal_safe.
 * Each appends to *out. Fails: SPR_LIMIT, SPR_NOMEM.
 * Threads: any. */
#ifndef PLAN_DRAW_H
#define PLAN_DRAW_H
#include "base/buf.h"
#include "plan/simulate.h"

struct drawing {
    const struct plan *p;
    const struct plan_graph *g;
    const struct plan_figures *f;
};

/* On a longest path. Where nothing is estimated there is none. */
bool draw_critical(const struct drawing *d, int32_t n);

SPR_MUST_USE enum spr_code draw_tree(const struct drawing *d, struct buf *out, struct spr_error *err);
SPR_MUST_USE enum spr_code draw_gantt(const struct drawing *d, int columns, struct buf *out,
                                      struct spr_error *err);
SPR_MUST_USE enum spr_code draw_dot(const struct drawing *d, struct buf *out, struct spr_error *err);
SPR_MUST_USE enum spr_code draw_svg(const struct drawing *d, struct buf *out, struct spr_error *err);
SPR_MUST_USE enum spr_code draw_json(const struct drawing *d, struct buf *out, struct spr_error *err);

#endif
