/* Events are gathered into arrays per workstream and gate while the past is read; then all of it is put together. */
#include "orchestrate/report.h"

#include "base/clock.h"
#include "base/mem.h"
#include "orchestrate/past.h"

#include <stdio.h>
#include <string.h>

#define WEEK_MS (7LL * 24 * 3600 * 1000)

struct gathering {
    const struct plan *plan;
    int week;
    int64_t first_ms, from_ms, until_ms;
    bool any;
    json_t **attempts;           /* (workstreams) arrays */
    json_t **looks, **approvals; /* (gates) arrays */
    json_t *blockers, *decisions;
    double *seconds; /* (workstreams) of the last attempt that ended */
};

static json_t *time_of(int64_t ms)
{
    char text[CLOCK_ISO_BYTES];
    clock_iso(ms, text);
    return json_string(text);
}

static void gathering_fini(struct gathering *g)
{
    for (int32_t w = 0; g->attempts && w < g->plan->workstreams; w++)
        json_decref(g->attempts[w]);
    for (int32_t i = 0; g->looks && g->approvals && i < g->plan->gates; i++) {
        json_decref(g->looks[i]);
        json_decref(g->approvals[i]);
    }
    mem_free(g->attempts);
    mem_free(g->looks);
    mem_free(g->approvals);
    mem_free(g->seconds);
    json_decref(g->blockers);
    json_decref(g->decisions);
}

static bool fill(json_t **array, int32_t count)
{
    bool whole = array != NULL;
    for (int32_t i = 0; whole && i < count; i++)
        whole = (array[i] = json_array()) != NULL;
    return whole;
}

static bool gathering_init(struct gathering *g, const struct plan *p, int week)
{
    *g = (struct gathering){ .plan = p, .week = week };
    g->attempts = mem_zalloc((size_t)p->workstreams + 1, sizeof(json_t *));
    g->looks = mem_zalloc((size_t)p->gates + 1, sizeof(json_t *));
    g->approvals = mem_zalloc((size_t)p->gates + 1, sizeof(json_t *));
    g->seconds = mem_zalloc((size_t)p->workstreams + 1, sizeof *g->seconds);
    g->blockers = json_array();
    g->decisions = json_array();
    return g->seconds && g->blockers && g->decisions && fill(g->attempts, p->workstreams) &&
           fill(g->looks, p->gates) && fill(g->approvals, p->gates);
}

/* "exit 0", "signal 9", "timeout". */
static json_t *how_it_ended(const struct task_end *end)
{
    static const char *const whys[] = { NULL, "timeout", "stopped", "could not be started" };
    if (whys[end->why & 3])
        return json_string(whys[end->why & 3]);
    return end->signal ? json_sprintf("signal %d", end->signal) : json_sprintf("exit %d", end->status);
}

static json_t *attempt_of(const json_t *list, int32_t attempt)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i,
                       one) if (json_integer_value(json_object_get(one, "attempt")) == attempt) return one;
    return NULL;
}

static void take_start(struct gathering *g, const struct run_event *e)
{
    json_array_append_new(g->attempts[e->index],
                          json_pack("{s:i, s:o, s:I}", "attempt", e->attempt, "started", time_of(e->time_ms),
                                    "started_ms", (json_int_t)e->time_ms));
}

static void take_exit(struct gathering *g, const struct run_event *e)
{
    json_t *one = attempt_of(g->attempts[e->index], e->attempt);
    if (!one)
        return;
    double seconds = (double)(e->end.at_ms - json_integer_value(json_object_get(one, "started_ms"))) / 1000;
    seconds = seconds > 0 ? seconds : 0;
    g->seconds[e->index] = seconds;
    json_object_set_new(one, "ended", time_of(e->end.at_ms));
    json_object_set_new(one, "seconds", json_real(seconds));
    json_object_set_new(one, "cpu_s", json_real((double)(e->end.user_us + e->end.system_us) / 1e6));
    json_object_set_new(one, "peak_kb", json_integer(e->end.peak_kb));
    json_object_set_new(one, "how", how_it_ended(&e->end));
}

static void take_look(struct gathering *g, const struct run_event *e)
{
    json_t *o = json_pack("{s:o, s:b, s:s*, s:O*}", "time", time_of(e->time_ms), "opened", e->yes, "why",
                          e->text, "criteria", json_object_get(e->data, "criteria"));
    json_array_append_new(g->looks[e->index], o);
}

