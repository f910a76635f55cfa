/* hook - the plan's own command, told of an escalation in its environment: SPRITERY_ESCALATION, _SEVERITY, _SUBJECT, _ISSUE.
 * It is started and left alone: a hook that hangs or fails holds nothing up.
 * Threads: one. */
#ifndef ORCHESTRATE_HOOK_H
#define ORCHESTRATE_HOOK_H
#include "orchestrate/place.h"

void hook_call(const struct plan *p, const struct place *at, const char *type, const char *severity,
               enum plan_thing thing, int32_t index, const char *text);

#endif
