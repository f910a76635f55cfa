/* The problem itself: what a plan limits, what no schedule can beat, and whether a schedule keeps to it all. */
#include "plan/schedule.h"

#include "base/mem.h"
#include "plan/schedule_refute.h"

#include <stdlib.h>

/* How many of the plan's limits bind a workstream; fills ret, resources ascending, unless NULL. Resource numbers:
 * workstreams in all (if limited), the plan's own, agents with a limit, sequential domains. */
struct numbering {
    int32_t hands;  /* of the resource "workstreams", or PLAN_NONE */
    int32_t own;    /* of the plan's first */
    int32_t *agent; /* (agents) or PLAN_NONE each */
    int32_t *domain;
    int32_t count;
};

static int by_resource(const void *a, const void *b)
{
    const struct plan_use *x = a, *y = b;
    return x->resource < y->resource ? -1 : x->resource > y->resource;
}

static int32_t uses_of(const struct plan *p, const struct numbering *n, int32_t w, struct plan_use *ret)
{
    const struct plan_workstream *ws = &p->workstream[w];
    int32_t count = 0;
    struct plan_use unused, *to = ret ? ret : &unused;
#define USE(resource_, amount_) to[ret ? count : 0] = (struct plan_use){ resource_, amount_ }, count++
    if (n->hands != PLAN_NONE)
        USE(n->hands, 1);
    for (int32_t i = 0; i < ws->uses.count; i++)
        if (p->use[ws->uses.first + i].amount > 0)
            USE(n->own + p->use[ws->uses.first + i].resource, p->use[ws->uses.first + i].amount);
    if (ws->agent != PLAN_NONE && n->agent[ws->agent] != PLAN_NONE)
        USE(n->agent[ws->agent], 1);
    if (n->domain[ws->domain] != PLAN_NONE)
        USE(n->domain[ws->domain], 1);
#undef USE
    if (ret)
        qsort(ret, (size_t)count, sizeof *ret, by_resource);
    return count;
}

static enum spr_code number_resources(const struct plan *p, struct numbering *n, struct spr_error *err)
{
    *n = (struct numbering){ .hands = PLAN_NONE };
    n->agent = mem_zalloc((size_t)p->agents, sizeof *n->agent);
    n->domain = mem_zalloc((size_t)p->domains, sizeof *n->domain);
    if (!n->agent || !n->domain)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to number resources");
    if (p->capacity > 0)
        n->hands = n->count++;
    n->own = n->count;
    n->count += p->resources;
    for (int32_t a = 0; a < p->agents; a++)
        n->agent[a] = p->agent[a].limit > 0 ? n->count++ : PLAN_NONE;
    for (int32_t d = 0; d < p->domains; d++)
        n->domain[d] = p->domain[d].sequential ? n->count++ : PLAN_NONE;
    return SPR_OK;
}

static void fill_capacity(const struct plan *p, const struct numbering *n, int64_t *capacity)
{
    if (n->hands != PLAN_NONE)
        capacity[n->hands] = p->capacity;
    for (int32_t i = 0; i < p->resources; i++)
        capacity[n->own + i] = p->resource[i].amount;
    for (int32_t a = 0; a < p->agents; a++)
        if (n->agent[a] != PLAN_NONE)
            capacity[n->agent[a]] = p->agent[a].limit;
    for (int32_t d = 0; d < p->domains; d++)
        if (n->domain[d] != PLAN_NONE)
            capacity[n->domain[d]] = 1;
}

