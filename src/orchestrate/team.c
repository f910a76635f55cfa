#include "orchestrate/team.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "orchestrate/domain.h"
#include "orchestrate/fault.h"
#include "orchestrate/judge.h"
#include "orchestrate/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    QUEUE = 100000,
    HELLO_MS = 60000, /* from its start */
    GREET_MS = 8000,  /* of one that runs already */
    LEAVE_MS = 5000,
    DEATHS_MAX = 5 /* in a row, without any news between */
};

enum team_state { TEAM_NONE, TEAM_STARTING, TEAM_READY, TEAM_LEAVING };

struct team {
    struct teams *all;
    int32_t domain;
    enum team_state state;
    struct crew *crew; /* in this process, or NULL */
    struct task_identity who;
    char name[TALK_NAME_BYTES]; /* of its connection */
    int pidfd;
    bool child;     /* ours to wait for */
    bool another;   /* an earlier meta's that cannot stand in: it leaves, and one of ours comes */
    int32_t deaths; /* in a row */
    struct crew_order *order;
    int32_t orders, room;
};

struct teams {
    struct loop *loop;
    const struct plan *plan;
    const struct place *at;
    struct teams_hooks hooks;
    bool processes;
    int64_t grace_ms, epoch;
    sigset_t mask;
    struct task_identity me;
    struct team *team; /* (domains) */
    uint8_t *held;     /* (workstreams) */
    int32_t gathered;  /* orders of all teams */
    char program[PATH_MAX], address[WIRE_ADDRESS_BYTES], stamp[33];
    int text; /* the plan's bytes: a memfd */
    struct wire_socket *socket;
    struct wire_pool pool;
    struct buf out;
    bool spoke;       /* since it was last looked whether something came: sending may take the sign of it */
    enum spr_code rc; /* first failure in a callback */
    struct spr_error err;
};

static void fail(struct teams *t, enum spr_code rc, const struct spr_error *err)
{
    if (rc && !t->rc) {
        t->rc = rc;
        t->err = *err;
    }
}

static const char *id_of(const struct team *x)
{
    return x->all->plan->domain[x->domain].id;
}

static void path_of(const struct team *x, const char *end, char path[TASK_PATH_BYTES + 128])
{
    snprintf(path, TASK_PATH_BYTES + 128, "%s/domain/%s%s", x->all->at->folder, id_of(x), end);
}

/* ---- a process ends ---- */

static void wait_too_long(void *context);

static void forget_process(struct team *x)
{
    struct spr_error err;
    if (x->pidfd >= 0) {
        loop_unwatch(x->all->loop, x->pidfd);
        close(x->pidfd);
    }
    x->pidfd = -1;
    x->who = (struct task_identity){ 0 };
    x->state = TEAM_NONE;
    if (loop_at(x->all->loop, INT64_MAX, wait_too_long, x, &err))
        return; /* taking a timer away does not fail */
}

/* How it ended, in words. */
static void end_text(const struct team *x, char *text, size_t size)
{
    siginfo_t info = { 0 };
    char path[TASK_PATH_BYTES + 128], said[300];
    snprintf(text, size, "its process is gone");
    if (!x->child || waitid(P_PIDFD, (id_t)x->pidfd, &info, WEXITED))
        return;
    if (info.si_code != CLD_EXITED) {
        snprintf(text, size, "its process was ended by signal %d", info.si_status);
        return;
    }
    path_of(x, ".err", path);
    judge_tail(path, said, sizeof said);
    snprintf(text, size, "its process left with exit status %d%s%s", info.si_status, *said ? ": " : "", said);
}

static void process_gone(void *context)
{
    struct team *x = context;
    struct teams *t = x->all;
    struct spr_error err;
    char text[400];
    bool meant = x->state == TEAM_LEAVING || x->another;
    end_text(x, text, sizeof text);
    x->child = false;
    x->another = false;
    forget_process(x);
    if (meant)
        return;
    if (++x->deaths > DEATHS_MAX)
        fail(t,
             SPR_FAIL(&err, SPR_IO, "the orchestrator of domain %s does not stay alive: %s", id_of(x), text),
             &err);
    t->hooks.lost(t->hooks.context, x->domain, text);
}

