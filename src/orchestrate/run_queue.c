#include "orchestrate/run_queue.h"

#include "base/mem.h"

#include <string.h>

struct class
{
    int32_t sample; /* one of its workstreams: it says what all of them ask for */
    int32_t *heap, count, room;
};

struct run_queue {
    const struct run *run;
    struct class *class;
    int32_t classes;
    int32_t *class_of; /* (workstreams) */
    int32_t *place;    /* (workstreams): in its class's heap, LATER, or NOWHERE */
    bool *has;         /* (workstreams): what it uses is taken */
    int64_t *used;     /* (resources) */
    int32_t *agent;    /* (agents): tasks each has */
    int32_t *inside;   /* (domains): how many run in a sequential one */
    int64_t running;
    int32_t ready;          /* in heaps */
    int32_t *later, laters; /* wait for their time; few: kept as a list */
};

enum { NOWHERE = -1, LATER = -2 };

static bool same_class(const struct plan *p, int32_t a, int32_t b)
{
    const struct plan_workstream *x = &p->workstream[a], *y = &p->workstream[b];
    bool xs = p->domain[x->domain].sequential, ys = p->domain[y->domain].sequential;
    if (x->agent != y->agent || x->uses.count != y->uses.count || xs != ys || (xs && x->domain != y->domain))
        return false;
    for (int32_t i = 0; i < x->uses.count; i++) {
        const struct plan_use *u = &p->use[x->uses.first + i], *v = &p->use[y->uses.first + i];
        if (u->resource != v->resource || u->amount != v->amount)
            return false;
    }
    return true;
}

static uint64_t class_hash(const struct plan *p, int32_t w)
{
    const struct plan_workstream *x = &p->workstream[w];
    uint64_t h = 14695981039346656037u ^ (uint64_t)(x->agent + 1);
    if (p->domain[x->domain].sequential)
        h = (h ^ (uint64_t)(x->domain + 1)) * 1099511628211u;
    for (int32_t i = 0; i < x->uses.count; i++) {
        const struct plan_use *u = &p->use[x->uses.first + i];
        h = (h ^ (uint64_t)u->resource) * 1099511628211u;
        h = (h ^ (uint64_t)u->amount) * 1099511628211u;
    }
    return h * 1099511628211u;
}

/* Gives every workstream its class, by a hash table of samples. */
static enum spr_code sort_out(struct run_queue *q, struct spr_error *err)
{
    const struct plan *p = q->run->plan;
    int32_t size = 64;
    while (size < 2 * p->workstreams)
        size *= 2;
    int32_t *table = mem_zalloc((size_t)size, sizeof *table);
    q->class = mem_zalloc((size_t)p->workstreams, sizeof *q->class);
    if (!table || !q->class) {
        mem_free(table);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a run of this size");
    }
    for (int32_t w = 0; w < p->workstreams; w++) {
        int32_t at = (int32_t)(class_hash(p, w) >> 20 & (uint64_t)(size - 1));
        while (table[at] && !same_class(p, q->class[table[at] - 1].sample, w))
            at = (at + 1) & (size - 1);
        if (!table[at]) {
            q->class[q->classes].sample = w;
            table[at] = ++q->classes;
        }
        q->class_of[w] = table[at] - 1;
        q->class[q->class_of[w]].room++;
    }
    mem_free(table);
    struct class *fit = mem_resize(q->class, (size_t)q->classes + 1, sizeof *fit);
    q->class = fit ? fit : q->class;
    for (int32_t c = 0; c < q->classes; c++) {
        q->class[c].heap = mem_zalloc((size_t)q->class[c].room, sizeof(int32_t));
        if (!q->class[c].heap)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for a run of this size");
    }
    return SPR_OK;
}

