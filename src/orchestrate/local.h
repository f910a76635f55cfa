/* local - the executor of this machine.
 * Flow:  orchestrate/crew -> executor -> [local] -> spritery-task, a supervisor for each task that runs
 * Supervisors are kept and take task after task. Each says on its socket when to look at the slot; one that was taken over
 * from an earlier orchestrator is watched by its pidfd. One that is gone without having written how its task ended was
 * killed: the kernel has killed the task's first process with it, and the rest is found by its control group and by the
 * mark in its environment.
 * SPRITERY_TASK_PROGRAM names another spritery-task; SPRITERY_CGROUPS=no goes without control groups.
 * Threads: one. */
#ifndef ORCHESTRATE_LOCAL_H
#define ORCHESTRATE_LOCAL_H
#include "orchestrate/executor.h"
#include "orchestrate/loop.h"

struct local;

/* folder: of the run, absolute. name: of the domain, or "". GIVES *ret (local_free).
 * Fails: SPR_NOTFOUND (no spritery-task), SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code local_new(struct loop *l, const char *folder, const char *name,
                                     executor_ended_fn *ended, void *context, struct local **ret,
                                     struct spr_error *err);
/* Leaves running tasks alone. NULL is fine. */
void local_free(struct local *l);
struct executor local_executor(struct local *l);

/* The file of slots, made if need be. Opens it for reading and writing. GIVES *ret (close). */
SPR_MUST_USE enum spr_code slots_open(const char *folder, int *ret, struct spr_error *err);
/* Makes sure that there is room on the disk for slots 0 .. count - 1. Fails: SPR_IO (a full disk). */
SPR_MUST_USE enum spr_code slots_reserve(int file, uint32_t count, struct spr_error *err);
uint32_t slots_room(int file);

#endif