static json_t *blocker(const struct gathering *g, int32_t number)
{
    size_t i;
    json_t *one;
    json_array_foreach(g->blockers, i,
                       one) if (json_integer_value(json_object_get(one, "number")) == number) return one;
    return NULL;
}

static void take_blocker(struct gathering *g, const struct run_event *e)
{
    json_t *before = blocker(g, e->number);
    if (before) { /* it rose */
        json_object_set(before, "level", json_object_get(e->data, "level"));
        return;
    }
    const char *on = e->index == PLAN_NONE         ? NULL
                     : e->thing == PLAN_WORKSTREAM ? g->plan->workstream[e->index].id
                     : e->thing == PLAN_GATE       ? g->plan->gate[e->index].id
                                                   : g->plan->domain[e->index].id;
    json_array_append_new(g->blockers, json_pack("{s:i, s:O*, s:O*, s:O*, s:O*, s:s*, s:s*, s:o}", "number",
                                                 e->number, "type", json_object_get(e->data, "type"),
                                                 "severity", json_object_get(e->data, "severity"), "level",
                                                 json_object_get(e->data, "level"), "affected",
                                                 json_object_get(e->data, "affected"), "on", on, "issue",
                                                 e->text, "since", time_of(e->time_ms)));
}

static void resolve_blocker(struct gathering *g, const struct run_event *e)
{
    json_t *one = blocker(g, e->number);
    if (one)
        json_object_set_new(one, "resolved", time_of(e->time_ms));
}

/* An approval or a decision: its data, and when. */
static void take_said(json_t *list, const struct run_event *e)
{
    json_t *o = e->data ? json_copy((json_t *)(uintptr_t)e->data) : json_object();
    json_object_set_new(o, "number", json_integer(e->number));
    json_object_set_new(o, "time", time_of(e->time_ms));
    if (e->text)
        json_object_set_new(o, "text", json_string(e->text));
    json_array_append_new(list, o);
}

static enum spr_code take(void *context, const struct run_event *e, const char *line, struct spr_error *err)
{
    struct gathering *g = context;
    (void)line;
    (void)err;
    if (!g->any) {
        g->any = true;
        g->first_ms = e->time_ms;
        g->from_ms = g->week ? e->time_ms + (g->week - 1) * WEEK_MS : INT64_MIN;
        g->until_ms = g->week ? g->from_ms + WEEK_MS : INT64_MAX;
    }
    bool within = e->time_ms >= g->from_ms && e->time_ms < g->until_ms;
    if (e->kind == EVENT_RESOLVED)
        resolve_blocker(g, e);
    if (e->kind == EVENT_EXIT) /* of an attempt that began in that week, whenever it ended */
        take_exit(g, e);
    if (!within)
        return SPR_OK;
    if (e->kind == EVENT_START)
        take_start(g, e);
    else if (e->kind == EVENT_GATE)
        take_look(g, e);
    else if (e->kind == EVENT_APPROVE)
        take_said(g->approvals[e->index], e);
    else if (e->kind == EVENT_ESCALATE)
        take_blocker(g, e);
    else if (e->kind == EVENT_DECIDE)
        take_said(g->decisions, e);
    return SPR_OK;
}

/* From the first attempt's start to the last one's end; NULL where nothing ended. */
static json_t *actual_of(json_t *attempts)
{
    size_t i;
    json_t *one, *last = NULL;
    double cpu = 0;
    json_int_t peak = 0;
    json_array_foreach(attempts, i, one) if (json_object_get(one, "ended"))
    {
        json_int_t kb = json_integer_value(json_object_get(one, "peak_kb"));
        cpu += json_number_value(json_object_get(one, "cpu_s"));
        peak = kb > peak ? kb : peak;
        last = one;
    }
    if (!last)
        return NULL;
    return json_pack("{s:O, s:O, s:O, s:f, s:I}", "started", json_object_get(last, "started"), "ended",
                     json_object_get(last, "ended"), "seconds", json_object_get(last, "seconds"), "cpu_s",
                     cpu, "peak_kb", peak);
}

static json_t *workstream_of(const struct past *x, const struct gathering *g, int32_t w)
{
    const struct plan_workstream *ws = &x->run.plan->workstream[w];
    const struct work *k = &x->run.work[w];
    size_t i;
    json_t *one,
        *o = json_pack("{s:s, s:s*, s:s, s:s*, s:{s:I, s:I}, s:O}", "id", ws->id, "name", ws->name, "state",
                       work_state_name((enum work_state)k->state), "why", k->why, "planned", "min_s",
                       (json_int_t)ws->min_s, "max_s", (json_int_t)ws->max_s, "attempts", g->attempts[w]);
    json_array_foreach(g->attempts[w], i, one) json_object_del(one, "started_ms");
    json_t *actual = actual_of(g->attempts[w]);
    if (o && actual)
        json_object_set_new(o, "actual", actual);
    return o;
}

