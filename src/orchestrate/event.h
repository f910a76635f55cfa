/* event - one thing that happened in a run: a line of the journal, a line of `plan events --json`, and all that
 * orchestrate/run needs to build its state again.
 * Flow:  orchestrate/run -> [event] -> journal;  journal -> [event] -> orchestrate/run, status, report
 * Form:  {"seq":7,"time":"2026-01-31T12:00:00.000Z","event":"start","id":"WS-04","attempt":1,"slot":3}
 *   What an event of a kind has is in its row of the table in event.c; times are RFC 3339 UTC in milliseconds.
 * Threads: any. */
#ifndef ORCHESTRATE_EVENT_H
#define ORCHESTRATE_EVENT_H
#include "base/buf.h"
#include "orchestrate/task.h"
#include "plan/plan.h"

enum event_kind {
    EVENT_BEGIN,    /* an orchestrator took over; resumed: the run before was not ended */
    EVENT_START,    /* an attempt may start: written before it does */
    EVENT_EXIT,     /* its process tree is gone */
    EVENT_LOST,     /* its supervisor is gone and nobody knows how it ended */
    EVENT_DONE,     /* accepted */
    EVENT_UNMERGED, /* accepted, but its branch could not be merged: a person is asked, DONE follows */
    EVENT_KEPT,     /* up to date: not run */
    EVENT_RETRY,    /* will be tried again at `until` */
    EVENT_FAIL,     /* will not */
    EVENT_SKIP,     /* planning only: nothing to run */
    EVENT_CANCEL,   /* a person does not want it */
    EVENT_PAUSE,    /* stopped, and a person is asked */
    EVENT_RESET,    /* a person wants it tried again */
    EVENT_SAID,     /* a person says a manual workstream is done */
    EVENT_GATE,     /* a gate was looked at: opened or not, with evidence */
    EVENT_APPROVE,  /* a person approves one criterion of a gate */
    EVENT_ESCALATE, /* somebody should know */
    EVENT_RESOLVED, /* and need not any more */
    EVENT_DECIDE,   /* a decision was written down */
    EVENT_DOMAIN,   /* a domain's process started or was lost */
    EVENT_END,      /* the orchestrator leaves: nothing is left to do, or somebody asked it to */
    EVENT_KINDS
};

struct run_hash {
    uint8_t byte[16]; /* the first half of a SHA-256 */
};

struct run_event {
    enum event_kind kind;
    enum plan_thing thing; /* of index */
    int32_t index;         /* workstream, gate or domain; PLAN_NONE where there is none */
    int32_t attempt;
    uint32_t slot;
    int32_t
        number; /* approve: the criterion; gate: 1 if only people are missing; escalate: of the escalation; end: exit
                     * status */
    bool yes; /* begin: resumed; gate: opened; end: nothing is left to do */
    int64_t time_ms, until_ms;
    struct task_end end;              /* exit */
    struct run_hash made, took, gave; /* start, done, kept: definition, inputs, outputs */
    const char *text;                 /* why; by whom is in data. BORROWED */
    struct json_t *data;              /* further members, or NULL. BORROWED */
};

const char *event_name(enum event_kind kind);

/* Appends the object, without sum or newline. Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code event_write(const struct plan *p, const struct run_event *e, uint64_t seq,
                                       struct buf *out, struct spr_error *err);

/* Reads a journal line. An id that the plan no longer has: *ret_known false. GIVES ret->data (json_decref); ret->text
 * belongs to it. Fails: SPR_BADDATA. */
SPR_MUST_USE enum spr_code event_read(const struct plan *p, const char *line, size_t length,
                                      struct run_event *ret, bool *ret_known, struct spr_error *err);

#endif
