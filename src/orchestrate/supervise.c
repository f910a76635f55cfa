#include "orchestrate/supervise.h"

#include "orchestrate/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNNING, ASKED, KILLED };
enum { KILL_AGAIN_MS = 20, KILL_SLOW_MS = 1000, KILL_QUICK = 50, CHUNK = 65536 };

/* One stream of the task: a pipe on this side, a file on the other. */
struct stream {
    const char *path;
    int pipe, file;
    int64_t cut; /* bytes that found no room */
};

struct task {
    struct supervisor *by;
    const struct task_order *order;
    pid_t main;
    bool main_ended;
    int phase;
    int64_t deadline; /* steady ms; INT64_MAX: none */
    int kills;
    struct stream stream[2];
    const char *cgroup; /* "" without */
    struct task_end end;
};

static int64_t now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What a child needs to become the command, and where it says why it could not (errno). It runs in this process's memory
 * while this process waits, as after vfork, so it changes nothing else in it. */
struct birth {
    const struct task_order *order;
    pid_t parent;
    int null, out, err;
    volatile int why;
};

static _Noreturn __attribute__((noinline)) void become(struct birth *b)
{
    sigset_t none;
    struct sigaction usual = { .sa_handler = SIG_DFL };
    sigemptyset(&none);
    setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != b->parent)
        errno = ESRCH;
    else if (dup2(b->null, 0) == 0 && dup2(b->out, 1) == 1 && dup2(b->err, 2) == 2 &&
             !chdir(b->order->workdir)) {
        sigaction(SIGPIPE, &usual, NULL);
        sigaction(SIGHUP, &usual, NULL);
        sigaction(SIGINT, &usual, NULL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(b->order->argv[0], b->order->argv);
    }
    b->why = errno;
    _exit(127);
}

/* clone3 without the C library around it: a child that shares our stack must not return through a function of ours.
 * Returns as the kernel does: a pid, 0 in the child, or minus an errno. */
static inline __attribute__((always_inline)) long bare_clone3(struct clone_args *args)
{
#if defined(__x86_64__)
    long ret;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "0"((long)SYS_clone3), "D"(args), "S"(sizeof *args)
                     : "rcx", "r11", "memory");
    return ret;
#elif defined(__aarch64__)
    register long call __asm__("x8") = SYS_clone3;
    register long first __asm__("x0") = (long)args;
    register long second __asm__("x1") = sizeof *args;
    __asm__ volatile("svc #0" : "+r"(first) : "r"(call), "r"(second) : "memory");
    return first;
#else
    (void)args;
    return -ENOSYS;
#endif
}

/* Into a control group of its own. */
static __attribute__((noinline)) pid_t clone_into(const char *cgroup, struct birth *b)
{
    int folder = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct clone_args args = { .flags = CLONE_INTO_CGROUP | CLONE_VM | CLONE_VFORK,
                               .exit_signal = SIGCHLD,
                               .cgroup = (uint64_t)folder };
    long pid = folder < 0 ? -1 : bare_clone3(&args);
    if (pid == 0)
        become(b);
    if (folder >= 0)
        close(folder);
    return pid > 0 ? (pid_t)pid : -1;
}

static __attribute__((noinline)) pid_t fork_plain(struct birth *b)
{
    pid_t pid =
        vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): a fork costs half as much again */
    if (pid == 0)
        become(b); /* NOLINT(clang-analyzer-unix.Vfork): system calls only */
    return pid;
}

static void start(struct task *t)
{
    int out[2] = { -1, -1 }, err[2] = { -1, -1 }, error = 0;
    pid_t pid = -1;
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
        error = errno;
    } else {
        struct birth b = {
            .order = t->order, .parent = t->by->me.pid, .null = t->by->null, .out = out[1], .err = err[1]
        };
        char **mine = environ;
        t->stream[0].pipe = out[0];
        t->stream[1].pipe = err[0];
        fcntl(out[0], F_SETFL, O_NONBLOCK);
        fcntl(err[0], F_SETFL, O_NONBLOCK);
        environ = t->order->envp; /* its PATH is the one to look in */
        if (t->cgroup[0])
            pid = clone_into(t->cgroup, &b);
        if (pid < 0) {
            t->cgroup = "";
            pid = fork_plain(&b);
        }
        error = pid < 0 ? errno : b.why;
        environ = mine;
    }
    close(out[1]);
    close(err[1]);
    t->main = pid;
    if (error)
        t->end = (struct task_end){ .why = TASK_UNBORN, .error = error };
    t->main_ended = pid < 0;
}

