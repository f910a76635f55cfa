/* domain - the orchestrator of one domain, in a process of its own (spritery-domain): a crew that takes its orders from
 * meta and tells it the news, over ZeroMQ.
 *
 *     started by meta -> says hello -> WELCOMED by a meta: does its orders -> told to leave (TERM): ends, tasks go on
 *                            ^                |
 *                            '--- ALONE <-----'  that meta is gone: news is dropped, tasks are watched, and whoever
 *                                   |            binds the socket next is greeted
 *                                   '-> after the grace time it ends, and tasks go on under their supervisors
 *
 * Laws: D1 It decides nothing and writes nothing down: what it knows and meta does not is in the slots. D2 There is one for
 *   each domain of a run: the lock on its file is held from before its birth until its death. D3 What a meta
 *   ordered to be looked at is dropped when it is gone, and over before the next one is greeted.
 * Threads: one, beside ZeroMQ's. */
#ifndef ORCHESTRATE_DOMAIN_H
#define ORCHESTRATE_DOMAIN_H
#include "orchestrate/place.h"
#include "orchestrate/task.h"

enum { DOMAIN_PLAN_FD = 3, DOMAIN_LOCK_FD = 4 };

struct domain_start {
    const struct plan *plan;
    const struct place *at;
    const char *id;      /* of the domain */
    const char *address; /* of meta's socket */
    const char *stamp;   /* talk_stamp */
    int64_t grace_ms;    /* until a welcome says otherwise */
};

/* Works until told to leave, or alone for too long. Fails: SPR_IO, SPR_NOMEM, SPR_BADDATA (meta says what makes no sense),
 * SPR_NOTFOUND (no spritery-task). */
SPR_MUST_USE enum spr_code domain_run(const struct domain_start *s, struct spr_error *err);

#endif
