#include "orchestrate/hook.h"

#include "base/clock.h"
#include "base/mem.h"
#include "orchestrate/action.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct waiting {
    struct words env;
    struct waiting *next;
};

struct running {
    struct hooks *hooks;
    pid_t pid; /* 0: nobody */
    int fd;    /* of the process */
};

struct hooks {
    struct loop *loop;
    const struct plan *plan;
    const struct plan_graph *graph;
    const struct place *at;
    int64_t limit_ms;
    struct running running[HOOK_AT_ONCE];
    struct waiting *first, **last;
};

static enum spr_code environment(const struct hooks *h, const struct escalation *x, struct words *env,
                                 struct spr_error *err)
{
    json_t *record = escalation_json(h->plan, h->graph, x);
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    enum spr_code rc = text ? action_env(h->plan, PLAN_NONE, 0, h->at, env, err)
                            : SPR_FAIL(err, SPR_NOMEM, "no memory for a hook");
    if (!rc)
        rc = words_add(env, err, "SPRITERY_ESCALATION=%s", x->type);
    if (!rc)
        rc = words_add(env, err, "SPRITERY_SEVERITY=%s", x->severity);
    if (!rc)
        rc = words_add(env, err, "SPRITERY_LEVEL=%s", x->meta ? "meta" : "domain");
    if (!rc)
        rc = words_add(env, err, "SPRITERY_SUBJECT=%s", json_string_value(json_object_get(record, "on")));
    if (!rc)
        rc = words_add(env, err, "SPRITERY_ISSUE=%s", x->issue ? x->issue : "");
    if (!rc)
        rc = words_add(env, err, "SPRITERY_RECORD=%s", text);
    free(text);
    json_decref(record);
    return rc;
}

/* Returns 0 if it could not be started. */
static pid_t start(const struct hooks *h, const struct words *env)
{
    struct words argv = { 0 };
    struct spr_error err;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid = 0;
    char log[TASK_PATH_BYTES + 16];
    snprintf(log, sizeof log, "%s/log/hook.out", h->at->folder);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawn_file_actions_addchdir_np(&files, h->at->home);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    if (action_shell(h->plan, h->plan->hook, &argv, &err) ||
        posix_spawn(&pid, argv.word[0], &files, &attributes, argv.word, env->word))
        pid = 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    words_fini(&argv);
    return pid;
}

static void take_first(struct hooks *h, struct words *ret_env)
{
    struct waiting *w = h->first;
    *ret_env = w->env;
    h->first = w->next;
    if (!h->first)
        h->last = &h->first;
    mem_free(w);
}

static void go_on(struct hooks *h);
static void late(void *context);

/* Its end came; or it is made to come. */
static void ended(void *context)
{
    struct running *r = context;
    struct spr_error err;
    if (waitpid(r->pid, NULL, WNOHANG) == 0)
        return;
    if (loop_at(r->hooks->loop, INT64_MAX, late, r, &err) == SPR_OK)
        loop_unwatch(r->hooks->loop, r->fd);
    close(r->fd);
    r->pid = 0;
    go_on(r->hooks);
}

static void late(void *context)
{
    struct running *r = context;
    kill(-r->pid, SIGKILL);
}

/* Watches it until it ends; one that cannot be watched is waited for with the next. */
static void watch(struct running *r)
{
    struct spr_error err;
    struct hooks *h = r->hooks;
    r->fd = (int)syscall(SYS_pidfd_open, r->pid, 0);
    if (r->fd >= 0)
        fcntl(r->fd, F_SETFD, FD_CLOEXEC);
    if (r->fd >= 0 && loop_watch(h->loop, r->fd, ended, r, &err) == SPR_OK &&
        loop_at(h->loop, clock_wall_ms() + h->limit_ms, late, r, &err) == SPR_OK)
        return;
    if (r->fd >= 0) {
        loop_unwatch(h->loop, r->fd);
        close(r->fd);
    }
    kill(-r->pid, SIGKILL);
    waitpid(r->pid, NULL, 0);
    r->pid = 0;
}

static void go_on(struct hooks *h)
{
    for (int i = 0; i < HOOK_AT_ONCE && h->first; i++) {
        struct words env;
        if (h->running[i].pid)
            continue;
        take_first(h, &env);
        h->running[i].pid = start(h, &env);
        words_fini(&env);
        if (h->running[i].pid)
            watch(&h->running[i]);
    }
}

void hooks_call(struct hooks *h, const struct escalation *x)
{
    struct spr_error err;
    if (!h->plan->hook)
        return;
    struct waiting *w = mem_zalloc(1, sizeof *w);
    if (!w)
        return;
    if (environment(h, x, &w->env, &err)) {
        words_fini(&w->env);
        mem_free(w);
        return;
    }
    *h->last = w;
    h->last = &w->next;
    go_on(h);
}

enum spr_code hooks_new(struct loop *l, const struct plan *p, const struct plan_graph *g,
                        const struct place *at, int64_t limit_ms, struct hooks **ret, struct spr_error *err)
{
    struct hooks *h = mem_zalloc(1, sizeof *h);
    if (!h)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for hooks");
    *h = (struct hooks){ .loop = l, .plan = p, .graph = g, .at = at };
    h->limit_ms = limit_ms ? limit_ms : HOOK_LIMIT_S * 1000LL;
    h->last = &h->first;
    for (int i = 0; i < HOOK_AT_ONCE; i++)
        h->running[i].hooks = h;
    *ret = h;
    return SPR_OK;
}

void hooks_free(struct hooks *h)
{
    struct spr_error err;
    if (!h)
        return;
    for (int64_t until = clock_wall_ms() + h->limit_ms, now; h->first && (now = clock_wall_ms()) < until;)
        if (loop_turn(h->loop, (int)(until - now), &err))
            break;
    while (h->first) {
        struct words env;
        take_first(h, &env);
        words_fini(&env);
    }
    for (int i = 0; i < HOOK_AT_ONCE; i++) {
        struct running *r = &h->running[i];
        if (!r->pid)
            continue;
        if (loop_at(h->loop, INT64_MAX, late, r, &err) == SPR_OK)
            loop_unwatch(h->loop, r->fd);
        close(r->fd);
        waitpid(r->pid, NULL, WNOHANG);
    }
    mem_free(h);
}