static void send_signal(const struct team *x, int sig)
{
    if (x->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, x->pidfd, sig, NULL, 0);
}

/* It does not say hello, or does not leave. */
static void wait_too_long(void *context)
{
    send_signal(context, SIGKILL);
}

static enum spr_code wait_at_most(struct team *x, int64_t ms, struct spr_error *err)
{
    return loop_at(x->all->loop, clock_wall_ms() + ms, wait_too_long, x, err);
}

/* ---- a process begins ---- */

/* The domain's file, locked by whoever is its process. GIVES *ret (close) where nobody is; else *ret is -1, and *who is
 * what the file says. */
static enum spr_code take_lock(const struct team *x, int *ret, struct task_identity *who,
                               struct spr_error *err)
{
    char path[TASK_PATH_BYTES + 128];
    path_of(x, "", path);
    *ret = -1;
    *who = (struct task_identity){ 0 };
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return SPR_FAIL(err, SPR_IO, "cannot open %.200s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret = fd;
        return SPR_OK;
    }
    if (pread(fd, who, sizeof *who, 0) != (ssize_t)sizeof *who)
        *who = (struct task_identity){ 0 };
    close(fd);
    return SPR_OK;
}

static enum spr_code watch_process(struct team *x, int64_t hello_ms, struct spr_error *err)
{
    x->pidfd = (int)syscall(SYS_pidfd_open, x->who.pid, 0);
    if (x->pidfd < 0)
        return SPR_FAIL(err, SPR_IO, "cannot watch process %d: %s", x->who.pid, strerror(errno));
    if (!x->child &&
        !task_alive(&x->who)) /* looked at again: the pid may have passed on before it was held */
        return SPR_FAIL(err, SPR_NOTFOUND, "process %d is another one", x->who.pid);
    enum spr_code rc = loop_watch(x->all->loop, x->pidfd, process_gone, x, err);
    return rc ? rc : wait_at_most(x, hello_ms, err);
}

/* The environment without the fault that killed its forerunner, if one did. GIVES the list (mem_free), not its words. */
static char **environment(const struct team *x)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **list = mem_zalloc(n + 1, sizeof *list);
    for (size_t i = 0; list && i < n; i++)
        if (!x->deaths || strncmp(environ[i], "SPRITERY_FAULT=", 15) != 0)
            list[kept++] = environ[i];
    return list;
}

static int spawn(struct team *x, int text, int lock, int32_t *ret_pid)
{
    struct teams *t = x->all;
    char errors[TASK_PATH_BYTES + 128], grace[24];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t all;
    pid_t pid = 0;
    path_of(x, ".err", errors);
    snprintf(grace, sizeof grace, "%lld", (long long)t->grace_ms);
    char *argv[] = { (char *)"spritery-domain",
                     (char *)id_of(x),
                     (char *)t->at->plan,
                     t->address,
                     (char *)t->at->self,
                     grace,
                     NULL };
    char **env = environment(x);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, text, DOMAIN_PLAN_FD);
    posix_spawn_file_actions_adddup2(&files, lock, DOMAIN_LOCK_FD);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &t->mask);
    int e = env ? posix_spawn(&pid, t->program, &files, &attributes, argv, env) : ENOMEM;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    mem_free(env);
    *ret_pid = (int32_t)pid;
    return e;
}

