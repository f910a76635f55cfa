/* supervise - the life of one task: a process of its own that is parent and subreaper of everything the task starts,
 * outlives whoever ordered it, and writes down how it ended.
 * Flow:  spritery-task (tasker.c) forks -> [supervise] -> the task's command
 * Phases: running -> asked (TERM) -> killed (KILL, again and again) -> nobody left -> ENDED. The time limit, a TERM to
 *   the supervisor and the end of the first process all lead to TERM; a second TERM or the grace time to KILL.
 * Output comes through pipes and goes to a file each, made when there is something to write: most small tasks say
 *   nothing, and making a file costs more than running one.
 * Threads: none. */
#ifndef ORCHESTRATE_SUPERVISE_H
#define ORCHESTRATE_SUPERVISE_H
#include "orchestrate/task.h"

struct task_order {
    struct task_request head;
    const char *out, *err, *workdir, *cgroup, *owner;
    char **argv, **envp; /* NULL at the end */
    int slots;           /* the file of slots */
};

/* Runs in the supervisor's own process and ends it. orchestrator: the parent's pid while somebody may be looking. */
_Noreturn void supervise(const struct task_order *order, int32_t orchestrator);

#endif
