#include "orchestrate/supervise.h"

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

struct supervisor {
    const struct task_order *order;
    pid_t main;
    bool main_ended;
    int phase;
    int64_t deadline; /* steady ms; INT64_MAX: none */
    int kills;
    int signals; /* signalfd */
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

/* Between fork and exec; after vfork the parent's memory is ours too, so nothing is changed in it. Returns errno. */
static int become(const struct task_order *o, pid_t parent, const int write_end[2])
{
    sigset_t none;
    struct sigaction usual = { .sa_handler = SIG_DFL };
    sigemptyset(&none);
    setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
        return ESRCH;
    int in = open("/dev/null", O_RDONLY);
    if (in < 0 || dup2(in, 0) != 0 || dup2(write_end[0], 1) != 1 || dup2(write_end[1], 2) != 2 ||
        chdir(o->workdir))
        return errno;
    if (in > 2)
        close(in);
    sigaction(SIGPIPE, &usual, NULL);
    sigaction(SIGHUP, &usual, NULL);
    sigaction(SIGINT, &usual, NULL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(o->argv[0], o->argv);
    return errno;
}

/* Into a cgroup of its own: a whole fork, whose child tells through a pipe why it could not become the command. */
static pid_t fork_into(struct supervisor *s, const int write_end[2], int *error)
{
    int tell[2], folder = open(s->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid_t parent = getpid();
    if (folder < 0 || pipe2(tell, O_CLOEXEC)) {
        if (folder >= 0)
            close(folder);
        return -1;
    }
    struct clone_args args = { .flags = CLONE_INTO_CGROUP,
                               .exit_signal = SIGCHLD,
                               .cgroup = (uint64_t)folder };
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        int e = become(s->order, parent, write_end);
        _exit(write(tell[1], &e, sizeof e) == sizeof e ? 127 : 126);
    }
    close(folder);
    close(tell[1]);
    if (pid > 0 && read(tell[0], error, sizeof *error) != sizeof *error)
        *error = 0;
    close(tell[0]);
    return pid;
}

static __attribute__((noinline)) pid_t fork_plain(struct supervisor *s, const int write_end[2], int *error)
{
    pid_t parent = getpid();
    volatile int why = 0;
    pid_t pid =
        vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): a fork costs half as much again */
    if (pid == 0) {
        why = become(s->order, parent, write_end); /* NOLINT(clang-analyzer-unix.Vfork): system calls only */
        _exit(127);
    }
    *error = pid < 0 ? errno : why;
    return pid;
}

static void start(struct supervisor *s)
{
    int out[2] = { -1, -1 }, err[2] = { -1, -1 }, error = 0;
    pid_t pid = -1;
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
        error = errno;
    } else {
        const int write_end[2] = { out[1], err[1] };
        s->stream[0].pipe = out[0];
        s->stream[1].pipe = err[0];
        fcntl(out[0], F_SETFL, O_NONBLOCK);
        fcntl(err[0], F_SETFL, O_NONBLOCK);
        environ = s->order->envp; /* its PATH is the one to look in */
        if (s->cgroup[0])
            pid = fork_into(s, write_end, &error);
        if (pid < 0) {
            s->cgroup = "";
            pid = fork_plain(s, write_end, &error);
        }
    }
    close(out[1]);
    close(err[1]);
    s->main = pid;
    if (error)
        s->end = (struct task_end){ .why = TASK_UNBORN, .error = error };
    s->main_ended = pid < 0;
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

/* True when nobody is left. */
static bool reap(struct supervisor *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != s->main) {
            s->end.strays++;
            continue;
        }
        s->main_ended = true;
        if (s->end.why == TASK_UNBORN)
            continue;
        s->end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        s->end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    return pid < 0 && errno == ECHILD && s->main_ended;
}

static void signal_all(struct supervisor *s, int sig)
{
    if (s->cgroup[0])
        task_signal_cgroup(s->cgroup, sig);
    task_signal_below((int32_t)getpid(), sig);
}

