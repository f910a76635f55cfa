/* executor - where attempts run: this machine (orchestrate/local), or a cluster.
 * Flow:  orchestrate/crew -> [executor] -> processes
 *
 * What an executor promises, whatever it stands on:
 *   E1 An attempt is named by its slot. The caller has written down that it may start before it asks; the executor starts
 *      it at most once, also when asked by two callers, one of which is dead.
 *   E2 An attempt goes on when everybody who knows of it is gone, and how it ended can be found out later: that is
 *      `adopt`. It never trusts one source alone: what the work itself wrote down decides, not what a scheduler says.
 *   E3 For each launch or adopt there is exactly one call of `ended`, when no process of it is left.
 *   E4 Nothing blocks for longer than starting a process takes; there is no polling where the system can tell.
 * For a batch system: launch submits with a name made of plan and slot, without requeueing; the job claims the slot on
 * the shared file system first and ends if it is taken; adopt looks for the claim, then for the job by its name.
 * Threads: one, the loop's. */
#ifndef ORCHESTRATE_EXECUTOR_H
#define ORCHESTRATE_EXECUTOR_H
#include "base/err.h"
#include "orchestrate/task.h"

struct executor_job {
    uint32_t slot;
    const char *owner;                    /* "WS-04.1" */
    const char *workdir;                  /* absolute */
    const char *out, *err;                /* files that its output is added to, made when there is some */
    const char *const *argv, *const *env; /* NULL at the end; env without the mark that the executor adds */
    int64_t timeout_ms, grace_ms;
};

enum executor_fate {
    FATE_ENDED, /* end says how */
    FATE_LOST,  /* nobody knows; text says what is known. Nothing of it is left */
    FATE_NEVER  /* adopt: it never started, and never will */
};

/* end is all zero unless FATE_ENDED; text is NULL or why. */
typedef void executor_ended_fn(void *context, uint32_t slot, enum executor_fate fate,
                               const struct task_end *end, const char *text);

struct executor {
    void *self;
    /* Starts a job. BORROWS it for the call. Fails: SPR_LIMIT, SPR_IO, SPR_NOMEM; then `ended` is not called. */
    enum spr_code (*launch)(void *self, const struct executor_job *job, struct spr_error *err);
    /* Takes over what an earlier caller launched: `ended` comes at once or when it ends. */
    enum spr_code (*adopt)(void *self, uint32_t slot, struct spr_error *err);
    /* Ends its whole tree: asks first, forces after the job's grace time; a second stop forces at once. Then `ended`.
     * A slot that is not running is fine. */
    void (*stop)(void *self, uint32_t slot);
};

#endif
