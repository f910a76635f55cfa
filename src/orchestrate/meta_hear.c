/* What meta hears: from the crew, from gates' judges, from people. */
#include "orchestrate/meta_inner.h"

#include "base/clock.h"
#include "orchestrate/action.h"
#include "orchestrate/inbox.h"
#include "orchestrate/status.h"
#include "orchestrate/tree.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- escalations ---- */

/* BORROWS text. number: of one that rises, or 0. */
static void escalate(struct meta *m, const char *type, const char *severity, enum plan_thing thing,
                     int32_t index, bool to_meta, int32_t number, const char *text)
{
    struct spr_error err;
    int32_t waiting[ESCALATION_AFFECTED_MAX];
    int32_t count = escalation_affects(m->plan, &m->graph, thing, index, waiting);
    int32_t attempts = thing == PLAN_WORKSTREAM && index != PLAN_NONE ? m->run.work[index].attempt : 0;
    json_t *affected = json_array();
    for (int32_t i = 0; i < count; i++)
        json_array_append_new(affected, json_string(m->plan->workstream[waiting[i]].id));
    json_t *data =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:o}", "type", type, "severity", severity, "level",
                  to_meta ? "meta" : "domain", "orchestrator", escalation_orchestrator(m->plan, thing, index),
                  "attempts", attempts, "affected", affected);
    struct run_event e = { .kind = EVENT_ESCALATE,
                           .thing = thing,
                           .index = index,
                           .number = number ? number : m->alarms.list.count + 1,
                           .text = text,
                           .data = data,
                           .time_ms = clock_wall_ms() };
    meta_fail(m, meta_emit(m, &e, &err), &err);
    json_decref(data);
    const struct escalation *x = escalations_find(&m->alarms.list, type, thing, index);
    if (x)
        hooks_call(m->alarms.hooks, x);
}

void meta_escalate(struct meta *m, const char *type, const char *severity, enum plan_thing thing,
                   int32_t index, const char *text)
{
    if (!escalations_find(&m->alarms.list, type, thing, index))
        escalate(m, type, severity, thing, index, escalation_leaves_domain(m->plan, &m->graph, thing, index),
                 0, text);
}

void meta_resolve(struct meta *m, const char *type, enum plan_thing thing, int32_t index)
{
    struct spr_error err;
    const struct escalation *x = escalations_find(&m->alarms.list, type, thing, index);
    if (!x)
        return;
    struct run_event e = {
        .kind = EVENT_RESOLVED, .index = PLAN_NONE, .number = x->number, .time_ms = clock_wall_ms()
    };
    meta_fail(m, meta_emit(m, &e, &err), &err);
}