enum spr_code ready_new(const struct run *r, struct run_queue **ret, struct spr_error *err)
{
    const struct plan *p = r->plan;
    size_t n = (size_t)p->workstreams;
    struct run_queue *q = mem_zalloc(1, sizeof *q);
    if (!q)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a run");
    q->run = r;
    q->class_of = mem_zalloc(n, sizeof *q->class_of);
    q->place = mem_zalloc(n, sizeof *q->place);
    q->has = mem_zalloc(n, sizeof *q->has);
    q->later = mem_zalloc(n, sizeof *q->later);
    q->used = mem_zalloc((size_t)p->resources, sizeof *q->used);
    q->agent = mem_zalloc((size_t)p->agents, sizeof *q->agent);
    q->inside = mem_zalloc((size_t)p->domains, sizeof *q->inside);
    enum spr_code rc = SPR_OK;
    if (!q->class_of || !q->place || !q->has || !q->later || !q->used || !q->agent || !q->inside)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a run of this size");
    if (!rc)
        rc = sort_out(q, err);
    if (rc) {
        ready_free(q);
        return rc;
    }
    ready_clear(q);
    *ret = q;
    return SPR_OK;
}

void ready_free(struct run_queue *q)
{
    if (!q)
        return;
    for (int32_t c = 0; q->class && c < q->classes; c++)
        mem_free(q->class[c].heap);
    mem_free(q->inside);
    mem_free(q->agent);
    mem_free(q->used);
    mem_free(q->later);
    mem_free(q->has);
    mem_free(q->place);
    mem_free(q->class_of);
    mem_free(q->class);
    mem_free(q);
}

void ready_clear(struct run_queue *q)
{
    const struct plan *p = q->run->plan;
    for (int32_t w = 0; w < p->workstreams; w++) {
        q->place[w] = NOWHERE;
        q->has[w] = false;
    }
    for (int32_t c = 0; c < q->classes; c++)
        q->class[c].count = 0;
    memset(q->used, 0, (size_t)p->resources * sizeof *q->used);
    memset(q->agent, 0, (size_t)p->agents * sizeof *q->agent);
    memset(q->inside, 0, (size_t)p->domains * sizeof *q->inside);
    q->running = 0;
    q->ready = q->laters = 0;
}

/* a before b. */
static bool before(const struct run_queue *q, int32_t a, int32_t b)
{
    const struct plan_workstream *x = &q->run->plan->workstream[a], *y = &q->run->plan->workstream[b];
    if (x->priority != y->priority)
        return x->priority < y->priority;
    if (q->run->tail[a] > q->run->tail[b] || q->run->tail[a] < q->run->tail[b])
        return q->run->tail[a] > q->run->tail[b];
    return a < b;
}

static void set(struct run_queue *q, struct class *c, int32_t at, int32_t w)
{
    c->heap[at] = w;
    q->place[w] = at;
}

static void sift_up(struct run_queue *q, struct class *c, int32_t at)
{
    int32_t w = c->heap[at];
    for (int32_t up; at > 0 && before(q, w, c->heap[up = (at - 1) / 2]); at = up)
        set(q, c, at, c->heap[up]);
    set(q, c, at, w);
}

static void sift_down(struct run_queue *q, struct class *c, int32_t at)
{
    int32_t w = c->heap[at];
    for (int32_t down; (down = 2 * at + 1) < c->count; at = down) {
        if (down + 1 < c->count && before(q, c->heap[down + 1], c->heap[down]))
            down++;
        if (!before(q, c->heap[down], w))
            break;
        set(q, c, at, c->heap[down]);
    }
    set(q, c, at, w);
}

static void enter(struct run_queue *q, int32_t w)
{
    struct class *c = &q->class[q->class_of[w]];
    set(q, c, c->count++, w);
    sift_up(q, c, c->count - 1);
    q->ready++;
}

void ready_put(struct run_queue *q, int32_t w, int64_t until_ms)
{
    if (q->place[w] != NOWHERE)
        return;
    if (until_ms == 0) {
        enter(q, w);
        return;
    }
    q->place[w] = LATER;
    q->later[q->laters++] = w;
}

void ready_drop(struct run_queue *q, int32_t w)
{
    int32_t at = q->place[w];
    q->place[w] = NOWHERE;
    if (at == LATER) {
        int32_t i = 0;
        while (q->later[i] != w)
            i++;
        q->later[i] = q->later[--q->laters];
    } else if (at != NOWHERE) {
        struct class *c = &q->class[q->class_of[w]];
        int32_t last = c->heap[--c->count];
        q->ready--;
        if (last != w) {
            set(q, c, at, last);
            sift_up(q, c, at);
            sift_down(q, c, q->place[last]);
        }
    }
}

