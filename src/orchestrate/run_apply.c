/* What an event changes: of now, before it is acted on, and of the past. Nothing else changes a state, but what follows
 * from it for others (run.c). */
#include "orchestrate/run_inner.h"

#include "base/mem.h"

#include <string.h>

void run_set_state(struct run *r, int32_t w, enum work_state s)
{
    struct work *x = &r->work[w];
    r->count[x->state]--;
    r->count[s]++;
    x->state = (uint8_t)s;
    x->since_ms = r->now_ms;
}

void run_set_asks(struct run *r, int32_t w, bool asks)
{
    r->asking += asks - r->work[w].asks;
    r->work[w].asks = asks;
}

void run_set_gate(struct run *r, int32_t g, enum gate_state s)
{
    r->gate_count[r->gate[g].state]--;
    r->gate_count[s]++;
    r->gate[g].state = (uint8_t)s;
    r->gate[g].since_ms = r->now_ms;
}

void run_keep_text(char **at, const char *text)
{
    char *copy =
        text ? mem_text(text, strnlen(text, 400)) : NULL; /* without memory there is no why, no more */
    mem_free(*at);
    *at = copy;
}

static void stop_and(struct run *r, int32_t w)
{
    struct work *x = &r->work[w];
    if (x->cancel)
        run_set_state(r, w, WORK_CANCELLED);
    else if (x->pause) {
        run_set_state(r, w, WORK_BLOCKED);
        run_set_asks(r, w, true);
    }
    x->cancel = x->pause = false;
}

static bool end_good(const struct task_end *e)
{
    return e->why == TASK_EXITED && e->status == 0 && e->signal == 0;
}

static void apply_begin(struct run *r, const struct run_event *e)
{
    const struct plan *p = r->plan;
    for (int32_t g = 0; g < p->gates; g++) {
        r->gate[g].was_open = r->gate[g].state == GATE_OPEN;
        if (!e->yes || r->gate[g].state != GATE_OPEN)
            run_set_gate(r, g, GATE_SHUT);
    }
    if (e->yes)
        return;
    for (int32_t w = 0; w < p->workstreams; w++) {
        struct work *x = &r->work[w];
        x->ran = x->lost = false;
        x->succeeded = x->succeeded && !x->unmerged;
        x->unmerged = false;
        x->retries = x->losses = 0;
        if (x->state == WORK_RUNNING || x->state == WORK_CHECKING)
            continue;
        run_set_asks(r, w, false);
        run_set_state(r, w, WORK_WAITING);
        run_keep_text(&x->why, NULL);
    }
}

static void apply_start(struct run *r, int32_t w, const struct run_event *e)
{
    struct work *x = &r->work[w];
    run_set_state(r, w, WORK_RUNNING);
    x->attempt = e->attempt;
    x->slot = e->slot;
    x->made = e->made;
    x->took = e->took;
    x->start_ms = e->time_ms;
    x->succeeded = x->lost = x->unmerged = false;
    x->until_ms = 0;
    run_keep_text(&x->why, NULL);
}

static void apply_done(struct run *r, int32_t w, const struct run_event *e)
{
    struct work *x = &r->work[w];
    run_set_state(r, w, WORK_DONE);
    run_set_asks(r, w, false);
    x->ran = e->kind != EVENT_KEPT;
    x->succeeded = true;
    x->unmerged = false;
    if (e->kind != EVENT_SAID)
        x->gave = e->gave;
    else {
        x->made = e->made;
        x->took = e->took;
    }
    if (e->kind != EVENT_KEPT) {
        x->done_ms = e->time_ms;
        x->done_at = r->events;
    }
}

static void apply_unmerged(struct run *r, int32_t w, const struct run_event *e)
{
    struct work *x = &r->work[w];
    run_set_state(r, w, WORK_BLOCKED);
    run_set_asks(r, w, true);
    x->unmerged = x->succeeded = true;
    x->gave = e->gave;
    run_keep_text(&x->why, e->text);
}

static void apply_cancel(struct run *r, int32_t w)
{
    struct work *x = &r->work[w];
    run_set_asks(r, w, false);
    x->unmerged = false;
    if (x->state == WORK_RUNNING)
        x->cancel = true;
    else
        run_set_state(r, w, WORK_CANCELLED);
}

static void apply_work(struct run *r, int32_t w, const struct run_event *e)
{
    struct work *x = &r->work[w];
    switch (e->kind) {
    case EVENT_START:
        apply_start(r, w, e);
        break;
    case EVENT_LOST:
        x->losses++;
        x->lost = true;
        stop_and(r, w);
        break;
    case EVENT_EXIT:
        if (x->cancel || x->pause)
            stop_and(r, w);
        else if (end_good(&e->end))
            run_set_state(r, w, WORK_CHECKING);
        else if (e->end.why == TASK_STOPPED) { /* not its fault */
            x->losses++;
            x->lost = true;
        }
        break;
    case EVENT_DONE:
    case EVENT_KEPT:
    case EVENT_SAID:
        apply_done(r, w, e);
        break;
    case EVENT_UNMERGED:
        apply_unmerged(r, w, e);
        break;
    case EVENT_RETRY:
        x->retries += !x->lost;
        x->until_ms = e->until_ms;
        run_keep_text(&x->why, e->text);
        run_set_state(r, w, WORK_READY);
        break;
    case EVENT_FAIL:
        run_keep_text(&x->why, e->text);
        run_set_state(r, w, WORK_FAILED);
        break;
    case EVENT_SKIP:
        run_set_state(r, w, WORK_SKIPPED);
        break;
    case EVENT_CANCEL:
        apply_cancel(r, w);
        break;
    case EVENT_PAUSE:
        x->pause = true;
        run_keep_text(&x->why, e->text);
        break;
    case EVENT_RESET:
        run_set_asks(r, w, false);
        x->retries = x->losses = 0;
        x->succeeded = false;
        x->until_ms = 0;
        run_set_state(r, w, WORK_WAITING);
        break;
    default:
        break;
    }
}

void run_apply(struct run *r, const struct run_event *e)
{
    r->now_ms = e->time_ms;
    r->events++;
    if (e->kind == EVENT_BEGIN)
        apply_begin(r, e);
    else if (e->kind == EVENT_GATE) {
        run_set_gate(r, e->index, e->yes ? GATE_OPEN : e->number ? GATE_ASKS : GATE_FAILED);
        run_keep_text(&r->gate[e->index].why, e->yes ? NULL : e->text);
    } else if (e->kind == EVENT_APPROVE && e->number >= 0 &&
               e->number < r->plan->gate[e->index].criteria.count)
        r->approval[r->plan->gate[e->index].criteria.first + e->number] =
            (struct approval){ r->events, e->time_ms };
    else if (e->thing == PLAN_WORKSTREAM && e->index != PLAN_NONE)
        apply_work(r, e->index, e);
}
