#include "orchestrate/local.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "orchestrate/cgroup.h"
#include "orchestrate/fault.h"

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

struct running {
    struct local *local;
    struct running *next;
    uint32_t slot;
    int pidfd;  /* -1: spritery-task has not answered yet */
    int cgroup; /* its number; 0: none */
    bool stop;  /* as soon as it is known */
    bool clean; /* it ended of itself and left nobody: its control group can be used again */
};

struct local {
    struct loop *loop;
    char folder[TASK_PATH_BYTES];
    executor_ended_fn *ended;
    void *context;
    int slots;
    pid_t tasker;
    int socket;
    struct running *first;  /* all of them */
    struct running **asked; /* spritery-task owes an answer for these, in order */
    int asks, ask_next, ask_room;
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

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

static enum spr_code find_program(char path[PATH_MAX], struct spr_error *err)
{
    static const char *const places[] = { "spritery-task", "../libexec/spritery/spritery-task",
                                          "../cli/spritery-task" };
    const char *named = getenv("SPRITERY_TASK_PROGRAM");
    char self[PATH_MAX - 64];
    if (named && *named) {
        snprintf(path, PATH_MAX, "%s", named);
        return is_program(path)
                   ? SPR_OK
                   : SPR_FAIL(err, SPR_NOTFOUND, "SPRITERY_TASK_PROGRAM: %.200s cannot be run", named);
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    for (size_t i = 0; slash && i < SPR_COUNT(places); i++) {
        snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self), self, places[i]);
        if (is_program(path))
            return SPR_OK;
    }
    return SPR_FAIL(
        err, SPR_NOTFOUND,
        "spritery-task, which runs tasks, is neither beside this program nor in ../libexec/spritery; "
        "SPRITERY_TASK_PROGRAM can name it");
}

static void hear(void *context);

static enum spr_code start_tasker(struct local *l, struct spr_error *err)
{
    char path[PATH_MAX];
    int pair[2];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    enum spr_code rc = find_program(path, err);
    if (rc)
        return rc;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return SPR_FAIL(err, SPR_IO, "cannot make a socket: %s", strerror(errno));
    int high = fcntl(pair[1], F_DUPFD_CLOEXEC, 10), slots = fcntl(l->slots, F_DUPFD_CLOEXEC, 10);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, high, 3);
    posix_spawn_file_actions_adddup2(&files, slots, 4);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    char *argv[] = { (char *)"spritery-task", NULL };
    int e =
        high < 0 || slots < 0 ? EMFILE : posix_spawn(&l->tasker, path, &files, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    close(pair[1]);
    if (high >= 0)
        close(high);
    if (slots >= 0)
        close(slots);
    l->socket = pair[0];
    if (e)
        return SPR_FAIL(err, SPR_IO, "cannot start %.200s: %s", path, strerror(e));
    return loop_watch(l->loop, l->socket, hear, l, err);
}

static void stop_tasker(struct local *l)
{
    if (l->socket >= 0) {
        loop_unwatch(l->loop, l->socket);
        close(l->socket);
    }
    l->socket = -1;
    if (l->tasker > 0)
        waitpid(l->tasker, NULL, 0);
    l->tasker = 0;
}

/* ---- what became of a task ---- */

static void forget(struct running *r)
{
    struct local *l = r->local;
    struct running **at = &l->first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    if (r->pidfd >= 0) {
        loop_unwatch(l->loop, r->pidfd);
        close(r->pidfd);
    }
    for (int i = l->ask_next; i < l->asks; i++)
        if (l->asked[i] == r)
            l->asked[i] = NULL;
    cgroups_give_back(&l->cgroups, r->cgroup, !r->clean);
    mem_free(r);
}

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

static void supervisor_gone(void *context)
{
    struct running *r = context;
    struct local *l = r->local;
    uint32_t slot = r->slot;
    struct task_slot *s = r->cgroup ? task_map(l->slots, slot) : NULL;
    if (s)
        r->clean = atomic_load(&s->state) == TASK_ENDED && s->end.why == TASK_EXITED && s->end.strays == 0 &&
                   s->end.signal == 0;
    task_unmap(s);
    forget(r);
    settle(l, slot, false);
}

/* spritery-task is gone. Supervisors that it answered for are watched by their pidfd; of the others nobody knows the
 * pid, but each either claims its slot or finds it taken. */
static void tasker_gone(struct local *l)
{
    struct spr_error err;
    int from = l->ask_next, to = l->asks;
    stop_tasker(l);
    l->ask_next = l->asks = 0;
    for (int i = from; i < to; i++) {
        struct running *r = l->asked[i];
        if (!r)
            continue;
        uint32_t slot = r->slot;
        forget(r);
        struct executor x = local_executor(l);
        if (x.adopt(l, slot, &err))
            tell(l, slot, FATE_LOST, NULL, err.text);
    }
}

