/* Events change the state of one workstream or gate (run_apply.c); what follows from that for others goes along the graph:
 * a node that is complete takes one from `unmet` of those that wait for it, a node that failed adds one to `broken`.
 * Both are worked out anew after a replay. */
#include "orchestrate/run.h"

#include "base/mem.h"
#include "orchestrate/run_inner.h"
#include "orchestrate/run_queue.h"

#include <stdio.h>
#include <string.h>

enum { LOSSES_MAX = 3 };

static bool is_complete(const struct run *r, int32_t w)
{
    return r->work[w].state == WORK_DONE || r->work[w].state == WORK_SKIPPED;
}

static bool is_broken(const struct run *r, int32_t w)
{
    return r->work[w].state == WORK_FAILED || r->work[w].state == WORK_CANCELLED;
}

static enum spr_code emit(struct run *r, const struct run_event *e, struct spr_error *err)
{
    enum spr_code rc = r->env.emit(r->env.context, e, err);
    if (!rc)
        run_apply(r, e);
    return rc;
}

static struct run_event about(enum event_kind kind, int32_t w, int64_t now_ms)
{
    return (struct run_event){ .kind = kind, .thing = PLAN_WORKSTREAM, .index = w, .time_ms = now_ms };
}

static enum spr_code give_order(struct run *r, struct run_order o, struct spr_error *err)
{
    if (r->orders == r->order_room) {
        int32_t room = r->order_room ? 2 * r->order_room : 64;
        struct run_order *grown = mem_resize(r->order, (size_t)room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for orders");
        r->order = grown;
        r->order_room = room;
    }
    r->order[r->orders++] = o;
    return SPR_OK;
}

bool run_order(struct run *r, struct run_order *ret)
{
    if (r->order_next == r->orders) {
        r->orders = r->order_next = 0;
        return false;
    }
    *ret = r->order[r->order_next++];
    return true;
}

static enum spr_code allocate(struct run *r, struct spr_error *err)
{
    const struct plan *p = r->plan;
    size_t nodes = (size_t)r->graph->nodes, n = (size_t)p->workstreams, criteria = 0;
    for (int32_t g = 0; g < p->gates; g++)
        if ((size_t)p->gate[g].criteria.first + (size_t)p->gate[g].criteria.count > criteria)
            criteria = (size_t)p->gate[g].criteria.first + (size_t)p->gate[g].criteria.count;
    r->work = mem_zalloc(n, sizeof *r->work);
    r->gate = mem_zalloc((size_t)p->gates, sizeof *r->gate);
    r->approval = mem_zalloc(criteria, sizeof *r->approval);
    r->unmet = mem_zalloc(nodes, sizeof *r->unmet);
    r->broken = mem_zalloc(nodes, sizeof *r->broken);
    r->complete = mem_zalloc(nodes, sizeof *r->complete);
    r->tail = mem_zalloc(nodes, sizeof *r->tail);
    r->due = mem_zalloc(nodes, sizeof *r->due);
    r->stack = mem_zalloc(nodes, sizeof *r->stack);
    return r->work && r->gate && r->approval && r->unmet && r->broken && r->complete && r->tail && r->due &&
                   r->stack
               ? SPR_OK
               : SPR_FAIL(err, SPR_NOMEM, "no memory for a run of %d workstreams", p->workstreams);
}

enum spr_code run_init(struct run *ret, const struct plan *p, const struct plan_graph *g, int64_t limit,
                       const struct run_env *env, struct spr_error *err)
{
    *ret = (struct run){ .plan = p, .graph = g, .env = *env, .limit = limit ? limit : p->capacity };
    enum spr_code rc = allocate(ret, err);
    ret->count[WORK_WAITING] = p->workstreams;
    ret->gate_count[GATE_SHUT] = p->gates;
    for (int32_t i = g->nodes; !rc && i-- > 0;) {
        int32_t n = g->order[i];
        double longest = 0;
        for (int32_t k = g->next_first[n]; k < g->next_first[n + 1]; k++)
            if (ret->tail[g->next[k]] > longest)
                longest = ret->tail[g->next[k]];
        ret->tail[n] = longest + (n < p->workstreams ? (double)p->workstream[n].max_s : 0);
    }
    if (!rc)
        rc = ready_new(ret, &ret->queue, err);
    if (rc)
        run_fini(ret);
    return rc;
}

void run_fini(struct run *r)
{
    ready_free(r->queue);
    for (int32_t w = 0; r->work && w < r->plan->workstreams; w++)
        mem_free(r->work[w].why);
    for (int32_t g = 0; r->gate && g < r->plan->gates; g++)
        mem_free(r->gate[g].why);
    mem_free(r->order);
    mem_free(r->stack);
    mem_free(r->due);
    mem_free(r->tail);
    mem_free(r->complete);
    mem_free(r->broken);
    mem_free(r->unmet);
    mem_free(r->approval);
    mem_free(r->gate);
    mem_free(r->work);
    *r = (struct run){ 0 };
}

enum spr_code run_replay(struct run *r, const struct run_event *e, struct spr_error *err)
{
    (void)err;
    run_apply(r, e);
    return SPR_OK;
}

static void complete_node(struct run *r, int32_t n)
{
    const struct plan_graph *g = r->graph;
    r->complete[n] = true;
    for (int32_t k = g->next_first[n]; k < g->next_first[n + 1]; k++)
        if (--r->unmet[g->next[k]] == 0)
            r->due[r->dues++] = g->next[k];
}

/* What waits for n, however far, cannot start (step 1) or can again (step -1). */
static void break_after(struct run *r, int32_t n, int step)
{
    const struct plan_graph *g = r->graph;
    int32_t depth = 0;
    r->stack[depth++] = n;
    while (depth > 0) {
        n = r->stack[--depth];
        for (int32_t k = g->next_first[n]; k < g->next_first[n + 1]; k++) {
            int32_t m = g->next[k];
            bool was = r->broken[m] > 0;
            r->broken[m] += step;
            if (was == (r->broken[m] > 0))
                continue;
            if (m < r->plan->workstreams && r->work[m].state == (step > 0 ? WORK_WAITING : WORK_BLOCKED))
                run_set_state(r, m, step > 0 ? WORK_BLOCKED : WORK_WAITING);
            if (m >= r->plan->workstreams || !is_broken(r, m))
                r->stack[depth++] = m;
        }
    }
}

/* unmet, broken, complete, due and the queue from the states alone. */
static void rebuild(struct run *r)
{
    const struct plan *p = r->plan;
    const struct plan_graph *g = r->graph;
    r->dues = 0;
    ready_clear(r->queue);
    for (int32_t i = 0; i < g->nodes; i++) {
        int32_t n = g->order[i];
        r->unmet[n] = r->broken[n] = 0;
        for (int32_t k = g->need_first[n]; k < g->need_first[n + 1]; k++) {
            int32_t m = g->need[k];
            r->unmet[n] += !r->complete[m];
            r->broken[n] += r->broken[m] > 0 || (m < p->workstreams && is_broken(r, m));
        }
        bool gate = n >= graph_gate(p, 0);
        r->complete[n] = n < p->workstreams ? is_complete(r, n)
                                            : r->unmet[n] == 0 &&
                                                  (!gate || r->gate[n - graph_gate(p, 0)].state == GATE_OPEN);
        if (gate && !r->complete[n] && r->gate[n - graph_gate(p, 0)].state == GATE_OPEN)
            run_set_gate(r, n - graph_gate(p, 0), GATE_SHUT); /* what it stands on is not done any more */
        if (n < p->workstreams) {
            struct work *x = &r->work[n];
            if (x->state == WORK_WAITING && r->broken[n] > 0)
                run_set_state(r, n, WORK_BLOCKED);
            else if (x->state == WORK_BLOCKED && !x->asks && r->broken[n] == 0)
                run_set_state(r, n, WORK_WAITING);
            if (x->state == WORK_RUNNING || x->state == WORK_CHECKING)
                ready_occupy(r->queue, n);
            if (x->state == WORK_READY)
                run_set_state(r, n, WORK_WAITING); /* looked at again, and with its own until_ms */
        }
        if (r->unmet[n] == 0 && !r->complete[n] && (n >= p->workstreams || r->work[n].state == WORK_WAITING))
            r->due[r->dues++] = n;
    }
}

/* Domains that are through, gates that were open before, and people who are asked are found without deciding anything. */
void run_look_back(struct run *r, int64_t now_ms)
{
    const struct plan *p = r->plan;
    r->now_ms = now_ms;
    rebuild(r);
    while (r->dues > 0) {
        int32_t n = r->due[--r->dues];
        if (n >= p->workstreams || r->work[n].state != WORK_WAITING)
            continue;
        run_set_state(r, n, WORK_READY);
        if (p->workstream[n].action == PLAN_ACTION_MANUAL)
            run_set_asks(r, n, true);
        else
            ready_put(r->queue, n, r->work[n].until_ms > now_ms ? r->work[n].until_ms : 0);
    }
}

enum spr_code run_begin(struct run *r, bool resume, bool force, int64_t now_ms, struct spr_error *err)
{
    const struct plan *p = r->plan;
    struct run_event e = { .kind = EVENT_BEGIN, .index = PLAN_NONE, .yes = resume, .time_ms = now_ms };
    struct run_order check = { .kind = ORDER_CHECK };
    r->force = force;
    enum spr_code rc = emit(r, &e, err);
    if (!rc)
        rebuild(r);
    for (int32_t w = 0; !rc && w < p->workstreams; w++)
        if (r->work[w].state == WORK_CHECKING) {
            check.index = w;
            check.attempt = r->work[w].attempt;
            rc = give_order(r, check, err);
        } else if (r->work[w].state == WORK_RUNNING && (r->work[w].cancel || r->work[w].pause)) {
            rc = give_order(r, (struct run_order){ ORDER_STOP, w, r->work[w].attempt, r->work[w].slot }, err);
        }
    return rc;
}

static enum spr_code finish(struct run *r, struct run_event *e, struct spr_error *err)
{
    enum spr_code rc = emit(r, e, err);
    if (rc)
        return rc;
    ready_release(r->queue, e->index);
    complete_node(r, e->index);
    return SPR_OK;
}

static enum spr_code fail_or_retry(struct run *r, int32_t w, const char *text, int64_t now_ms,
                                   struct spr_error *err)
{
    struct work *x = &r->work[w];
    const struct plan_limits *l = &r->plan->workstream[w].limits;
    bool again = x->lost ? x->losses < LOSSES_MAX : x->retries < l->retries;
    struct run_event e = about(again ? EVENT_RETRY : EVENT_FAIL, w, now_ms);
    e.attempt = x->attempt;
    e.text = text;
    e.until_ms = !again || x->lost || l->retry_delay_s == 0 ? 0 : now_ms + l->retry_delay_s * 1000;
    enum spr_code rc = emit(r, &e, err);
    if (rc)
        return rc;
    ready_release(r->queue, w);
    if (again)
        ready_put(r->queue, w, e.until_ms);
    else
        break_after(r, w, 1);
    return SPR_OK;
}

static void end_text(const struct task_end *e, char *text, size_t size)
{
    if (e->why == TASK_UNBORN)
        snprintf(text, size, "could not be started: %s", strerror(e->error));
    else if (e->why == TASK_TIMEOUT)
        snprintf(text, size, "stopped at its time limit");
    else if (e->why == TASK_STOPPED)
        snprintf(text, size, "stopped from outside");
    else if (e->signal)
        snprintf(text, size, "ended by signal %d (%s)", e->signal, strsignal(e->signal));
    else
        snprintf(text, size, "exit status %d", e->status);
}

/* After an EXIT or LOST: a person wanted it stopped, or it is tried again or not. */
static enum spr_code after_end(struct run *r, int32_t w, const char *text, int64_t now_ms,
                               struct spr_error *err)
{
    struct work *x = &r->work[w];
    if (x->state == WORK_RUNNING)
        return fail_or_retry(r, w, text, now_ms, err);
    ready_release(r->queue, w);
    if (x->state == WORK_CANCELLED)
        break_after(r, w, 1);
    return SPR_OK;
}

enum spr_code run_exited(struct run *r, int32_t w, int32_t attempt, const struct task_end *end,
                         const char *text, int64_t now_ms, struct spr_error *err)
{
    struct work *x = &r->work[w];
    char why[160];
    if (x->state != WORK_RUNNING || x->attempt != attempt)
        return SPR_OK;
    struct run_event e = about(EVENT_EXIT, w, now_ms);
    e.attempt = attempt;
    e.end = *end;
    e.text = text;
    enum spr_code rc = emit(r, &e, err);
    if (rc)
        return rc;
    if (x->state == WORK_CHECKING)
        return give_order(r, (struct run_order){ ORDER_CHECK, w, attempt, x->slot }, err);
    end_text(end, why, sizeof why);
    return after_end(r, w, why, now_ms, err);
}

enum spr_code run_lost(struct run *r, int32_t w, int32_t attempt, const char *text, int64_t now_ms,
                       struct spr_error *err)
{
    if (r->work[w].state != WORK_RUNNING || r->work[w].attempt != attempt)
        return SPR_OK;
    struct run_event e = about(EVENT_LOST, w, now_ms);
    e.attempt = attempt;
    e.text = text;
    enum spr_code rc = emit(r, &e, err);
    return rc ? rc : after_end(r, w, text, now_ms, err);
}

enum spr_code run_checked(struct run *r, int32_t w, int32_t attempt, bool ok, const struct run_hash *gave,
                          const char *text, struct json_t *data, int64_t now_ms, struct spr_error *err)
{
    struct run_event e = about(EVENT_DONE, w, now_ms);
    if (r->work[w].state != WORK_CHECKING || r->work[w].attempt != attempt)
        return SPR_OK;
    if (!ok)
        return fail_or_retry(r, w, text, now_ms, err);
    e.attempt = attempt;
    e.gave = *gave;
    e.data = data;
    return finish(r, &e, err);
}

enum spr_code run_unmerged(struct run *r, int32_t w, int32_t attempt, const struct run_hash *gave,
                           const char *text, struct json_t *data, int64_t now_ms, struct spr_error *err)
{
    struct run_event e = about(EVENT_UNMERGED, w, now_ms);
    if (r->work[w].state != WORK_CHECKING || r->work[w].attempt != attempt)
        return SPR_OK;
    e.attempt = attempt;
    e.gave = *gave;
    e.text = text;
    e.data = data;
    enum spr_code rc = emit(r, &e, err);
    if (!rc)
        ready_release(r->queue, w);
    return rc;
}

enum spr_code run_merged(struct run *r, int32_t w, int64_t now_ms, struct spr_error *err)
{
    struct run_event e = about(EVENT_DONE, w, now_ms);
    if (!r->work[w].unmerged)
        return SPR_OK;
    e.attempt = r->work[w].attempt;
    e.gave = r->work[w].gave;
    return finish(r, &e, err);
}

/* ---- gates ---- */

/* Something in refs ran to its end in this run (since_event 0), or after that event in any. */
static bool span_ran(const struct run *r, struct plan_span refs, uint64_t since_event)
{
    const struct plan *p = r->plan;
    for (int32_t i = 0; i < refs.count; i++) {
        const struct plan_ref *ref = &p->ref[refs.first + i];
        struct plan_span all = { ref->index, 1 };
        if (ref->thing == PLAN_DOMAIN)
            all = p->domain[ref->index].workstreams;
        for (int32_t w = all.first; w < all.first + all.count; w++)
            if (since_event ? r->work[w].done_at > since_event : r->work[w].ran)
                return true;
    }
    return false;
}

static enum spr_code look(struct run *r, int32_t g, struct spr_error *err)
{
    run_set_gate(r, g, GATE_LOOKING);
    run_keep_text(&r->gate[g].why, NULL);
    return give_order(r, (struct run_order){ .kind = ORDER_LOOK, .index = g, .attempt = ++r->gate[g].looks },
                      err);
}

static enum spr_code open_gate(struct run *r, int32_t g, const char *text, struct json_t *data,
                               int64_t now_ms, struct spr_error *err)
{
    struct run_event e = { .kind = EVENT_GATE,
                           .thing = PLAN_GATE,
                           .index = g,
                           .yes = true,
                           .text = text,
                           .data = data,
                           .time_ms = now_ms };
    enum spr_code rc = emit(r, &e, err);
    if (!rc)
        complete_node(r, graph_gate(r->plan, g));
    return rc;
}

/* The first approval that is missing, or was given before something it was about ran again; PLAN_NONE: all are there. */
static int32_t missing_approval(const struct run *r, int32_t g)
{
    const struct plan_gate *x = &r->plan->gate[g];
    for (int32_t i = 0; i < x->criteria.count; i++) {
        int32_t c = x->criteria.first + i;
        if (r->plan->criterion[c].kind == PLAN_APPROVAL &&
            (r->approval[c].at == 0 || span_ran(r, x->after, r->approval[c].at)))
            return i;
    }
    return PLAN_NONE;
}

enum spr_code run_looked(struct run *r, int32_t g, int32_t number, bool ok, const char *text,
                         struct json_t *data, int64_t now_ms, struct spr_error *err)
{
    const struct plan_gate *x = &r->plan->gate[g];
    char why[360];
    if (r->gate[g].state != GATE_LOOKING || r->gate[g].looks != number)
        return SPR_OK;
    int32_t missing = missing_approval(r, g);
    bool holds = ok && missing == PLAN_NONE;
    if (holds && (!r->env.admit || r->env.admit(r->env.context, g, why, sizeof why)))
        return open_gate(r, g, text, data, now_ms, err);
    struct run_event e = {
        .kind = EVENT_GATE, .thing = PLAN_GATE, .index = g, .data = data, .time_ms = now_ms
    };
    if (ok && !holds) {
        const struct plan_criterion *c = &r->plan->criterion[x->criteria.first + missing];
        snprintf(why, sizeof why, "waits for approval by %.60s: %.100s", c->subject, c->name);
    }
    e.number = ok;
    e.text = ok ? why : text;
    return emit(r, &e, err);
}

enum spr_code run_look_again(struct run *r, int32_t g, int64_t now_ms, struct spr_error *err)
{
    static const char *const why_not[] = { "what comes before it is not done", "it is being looked at", NULL,
                                           NULL, "it is open already" };
    r->now_ms = now_ms;
    if (why_not[r->gate[g].state])
        return SPR_FAIL(err, SPR_BADARG, "gate %s cannot be tried now: %s", r->plan->gate[g].id,
                        why_not[r->gate[g].state]);
    return look(r, g, err);
}

enum spr_code run_approve(struct run *r, int32_t g, int32_t criterion, struct json_t *data, int64_t now_ms,
                          struct spr_error *err)
{
    struct run_event e = { .kind = EVENT_APPROVE,
                           .thing = PLAN_GATE,
                           .index = g,
                           .number = criterion,
                           .data = data,
                           .time_ms = now_ms };
    if (r->gate[g].state == GATE_OPEN)
        return SPR_FAIL(err, SPR_BADARG, "gate %s is open already", r->plan->gate[g].id);
    if (r->unmet[graph_gate(r->plan, g)] > 0)
        return SPR_FAIL(err, SPR_BADARG,
                        "gate %s cannot be approved yet: what comes before it is not done, and nobody knows "
                        "how it will be",
                        r->plan->gate[g].id);
    enum spr_code rc = emit(r, &e, err);
    if (!rc && (r->gate[g].state == GATE_ASKS || r->gate[g].state == GATE_FAILED))
        rc = look(r, g, err);
    return rc;
}

/* ---- people ---- */

enum spr_code run_said(struct run *r, int32_t w, struct json_t *data, int64_t now_ms, struct spr_error *err)
{
    const char *why = NULL;
    struct run_event e = about(EVENT_SAID, w, now_ms);
    e.data = data;
    if (r->work[w].state != WORK_READY || !r->work[w].asks)
        return SPR_FAIL(err, SPR_BADARG,
                        "%s is %s; only a manual workstream whose turn it is can be called done",
                        r->plan->workstream[w].id, work_state_name((enum work_state)r->work[w].state));
    r->env.fresh(r->env.context, w, &r->work[w], &e, &why);
    return finish(r, &e, err);
}

enum spr_code run_cancel(struct run *r, int32_t w, struct json_t *data, int64_t now_ms, struct spr_error *err)
{
    struct work *x = &r->work[w];
    enum work_state was = (enum work_state)x->state;
    struct run_event e = about(EVENT_CANCEL, w, now_ms);
    e.data = data;
    if (is_complete(r, w) || is_broken(r, w))
        return SPR_FAIL(err, SPR_BADARG, "%s is %s and cannot be cancelled", r->plan->workstream[w].id,
                        work_state_name(was));
    enum spr_code rc = emit(r, &e, err);
    if (rc)
        return rc;
    ready_drop(r->queue, w);
    if (was == WORK_RUNNING || was == WORK_CHECKING)
        rc = give_order(r, (struct run_order){ ORDER_STOP, w, x->attempt, x->slot }, err);
    if (was != WORK_RUNNING) {
        ready_release(r->queue, w);
        if (r->broken[w] == 0) /* else those after it are blocked already, through it */
            break_after(r, w, 1);
    }
    return rc;
}

enum spr_code run_reset(struct run *r, int32_t w, struct json_t *data, int64_t now_ms, struct spr_error *err)
{
    struct work *x = &r->work[w];
    bool broke = is_broken(r, w);
    struct run_event e = about(EVENT_RESET, w, now_ms);
    e.data = data;
    if (!broke && (!(x->state == WORK_BLOCKED && x->asks) || x->unmerged))
        return SPR_FAIL(err, SPR_BADARG,
                        "%s is %s; what has failed, was cancelled or is paused can be tried again",
                        r->plan->workstream[w].id, work_state_name((enum work_state)x->state));
    enum spr_code rc = emit(r, &e, err);
    if (rc)
        return rc;
    if (broke && r->broken[w] == 0)
        break_after(r, w, -1);
    if (r->broken[w] > 0)
        run_set_state(r, w, WORK_BLOCKED);
    else if (r->unmet[w] == 0)
        r->due[r->dues++] = w;
    return SPR_OK;
}

enum spr_code run_pause(struct run *r, int32_t w, const char *text, int64_t now_ms, struct spr_error *err)
{
    struct work *x = &r->work[w];
    struct run_event e = about(EVENT_PAUSE, w, now_ms);
    if (x->state != WORK_RUNNING || x->pause || x->cancel)
        return SPR_OK;
    e.attempt = x->attempt;
    e.text = text;
    enum spr_code rc = emit(r, &e, err);
    return rc ? rc : give_order(r, (struct run_order){ ORDER_STOP, w, x->attempt, x->slot }, err);
}

/* ---- what starts ---- */

static enum spr_code look_at_work(struct run *r, int32_t w, struct spr_error *err)
{
    struct work *x = &r->work[w];
    enum plan_action action = r->plan->workstream[w].action;
    struct run_event e = about(EVENT_KEPT, w, r->now_ms);
    const char *why = NULL;
    if (x->state != WORK_WAITING)
        return SPR_OK;
    if (action == PLAN_ACTION_NONE) {
        e.kind = EVENT_SKIP;
        return finish(r, &e, err);
    }
    if (x->succeeded && !r->force && r->env.fresh(r->env.context, w, x, &e, &why))
        return finish(r, &e, err);
    run_set_state(r, w, WORK_READY);
    if (why)
        run_keep_text(&x->why, why);
    if (action == PLAN_ACTION_MANUAL)
        run_set_asks(r, w, true);
    else
        ready_put(r->queue, w, x->until_ms > r->now_ms ? x->until_ms : 0);
    return SPR_OK;
}

static enum spr_code look_at_due(struct run *r, struct spr_error *err)
{
    const struct plan *p = r->plan;
    enum spr_code rc = SPR_OK;
    while (!rc && r->dues > 0) {
        int32_t n = r->due[--r->dues], g = n - graph_gate(p, 0);
        if (n < p->workstreams)
            rc = look_at_work(r, n, err);
        else if (g < 0)
            complete_node(r, n);
        else if (r->gate[g].state != GATE_SHUT)
            continue;
        else if (r->gate[g].was_open && !r->force && !span_ran(r, p->gate[g].after, 0))
            rc = open_gate(r, g, "as before: nothing it stands on ran again", NULL, r->now_ms, err);
        else
            rc = look(r, g, err);
    }
    return rc;
}

static enum spr_code start(struct run *r, int32_t w, struct spr_error *err)
{
    struct work *x = &r->work[w];
    const char *why = NULL;
    struct run_event e = about(EVENT_START, w, r->now_ms);
    r->env.fresh(r->env.context, w, x, &e, &why);
    e.attempt = x->attempt + 1;
    e.slot = r->env.slot(r->env.context);
    e.text = x->why ? x->why : NULL;
    char *text =
        e.text ? mem_text(e.text, strlen(e.text)) : NULL; /* applying the event frees the work's own */
    e.text = text;
    enum spr_code rc = emit(r, &e, err);
    mem_free(text);
    return rc ? rc : give_order(r, (struct run_order){ ORDER_LAUNCH, w, x->attempt, x->slot }, err);
}

enum spr_code run_step(struct run *r, int64_t now_ms, int64_t *ret_next_ms, struct spr_error *err)
{
    r->now_ms = now_ms;
    enum spr_code rc = look_at_due(r, err);
    for (int32_t w; !rc && !r->stopping && (w = ready_take(r->queue, now_ms)) != PLAN_NONE;)
        rc = start(r, w, err);
    *ret_next_ms = ready_next_ms(r->queue);
    return rc;
}
