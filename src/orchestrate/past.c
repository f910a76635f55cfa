#include "orchestrate/past.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "orchestrate/local.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { STATUS_BYTES_MAX = 256 << 20 };

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

enum spr_code past_take(struct past *x, char *text, size_t length, struct spr_error *err)
{
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
    if (!rc && x->each)
        rc = x->each(x->context, &e, text, err);
    json_decref(e.data);
    return rc;
}

static enum spr_code take(void *context, char *text, size_t length, struct spr_error *err)
{
    return past_take(context, text, length, err);
}

/* A lock that can be had is nobody's. */
bool past_runs(const struct past *x)
{
    char path[TASK_PATH_BYTES + 8];
    snprintf(path, sizeof path, "%s/lock", x->at.folder);
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

void past_hear_status(struct past *x, const char *json, size_t length)
{
    json_t *o = json_loadb(json, length, 0, NULL), *work;
    const char *id;
    json_object_foreach(json_object_get(o, "workstreams"), id, work)
    {
        const json_t *part = json_object_get(work, "progress");
        const char *message = json_string_value(json_object_get(work, "message"));
        enum plan_thing thing;
        int32_t w;
        if (!plan_find(x->run.plan, id, &thing, &w) || thing != PLAN_WORKSTREAM)
            continue;
        x->progress[w].at_ms = clock_from_iso(json_string_value(json_object_get(work, "said")));
        x->progress[w].part = json_is_number(part) ? json_number_value(part) : -1;
        snprintf(x->progress[w].text, sizeof x->progress[w].text, "%s", message ? message : "");
    }
    json_decref(o);
}

/* Of the domains in which something runs. */
static void read_progress(struct past *x)
{
    char path[TASK_PATH_BYTES + 128];
    struct spr_error err;
    struct buf json;
    int32_t seen = PLAN_NONE;
    buf_init(&json, STATUS_BYTES_MAX);
    for (int32_t w = 0; w < x->run.plan->workstreams; w++) {
        int32_t d = x->run.plan->workstream[w].domain;
        if (x->run.work[w].state != WORK_RUNNING || d == seen)
            continue;
        seen = d;
        json.length = 0;
        snprintf(path, sizeof path, "%s/status/%s.json", x->at.folder, x->run.plan->domain[d].id);
        if (file_exists(path) && file_read(path, &json, &err) == SPR_OK && json.data)
            past_hear_status(x, json.data, json.length);
    }
    buf_fini(&json);
}

void past_settle(struct past *x)
{
    x->runs = past_runs(x);
    run_look_back(&x->run, clock_wall_ms());
    if (x->events)
        look_for_processes(x);
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
    if (!rc)
        ret->gone = mem_zalloc((size_t)p->workstreams, sizeof *ret->gone);
    if (!rc)
        ret->progress = mem_zalloc((size_t)p->workstreams, sizeof *ret->progress);
    if (!rc && (!ret->gone || !ret->progress))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for the past");
    if (!rc)
        rc = journal_read(ret->at.folder, take, ret, &ret->damage, err);
    if (rc)
        return rc;
    past_settle(ret);
    for (int32_t w = 0; w < p->workstreams; w++)
        ret->progress[w].part = -1;
    if (ret->runs)
        read_progress(ret);
    return SPR_OK;
}

void past_close(struct past *x)
{
    mem_free(x->progress);
    mem_free(x->gone);
    escalations_fini(&x->escalations);
    run_fini(&x->run);
    graph_fini(&x->graph);
    *x = (struct past){ 0 };
}