static void resolve_work(struct meta *m, int32_t w)
{
    static const char *const types[] = { "stall", "overrun", "lost", "failed", "paused", "merge" };
    if (escalations_open(&m->alarms.list) > 0)
        for (size_t i = 0; i < SPR_COUNT(types); i++)
            meta_resolve(m, types[i], PLAN_WORKSTREAM, w);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What its domain has not settled in blocker_after is for meta. Returns when the next rises. */
static int64_t let_rise(struct meta *m, int64_t now_ms)
{
    int64_t next = INT64_MAX;
    char text[300], span[40];
    for (int32_t i = 0; i < m->alarms.list.count; i++) {
        const struct escalation x = m->alarms.list.list[i];
        if (!x.open || x.meta || x.thing != PLAN_WORKSTREAM || x.index == PLAN_NONE)
            continue;
        int64_t after_ms = m->plan->workstream[x.index].limits.blocker_after_s * 1000;
        if (after_ms <= 0)
            continue;
        if (x.since_ms + after_ms > now_ms) {
            next = earlier(next, x.since_ms + after_ms);
            continue;
        }
        clock_span((double)(now_ms - x.since_ms) / 1000, span, sizeof span);
        snprintf(text, sizeof text, "open for %s: %.240s", span, x.issue ? x.issue : "");
        escalate(m, x.type, x.severity, x.thing, x.index, true, x.number, text);
    }
    return next;
}

static int64_t watch_blockers(struct meta *m, int64_t now_ms)
{
    const struct run *r = &m->run;
    int64_t next = INT64_MAX;
    for (int32_t i = 0; i < m->alarms.list.count; i++) {
        const struct escalation *x = &m->alarms.list.list[i];
        if (x->open && strcmp(x->type, "blocker") == 0 && x->index != PLAN_NONE &&
            r->work[x->index].state != WORK_BLOCKED)
            meta_resolve(m, "blocker", PLAN_WORKSTREAM, x->index);
    }
    for (int32_t w = 0; r->count[WORK_BLOCKED] > 0 && w < m->plan->workstreams; w++) {
        const struct work *k = &r->work[w];
        int64_t after = m->plan->workstream[w].limits.blocker_after_s;
        char why[200];
        if (k->state != WORK_BLOCKED || k->asks || after <= 0)
            continue;
        if (k->since_ms + after * 1000 > now_ms) {
            next = earlier(next, k->since_ms + after * 1000);
            continue;
        }
        status_reason(r, w, why, sizeof why);
        meta_escalate(m, "blocker", "high", PLAN_WORKSTREAM, w, *why ? why : "what it needs failed");
    }
    return next;
}

int64_t meta_watch_long(struct meta *m, int64_t now_ms, bool now)
{
    enum { WATCH_MS = 100 };
    if (m->run.count[WORK_BLOCKED] == 0 && escalations_open(&m->alarms.list) == 0)
        return INT64_MAX;
    if (!now && now_ms < m->alarms.looked_ms + WATCH_MS && now_ms >= m->alarms.looked_ms)
        return earlier(m->alarms.look_ms, m->alarms.looked_ms + WATCH_MS);
    m->alarms.looked_ms = now_ms;
    m->alarms.look_ms = watch_blockers(m, now_ms);
    m->alarms.look_ms = earlier(m->alarms.look_ms, let_rise(m, now_ms));
    return m->alarms.look_ms;
}

/* ---- the crew ---- */

/* After a workstream came to rest: what people should know. */
static void conclude(struct meta *m, int32_t w)
{
    const struct work *x = &m->run.work[w];
    m->rest = true;
    if (x->state == WORK_DONE)
        resolve_work(m, w);
    else if (x->state == WORK_FAILED)
        meta_escalate(m, "failed", "high", PLAN_WORKSTREAM, w, x->why ? x->why : "it failed");
    else if (x->unmerged)
        meta_escalate(m, "merge", "high", PLAN_WORKSTREAM, w, x->why);
    else if (x->state == WORK_BLOCKED && x->asks)
        meta_escalate(m, "paused", "medium", PLAN_WORKSTREAM, w, x->why ? x->why : "it was paused");
}

/* A gate that comes after it will be merged behind; without one it is merged now. */
static bool has_gate_after(const struct meta *m, int32_t w)
{
    const struct plan_graph *g = &m->graph;
    for (int32_t k = g->next_first[w]; k < g->next_first[w + 1]; k++)
        if (g->next[k] >= graph_gate(m->plan, 0))
            return true;
    int32_t end = graph_domain_end(m->plan, m->plan->workstream[w].domain);
    for (int32_t k = g->next_first[end]; k < g->next_first[end + 1]; k++)
        if (g->next[k] >= graph_gate(m->plan, 0))
            return true;
    return false;
}

bool meta_admit(void *context, int32_t gate, char *why, size_t size)
{
    struct meta *m = context;
    const struct plan *p = m->plan;
    struct spr_error err;
    bool all = true;
    for (int32_t i = 0; i < p->gate[gate].after.count; i++) {
        const struct plan_ref *ref = &p->ref[p->gate[gate].after.first + i];
        struct plan_span span = { ref->index, 1 };
        if (ref->thing == PLAN_DOMAIN)
            span = p->domain[ref->index].workstreams;
        for (int32_t w = span.first; w < span.first + span.count; w++) {
            if (!p->workstream[w].branch || m->run.work[w].state != WORK_DONE)
                continue;
            if (tree_merge(m->at, p->workstream[w].id, "gate", &err) == SPR_OK) {
                meta_resolve(m, "merge", PLAN_WORKSTREAM, w);
                continue;
            }
            meta_escalate(m, "merge", "high", PLAN_WORKSTREAM, w, err.text);
            if (all)
                snprintf(why, size, "%s", err.text);
            all = false;
        }
    }
    return all;
}

/* A person may have merged it, or cleared the way. */
static enum spr_code merge_again(struct meta *m, int32_t w, struct spr_error *err)
{
    if (tree_merge(m->at, m->plan->workstream[w].id, "retry", err))
        return SPR_BADARG;
    enum spr_code rc = run_merged(&m->run, w, clock_wall_ms(), err);
    if (!rc)
        conclude(m, w);
    return rc;
}

void meta_merge_again(struct meta *m)
{
    struct spr_error err;
    for (int32_t w = 0; m->run.asking > 0 && w < m->plan->workstreams; w++) {
        enum spr_code rc = m->run.work[w].unmerged ? merge_again(m, w, &err) : SPR_OK;
        if (rc != SPR_BADARG) /* still not */
            meta_fail(m, rc, &err);
    }
}

/* What an agent made is committed, and merged before it counts as done; behind a gate that is done when it opens. */
static void hear_checked(struct meta *m, const struct crew_news *n, int64_t now)
{
    struct spr_error err = { 0 };
    const struct plan_workstream *w = &m->plan->workstream[n->workstream];
    const struct work *x = &m->run.work[n->workstream];
    bool ok = n->ok, own = w->branch && x->state == WORK_CHECKING && x->attempt == n->attempt;
    const char *text = n->text;
    if (ok && own && tree_commit(m->at, w->id, n->attempt, &err)) {
        ok = false;
        text = err.text;
    }
    enum spr_code rc;
    if (ok && own && !has_gate_after(m, n->workstream) && tree_merge(m->at, w->id, "retry", &err)) {
        const struct spr_error why = err;
        rc = run_unmerged(&m->run, n->workstream, n->attempt, &n->gave, why.text, n->data, now, &err);
    } else {
        rc = run_checked(&m->run, n->workstream, n->attempt, ok, &n->gave, text, n->data, now, &err);
    }
    meta_fail(m, rc, &err);
}

void meta_hear_crew(void *context, const struct crew_news *n)
{
    struct meta *m = context;
    struct spr_error err;
    int64_t now = clock_wall_ms();
    struct meta_progress *p = &m->progress[n->workstream];
    m->changed = true;
    switch (n->kind) {
    case NEWS_EXITED:
        p->part = -1;
        meta_fail(m, run_exited(&m->run, n->workstream, n->attempt, &n->end, n->text, now, &err), &err);
        meta_accept_plain(m, n->workstream);
        break;
    case NEWS_LOST:
        meta_escalate(m, "lost", "high", PLAN_WORKSTREAM, n->workstream, n->text);
        meta_fail(m, run_lost(&m->run, n->workstream, n->attempt, n->text, now, &err), &err);
        break;
    case NEWS_CHECKED:
        hear_checked(m, n, now);
        break;
    case NEWS_PROGRESS:
        p->part = n->part;
        p->at_ms = now;
        snprintf(p->text, sizeof p->text, "%s", n->text ? n->text : "");
        return;
    case NEWS_STALL:
        meta_escalate(m, "stall", "medium", PLAN_WORKSTREAM, n->workstream, n->text);
        return;
    case NEWS_OVERRUN:
        meta_escalate(m, "overrun", "medium", PLAN_WORKSTREAM, n->workstream, n->text);
        return;
    case NEWS_PAUSE:
        meta_fail(m, run_pause(&m->run, n->workstream, n->text, now, &err), &err);
        return;
    }
    conclude(m, n->workstream);
}

/* ---- gates ---- */

static void looked(void *context, bool holds, const char *text, struct json_t *evidence)
{
    struct looking *l = context;
    struct meta *m = l->meta;
    struct spr_error err;
    json_t *data = json_pack("{s:O}", "criteria", evidence);
    l->judge = NULL;
    m->changed = true;
    meta_fail(m, run_looked(&m->run, l->gate, l->look, holds, text, data, clock_wall_ms(), &err), &err);
    if (m->run.gate[l->gate].state == GATE_FAILED)
        meta_escalate(m, "gate", "high", PLAN_GATE, l->gate, text);
    else
        meta_resolve(m, "gate", PLAN_GATE, l->gate);
    json_decref(data);
}

void meta_look(struct meta *m, int32_t gate, int32_t look)
{
    const struct plan_gate *g = &m->plan->gate[gate];
    struct looking *l = &m->looking[gate];
    struct spr_error err;
    char owner[100];
    snprintf(owner, sizeof owner, "%s.gate-%d", g->id, look);
    *l = (struct looking){ .meta = m, .gate = gate, .look = look };
    const struct judge_case c = { .plan = m->plan,
                                  .at = m->at,
                                  .executor = &m->executor,
                                  .criteria = g->criteria,
                                  .workstream = PLAN_NONE,
                                  .owner = owner,
                                  .folder = m->at->home,
                                  .slot = meta_slots(m, (uint32_t)g->criteria.count) };
    if (!m->rc)
        meta_fail(m, judge_start(&c, looked, l, &l->judge, &err), &err);
}

/* ---- people ---- */

static enum spr_code approve(struct meta *m, int32_t gate, json_t *order, struct spr_error *err)
{
    const struct plan_gate *g = &m->plan->gate[gate];
    const char *as = json_string_value(json_object_get(order, "as"));
    bool any = false;
    enum spr_code rc = SPR_OK;
    for (int32_t i = 0; !rc && i < g->criteria.count; i++) {
        const struct plan_criterion *c = &m->plan->criterion[g->criteria.first + i];
        if (c->kind != PLAN_APPROVAL || !as || strcmp(c->subject, as) != 0)
            continue;
        any = true;
        rc = run_approve(&m->run, gate, i, order, clock_wall_ms(), err);
    }
    if (!rc && !any)
        rc = SPR_FAIL(err, SPR_BADARG, "gate %s asks for no approval by \"%.40s\"", g->id, as ? as : "");
    return rc;
}

static enum spr_code cancel_all(struct meta *m, json_t *order, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int32_t w = 0; !rc && w < m->plan->workstreams; w++) {
        uint8_t s = m->run.work[w].state;
        if (s != WORK_DONE && s != WORK_SKIPPED && s != WORK_FAILED && s != WORK_CANCELLED)
            rc = run_cancel(&m->run, w, order, clock_wall_ms(), err);
    }
    return rc;
}

