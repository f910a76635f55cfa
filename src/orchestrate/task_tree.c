/* Who belongs to a task, and signals to all of them. A pid may have been given to somebody else between looking and
 * signalling: so a pidfd is taken first, then the process is looked at again, then the signal goes through the pidfd. */
#include "orchestrate/task.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct process {
    int32_t pid, parent;
    uint64_t ticks;
};

static ssize_t read_small(const char *path, char *bytes, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, bytes, size - 1);
    close(fd);
    bytes[n > 0 ? n : 0] = '\0';
    return n;
}

/* Field 4 (parent) and 22 (start time) of /proc/PID/stat; the name in field 2 may hold anything. False also for a
 * zombie, which is only a status that nobody has read. */
static bool look(int32_t pid, struct process *ret)
{
    char path[40], bytes[1024], state = 'X';
    unsigned long long ticks = 0;
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (read_small(path, bytes, sizeof bytes) <= 0)
        return false;
    char *after = strrchr(bytes, ')');
    if (!after ||
        sscanf(after + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &state, &parent, &ticks) != 3)
        return false;
    *ret = (struct process){ pid, parent, ticks };
    return state != 'Z' && state != 'X';
}

/* "35c3f7e5-42ba-4aba-b56d-88853cc3b642" as 16 bytes. */
static bool read_boot(uint8_t boot[16])
{
    static uint8_t known[16];
    static bool seen; /* it does not change while anybody lives; supervisors inherit it */
    char text[64];
    size_t n = 0;
    if (seen) {
        memcpy(boot, known, sizeof known);
        return true;
    }
    if (read_small("/proc/sys/kernel/random/boot_id", text, sizeof text) <= 0)
        return false;
    for (const char *p = text; *p && n < 16; p += *p == '-' ? 1 : 2) {
        unsigned byte = 0;
        if (*p != '-' && sscanf(p, "%2x", &byte) != 1)
            return false;
        if (*p != '-')
            known[n++] = (uint8_t)byte;
    }
    seen = n == 16;
    memcpy(boot, known, sizeof known);
    return seen;
}

bool task_identify(int32_t pid, struct task_identity *ret)
{
    struct process p;
    struct task_identity who = { .pid = pid };
    if (!read_boot(who.boot) || !look(pid, &p))
        return false;
    who.ticks = p.ticks;
    *ret = who;
    return true;
}

bool task_alive(const struct task_identity *who)
{
    struct task_identity now;
    return task_identify(who->pid, &now) && now.ticks == who->ticks &&
           memcmp(now.boot, who->boot, sizeof now.boot) == 0;
}

static bool signal_process(const struct process *p, int sig)
{
    struct process again;
    int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (fd < 0)
        return false;
    bool sent = look(p->pid, &again) && again.ticks == p->ticks &&
                syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0) == 0;
    close(fd);
    return sent;
}

typedef bool choose_fn(const struct process *p, const void *context);

/* Every process that choose picks; GIVES an array (free), or NULL. */
static struct process *list(choose_fn *choose, const void *context, size_t *ret_count)
{
    struct process *found = NULL;
    size_t count = 0, room = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *d; proc && (d = readdir(proc));) {
        struct process p;
        if (!isdigit((unsigned char)d->d_name[0]) || !look((int32_t)atoi(d->d_name), &p) ||
            !choose(&p, context))
            continue;
        if (count == room) {
            room = room ? 2 * room : 64;
            struct process *grown = realloc(found, room * sizeof *found);
            if (!grown)
                break;
            found = grown;
        }
        found[count++] = p;
    }
    if (proc)
        closedir(proc);
    *ret_count = count;
    return found;
}

static bool any(const struct process *p, const void *context)
{
    (void)p;
    (void)context;
    return true;
}

int task_signal_below(int32_t pid, int sig)
{
    size_t count;
    struct process *all = list(any, NULL, &count);
    bool *below = calloc(count + 1, sizeof *below);
    int sent = 0;
    for (bool more = below && all; more;) {
        more = false;
        for (size_t i = 0; i < count; i++) {
            bool mine = all[i].parent == pid;
            for (size_t k = 0; k < count && !mine; k++)
                mine = below[k] && all[k].pid == all[i].parent;
            more = more || (mine && !below[i]);
            below[i] = mine;
        }
    }
    for (size_t i = 0; below && i < count; i++)
        if (below[i])
            sent += signal_process(&all[i], sig);
    free(below);
    free(all);
    return sent;
}

static bool marked(const struct process *p, const void *context)
{
    char path[40], *bytes = NULL;
    const char *mark = context;
    bool found = false;
    size_t used = 0, room = 16384, length = strlen(mark) + 1;
    snprintf(path, sizeof path, "/proc/%d/environ", p->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (ssize_t n = 1; n > 0 && room <= ((size_t)4 << 20);) {
        char *grown = realloc(bytes, room);
        if (!grown)
            break;
        bytes = grown;
        n = read(fd, bytes + used, room - used);
        used += n > 0 ? (size_t)n : 0;
        room = used == room ? 2 * room : room;
    }
    close(fd);
    for (size_t i = 0; i + length <= used && !found;) {
        found = memcmp(bytes + i, mark, length) == 0;
        i += strnlen(bytes + i, used - i) + 1;
    }
    free(bytes);
    return found;
}

int task_signal_marked(const char *mark, int sig)
{
    size_t count;
    struct process *found = list(marked, mark, &count);
    int sent = 0;
    for (size_t i = 0; i < count; i++)
        sent += signal_process(&found[i], sig);
    free(found);
    return sent;
}

int task_signal_cgroup(const char *folder, int sig)
{
    char path[TASK_PATH_BYTES + 32];
    int count = 0, pid;
    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    FILE *f = fopen(path, "re");
    while (f && fscanf(f, "%d", &pid) == 1) {
        count++;
        if (sig != SIGKILL)
            kill(pid, sig);
    }
    if (f)
        fclose(f);
    if (sig == SIGKILL && count > 0) {
        snprintf(path, sizeof path, "%s/cgroup.kill", folder);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "1", 1) != 1) /* Linux before 5.14 */
            count = task_signal_below((int32_t)getpid(), sig);
        if (fd >= 0)
            close(fd);
    }
    return count;
}