static enum spr_code start_process(struct team *x, struct spr_error *err)
{
    struct teams *t = x->all;
    int lock;
    enum spr_code rc = take_lock(x, &lock, &x->who, err);
    if (rc)
        return rc;
    if (lock < 0)
        return SPR_FAIL(err, SPR_BUSY, "a process of domain %s that nobody knows holds %.200s/domain/%s",
                        id_of(x), t->at->folder, id_of(x));
    /* posix_spawn's dup2 onto 3 and 4 must not meet what it has yet to read */
    int high = fcntl(lock, F_DUPFD_CLOEXEC, 10), text = fcntl(t->text, F_DUPFD_CLOEXEC, 10);
    fault_point("spawn");
    int e = high < 0 || text < 0 ? EMFILE : spawn(x, text, high, &x->who.pid);
    fault_point("spawn");
    if (!e && task_identify(x->who.pid, &x->who)) {
        if (pwrite(lock, &x->who, sizeof x->who, 0) != (ssize_t)sizeof x->who)
            x->who.pad =
                0; /* it says hello itself: the file is for people, and for those that do not answer */
    }
    close(lock);
    if (high >= 0)
        close(high);
    if (text >= 0)
        close(text);
    if (e)
        return SPR_FAIL(err, SPR_IO, "cannot start %.200s: %s", t->program, strerror(e));
    x->child = true;
    x->state = TEAM_STARTING;
    return watch_process(x, HELLO_MS, err);
}

enum spr_code teams_start(struct teams *t, int32_t domain, struct spr_error *err)
{
    struct team *x = &t->team[domain];
    if (x->state != TEAM_NONE)
        return SPR_OK;
    if (t->processes)
        return start_process(x, err);
    enum spr_code rc =
        crew_new(t->loop, t->plan, t->at, id_of(x), t->hooks.news, t->hooks.context, &x->crew, err);
    if (rc)
        return rc;
    x->state = TEAM_READY;
    return SPR_OK;
}

void teams_dismiss(struct teams *t, int32_t domain)
{
    struct team *x = &t->team[domain];
    struct spr_error err;
    if (x->state == TEAM_NONE || x->state == TEAM_LEAVING)
        return;
    if (x->crew) {
        crew_free(x->crew);
        x->crew = NULL;
        x->state = TEAM_NONE;
        return;
    }
    x->state = TEAM_LEAVING;
    send_signal(x, SIGTERM);
    fail(t, wait_at_most(x, LEAVE_MS, &err), &err);
}

bool teams_ready(const struct teams *t, int32_t domain)
{
    return t->team[domain].state == TEAM_READY;
}

/* ---- speaking ---- */

/* Who does not take what it is told is ended; the next one is told all of it. */
static void speak(struct team *x, const struct wire_schema *schema, const void *object)
{
    struct teams *t = x->all;
    struct spr_error err;
    t->out.length = 0;
    t->spoke = true;
    enum spr_code rc = wire_encode(schema, object, &t->out, &err);
    if (rc)
        fail(t, rc, &err);
    else if (!wire_send_to(t->socket, x->name, t->out.data, t->out.length))
        send_signal(x, SIGKILL);
}

static void welcome(struct team *x)
{
    struct talk_welcome w = { .epoch = x->all->epoch, .grace_ms = x->all->grace_ms };
    char boot[33];
    talk_who_put(&w.who, &x->all->me, boot);
    speak(x, &talk_welcome, &w);
}

static void send_orders(struct team *x)
{
    struct teams *t = x->all;
    struct talk_order list[TALK_BATCH];
    for (int32_t i = 0; i < x->orders;) {
        size_t n = 0;
        for (; i < x->orders && n < TALK_BATCH; i++, n++) {
            talk_order_put(&list[n], &x->order[i]);
            t->held[x->order[i].workstream] = 0;
        }
        const struct talk_orders message = { .orders = { list, n } };
        fault_point("talk");
        speak(x, &talk_orders, &message);
        fault_point("talk");
    }
    t->gathered -= x->orders;
    x->orders = 0;
}