enum spr_code schedule_init(struct schedule_problem *ret, const struct plan *p, const struct plan_graph *g,
                            struct spr_error *err)
{
    struct schedule_problem s = { .graph = g };
    struct numbering n;
    enum spr_code rc = number_resources(p, &n, err);
    if (rc)
        goto out;
    int32_t uses = 0;
    for (int32_t w = 0; w < p->workstreams; w++)
        uses += uses_of(p, &n, w, NULL);
    s.resources = n.count;
    s.capacity = mem_zalloc((size_t)n.count, sizeof *s.capacity);
    s.use_first = mem_zalloc((size_t)g->nodes + 1, sizeof *s.use_first);
    s.use = mem_zalloc((size_t)uses, sizeof *s.use);
    s.priority = mem_zalloc((size_t)g->nodes, sizeof *s.priority);
    if (!s.capacity || !s.use_first || !s.use || !s.priority) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to schedule %d workstreams", p->workstreams);
        goto out;
    }
    fill_capacity(p, &n, s.capacity);
    for (int32_t w = 0; w < g->nodes; w++) {
        int32_t count = w < p->workstreams ? uses_of(p, &n, w, s.use + s.use_first[w]) : 0;
        s.use_first[w + 1] = s.use_first[w] + count;
        s.priority[w] = w < p->workstreams ? p->workstream[w].priority : 0;
    }
out:
    mem_free(n.agent);
    mem_free(n.domain);
    if (rc)
        schedule_fini(&s);
    else
        *ret = s;
    return rc;
}

void schedule_fini(struct schedule_problem *s)
{
    mem_free(s->capacity);
    mem_free(s->use_first);
    mem_free(s->use);
    mem_free(s->priority);
    *s = (struct schedule_problem){ 0 };
}

/* What must pass before a job begins, and after it ends. */
static int64_t heads_and_tails(const struct plan_graph *g, const int64_t *duration, int64_t *head,
                               int64_t *tail)
{
    int64_t longest = 0;
    for (int32_t i = 0; i < g->nodes; i++) {
        int32_t n = g->order[i];
        head[n] = 0;
        for (int32_t e = g->need_first[n]; e < g->need_first[n + 1]; e++)
            if (head[g->need[e]] + duration[g->need[e]] > head[n])
                head[n] = head[g->need[e]] + duration[g->need[e]];
        if (head[n] + duration[n] > longest)
            longest = head[n] + duration[n];
    }
    for (int32_t i = g->nodes - 1; i >= 0; i--) {
        int32_t n = g->order[i];
        tail[n] = 0;
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
            if (tail[g->next[e]] + duration[g->next[e]] > tail[n])
                tail[n] = tail[g->next[e]] + duration[g->next[e]];
    }
    return longest;
}

struct load {
    int64_t head, tail;
    double work; /* amount times duration */
};

static int by_tail(const void *a, const void *b)
{
    const struct load *x = a, *y = b;
    return x->tail > y->tail ? -1 : x->tail < y->tail;
}

/* The least whole number of time units for that work, kept on the safe side of rounding. */
static int64_t time_for(double work, int64_t capacity)
{
    double time = work / (double)capacity;
    return (int64_t)(time * (1 - 1e-12) + 0.999999);
}

/* Whatever begins after a and has b behind it takes a + its work / capacity + b at least. */
static int64_t resource_bound(struct load *load, int32_t count, int64_t capacity)
{
    int64_t best = 0;
    if (count > SCHEDULE_BOUND_JOBS) {
        double work = 0;
        for (int32_t i = 0; i < count; i++)
            work += load[i].work;
        return time_for(work, capacity);
    }
    if (count > 1)
        qsort(load, (size_t)count, sizeof *load, by_tail);
    for (int32_t from = 0; from < count; from++) {
        double work = 0;
        for (int32_t i = 0; i < count; i++) {
            if (load[i].head < load[from].head)
                continue;
            work += load[i].work;
            int64_t bound = load[from].head + time_for(work, capacity) + load[i].tail;
            if (bound > best)
                best = bound;
        }
    }
    return best;
}