static bool receive(int socket, struct task_reply *reply, int *ret_pidfd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = { reply, sizeof *reply };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    ssize_t n;
    do
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    *ret_pidfd = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(ret_pidfd, CMSG_DATA(c), sizeof *ret_pidfd);
    return n == (ssize_t)sizeof *reply;
}

/* One answer of spritery-task. */
static void hear(void *context)
{
    struct local *l = context;
    struct task_reply reply;
    struct spr_error err;
    int pidfd;
    if (!receive(l->socket, &reply, &pidfd)) {
        tasker_gone(l);
        return;
    }
    struct running *r = l->ask_next < l->asks ? l->asked[l->ask_next++] : NULL;
    if (l->ask_next == l->asks)
        l->ask_next = l->asks = 0;
    if (!r) {
        if (pidfd >= 0)
            close(pidfd);
        return;
    }
    r->pidfd = pidfd;
    if (pidfd < 0 || loop_watch(l->loop, pidfd, supervisor_gone, r, &err)) {
        struct task_end end = { .why = TASK_UNBORN, .error = reply.error ? reply.error : EIO };
        uint32_t slot = r->slot;
        if (pidfd >= 0)
            syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
        forget(r);
        tell(l, slot, FATE_ENDED, &end, NULL);
        return;
    }
    if (r->stop)
        syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
}

/* ---- the executor ---- */

static struct running *track(struct local *l, uint32_t slot)
{
    struct running *r = mem_zalloc(1, sizeof *r);
    if (r) {
        *r = (struct running){ .local = l, .next = l->first, .slot = slot, .pidfd = -1 };
        l->first = r;
    }
    return r;
}

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

static enum spr_code send_all(struct local *l, const struct buf *b, struct spr_error *err)
{
    for (size_t done = 0; done < b->length;) {
        ssize_t n = send(l->socket, b->data + done, b->length - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SPR_FAIL(err, SPR_IO, "spritery-task does not listen: %s", strerror(errno));
        done += (size_t)n;
    }
    return SPR_OK;
}

static enum spr_code ask(struct local *l, struct running *r, struct spr_error *err)
{
    if (l->asks == l->ask_room) {
        int room = l->ask_room ? 2 * l->ask_room : 64;
        struct running **grown = mem_resize(l->asked, (size_t)room, sizeof(void *));
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory to start a task");
        l->asked = grown;
        l->ask_room = room;
    }
    l->asked[l->asks++] = r;
    return SPR_OK;
}

static enum spr_code launch(void *self, const struct executor_job *job, struct spr_error *err)
{
    struct local *l = self;
    struct buf b;
    enum spr_code rc = l->socket < 0 ? start_tasker(l, err) : SPR_OK;
    if (rc)
        return rc;
    struct running *r = track(l, job->slot);
    if (!r)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to start a task");
    r->cgroup = cgroups_take(&l->cgroups);
    buf_init(&b, TASK_REQUEST_BYTES_MAX);
    rc = write_request(l, job, r->cgroup, &b, err);
    fault_point("launch");
    if (!rc)
        rc = ask(l, r, err);
    if (!rc && send_all(l, &b, err)) { /* it has gone: half a request starts nothing */
        l->asks--;
        stop_tasker(l);
        rc = start_tasker(l, err);
        if (!rc)
            rc = ask(l, r, err);
        if (!rc)
            rc = send_all(l, &b, err);
    }
    buf_fini(&b);
    if (rc)
        forget(r);
    return rc;
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
    struct running *r = track(l, slot);
    if (!r) {
        close(fd);
        return SPR_FAIL(err, SPR_NOMEM, "no memory to take over a task");
    }
    r->pidfd = fd;
    r->cgroup = cgroups_hold(&l->cgroups, cgroup);
    return loop_watch(l->loop, fd, supervisor_gone, r, err);
}

static void stop(void *self, uint32_t slot)
{
    struct local *l = self;
    for (struct running *r = l->first; r; r = r->next)
        if (r->slot == slot) {
            r->stop = true;
            if (r->pidfd >= 0)
                syscall(SYS_pidfd_send_signal, r->pidfd, SIGTERM, NULL, 0);
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
    *l = (struct local){ .loop = loop, .ended = ended, .context = context, .slots = -1, .socket = -1 };
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
        forget(l->first);
    stop_tasker(l);
    cgroups_fini(&l->cgroups);
    if (l->slots >= 0)
        close(l->slots);
    mem_free(l->asked);
    mem_free(l);
}
