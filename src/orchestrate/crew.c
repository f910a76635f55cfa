#include "orchestrate/crew.h"

#include "base/clock.h"
#include "base/mem.h"
#include "orchestrate/action.h"
#include "orchestrate/fresh.h"
#include "orchestrate/judge.h"
#include "orchestrate/local.h"
#include "orchestrate/tree.h"
#include "orchestrate/watch.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GRACE_MS = 5000, TAIL_BYTES = 400, LOOK_MS = 1000 };

/* One attempt, or the look at whether it is accepted. */
struct hand {
    struct crew *crew;
    struct hand *next;
    int32_t workstream, attempt;
    uint32_t slot;
    bool checking, stopped;
    struct judge *judge;
    int64_t start_ms, heard_ms;
    bool stalled, overran, paused; /* told already */
    int64_t err_bytes;             /* where nothing tells of output */
    struct watch_state watch;
};

struct crew {
    struct loop *loop;
    const struct plan *plan;
    const struct place *at;
    crew_news_fn *news;
    void *context;
    struct local *local;
    struct executor executor;
    struct hand *first;
    int notify; /* of the folder of output; -1: none to be had */
};

/* log/ID.ATTEMPT.END of a workstream's attempt. */
static void log_path(const struct crew *c, int32_t w, int32_t attempt, const char *end, char *path,
                     size_t size)
{
    snprintf(path, size, "%s/log/%s.%d.%s", c->at->folder, c->plan->workstream[w].id, attempt, end);
}

static void say(struct crew *c, struct crew_news news)
{
    c->news(c->context, &news);
}

static void drop(struct hand *h)
{
    struct hand **at = &h->crew->first;
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    watch_fini(&h->watch);
    mem_free(h);
}

/* ---- watching ---- */

static void look_at_times(void *context);

static void set_timer(struct crew *c)
{
    struct spr_error err;
    int64_t next = INT64_MAX;
    for (const struct hand *h = c->first; h; h = h->next) {
        const struct plan_workstream *w = &c->plan->workstream[h->workstream];
        const int64_t times[] = {
            h->checking || h->stalled || !w->limits.stall_after_s
                ? 0
                : h->heard_ms + w->limits.stall_after_s * 1000,
            h->checking || h->overran || !w->max_s || !(w->limits.overrun > 0)
                ? 0
                : h->start_ms + (int64_t)(w->limits.overrun * (double)w->max_s * 1000),
            h->checking || h->paused || !w->budget.time_s ? 0 : h->start_ms + w->budget.time_s * 1000,
        };
        for (size_t i = 0; i < SPR_COUNT(times); i++)
            if (times[i] && times[i] < next)
                next = times[i];
    }
    if (loop_at(c->loop, next, look_at_times, c, &err))
        return; /* without memory for a timer nothing is watched for a while; the next task tries again */
}

static void look_at_budget(struct hand *h, int64_t now)
{
    const struct plan_workstream *w = &h->crew->plan->workstream[h->workstream];
    char text[160];
    if (h->paused || h->checking || w->action != PLAN_ACTION_AGENT ||
        !watch_over(&h->watch, &w->budget, (now - h->start_ms) / 1000, text, sizeof text))
        return;
    h->paused = true;
    say(h->crew, (struct crew_news){
                     .kind = NEWS_PAUSE, .workstream = h->workstream, .attempt = h->attempt, .text = text });
}

static void look_at_times(void *context)
{
    struct crew *c = context;
    int64_t now = clock_wall_ms();
    for (struct hand *h = c->first, *next; h; h = next) {
        const struct plan_workstream *w = &c->plan->workstream[h->workstream];
        struct crew_news news = { .workstream = h->workstream, .attempt = h->attempt };
        char text[160], span[40];
        next = h->next;
        if (h->checking)
            continue;
        if (!h->stalled && w->limits.stall_after_s && now >= h->heard_ms + w->limits.stall_after_s * 1000) {
            h->stalled = true;
            clock_span((double)(now - h->heard_ms) / 1000, span, sizeof span);
            snprintf(text, sizeof text, "no output and no progress for %s", span);
            news.kind = NEWS_STALL;
            news.text = text;
            say(c, news);
        }
        if (!h->overran && w->max_s && w->limits.overrun > 0 &&
            (double)(now - h->start_ms) >= w->limits.overrun * (double)w->max_s * 1000) {
            h->overran = true;
            clock_span((double)(now - h->start_ms) / 1000, span, sizeof span);
            snprintf(text, sizeof text, "runs for %s, over %g times its largest estimate", span,
                     w->limits.overrun);
            news.kind = NEWS_OVERRUN;
            news.text = text;
            say(c, news);
        }
        look_at_budget(h, now);
    }
    set_timer(c);
}