enum spr_code schedule_bound(const struct schedule_problem *s, const int64_t *duration, int64_t *ret,
                             struct spr_error *err)
{
    const struct plan_graph *g = s->graph;
    enum spr_code rc = SPR_OK;
    int32_t uses = s->use_first[g->nodes];
    int64_t *head = mem_zalloc((size_t)g->nodes, sizeof *head),
            *tail = mem_zalloc((size_t)g->nodes, sizeof *tail);
    struct load *load = mem_zalloc((size_t)uses, sizeof *load);
    int32_t *end = mem_zalloc((size_t)s->resources + 1, sizeof *end);
    if (!head || !tail || !load || !end) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to bound a schedule of %d jobs", g->nodes);
        goto out;
    }
    int64_t best = heads_and_tails(g, duration, head, tail);
    for (int32_t u = 0; u < uses; u++)
        end[s->use[u].resource + 1]++;
    for (int32_t r = 0; r < s->resources; r++)
        end[r + 1] += end[r];
    for (int32_t n = 0; n < g->nodes; n++)
        for (int32_t u = s->use_first[n]; u < s->use_first[n + 1]; u++)
            load[end[s->use[u].resource]++] =
                (struct load){ head[n], tail[n], (double)s->use[u].amount * (double)duration[n] };
    for (int32_t r = 0, first = 0; r < s->resources; first = end[r++]) {
        int64_t bound = resource_bound(load + first, end[r] - first, s->capacity[r]);
        if (bound > best)
            best = bound;
    }
    rc = schedule_refute(s, duration, head, &best, err);
    if (!rc)
        *ret = best;
out:
    mem_free(end);
    mem_free(load);
    mem_free(tail);
    mem_free(head);
    return rc;
}

struct event {
    int64_t time;
    int32_t job;
    bool begins;
};

/* What ends comes before what begins. */
static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->begins - y->begins;
}

static enum spr_code check_capacity(const struct schedule_problem *s, const int64_t *duration,
                                    const int64_t *start, struct event *event, int64_t *used,
                                    struct spr_error *err)
{
    int32_t events = 0;
    for (int32_t n = 0; n < s->graph->nodes; n++)
        if (duration[n] > 0) {
            event[events++] = (struct event){ start[n], n, true };
            event[events++] = (struct event){ start[n] + duration[n], n, false };
        }
    if (events)
        qsort(event, (size_t)events, sizeof *event, by_time);
    for (int32_t i = 0; i < events; i++) {
        int32_t n = event[i].job;
        for (int32_t u = s->use_first[n]; u < s->use_first[n + 1]; u++) {
            const struct plan_use *use = &s->use[u];
            used[use->resource] += event[i].begins ? use->amount : -use->amount;
            if (used[use->resource] > s->capacity[use->resource])
                return SPR_FAIL(err, SPR_BADDATA,
                                "at %lld, when job %d begins, resource %d is over its capacity",
                                (long long)event[i].time, n, use->resource);
        }
    }
    return SPR_OK;
}

enum spr_code schedule_verify(const struct schedule_problem *s, const int64_t *duration, const int64_t *start,
                              struct spr_error *err)
{
    const struct plan_graph *g = s->graph;
    for (int32_t n = 0; n < g->nodes; n++) {
        if (start[n] < 0)
            return SPR_FAIL(err, SPR_BADDATA, "job %d begins before time 0", n);
        for (int32_t e = g->need_first[n]; e < g->need_first[n + 1]; e++)
            if (start[n] < start[g->need[e]] + duration[g->need[e]])
                return SPR_FAIL(err, SPR_BADDATA, "job %d begins before job %d ends", n, g->need[e]);
    }
    struct event *event = mem_zalloc((size_t)g->nodes * 2, sizeof *event);
    int64_t *used = mem_zalloc((size_t)s->resources, sizeof *used);
    enum spr_code rc = event && used ? check_capacity(s, duration, start, event, used, err)
                                     : SPR_FAIL(err, SPR_NOMEM, "no memory to check a schedule");
    mem_free(used);
    mem_free(event);
    return rc;
}