static struct run_wait obstacle(const struct run_queue *q, int32_t w)
{
    const struct plan *p = q->run->plan;
    const struct plan_workstream *x = &p->workstream[w];
    if (p->domain[x->domain].sequential && q->inside[x->domain])
        return (struct run_wait){ .kind = WAIT_LOCK, .node = graph_domain_begin(p, x->domain) };
    if (x->agent != PLAN_NONE && p->agent[x->agent].limit && q->agent[x->agent] >= p->agent[x->agent].limit)
        return (struct run_wait){ .kind = WAIT_AGENT, .node = PLAN_NONE, .index = x->agent };
    for (int32_t i = 0; i < x->uses.count; i++) {
        const struct plan_use *u = &p->use[x->uses.first + i];
        if (q->used[u->resource] + u->amount > p->resource[u->resource].amount)
            return (struct run_wait){ .kind = WAIT_RESOURCE, .node = PLAN_NONE, .index = u->resource };
    }
    if (q->run->limit && q->running >= q->run->limit)
        return (struct run_wait){ .kind = WAIT_CAPACITY, .node = PLAN_NONE };
    return (struct run_wait){ .kind = WAIT_TURN, .node = PLAN_NONE };
}

static void count(struct run_queue *q, int32_t w, int sign)
{
    const struct plan *p = q->run->plan;
    const struct plan_workstream *x = &p->workstream[w];
    q->running += sign;
    if (p->domain[x->domain].sequential)
        q->inside[x->domain] += sign;
    if (x->agent != PLAN_NONE)
        q->agent[x->agent] += sign;
    for (int32_t i = 0; i < x->uses.count; i++) {
        const struct plan_use *u = &p->use[x->uses.first + i];
        q->used[u->resource] += sign * u->amount;
    }
}

void ready_occupy(struct run_queue *q, int32_t w)
{
    if (!q->has[w])
        count(q, w, 1);
    q->has[w] = true;
}

void ready_release(struct run_queue *q, int32_t w)
{
    if (q->has[w])
        count(q, w, -1);
    q->has[w] = false;
}

int32_t ready_take(struct run_queue *q, int64_t now_ms)
{
    for (int32_t i = q->laters; i-- > 0;) {
        int32_t w = q->later[i];
        if (q->run->work[w].until_ms <= now_ms) {
            q->later[i] = q->later[--q->laters];
            q->place[w] = NOWHERE;
            enter(q, w);
        }
    }
    int32_t best = PLAN_NONE;
    if (q->ready == 0 || (q->run->limit && q->running >= q->run->limit))
        return PLAN_NONE;
    for (int32_t c = 0; c < q->classes; c++) {
        if (q->class[c].count == 0)
            continue;
        int32_t w = q->class[c].heap[0];
        if ((best == PLAN_NONE || before(q, w, best)) && obstacle(q, w).kind == WAIT_TURN)
            best = w;
    }
    if (best != PLAN_NONE) {
        ready_drop(q, best);
        ready_occupy(q, best);
    }
    return best;
}

int64_t ready_next_ms(const struct run_queue *q)
{
    int64_t next = INT64_MAX;
    for (int32_t i = 0; i < q->laters; i++)
        if (q->run->work[q->later[i]].until_ms < next)
            next = q->run->work[q->later[i]].until_ms;
    return next;
}

bool ready_empty(const struct run_queue *q)
{
    return q->ready == 0 && q->laters == 0;
}

struct run_wait ready_reason(const struct run_queue *q, int32_t w, int64_t now_ms)
{
    if (q->place[w] == LATER && q->run->work[w].until_ms > now_ms)
        return (
            struct run_wait){ .kind = WAIT_RETRY, .node = PLAN_NONE, .until_ms = q->run->work[w].until_ms };
    return obstacle(q, w);
}