static void say_progress(struct hand *h)
{
    say(h->crew, (struct crew_news){ .kind = NEWS_PROGRESS,
                                     .workstream = h->workstream,
                                     .attempt = h->attempt,
                                     .part = h->watch.progress,
                                     .text = h->watch.message });
}

static void listen_to(struct hand *h)
{
    struct crew *c = h->crew;
    char path[TASK_PATH_BYTES + 128];
    double before = h->watch.progress;
    char message[WATCH_MESSAGE_BYTES];
    memcpy(message, h->watch.message, sizeof message);
    log_path(c, h->workstream, h->attempt, "out", path, sizeof path);
    watch_read(&h->watch, path);
    if (before < h->watch.progress || before > h->watch.progress || strcmp(message, h->watch.message) != 0)
        say_progress(h);
    look_at_budget(h, clock_wall_ms());
}

/* Something was written in the folder of output: whose is it? */
static void hear(void *context)
{
    struct crew *c = context;
    char bytes[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n;
    while ((n = read(c->notify, bytes, sizeof bytes)) > 0)
        for (char *at = bytes; at < bytes + n;) {
            const struct inotify_event *e = (const struct inotify_event *)(const void *)at;
            at += sizeof *e + e->len;
            for (struct hand *h = c->first; e->len && h; h = h->next) {
                char name[128];
                int length =
                    snprintf(name, sizeof name, "%s.%d.", c->plan->workstream[h->workstream].id, h->attempt);
                const char *end = e->name + length;
                if (h->checking || strncmp(e->name, name, (size_t)length) != 0 ||
                    (strcmp(end, "out") != 0 && strcmp(end, "err") != 0))
                    continue;
                h->heard_ms = clock_wall_ms();
                h->stalled = false;
                if (strcmp(end, "out") == 0)
                    listen_to(h);
                break;
            }
        }
    set_timer(c);
}

/* There are only so many watches a user may have: without one, output is looked at every second. */
static void look_at_outputs(void *context)
{
    struct crew *c = context;
    struct spr_error err;
    char path[TASK_PATH_BYTES + 128];
    int64_t now = clock_wall_ms();
    for (struct hand *h = c->first, *next; h; h = next) {
        struct stat st = { 0 };
        int64_t before = h->watch.offset;
        next = h->next;
        if (h->checking)
            continue;
        listen_to(h);
        log_path(c, h->workstream, h->attempt, "err", path, sizeof path);
        if (h->watch.offset != before || (stat(path, &st) == 0 && st.st_size != h->err_bytes)) {
            h->heard_ms = now;
            h->stalled = false;
        }
        h->err_bytes = st.st_size;
    }
    set_timer(c);
    if (loop_at(c->loop, c->first ? now + LOOK_MS : INT64_MAX, look_at_outputs, c, &err))
        return; /* as set_timer */
}

/* ---- starting, ending ---- */

static struct hand *track(struct crew *c, int32_t w, int32_t attempt, uint32_t slot)
{
    struct spr_error err;
    struct hand *h = mem_zalloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->crew = c;
    h->next = c->first;
    h->workstream = w;
    h->attempt = attempt;
    h->slot = slot;
    h->start_ms = h->heard_ms = clock_wall_ms();
    watch_init(&h->watch);
    if (c->notify < 0 && !c->first && loop_at(c->loop, h->start_ms + LOOK_MS, look_at_outputs, c, &err)) {
        watch_fini(&h->watch);
        mem_free(h);
        return NULL;
    }
    c->first = h;
    return h;
}

static void unborn(struct crew *c, int32_t w, int32_t attempt, int error, const char *text)
{
    struct crew_news news = { .kind = NEWS_EXITED, .workstream = w, .attempt = attempt, .text = text };
    news.end = (struct task_end){ .why = TASK_UNBORN, .error = error, .at_ms = clock_wall_ms() };
    say(c, news);
}

static void ended(void *context, uint32_t slot, enum executor_fate fate, const struct task_end *end,
                  const char *text)
{
    struct crew *c = context;
    struct hand *h = c->first;
    while (h && !(h->checking ? h->judge && judge_has(h->judge, slot) : h->slot == slot))
        h = h->next;
    if (!h)
        return;
    if (h->checking) {
        struct judge *j = h->judge;
        if (h->stopped)
            drop(h);
        judge_ended(j, fate, end, text);
        return;
    }
    struct crew_news news = {
        .kind = NEWS_LOST, .workstream = h->workstream, .attempt = h->attempt, .end = *end, .text = text
    };
    char path[TASK_PATH_BYTES + 128], tail[TAIL_BYTES] = "";
    if (fate == FATE_NEVER)
        news.text = "it had not begun when the orchestrator ended";
    if (fate == FATE_ENDED) {
        news.kind = NEWS_EXITED;
        if (end->why != TASK_EXITED || end->status || end->signal) {
            log_path(c, h->workstream, h->attempt, "err", path, sizeof path);
            judge_tail(path, tail, sizeof tail);
            if (!*tail) {
                log_path(c, h->workstream, h->attempt, "out", path, sizeof path);
                judge_tail(path, tail, sizeof tail);
            }
        }
        news.text = *tail ? tail : NULL;
    }
    drop(h);
    set_timer(c);
    say(c, news);
}

static void launch(struct crew *c, int32_t w, int32_t attempt, uint32_t slot)
{
    const struct plan_workstream *x = &c->plan->workstream[w];
    struct words argv = { 0 }, env = { 0 };
    struct spr_error err = { 0 };
    char folder[TASK_PATH_BYTES + 128], out[TASK_PATH_BYTES + 128], errors[TASK_PATH_BYTES + 128], owner[100];
    action_folder(c->plan, w, c->at, folder, sizeof folder);
    log_path(c, w, attempt, "out", out, sizeof out);
    log_path(c, w, attempt, "err", errors, sizeof errors);
    snprintf(owner, sizeof owner, "%s.%d", x->id, attempt);
    enum spr_code rc = x->branch ? tree_make(c->at, x->id, &err) : SPR_OK;
    if (!rc)
        rc = action_words(c->plan, w, attempt, c->at->self, c->at, &argv, &err);
    if (!rc)
        rc = action_env(c->plan, w, attempt, c->at, &env, &err);
    struct hand *h = rc ? NULL : track(c, w, attempt, slot);
    if (!rc && !h)
        rc = SPR_FAIL(&err, SPR_NOMEM, "no memory to start a task");
    const struct executor_job job = { .slot = slot,
                                      .owner = owner,
                                      .workdir = folder,
                                      .out = out,
                                      .err = errors,
                                      .argv = (const char *const *)argv.word,
                                      .env = (const char *const *)env.word,
                                      .timeout_ms = x->limits.timeout_s * 1000,
                                      .grace_ms = GRACE_MS };
    if (!rc)
        rc = c->executor.launch(c->executor.self, &job, &err);
    words_fini(&env);
    words_fini(&argv);
    if (rc) {
        if (h)
            drop(h);
        unborn(c, w, attempt, EIO, err.text);
    }
    set_timer(c);
}

/* It is ours already. Whoever orders it does not know what has been told of it: that is told again. */
static void adopt_own(struct hand *h)
{
    h->stalled = h->overran = h->paused = false;
    if (h->watch.progress >= 0)
        say_progress(h);
    set_timer(h->crew);
}

static void adopt(struct crew *c, int32_t w, int32_t attempt, uint32_t slot)
{
    struct spr_error err;
    struct hand *h = c->first;
    while (h && (h->workstream != w || h->attempt != attempt || h->checking))
        h = h->next;
    if (h) {
        adopt_own(h);
        return;
    }
    h = track(c, w, attempt, slot);
    if (!h || c->executor.adopt(c->executor.self, slot, &err)) {
        if (h)
            drop(h);
        say(c, (struct crew_news){ .kind = NEWS_LOST,
                                   .workstream = w,
                                   .attempt = attempt,
                                   .text = "no memory to take it over" });
    }
    set_timer(c);
}

/* ---- acceptance ---- */

static void checked(void *context, bool holds, const char *text, struct json_t *evidence)
{
    struct hand *h = context;
    struct crew *c = h->crew;
    struct crew_news news = {
        .kind = NEWS_CHECKED, .workstream = h->workstream, .attempt = h->attempt, .ok = holds, .text = text
    };
    struct spr_error err;
    char folder[TASK_PATH_BYTES + 128];
    action_folder(c->plan, h->workstream, c->at, folder, sizeof folder);
    json_t *data = evidence && json_array_size(evidence) ? json_pack("{s:O}", "accept", evidence) : NULL;
    news.data = data;
    if (holds && fresh_gave(c->plan, h->workstream, folder, h->attempt, &news.gave, &err)) {
        news.ok = false;
        news.text = err.text;
    }
    drop(h);
    say(c, news);
    json_decref(data);
}

static void check(struct crew *c, int32_t w, int32_t attempt, uint32_t slot)
{
    const struct plan_workstream *x = &c->plan->workstream[w];
    struct spr_error err;
    char folder[TASK_PATH_BYTES + 128], owner[120];
    struct hand *h = c->first;
    while (h && !(h->checking && h->workstream == w && h->slot == slot && !h->stopped))
        h = h->next;
    if (h && x->accept.count > 0)
        return; /* it is being looked at already */
    h = track(c, w, attempt, slot);
    if (!h) {
        say(c, (struct crew_news){ .kind = NEWS_CHECKED,
                                   .workstream = w,
                                   .attempt = attempt,
                                   .text = "no memory to look at it" });
        return;
    }
    h->checking = true;
    action_folder(c->plan, w, c->at, folder, sizeof folder);
    snprintf(owner, sizeof owner, "%s.%d.accept", x->id, attempt);
    const struct judge_case jc = { .plan = c->plan,
                                   .at = c->at,
                                   .executor = &c->executor,
                                   .criteria = x->accept,
                                   .workstream = w,
                                   .owner = owner,
                                   .folder = folder,
                                   .slot = slot };
    if (judge_start(&jc, checked, h, &h->judge, &err))
        checked(h, false, err.text, NULL);
}

/* Nobody hears of it any more; it goes when its command has. */
static void drop_check(struct hand *h)
{
    if (h->stopped)
        return;
    h->stopped = true;
    judge_drop(h->judge);
}

static void stop(struct crew *c, int32_t w)
{
    for (struct hand *h = c->first, *next; h; h = next) {
        next = h->next;
        if (h->workstream == w && h->checking)
            drop_check(h);
        else if (h->workstream == w)
            c->executor.stop(c->executor.self, h->slot);
    }
}

void crew_drop_checks(struct crew *c)
{
    for (struct hand *h = c->first, *next; h; h = next) {
        next = h->next;
        if (h->checking)
            drop_check(h);
    }
}

bool crew_checks(const struct crew *c)
{
    const struct hand *h = c->first;
    while (h && !h->checking)
        h = h->next;
    return h;
}

void crew_do(struct crew *c, const struct crew_order *o)
{
    switch (o->kind) {
    case CREW_LAUNCH:
        launch(c, o->workstream, o->attempt, o->slot);
        break;
    case CREW_ADOPT:
        adopt(c, o->workstream, o->attempt, o->slot);
        break;
    case CREW_CHECK:
        check(c, o->workstream, o->attempt, o->slot);
        break;
    case CREW_STOP:
        stop(c, o->workstream);
        break;
    }
}

enum spr_code crew_new(struct loop *l, const struct plan *p, const struct place *at, const char *name,
                       crew_news_fn *news, void *context, struct crew **ret, struct spr_error *err)
{
    char path[TASK_PATH_BYTES + 16];
    struct crew *c = mem_zalloc(1, sizeof *c);
    if (!c)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for an orchestrator");
    *c = (struct crew){ .loop = l, .plan = p, .at = at, .news = news, .context = context, .notify = -1 };
    enum spr_code rc = local_new(l, at->folder, name, ended, c, &c->local, err);
    if (!rc) {
        c->executor = local_executor(c->local);
        snprintf(path, sizeof path, "%s/log", at->folder);
        c->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (c->notify >= 0 && inotify_add_watch(c->notify, path, IN_MODIFY | IN_CREATE) < 0)
            rc = SPR_FAIL(err, SPR_IO, "cannot watch %.200s: %s", path, strerror(errno));
    }
    if (!rc && c->notify >= 0)
        rc = loop_watch(l, c->notify, hear, c, err);
    if (rc)
        crew_free(c);
    else
        *ret = c;
    return rc;
}

void crew_free(struct crew *c)
{
    struct spr_error err;
    if (!c)
        return;
    if (loop_at(c->loop, INT64_MAX, look_at_times, c, &err) == SPR_OK &&
        loop_at(c->loop, INT64_MAX, look_at_outputs, c, &err) == SPR_OK && c->notify >= 0) {
        loop_unwatch(c->loop, c->notify);
        close(c->notify);
    }
    while (c->first) {
        struct hand *h = c->first;
        if (h->judge) { /* its command is asked to end, and nobody waits for it */
            drop_check(h);
            judge_ended(h->judge, FATE_LOST, NULL, NULL);
        }
        drop(h);
    }
    local_free(c->local);
    mem_free(c);
}
