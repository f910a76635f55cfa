/* escalation - what somebody should know: a stall, an overrun, a blocker, a shut gate, a lost process. Each is raised
 * once, also over restarts, and resolved when its cause is gone.
 * Flow:  crew, run -> [escalation] -> events; status, report
 * Threads: one. */
#ifndef ORCHESTRATE_ESCALATION_H
#define ORCHESTRATE_ESCALATION_H
#include "orchestrate/event.h"

struct escalation {
    int32_t number; /* from 1 */
    char type[16];  /* "stall", "overrun", "blocker", "gate", "lost", "failed", "paused", "merge" */
    enum plan_thing thing;
    int32_t index;
    bool open;
    int64_t since_ms, until_ms;
};

struct escalations {
    struct escalation *list;
    int32_t count, room;
};

/* Takes an ESCALATE or RESOLVED event, of the past or of now. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code escalations_apply(struct escalations *s, const struct run_event *e,
                                             struct spr_error *err);
/* The open one of that type about that thing, or NULL. */
const struct escalation *escalations_find(const struct escalations *s, const char *type,
                                          enum plan_thing thing, int32_t index);
int32_t escalations_open(const struct escalations *s);
void escalations_fini(struct escalations *s);

#endif
