#include "orchestrate/cgroup.h"

#include "orchestrate/sum.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNMADE, FREE, USED };

/* Where version 2 is mounted. */
static bool find_mount(char *mount, size_t size)
{
    char line[4096];
    bool found = false;
    FILE *f = fopen("/proc/self/mountinfo", "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        char *type = strstr(line, " - cgroup2 "), at[2048];
        found = type && sscanf(line, "%*s %*s %*s %*s %2047s", at) == 1 && strlen(at) < size;
        if (found)
            memcpy(mount, at, strlen(at) + 1);
    }
    if (f)
        fclose(f);
    return found;
}

/* Which group this process is in, below the mount. */
static bool find_own(char *own, size_t size)
{
    char line[4096];
    bool found = false;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        size_t n = strlen(line);
        found = strncmp(line, "0::/", 4) == 0 && n < size;
        if (found)
            memcpy(own, line + (n == 4 ? n : 3), n == 4 ? 1 : n - 2); /* the root is "" */
    }
    if (f)
        fclose(f);
    return found;
}

void cgroups_path(const struct cgroups *c, int number, char *path, size_t size)
{
    if (number > 0)
        snprintf(path, size, "%s/spritery-%08x-%d", c->base, c->plan, number);
    else
        *path = '\0';
}

void cgroups_init(struct cgroups *c, const char *folder, const char *name)
{
    char mount[400], own[400], path[TASK_PATH_BYTES];
    const char *wanted = getenv("SPRITERY_CGROUPS");
    *c = (struct cgroups){ .plan = sum_more(sum_more(0, folder, strlen(folder)), name, strlen(name)) };
    if ((wanted && strcmp(wanted, "no") == 0) || !find_mount(mount, sizeof mount) ||
        !find_own(own, sizeof own))
        return;
    snprintf(c->base, sizeof c->base, "%s%s", mount, own);
    cgroups_path(c, 1, path, sizeof path);
    rmdir(path);
    if (mkdir(path, 0755) == 0)
        c->state[1] = FREE;
    else if (errno != EEXIST)
        c->base[0] = '\0';
}

/* A group that was killed once is not used again: Linux since 6.15 also ends what is cloned into it afterwards. A new one
 * of the same name is a new group. */
static bool make(const struct cgroups *c, int number)
{
    char path[TASK_PATH_BYTES];
    cgroups_path(c, number, path, sizeof path);
    rmdir(path);
    return mkdir(path, 0755) == 0;
}

int cgroups_take(struct cgroups *c)
{
    for (int i = 1; c->base[0] && i <= CGROUPS_MAX; i++) {
        if (c->state[i] == USED || (c->state[i] == UNMADE && !make(c, i)))
            continue; /* the second: somebody is in it still */
        c->state[i] = USED;
        c->highest = i > c->highest ? i : c->highest;
        return i;
    }
    return 0;
}

int cgroups_hold(struct cgroups *c, int number)
{
    if (number < 1 || number > CGROUPS_MAX || !c->base[0])
        return 0;
    c->state[number] = USED;
    c->highest = number > c->highest ? number : c->highest;
    return number;
}

void cgroups_give_back(struct cgroups *c, int number, bool killed)
{
    if (number > 0)
        c->state[number] = killed ? UNMADE : FREE;
}

int cgroups_kill(struct cgroups *c, int number)
{
    char path[TASK_PATH_BYTES];
    if (number < 1 || number > CGROUPS_MAX || !c->base[0])
        return 0;
    cgroups_path(c, number, path, sizeof path);
    return task_signal_cgroup(path, SIGKILL);
}

void cgroups_fini(struct cgroups *c)
{
    char path[TASK_PATH_BYTES];
    for (int i = 1; c->base[0] && (i <= c->highest || i == 1); i++) {
        cgroups_path(c, i, path, sizeof path);
        rmdir(path); /* not if a task is still in it */
    }
}
