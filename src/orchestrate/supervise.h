/* supervise - the life of one task under its supervisor: a process that is parent and subreaper of everything the task
 * starts, outlives whoever ordered it, and writes down how it ended. When nobody is left of a task it may take another.
 * Flow:  spritery-task (tasker.c) reads an order -> [supervise] -> the task's command
 * Phases: running -> asked (TERM) -> killed (KILL, again and again) -> nobody left -> ENDED. The time limit, a stop order,
 *   a TERM to the supervisor and the end of the first process all lead to TERM; a second stop or the grace time to KILL.
 * Output comes through pipes and goes to a file each, made when there is something to write: most small tasks say
 *   nothing, and making a file costs more than running one.
 * Threads: none. */
#ifndef ORCHESTRATE_SUPERVISE_H
#define ORCHESTRATE_SUPERVISE_H
#include "orchestrate/task.h"

/* What stays from task to task. */
struct supervisor {
    struct task_identity me;
    int orders;  /* socket to whoever orders */
    int slots;   /* the file of slots */
    int signals; /* signalfd of SIGCHLD and SIGTERM; everything else is blocked */
    int null;    /* /dev/null, to read */
    bool alone;  /* nobody orders any more */
};

struct task_order {
    struct task_request head;
    const char *out, *err, *workdir, *cgroup, *owner;
    char **argv, **envp; /* NULL at the end */
};

/* This process becomes a supervisor that takes orders from a socket. False: something the system should have is missing. */
bool supervisor_init(struct supervisor *s, int orders, int slots);
/* Runs one task, until the last process of it is gone. One whose slot is taken starts nothing. */
void supervise(struct supervisor *s, const struct task_order *order);

#endif
