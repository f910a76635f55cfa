#include "orchestrate/local.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "orchestrate/cgroup.h"
#include "orchestrate/fault.h"
#include "orchestrate/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SWEEPS = 200, SWEEP_MS = 10 };

/* A supervisor: a child of ours, which runs a task or waits for one, or one that was taken over with its task. */
struct worker {
    struct local *local;
    struct worker *next;
    pid_t child; /* 0: taken over */
    int fd;      /* the child's socket, which ends with it; or the other's pidfd */
    bool busy;   /* the rest is of its task */
    uint32_t slot;
    int cgroup; /* its number; 0: none */
};

struct local {
    struct loop *loop;
    char folder[TASK_PATH_BYTES];
    executor_ended_fn *ended;
    void *context;
    int slots;
    char *program;        /* spritery-task; NULL until it is needed */
    struct worker *first; /* all of them */
    struct cgroups cgroups;
};

/* ---- slots ---- */

enum spr_code slots_open(const char *folder, int *ret, struct spr_error *err)
{
    char path[TASK_PATH_BYTES + 8];
    snprintf(path, sizeof path, "%s/slots", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return SPR_FAIL(err, SPR_IO, "cannot open %.200s: %s", path, strerror(errno));
    *ret = fd;
    return SPR_OK;
}

uint32_t slots_room(int file)
{
    struct stat st;
    return fstat(file, &st) ? 0 : (uint32_t)(st.st_size / TASK_SLOT_BYTES);
}

enum spr_code slots_reserve(int file, uint32_t count, struct spr_error *err)
{
    enum { AT_ONCE = 65536 / TASK_SLOT_BYTES }; /* whole pages, on every machine */
    uint32_t have = slots_room(file), want = (count + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
    if (count <= have)
        return SPR_OK;
    int e = fault_point("slots") ? ENOSPC
                                 : posix_fallocate(file, (off_t)have * TASK_SLOT_BYTES,
                                                   (off_t)(want - have) * TASK_SLOT_BYTES);
    return e ? SPR_FAIL(err, SPR_IO, "no room to write down how tasks end, so nothing more is started: %s",
                        strerror(e))
             : SPR_OK;
}

/* ---- spritery-task ---- */

/* A child with the socket on 3 and the slots on 4; returns errno. */
static int spawn(const struct local *l, int end, pid_t *ret)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char *argv[] = { (char *)"spritery-task", NULL };
    int high = fcntl(end, F_DUPFD_CLOEXEC, 10), slots = fcntl(l->slots, F_DUPFD_CLOEXEC, 10);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, high, 3);
    posix_spawn_file_actions_adddup2(&files, slots, 4);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    int e = high < 0 || slots < 0 ? EMFILE : posix_spawn(ret, l->program, &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (high >= 0)
        close(high);
    if (slots >= 0)
        close(slots);
    return e;
}

static void hear(void *context);
static void gone(void *context);

/* TAKES fd. */
static enum spr_code track(struct local *l, pid_t child, int fd, struct worker **ret, struct spr_error *err)
{
    struct worker *w = mem_zalloc(1, sizeof *w);
    enum spr_code rc = w ? loop_watch(l->loop, fd, child ? hear : gone, w, err)
                         : SPR_FAIL(err, SPR_NOMEM, "no memory to run a task");
    if (rc) {
        close(fd);
        mem_free(w);
        return rc;
    }
    *w = (struct worker){ .local = l, .next = l->first, .child = child, .fd = fd };
    l->first = *ret = w;
    return SPR_OK;
}

static enum spr_code hire(struct local *l, struct worker **ret, struct spr_error *err)
{
    char path[PATH_MAX];
    int pair[2];
    pid_t child = 0;
    enum spr_code rc = l->program ? SPR_OK : place_tool("spritery-task", "SPRITERY_TASK_PROGRAM", path, err);
    if (!rc && !l->program && !(l->program = mem_text(path, strlen(path))))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to start a task");
    if (rc)
        return rc;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return SPR_FAIL(err, SPR_IO, "cannot make a socket: %s", strerror(errno));
    int e = spawn(l, pair[1], &child);
    close(pair[1]);
    if (e) {
        close(pair[0]);
        return SPR_FAIL(err, SPR_IO, "cannot start %.200s: %s", l->program, strerror(e));
    }
    rc = track(l, child, pair[0], ret, err);
    if (rc)
        waitpid(child, NULL, 0); /* it goes with its socket */
    return rc;
}

/* An idle child goes at once; one that runs a task goes after it. */
static void dismiss(struct worker *w)
{
    struct local *l = w->local;
    struct worker **at = &l->first;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    loop_unwatch(l->loop, w->fd);
    close(w->fd);
    if (w->child && !w->busy)
        waitpid(w->child, NULL, 0);
    mem_free(w);
}

/* ---- what became of a task ---- */

static void mark_of(const struct local *l, uint32_t slot, char *mark, size_t size)
{
    snprintf(mark, size, "SPRITERY_TASK=%s:%u", l->folder, slot);
}

/* Ends whatever is left of a task whose supervisor is gone. False: something will not go. */
static bool sweep(struct local *l, uint32_t slot, int cgroup)
{
    char mark[TASK_PATH_BYTES + 32];
    mark_of(l, slot, mark, sizeof mark);
    for (int i = 0; i < SWEEPS; i++) {
        int left = cgroups_kill(&l->cgroups, cgroup) + task_signal_marked(mark, SIGKILL);
        if (left == 0)
            return true;
        usleep(SWEEP_MS * 1000);
    }
    return false;
}

static void tell(struct local *l, uint32_t slot, enum executor_fate fate, const struct task_end *end,
                 const char *text)
{
    static const struct task_end none;
    l->ended(l->context, slot, fate, end ? end : &none, text);
}

/* The supervisor is gone: what does the slot say? */
static void settle(struct local *l, uint32_t slot, bool adopted)
{
    struct task_slot *s = task_map(l->slots, slot);
    if (!s) {
        tell(l, slot, FATE_LOST, NULL, "its slot cannot be read");
        return;
    }
    struct task_end end = s->end;
    int cgroup = (int)s->cgroup;
    bool never = task_abandon(s), sound = task_sound(s);
    enum task_state state = (enum task_state)atomic_load(&s->state);
    task_unmap(s);
    if (never && adopted)
        tell(l, slot, FATE_NEVER, NULL, NULL);
    else if (never)
        tell(l, slot, FATE_LOST, NULL, "its supervisor was ended before it could begin");
    else if (state == TASK_ENDED && sound)
        tell(l, slot, FATE_ENDED, &end, NULL);
    else if (!sweep(l, slot, cgroup))
        tell(l, slot, FATE_LOST, NULL, "its supervisor is gone, and a process of it cannot be ended");
    else
        tell(l, slot, FATE_LOST, NULL,
             sound ? "its supervisor was ended, and so it was too"
                   : "its slot is damaged; what was left of it was ended");
}

/* The task of this supervisor is over. clean: it ended of itself and left nobody, so that its control group can be used
 * again. */
static void over(struct worker *w, bool gone)
{
    struct local *l = w->local;
    uint32_t slot = w->slot;
    struct task_slot *s = w->cgroup ? task_map(l->slots, slot) : NULL;
    bool clean = s && atomic_load(&s->state) == TASK_ENDED && s->end.why == TASK_EXITED &&
                 s->end.strays == 0 && s->end.signal == 0;
    task_unmap(s);
    cgroups_give_back(&l->cgroups, w->cgroup, !clean);
    w->busy = false;
    w->cgroup = 0;
    if (gone)
        dismiss(w);
    settle(l, slot, false);
}

static void gone(void *context)
{
    struct worker *w = context;
    if (w->busy)
        over(w, true);
    else
        dismiss(w);
}

/* A child has finished its task, or its end of the socket is closed: it is about to be gone. */
static void hear(void *context)
{
    struct worker *w = context;
    struct task_reply reply;
    ssize_t n = recv(w->fd, &reply, sizeof reply, MSG_DONTWAIT);
    if (n == (ssize_t)sizeof reply && w->busy && reply.slot == w->slot)
        over(w, false);
    else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        gone(w);
}

/* ---- the executor ---- */

static enum spr_code add(struct buf *b, const char *text, struct spr_error *err)
{
    return buf_add(b, text, strlen(text) + 1, err);
}

static enum spr_code write_request(struct local *l, const struct executor_job *job, int cgroup, struct buf *b,
                                   struct spr_error *err)
{
    struct task_request head = { .slot = job->slot,
                                 .cgroup = (uint32_t)cgroup,
                                 .timeout_ms = job->timeout_ms,
                                 .grace_ms = job->grace_ms };
    char mark[TASK_PATH_BYTES + 32], folder[TASK_PATH_BYTES];
    mark_of(l, job->slot, mark, sizeof mark);
    cgroups_path(&l->cgroups, cgroup, folder, sizeof folder);
    const char *const paths[] = { job->out, job->err, job->workdir, folder, job->owner };
    enum spr_code rc = buf_add(b, &head, sizeof head, err);
    for (size_t i = 0; !rc && i < SPR_COUNT(paths); i++)
        rc = add(b, paths[i], err);
    for (; !rc && job->argv[head.argc]; head.argc++)
        rc = add(b, job->argv[head.argc], err);
    for (; !rc && job->env[head.envc]; head.envc++)
        rc = add(b, job->env[head.envc], err);
    if (!rc)
        rc = add(b, mark, err);
    if (rc)
        return rc;
    head.envc++;
    head.bytes = (uint32_t)(b->length - sizeof head);
    memcpy(b->data, &head, sizeof head);
    return SPR_OK;
}

static bool send_all(const struct worker *w, const void *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = send(w->fd, (const char *)data + done, length - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static struct worker *idle(const struct local *l)
{
    struct worker *w = l->first;
    while (w && (w->busy || !w->child))
        w = w->next;
    return w;
}

static enum spr_code launch(void *self, const struct executor_job *job, struct spr_error *err)
{
    struct local *l = self;
    struct buf b;
    int cgroup = cgroups_take(&l->cgroups);
    buf_init(&b, TASK_REQUEST_BYTES_MAX);
    enum spr_code rc = write_request(l, job, cgroup, &b, err);
    fault_point("launch");
    struct worker *w = NULL;
    while (!rc && !w) {
        w = idle(l);
        bool fresh = !w;
        if (fresh)
            rc = hire(l, &w, err);
        if (rc || send_all(w, b.data, b.length))
            break;
        dismiss(w); /* it has gone: half a request starts nothing */
        w = NULL;
        if (fresh)
            rc = SPR_FAIL(err, SPR_IO, "spritery-task does not listen");
    }
    buf_fini(&b);
    if (rc) {
        cgroups_give_back(&l->cgroups, cgroup, false);
        return rc;
    }
    w->busy = true;
    w->slot = job->slot;
    w->cgroup = cgroup;
    return SPR_OK;
}

static enum spr_code adopt(void *self, uint32_t slot, struct spr_error *err)
{
    struct local *l = self;
    struct task_slot *s = slot < slots_room(l->slots) ? task_map(l->slots, slot) : NULL;
    if (!s) {
        tell(l, slot, FATE_LOST, NULL, "its slot is missing");
        return SPR_OK;
    }
    struct task_identity who = s->supervisor;
    int cgroup = (int)s->cgroup;
    bool started = atomic_load(&s->state) == TASK_STARTED && task_sound(s);
    task_unmap(s);
    int fd = started && task_alive(&who) ? (int)syscall(SYS_pidfd_open, who.pid, 0) : -1;
    if (fd < 0 || !task_alive(&who)) { /* looked at again: the pid may have passed on before it was held */
        if (fd >= 0)
            close(fd);
        settle(l, slot, true);
        return SPR_OK;
    }
    struct worker *w;
    enum spr_code rc = track(l, 0, fd, &w, err);
    if (rc)
        return rc;
    w->busy = true;
    w->slot = slot;
    w->cgroup = cgroups_hold(&l->cgroups, cgroup);
    return SPR_OK;
}

static void stop(void *self, uint32_t slot)
{
    struct local *l = self;
    const struct task_request end = { .slot = slot };
    for (struct worker *w = l->first; w; w = w->next) {
        if (!w->busy || w->slot != slot)
            continue;
        if (w->child)
            send_all(w, &end, sizeof end); /* where it is gone, its socket says so */
        else
            syscall(SYS_pidfd_send_signal, w->fd, SIGTERM, NULL, 0);
    }
}

struct executor local_executor(struct local *l)
{
    return (struct executor){ .self = l, .launch = launch, .adopt = adopt, .stop = stop };
}

enum spr_code local_new(struct loop *loop, const char *folder, const char *name, executor_ended_fn *ended,
                        void *context, struct local **ret, struct spr_error *err)
{
    struct local *l = mem_zalloc(1, sizeof *l);
    if (!l)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to run tasks");
    *l = (struct local){ .loop = loop, .ended = ended, .context = context, .slots = -1 };
    snprintf(l->folder, sizeof l->folder, "%s", folder);
    enum spr_code rc = slots_open(folder, &l->slots, err);
    if (rc) {
        local_free(l);
        return rc;
    }
    cgroups_init(&l->cgroups, folder, name);
    *ret = l;
    return SPR_OK;
}

void local_free(struct local *l)
{
    if (!l)
        return;
    while (l->first)
        dismiss(l->first);
    cgroups_fini(&l->cgroups);
    if (l->slots >= 0)
        close(l->slots);
    mem_free(l->program);
    mem_free(l);
}
