#include "orchestrate/past.h"

#include "base/clock.h"
#include "base/mem.h"
#include "orchestrate/local.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static enum spr_code nothing(void *context, const struct run_event *e, struct spr_error *err)
{
    (void)context;
    (void)e;
    (void)err;
    return SPR_OK;
}

static bool not_fresh(void *context, int32_t w, const struct work *before, struct run_event *e,
                      const char **why)
{
    (void)context;
    (void)w;
    (void)before;
    (void)e;
    *why = "";
    return false;
}

static uint32_t no_slot(void *context)
{
    (void)context;
    return 0;
}

static enum spr_code keep_issue(struct past *x, const struct run_event *e, struct spr_error *err)
{
    char **grown = mem_resize(x->issue, (size_t)x->issues + 1, sizeof *grown);
    if (!grown)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for the past");
    x->issue = grown;
    x->issue[x->issues++] = e->text ? mem_text(e->text, strlen(e->text)) : NULL;
    return SPR_OK;
}

static enum spr_code take(void *context, char *text, size_t length, struct spr_error *err)
{
    struct past *x = context;
    struct run_event e;
    bool known;
    enum spr_code rc = event_read(x->run.plan, text, length, &e, &known, err);
    if (rc)
        return rc;
    x->events++;
    x->ended = e.kind == EVENT_END ? e.yes : x->ended && e.kind != EVENT_BEGIN;
    if (known)
        rc = run_replay(&x->run, &e, err);
    if (!rc)
        rc = escalations_apply(&x->escalations, &e, err);
    if (!rc && e.kind == EVENT_ESCALATE)
        rc = keep_issue(x, &e, err);
    if (!rc && x->each)
        rc = x->each(x->context, &e, text, err);
    json_decref(e.data);
    return rc;
}

/* A lock that can be had is nobody's. */
static bool somebody_runs(const struct place *at)
{
    char path[TASK_PATH_BYTES + 8];
    snprintf(path, sizeof path, "%s/lock", at->folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (fd >= 0)
        close(fd);
    return locked;
}

/* What the journal calls running: is there a process? */
static void look_for_processes(struct past *x)
{
    struct spr_error err;
    int file;
    if (slots_open(x->at.folder, &file, &err))
        return;
    for (int32_t w = 0; w < x->run.plan->workstreams; w++) {
        const struct work *k = &x->run.work[w];
        if (k->state != WORK_RUNNING)
            continue;
        struct task_slot *s = k->slot < slots_room(file) ? task_map(file, k->slot) : NULL;
        x->gone[w] = !s || (atomic_load(&s->state) == TASK_STARTED && !task_alive(&s->supervisor)) ||
                     (!x->runs && atomic_load(&s->state) != TASK_STARTED);
        task_unmap(s);
    }
    close(file);
}

enum spr_code past_open(struct past *ret, const char *plan_file, const struct plan *p, past_event_fn *each,
                        void *context, struct spr_error *err)
{
    const struct run_env env = { .emit = nothing, .fresh = not_fresh, .slot = no_slot };
    *ret = (struct past){ .each = each, .context = context };
    enum spr_code rc = place_init(&ret->at, plan_file, p, err);
    if (!rc)
        rc = graph_init(&ret->graph, p, NULL, NULL, err);
    if (!rc)
        rc = run_init(&ret->run, p, &ret->graph, 0, &env, err);
    if (!rc && !(ret->gone = mem_zalloc((size_t)p->workstreams, sizeof *ret->gone)))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for the past");
    if (!rc)
        rc = journal_read(ret->at.folder, take, ret, &ret->damage, err);
    if (rc)
        return rc;
    ret->runs = somebody_runs(&ret->at);
    run_look_back(&ret->run, clock_wall_ms());
    if (ret->events)
        look_for_processes(ret);
    return SPR_OK;
}

void past_close(struct past *x)
{
    for (int32_t i = 0; i < x->issues; i++)
        mem_free(x->issue[i]);
    mem_free(x->issue);
    mem_free(x->gone);
    escalations_fini(&x->escalations);
    run_fini(&x->run);
    graph_fini(&x->graph);
    *x = (struct past){ 0 };
}

const char *past_escalated(const struct past *x, int32_t i)
{
    return i < x->issues && x->issue[i] ? x->issue[i] : "";
}
