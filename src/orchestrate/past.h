/* past - a run as its journal has it, for those who only look: status, events, report.
 * Flow:  journal (no lock), slots -> [past] -> cli
 * Threads: one. */
#ifndef ORCHESTRATE_PAST_H
#define ORCHESTRATE_PAST_H
#include "orchestrate/escalation.h"
#include "orchestrate/journal.h"
#include "orchestrate/meta.h"
#include "orchestrate/place.h"
#include "orchestrate/run.h"

typedef enum spr_code past_event_fn(void *context, const struct run_event *e, const char *line,
                                    struct spr_error *err);

struct past {
    struct place at;
    struct plan_graph graph;
    struct run run;
    struct escalations escalations;
    struct journal_damage damage;
    uint64_t events;
    bool ended;                     /* the last orchestrator had nothing left to do */
    bool runs;                      /* somebody has the lock */
    bool *gone;                     /* (workstreams): RUNNING in the journal, but its process is not there */
    struct meta_progress *progress; /* (workstreams): as the status files have it, where somebody runs it */
    past_event_fn *each;
    void *context;
};

/* each may be NULL; it sees every event, with its data. BORROWS p. A damaged journal is no failure: ret->damage says so,
 * and ret is what came before. GIVES *ret (past_close), also on failure. */
SPR_MUST_USE enum spr_code past_open(struct past *ret, const char *plan_file, const struct plan *p,
                                     past_event_fn *each, void *context, struct spr_error *err);
void past_close(struct past *x); /* fine on a zeroed one */

/* What came after: one line more, with or without its sum. text may be changed. Fails: SPR_BADDATA, SPR_NOMEM, what
 * `each` says. */
SPR_MUST_USE enum spr_code past_take(struct past *x, char *text, size_t length, struct spr_error *err);
/* A domain's status, as JSON: the progress of what runs. What is no such thing is not heard. */
void past_hear_status(struct past *x, const char *json, size_t length);
/* What follows from all that, as of now; and whether somebody has the lock. */
void past_settle(struct past *x);
bool past_runs(const struct past *x); /* has somebody now? */
#endif
