/* Why something waits, and whether anything moves by itself: worked out when somebody asks, from the same numbers that
 * decide who starts. */
#include "orchestrate/run.h"
#include "orchestrate/run_queue.h"

const char *work_state_name(enum work_state s)
{
    static const char *const names[] = { "waiting", "ready",   "running",   "checking", "done",
                                         "failed",  "blocked", "cancelled", "skipped" };
    return names[s];
}

const char *gate_state_name(enum gate_state s)
{
    static const char *const names[] = { "shut", "looking", "failed", "asks", "open" };
    return names[s];
}

static bool is_broken(const struct run *r, int32_t w)
{
    return r->work[w].state == WORK_FAILED || r->work[w].state == WORK_CANCELLED;
}

/* What stands in the way among n's needs: a gate, or something not done. Looks through the begin of a domain. */
static struct run_wait unmet_need(const struct run *r, int32_t n)
{
    const struct plan *p = r->plan;
    const struct plan_graph *g = r->graph;
    struct run_wait gate = { .kind = WAIT_NOTHING, .node = PLAN_NONE }, need = gate;
    for (int32_t k = g->need_first[n]; k < g->need_first[n + 1]; k++) {
        int32_t m = g->need[k];
        if (r->complete[m])
            continue;
        if (m >= graph_gate(p, 0)) {
            gate = gate.kind ? gate : (struct run_wait){ .kind = WAIT_GATE, .node = m };
        } else if (m >= p->workstreams && (m - p->workstreams) % 2 == 0) {
            struct run_wait deeper = unmet_need(r, m); /* a begin needs no further begin, so this ends here */
            if (deeper.kind == WAIT_GATE)
                gate = gate.kind ? gate : deeper;
            else if (!need.kind)
                need = deeper;
        } else {
            need = need.kind ? need : (struct run_wait){ .kind = WAIT_NEEDS, .node = m };
            need.count++;
        }
    }
    return need.kind ? need : gate;
}

/* The first thing upstream that failed. */
static int32_t culprit(const struct run *r, int32_t n)
{
    const struct plan_graph *g = r->graph;
    for (;;) {
        int32_t k = g->need_first[n], end = g->need_first[n + 1];
        while (k < end && r->broken[g->need[k]] == 0 &&
               !(g->need[k] < r->plan->workstreams && is_broken(r, g->need[k])))
            k++;
        if (k == end)
            return n;
        n = g->need[k];
        if (n < r->plan->workstreams && is_broken(r, n))
            return n;
    }
}

struct run_wait run_waits_for(const struct run *r, int32_t w)
{
    const struct work *x = &r->work[w];
    struct run_wait none = { .kind = WAIT_NOTHING, .node = PLAN_NONE };
    switch (x->state) {
    case WORK_BLOCKED:
        if (x->asks)
            return (struct run_wait){ .kind = WAIT_PERSON, .node = PLAN_NONE };
        return (struct run_wait){ .kind = WAIT_BROKEN, .node = culprit(r, w) };
    case WORK_READY:
        if (x->asks)
            return (struct run_wait){ .kind = WAIT_PERSON, .node = PLAN_NONE };
        return ready_reason(r->queue, w, r->now_ms);
    case WORK_WAITING:
        none = unmet_need(r, w);
        return none.kind ? none : (struct run_wait){ .kind = WAIT_TURN, .node = PLAN_NONE };
    default:
        return none;
    }
}

enum run_mood run_mood(const struct run *r)
{
    const struct plan *p = r->plan;
    if (r->dues > 0 || r->order_next < r->orders || r->count[WORK_RUNNING] || r->count[WORK_CHECKING] ||
        r->gate_count[GATE_LOOKING] || (!r->stopping && !ready_empty(r->queue)))
        return RUN_BUSY;
    if (r->count[WORK_DONE] + r->count[WORK_SKIPPED] == p->workstreams &&
        r->gate_count[GATE_OPEN] == p->gates)
        return RUN_FINISHED;
    return r->asking || r->gate_count[GATE_ASKS] ? RUN_ASKS : RUN_STUCK;
}
