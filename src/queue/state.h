/* state - what a job can be, and what may become of it.
 *
 *                 take                finish
 *      QUEUED ------------> RUNNING ----------> DONE
 *       ^  ^ \ cancel          | | \  fail
 *       |  |  '-------.        | |  '---------> FAILED
 *       |  '----------|--------' | cancel         |
 *       |   again      '------> CANCELLED         |
 *       '------------------------'----------------'  retry
 *
 *   "again" is a lease that ran out, a failure that may pass, or a daemon that stops: the job waits once more.
 * Invariants: DONE is never left. Only queue.c's `change` writes a job's state, and only as this table says.
 * Threads: constant. */
#ifndef QUEUE_STATE_H
#define QUEUE_STATE_H
#include "base/err.h"
#include <stdbool.h>

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED, JOB_STATE_COUNT };
enum job_event { JOB_TAKE, JOB_FINISH, JOB_FAIL, JOB_AGAIN, JOB_CANCEL, JOB_RETRY, JOB_EVENT_COUNT };

/* Fails: SPR_BADARG where the event does not fit the state: "the job is done: it cannot be cancelled". */
SPR_MUST_USE enum spr_code state_next(enum job_state state, enum job_event event, enum job_state *ret,
                                      struct spr_error *err);

const char *state_name(enum job_state state); /* "queued" */
int state_named(const char *name);            /* -1 for none */

#endif