/* What is in the pipe to the file. Closes the pipe at its end. */
static void carry(struct stream *t)
{
    static char bytes[CHUNK];
    ssize_t n;
    while (t->pipe >= 0 && (n = read(t->pipe, bytes, sizeof bytes)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        if (t->file < 0)
            t->file = open(t->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        ssize_t done = t->file < 0 ? 0 : write(t->file, bytes, (size_t)n);
        t->cut += n - (done > 0 ? done : 0);
    }
    if (t->pipe >= 0)
        close(t->pipe);
    t->pipe = -1;
}

static int64_t microseconds(struct timeval t)
{
    return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

/* True when nobody is left. */
static bool reap(struct task *t)
{
    int status;
    pid_t pid;
    struct rusage u; /* of the child and of those that it has waited for */
    while ((pid = wait4(-1, &status, WNOHANG, &u)) > 0) {
        t->end.user_us += microseconds(u.ru_utime);
        t->end.system_us += microseconds(u.ru_stime);
        t->end.peak_kb = u.ru_maxrss > t->end.peak_kb ? u.ru_maxrss : t->end.peak_kb;
        if (pid != t->main) {
            t->end.strays++;
            continue;
        }
        t->main_ended = true;
        if (t->end.why == TASK_UNBORN)
            continue;
        t->end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        t->end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    return pid < 0 && errno == ECHILD && t->main_ended;
}

static void signal_all(struct task *t, int sig)
{
    if (t->cgroup[0])
        task_signal_cgroup(t->cgroup, sig);
    task_signal_below(t->by->me.pid, sig);
}

static void press(struct task *t, enum task_why why)
{
    int64_t now = now_ms(CLOCK_MONOTONIC);
    if (t->phase == RUNNING) {
        if (!t->main_ended && t->end.why == TASK_EXITED)
            t->end.why = why;
        t->phase = ASKED;
        t->deadline = now + t->order->head.grace_ms;
        signal_all(t, SIGTERM);
        signal_all(t, SIGCONT);
        return;
    }
    t->phase = KILLED;
    t->deadline = now + (t->kills++ < KILL_QUICK ? KILL_AGAIN_MS : KILL_SLOW_MS);
    signal_all(t, SIGKILL);
}

/* While a task runs, nothing but stop orders come, and the end of whoever orders. */
static bool hear_order(struct task *t)
{
    struct task_request head;
    ssize_t n = recv(t->by->orders, &head, sizeof head, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        t->by->alone = true;
    return n == (ssize_t)sizeof head && head.argc == 0 && head.slot == t->order->head.slot;
}

/* Waits for a signal, output, an order or the deadline. True: somebody asks to stop. */
static bool wait_some(struct task *t)
{
    struct pollfd fds[4] = { { t->by->signals, POLLIN, 0 },
                             { t->by->alone ? -1 : t->by->orders, POLLIN, 0 },
                             { t->stream[0].pipe, POLLIN, 0 },
                             { t->stream[1].pipe, POLLIN, 0 } };
    int64_t left = t->deadline == INT64_MAX ? -1 : t->deadline - now_ms(CLOCK_MONOTONIC);
    int wait = left > 1000000000 ? 1000000000 : t->deadline != INT64_MAX && left < 0 ? 0 : (int)left;
    struct signalfd_siginfo info[8];
    ssize_t n;
    if (poll(fds, 4, wait) <= 0)
        return false;
    bool asked = fds[1].revents && hear_order(t);
    for (int i = 0; i < 2; i++)
        if (fds[i + 2].revents)
            carry(&t->stream[i]);
    while (fds[0].revents && (n = read(t->by->signals, info, sizeof info)) > 0)
        for (size_t i = 0; i < (size_t)n / sizeof *info; i++)
            asked = asked || info[i].ssi_signo == SIGTERM;
    return asked;
}

static void wait_for_all(struct task *t)
{
    while (!reap(t)) {
        if (t->main_ended && t->phase == RUNNING)
            press(t, TASK_EXITED);
        else if (wait_some(t))
            press(t, TASK_STOPPED);
        else if (t->deadline <= now_ms(CLOCK_MONOTONIC))
            press(t, TASK_TIMEOUT);
    }
}

void supervise(struct supervisor *s, const struct task_order *o)
{
    struct task t = {
        .by = s,
        .order = o,
        .cgroup = o->cgroup,
        .deadline = INT64_MAX,
        .stream = { { o->out, -1, -1, 0 }, { o->err, -1, -1, 0 } },
    };
    struct task_slot *slot = task_map(s->slots, o->head.slot);
    if (!slot || !task_claim(slot, &s->me, now_ms(CLOCK_REALTIME), o->head.cgroup, o->owner)) {
        task_unmap(slot);
        return;
    }
    if (o->head.timeout_ms > 0)
        t.deadline = now_ms(CLOCK_MONOTONIC) + o->head.timeout_ms;
    fault_point("launch");
    start(&t);
    wait_for_all(&t);
    for (int i = 0; i < 2; i++) {
        carry(&t.stream[i]);
        if (t.stream[i].file >= 0)
            close(t.stream[i].file);
    }
    t.end.at_ms = now_ms(CLOCK_REALTIME);
    t.end.cut = (int32_t)((t.stream[0].cut + t.stream[1].cut + 1023) / 1024);
    task_finish(slot, &t.end);
    task_unmap(slot);
}

bool supervisor_init(struct supervisor *s, int orders, int slots)
{
    sigset_t all, seen;
    struct sigaction usual = { .sa_handler = SIG_DFL }, never = { .sa_handler = SIG_IGN };
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* only the signalfd looks at signals from now on */
    sigaction(SIGCHLD, &usual, NULL);
    sigaction(SIGPIPE, &never, NULL);
    sigaction(SIGHUP, &never, NULL);
    sigaction(SIGINT, &never, NULL);
    sigemptyset(&seen);
    sigaddset(&seen, SIGCHLD);
    sigaddset(&seen, SIGTERM);
    *s = (struct supervisor){ .orders = orders,
                              .slots = slots,
                              .signals = signalfd(-1, &seen, SFD_CLOEXEC | SFD_NONBLOCK),
                              .null = open("/dev/null", O_RDONLY | O_CLOEXEC) };
    return s->signals >= 0 && s->null >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 &&
           task_identify((int32_t)getpid(), &s->me);
}