static enum spr_code decide(struct meta *m, json_t *order, struct spr_error *err)
{
    struct run_event e = { .kind = EVENT_DECIDE,
                           .index = PLAN_NONE,
                           .number = (int32_t)json_integer_value(json_object_get(order, "number")),
                           .text = json_string_value(json_object_get(order, "title")),
                           .data = order,
                           .time_ms = clock_wall_ms() };
    json_object_del(order, "number");
    return meta_emit(m, &e, err);
}

/* One order; SPR_BADARG: it makes no sense now. */
static enum spr_code obey(struct meta *m, json_t *order, struct spr_error *err)
{
    const char *verb = json_string_value(json_object_get(order, "verb"));
    const char *id = json_string_value(json_object_get(order, "on"));
    enum plan_thing thing = PLAN_DOMAIN;
    int32_t index = PLAN_NONE;
    int64_t now = clock_wall_ms();
    enum spr_code rc = SPR_BADARG;
    if (!verb || (id && !plan_find(m->plan, id, &thing, &index)))
        return SPR_FAIL(err, SPR_BADARG, "the plan has nothing called \"%.60s\"", id ? id : "");
    if (strcmp(verb, "decide") == 0)
        return decide(m, order, err);
    if (strcmp(verb, "cancel") == 0 && !id)
        return cancel_all(m, order, err);
    if (strcmp(verb, "approve") == 0 && thing == PLAN_GATE)
        return approve(m, index, order, err);
    if (strcmp(verb, "gate") == 0 && thing == PLAN_GATE)
        return run_look_again(&m->run, index, now, err);
    if (thing != PLAN_WORKSTREAM)
        return SPR_FAIL(err, SPR_BADARG, "\"%.20s\" does not go with \"%.60s\"", verb, id ? id : "");
    if (strcmp(verb, "approve") == 0)
        rc = run_said(&m->run, index, order, now, err);
    else if (strcmp(verb, "cancel") == 0)
        rc = run_cancel(&m->run, index, order, now, err);
    else if (strcmp(verb, "retry") == 0 && m->run.work[index].unmerged)
        rc = merge_again(m, index, err);
    else if (strcmp(verb, "retry") == 0)
        rc = run_reset(&m->run, index, order, now, err);
    else
        return SPR_FAIL(err, SPR_BADARG, "\"%.20s\" is no order", verb);
    if (!rc)
        resolve_work(m, index);
    return rc;
}

static enum spr_code take(void *context, const char *name, struct json_t *order, struct spr_error *err)
{
    struct meta *m = context;
    for (size_t i = 0; i < m->seen.count; i++)
        if (strcmp(m->seen.name[i], name) == 0) {
            inbox_done(m->at, name);
            return SPR_OK;
        }
    json_object_set_new(order, "order", json_string(name));
    m->changed = true;
    enum spr_code rc = obey(m, order, err);
    if (rc == SPR_BADARG) {
        inbox_refuse(m->at, name, err->text);
        return SPR_OK;
    }
    if (!rc)
        rc = journal_commit(&m->journal, err); /* it is in the journal before its file is gone */
    if (!rc)
        inbox_done(m->at, name);
    return rc;
}

void meta_hear_people(void *context)
{
    struct meta *m = context;
    struct spr_error err;
    char bytes[4096];
    while (read(m->notify, bytes, sizeof bytes) > 0)
        continue; /* what happened is seen in the folder itself */
    meta_fail(m, inbox_read(m->at, take, m, &err), &err);
}