static void press(struct supervisor *s, enum task_why why)
{
    int64_t now = now_ms(CLOCK_MONOTONIC);
    if (s->phase == RUNNING) {
        if (!s->main_ended && s->end.why == TASK_EXITED)
            s->end.why = why;
        s->phase = ASKED;
        s->deadline = now + s->order->head.grace_ms;
        signal_all(s, SIGTERM);
        signal_all(s, SIGCONT);
        return;
    }
    s->phase = KILLED;
    s->deadline = now + (s->kills++ < KILL_QUICK ? KILL_AGAIN_MS : KILL_SLOW_MS);
    signal_all(s, SIGKILL);
}

/* Waits for a signal, output or the deadline. True: somebody asks to stop. */
static bool wait_some(struct supervisor *s)
{
    struct pollfd fds[3] = { { s->signals, POLLIN, 0 },
                             { s->stream[0].pipe, POLLIN, 0 },
                             { s->stream[1].pipe, POLLIN, 0 } };
    int64_t left = s->deadline == INT64_MAX ? -1 : s->deadline - now_ms(CLOCK_MONOTONIC);
    int wait = left > 1000000000 ? 1000000000 : s->deadline != INT64_MAX && left < 0 ? 0 : (int)left;
    bool asked = false;
    struct signalfd_siginfo info[8];
    ssize_t n;
    if (poll(fds, 3, wait) <= 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (fds[i + 1].revents)
            carry(&s->stream[i]);
    while (fds[0].revents && (n = read(s->signals, info, sizeof info)) > 0)
        for (size_t i = 0; i < (size_t)n / sizeof *info; i++)
            asked = asked || info[i].ssi_signo == SIGTERM;
    return asked;
}

static void wait_for_all(struct supervisor *s)
{
    while (!reap(s)) {
        if (s->main_ended && s->phase == RUNNING)
            press(s, TASK_EXITED);
        else if (wait_some(s))
            press(s, TASK_STOPPED);
        else if (s->deadline <= now_ms(CLOCK_MONOTONIC))
            press(s, TASK_TIMEOUT);
    }
}

static void sum_up(struct supervisor *s)
{
    struct rusage u;
    carry(&s->stream[0]);
    carry(&s->stream[1]);
    getrusage(RUSAGE_CHILDREN, &u);
    s->end.user_us = (int64_t)u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec;
    s->end.system_us = (int64_t)u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec;
    s->end.peak_kb = u.ru_maxrss;
    s->end.at_ms = now_ms(CLOCK_REALTIME);
    s->end.cut = (int32_t)((s->stream[0].cut + s->stream[1].cut + 1023) / 1024);
}

void supervise(const struct task_order *o, int32_t orchestrator)
{
    sigset_t all, seen;
    struct supervisor s = {
        .order = o,
        .cgroup = o->cgroup,
        .deadline = INT64_MAX,
        .stream = { { o->out, -1, -1, 0 }, { o->err, -1, -1, 0 } },
    };
    struct sigaction usual = { .sa_handler = SIG_DFL };
    struct task_identity me;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* only the signalfd looks at signals from now on */
    sigaction(SIGCHLD, &usual, NULL);
    sigemptyset(&seen);
    sigaddset(&seen, SIGCHLD);
    sigaddset(&seen, SIGTERM);
    s.signals = signalfd(-1, &seen, SFD_CLOEXEC | SFD_NONBLOCK);
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    struct task_slot *slot = task_map(o->slots, o->head.slot);
    if (s.signals < 0 || !slot || !task_identify((int32_t)getpid(), &me) ||
        !task_claim(slot, &me, now_ms(CLOCK_REALTIME), o->head.cgroup, o->owner))
        _exit(1);
    if (o->head.timeout_ms > 0)
        s.deadline = now_ms(CLOCK_MONOTONIC) + o->head.timeout_ms;
    start(&s);
    wait_for_all(&s);
    sum_up(&s);
    task_finish(slot, &s.end);
    /* Whoever ordered the task makes its end durable together with others; if nobody is there, that is left to us. */
    if (getppid() != orchestrator)
        fdatasync(o->slots);
    _exit(0);
}