/* In this process: news may come at once. */
static void do_orders(struct team *x)
{
    struct teams *t = x->all;
    int32_t count = x->orders;
    for (int32_t i = 0; i < count; i++) {
        const struct crew_order o = x->order[i];
        t->held[o.workstream] = 0;
        crew_do(x->crew, &o);
    }
    t->gathered -= count;
    x->orders -= count;
    memmove(x->order, x->order + count, (size_t)x->orders * sizeof *x->order);
}

enum spr_code teams_order(struct teams *t, const struct crew_order *o, struct spr_error *err)
{
    struct team *x = &t->team[t->plan->workstream[o->workstream].domain];
    if (x->orders == x->room) {
        int32_t room = x->room ? 2 * x->room : 16;
        struct crew_order *grown = mem_resize(x->order, (size_t)room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for an order");
        x->order = grown;
        x->room = room;
    }
    x->order[x->orders++] = *o;
    t->gathered++;
    if (o->kind != CREW_STOP)
        t->held[o->workstream] = 1;
    return SPR_OK;
}

bool teams_holds(const struct teams *t, int32_t workstream)
{
    return t->held[workstream];
}

int32_t teams_wanting(const struct teams *t)
{
    for (int32_t d = 0; t->gathered > 0 && d < t->plan->domains; d++)
        if (t->team[d].orders > 0 && t->team[d].state == TEAM_NONE)
            return d;
    return -1;
}

/* ---- listening ---- */

static bool same(const struct task_identity *a, const struct task_identity *b)
{
    return a->pid == b->pid && a->ticks == b->ticks && memcmp(a->boot, b->boot, sizeof a->boot) == 0;
}

static void hear_hello(struct teams *t, const struct talk_hello *h)
{
    struct task_identity who;
    struct spr_error err;
    enum plan_thing thing;
    int32_t d;
    if (!plan_find(t->plan, h->domain, &thing, &d) || thing != PLAN_DOMAIN || !talk_who_get(&h->who, &who))
        return;
    struct team *x = &t->team[d];
    if (x->state == TEAM_NONE) { /* of an earlier meta, and it was not in its file yet */
        x->who = who;
        x->state = TEAM_STARTING;
        if (watch_process(x, GREET_MS, &err)) { /* gone again */
            forget_process(x);
            return;
        }
    }
    bool again =
        x->state == TEAM_READY && strcmp(h->name, x->name) != 0; /* what was sent to the other is lost */
    if ((x->state != TEAM_STARTING && !again) || !same(&who, &x->who))
        return;
    if (!x->child && strcmp(h->stamp, t->stamp) != 0) {
        teams_dismiss(t, d);
        return;
    }
    fail(t, loop_at(t->loop, INT64_MAX, wait_too_long, x, &err), &err);
    x->state = TEAM_READY;
    snprintf(x->name, sizeof x->name, "%s", h->name);
    welcome(x);
    if (again)
        t->hooks.lost(t->hooks.context, d, "it has connected again");
    else
        t->hooks.ready(t->hooks.context, d);
}

static void hear_news(struct teams *t, const struct talk_news *message)
{
    const struct talk_new *list = message->news.item;
    if (message->epoch != t->epoch)
        return;
    for (size_t i = 0; i < message->news.count; i++) {
        struct crew_news n;
        if (list[i].workstream >= t->plan->workstreams)
            continue;
        talk_new_get(&list[i], &n);
        t->team[t->plan->workstream[n.workstream].domain].deaths = 0;
        t->hooks.news(t->hooks.context, &n);
        json_decref(n.data);
    }
}

static void hear(void *context)
{
    struct teams *t = context;
    struct spr_error err;
    t->spoke = false;
    while (!t->rc && wire_readable(t->socket)) {
        struct wire_packet packet;
        const struct wire_schema *schema;
        void *object;
        size_t length;
        enum spr_code rc = wire_receive(t->socket, 0, &packet, &err);
        if (rc == SPR_TIMEOUT || rc == SPR_BADDATA)
            continue; /* nothing, or what nobody of ours sends */
        fail(t, rc, &err);
        if (rc)
            return;
        const void *bytes = wire_packet_body(&packet, &length);
        fault_point("talk");
        if (wire_decode(talk_up, bytes, length, &t->pool, &schema, &object, &err) == SPR_OK) {
            if (schema == &talk_hello)
                hear_hello(t, object);
            else
                hear_news(t, object);
        }
        wire_pool_reset(&t->pool);
        wire_packet_fini(&packet);
    }
}

enum spr_code teams_flush(struct teams *t, struct spr_error *err)
{
    for (int32_t d = 0; t->gathered > 0 && d < t->plan->domains; d++) {
        struct team *x = &t->team[d];
        if (x->state != TEAM_READY || x->orders == 0)
            continue;
        if (x->crew)
            do_orders(x);
        else
            send_orders(x);
    }
    while (t->spoke && !t->rc)
        hear(t);
    if (t->rc)
        *err = t->err;
    return t->rc;
}

/* ---- those that an earlier meta left ---- */

static enum spr_code find_process(struct team *x, struct spr_error *err)
{
    char path[TASK_PATH_BYTES + 128];
    int lock;
    path_of(x, "", path);
    if (access(path, F_OK))
        return SPR_OK;
    enum spr_code rc = take_lock(x, &lock, &x->who, err);
    if (rc || lock >= 0) {
        if (lock >= 0)
            close(lock);
        x->who = (struct task_identity){ 0 };
        return rc;
    }
    x->another = true;          /* until it has said hello */
    if (!task_alive(&x->who)) { /* it is only just being born: it will say who it is */
        x->who = (struct task_identity){ 0 };
        x->another = x->all->processes; /* or its grace time will end it */
        return SPR_OK;
    }
    x->state = TEAM_STARTING;
    if (watch_process(x, GREET_MS, err))
        forget_process(x); /* it is gone by now */
    else if (!x->all->processes)
        teams_dismiss(x->all, x->domain);
    return SPR_OK;
}

/* Somebody holds the lock still, and is not ready. */
static bool is_awaited(struct team *x)
{
    struct task_identity who;
    struct spr_error err;
    int lock;
    if (!x->another || x->state == TEAM_READY)
        return false;
    if (take_lock(x, &lock, &who, &err) || lock >= 0) {
        if (lock >= 0)
            close(lock);
        return x->state != TEAM_NONE; /* its end will be heard of */
    }
    return true;
}

static void nothing(void *context)
{
    (void)context;
}

enum spr_code teams_greet(struct teams *t, struct spr_error *err)
{
    enum { LOOK_MS = 20 };
    int64_t end = clock_wall_ms() + 2 * GREET_MS;
    enum spr_code rc = SPR_OK;
    int32_t awaited = 1;
    for (int32_t d = 0; !rc && d < t->plan->domains; d++)
        rc = find_process(&t->team[d], err);
    while (!rc && awaited) {
        awaited = 0;
        for (int32_t d = 0; d < t->plan->domains; d++)
            awaited += is_awaited(&t->team[d]);
        if (!awaited)
            break;
        if (clock_wall_ms() > end)
            return SPR_FAIL(err, SPR_BUSY, "a process in %.200s/domain neither answers nor ends",
                            t->at->folder);
        rc = loop_at(t->loop, clock_wall_ms() + LOOK_MS, nothing, t, err);
        if (!rc)
            rc = loop_turn(t->loop, LOOK_MS, err);
        if (!rc && t->rc) {
            *err = t->err;
            rc = t->rc;
        }
    }
    for (int32_t d = 0; d < t->plan->domains; d++) {
        t->team[d].another = false;
        t->team[d].deaths = 0;
    }
    return rc;
}

/* ---- from beginning to end ---- */

static enum spr_code open_talk(struct teams *t, const struct teams_options *o, struct spr_error *err)
{
    const struct wire_options queue = { .queue = QUEUE };
    enum spr_code rc = place_tool("spritery-domain", "SPRITERY_DOMAIN_PROGRAM", t->program, err);
    if (!rc && !task_identify((int32_t)getpid(), &t->me))
        rc = SPR_FAIL(err, SPR_IO, "cannot find out who I am in /proc");
    if (!rc)
        rc = place_socket(t->at, "orders", t->address, err);
    if (!rc)
        rc = wire_bind(o->wire, WIRE_ROUTER, t->address, &queue, &t->socket, err);
    if (!rc)
        rc = loop_watch(t->loop, wire_fd(t->socket), hear, t, err);
    if (rc)
        return rc;
    t->text = memfd_create("plan", MFD_CLOEXEC);
    for (size_t done = 0; t->text >= 0 && done < o->text_length;) {
        ssize_t n = write(t->text, o->text + done, o->text_length - done);
        if (n <= 0)
            return SPR_FAIL(err, SPR_IO, "cannot keep the plan for its domains: %s", strerror(errno));
        done += (size_t)n;
    }
    talk_stamp(o->text, o->text_length, environ, t->stamp);
    return t->text >= 0 ? SPR_OK
                        : SPR_FAIL(err, SPR_IO, "cannot keep the plan for its domains: %s", strerror(errno));
}

enum spr_code teams_new(struct loop *l, const struct plan *p, const struct place *at,
                        const struct teams_options *o, const struct teams_hooks *hooks, struct teams **ret,
                        struct spr_error *err)
{
    struct teams *t = mem_zalloc(1, sizeof *t);
    if (!t)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for domains");
    *t = (struct teams){ .loop = l,
                         .plan = p,
                         .at = at,
                         .hooks = *hooks,
                         .processes = o->processes,
                         .grace_ms = o->grace_ms,
                         .epoch = (int64_t)random_fresh_seed(),
                         .text = -1 };
    if (o->mask)
        t->mask = *o->mask;
    else
        sigemptyset(&t->mask);
    buf_init(&t->out, WIRE_MESSAGE_MAX);
    t->team = mem_zalloc((size_t)p->domains, sizeof *t->team);
    t->held = mem_zalloc((size_t)p->workstreams, sizeof *t->held);
    enum spr_code rc = t->team && t->held ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for domains");
    for (int32_t d = 0; t->team && d < p->domains; d++)
        t->team[d] = (struct team){ .all = t, .domain = d, .pidfd = -1 };
    if (!rc && o->processes)
        rc = open_talk(t, o, err);
    if (rc)
        teams_free(t);
    else
        *ret = t;
    return rc;
}

/* Waits until all have left; who does not in time is ended. */
static void wait_for_leavers(struct teams *t)
{
    int64_t end = clock_wall_ms() + LEAVE_MS;
    for (int32_t d = 0; d < t->plan->domains; d++) {
        struct team *x = &t->team[d];
        struct pollfd p = { x->pidfd, POLLIN, 0 };
        int64_t left = end - clock_wall_ms();
        if (x->pidfd < 0)
            continue;
        while (poll(&p, 1, left > 0 ? (int)left : 0) < 0 && errno == EINTR)
            continue;
        if (!p.revents)
            send_signal(x, SIGKILL);
        if (x->child)
            waitid(P_PIDFD, (id_t)x->pidfd, &(siginfo_t){ 0 }, WEXITED);
        forget_process(x);
    }
}

void teams_free(struct teams *t)
{
    if (!t)
        return;
    for (int32_t d = 0; t->team && d < t->plan->domains; d++)
        teams_dismiss(t, d);
    if (t->team)
        wait_for_leavers(t);
    if (t->socket)
        loop_unwatch(t->loop, wire_fd(t->socket));
    wire_close(t->socket);
    wire_pool_reset(&t->pool);
    buf_fini(&t->out);
    if (t->text >= 0)
        close(t->text);
    for (int32_t d = 0; t->team && d < t->plan->domains; d++)
        mem_free(t->team[d].order);
    mem_free(t->team);
    mem_free(t->held);
    mem_free(t);
}