static json_t *domain_of(const struct past *x, const struct gathering *g, int32_t d)
{
    const struct plan_domain *domain = &x->run.plan->domain[d];
    json_t *list = json_array();
    int32_t done = 0;
    for (int32_t i = 0; i < domain->workstreams.count; i++) {
        int32_t w = domain->workstreams.first + i;
        done += x->run.work[w].state == WORK_DONE || x->run.work[w].state == WORK_SKIPPED;
        json_array_append_new(list, workstream_of(x, g, w));
    }
    return json_pack("{s:s, s:s*, s:i, s:i, s:o}", "id", domain->id, "name", domain->name, "done", done,
                     "total", domain->workstreams.count, "workstreams", list);
}

static json_t *gate_of(const struct past *x, const struct gathering *g, int32_t i)
{
    const struct plan_gate *gate = &x->run.plan->gate[i];
    return json_pack("{s:s, s:s*, s:s, s:s*, s:O, s:O}", "id", gate->id, "name", gate->name, "state",
                     gate_state_name((enum gate_state)x->run.gate[i].state), "why", x->run.gate[i].why,
                     "looks", g->looks[i], "approvals", g->approvals[i]);
}

/* With the durations that it really took; what never ran takes none. */
static json_t *critical_path_of(const struct past *x, const struct gathering *g)
{
    const struct plan *p = x->run.plan;
    size_t nodes = (size_t)x->graph.nodes + 1;
    double *number = mem_zalloc(3 * nodes, sizeof *number);
    int32_t *path = mem_zalloc(nodes, sizeof *path);
    json_t *list = json_array();
    if (number && path && list) {
        memcpy(number, g->seconds, (size_t)p->workstreams * sizeof *number);
        graph_critical(&x->graph, number, number + nodes, number + 2 * nodes);
        int32_t length = graph_critical_path(p, &x->graph, number, number + nodes, number + 2 * nodes, path);
        for (int32_t i = 0; i < length; i++)
            if (number[path[i]] > 0)
                json_array_append_new(list, json_pack("{s:s, s:f}", "id", p->workstream[path[i]].id,
                                                      "seconds", number[path[i]]));
    }
    mem_free(number);
    mem_free(path);
    return list;
}

static json_t *put_together(const struct past *x, const struct gathering *g)
{
    const struct plan *p = x->run.plan;
    json_t *domains = json_array(), *gates = json_array();
    for (int32_t d = 0; d < p->domains; d++)
        json_array_append_new(domains, domain_of(x, g, d));
    for (int32_t i = 0; i < p->gates; i++)
        json_array_append_new(gates, gate_of(x, g, i));
    json_t *o = json_pack("{s:s, s:o, s:o, s:i, s:i, s:b, s:o, s:o, s:O, s:O, s:o}", "plan", p->name, "time",
                          time_of(clock_wall_ms()), "began", time_of(g->first_ms), "done",
                          x->run.count[WORK_DONE] + x->run.count[WORK_SKIPPED], "total", p->workstreams,
                          "running", x->runs, "domains", domains, "gates", gates, "blockers", g->blockers,
                          "decisions", g->decisions, "critical_path", critical_path_of(x, g));
    if (o && g->week)
        json_object_set_new(o, "week", json_integer(g->week));
    if (o && x->damage.found)
        json_object_set_new(o, "damage", json_string(x->damage.text));
    return o;
}

enum spr_code report_make(const char *plan_file, const struct plan *p, int week, json_t **ret,
                          struct spr_error *err)
{
    struct gathering g;
    struct past x = { 0 };
    enum spr_code rc =
        gathering_init(&g, p, week) ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a report");
    if (!rc)
        rc = past_open(&x, plan_file, p, take, &g, err);
    if (!rc && !g.any)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "%s was never run: 'spritery plan run %.200s'", p->name, plan_file);
    if (!rc && week && g.from_ms > clock_wall_ms())
        rc = SPR_FAIL(err, SPR_BADARG, "week %d is yet to come", week);
    if (!rc) {
        json_t *o = put_together(&x, &g);
        if (o)
            *ret = o;
        else
            rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a report");
    }
    past_close(&x);
    gathering_fini(&g);
    return rc;
}
