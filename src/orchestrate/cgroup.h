/* cgroup - control groups (version 2) for tasks, where this process may make some: the one complete way to end a tree.
 * Groups are made once and used again by the next task: making one costs more than a small task.
 * Flow:  orchestrate/local -> [cgroup]
 * Threads: one. Source: Linux, Documentation/admin-guide/cgroup-v2.rst. */
#ifndef ORCHESTRATE_CGROUP_H
#define ORCHESTRATE_CGROUP_H
#include "orchestrate/task.h"

enum { CGROUPS_MAX = 1024 };

struct cgroups {
    char base[TASK_PATH_BYTES - 64]; /* "" where there are none */
    uint32_t plan;                   /* tells one plan's and domain's groups from another's */
    int highest;                     /* number ever taken */
    uint8_t state[CGROUPS_MAX + 1];  /* by number: 0 not made, 1 free, 2 in use */
};

/* Finds out whether groups can be made; none is not a failure. folder and name tell their user from others. */
void cgroups_init(struct cgroups *c, const char *folder, const char *name);
void cgroups_fini(struct cgroups *c); /* removes those that nobody uses */

int cgroups_take(struct cgroups *c);             /* a number from 1, or 0 where there is none to have */
int cgroups_hold(struct cgroups *c, int number); /* that one, of a task that is taken over */
void cgroups_give_back(struct cgroups *c, int number,
                       bool killed); /* killed: somebody may have used cgroup.kill on it */
/* Kills what is in it; returns how many there were. */
int cgroups_kill(struct cgroups *c, int number);
void cgroups_path(const struct cgroups *c, int number, char *path, size_t size); /* "" for 0 */

#endif
