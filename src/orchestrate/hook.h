/* hook - the plan's own command, told of an escalation in its environment: SPRITERY_ESCALATION (its type), _SEVERITY,
 * _LEVEL, _SUBJECT, _ISSUE, and _RECORD, all of it as JSON (docs/plan-json.md).
 * Flow:  meta -> [hook] -> a process in a session of its own; what it says goes to log/hook.out
 * A hook that hangs or fails holds nothing up: it has HOOK_LIMIT_S, then its process group is ended. A few run at once,
 * the others wait for their turn. Each is reaped as soon as it ends.
 * Threads: the loop's. */
#ifndef ORCHESTRATE_HOOK_H
#define ORCHESTRATE_HOOK_H
#include "orchestrate/escalation.h"
#include "orchestrate/loop.h"
#include "orchestrate/place.h"

enum { HOOK_LIMIT_S = 60, HOOK_AT_ONCE = 4 };

struct hooks;

/* BORROWS all. limit_ms: of one hook; 0: HOOK_LIMIT_S. GIVES *ret (hooks_free). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code hooks_new(struct loop *l, const struct plan *p, const struct plan_graph *g,
                                     const struct place *at, int64_t limit_ms, struct hooks **ret,
                                     struct spr_error *err);
/* Those that still wait have their turn first, for limit_ms in all; what runs then is left alone. NULL is fine. */
void hooks_free(struct hooks *h);

/* Fine where the plan has no hook. A hook that cannot be started is like one that fails. */
void hooks_call(struct hooks *h, const struct escalation *x);

#endif
