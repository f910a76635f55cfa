/* List scheduling: time goes from one end of a job to the next; at each, ready jobs start in order of rank while they
 * fit. Jobs that ask for the same are one class with a heap of its own: if its first does not fit, none of it does, so
 * that 100,000 ready jobs cost no more to pass over than their few classes. */
#include "base/mem.h"
#include "plan/schedule.h"

#include <stdlib.h>
#include <string.h>

struct end {
    int64_t time;
    int32_t job;
};

struct key {
    int64_t first, second;
    int32_t job;
};

struct schedule_lister {
    const struct schedule_problem *s;
    int32_t *rank, *by_rank; /* (nodes) each other's inverse */
    int32_t classes;
    int32_t *class_of;    /* (nodes) */
    int32_t *class_first; /* (classes + 1): a class's heap is heap[class_first[c]..+ class_size[c]) */
    int32_t *class_size;  /* ready jobs */
    int32_t *heap;        /* (nodes) ranks */
    int32_t *active;      /* (classes) those with ready jobs, in any order */
    int32_t actives;
    int32_t *fitting; /* (classes) heap by rank of first */
    struct end *running;
    int32_t runnings;
    int32_t *waiting; /* (nodes) needs not yet met */
    int64_t *free;    /* (resources) */
    int64_t *ready;   /* (nodes) when the last need was met */
    int32_t *cause;   /* (nodes) the job whose end let this one start, or PLAN_NONE */
    int32_t *stack;   /* (nodes); also the jobs that ended at this instant */
    int32_t *ended;
    int32_t endeds;
    struct key *key; /* (nodes) for ranking */
};

static int32_t uses(const struct schedule_problem *s, int32_t n)
{
    return s->use_first[n + 1] - s->use_first[n];
}

static int by_demand(const void *a, const void *b, void *context)
{
    const struct schedule_problem *s = context;
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (uses(s, x) != uses(s, y))
        return uses(s, x) < uses(s, y) ? -1 : 1;
    for (int32_t i = 0; i < uses(s, x); i++) {
        const struct plan_use *ux = &s->use[s->use_first[x] + i], *uy = &s->use[s->use_first[y] + i];
        if (ux->resource != uy->resource)
            return ux->resource < uy->resource ? -1 : 1;
        if (ux->amount != uy->amount)
            return ux->amount < uy->amount ? -1 : 1;
    }
    return 0;
}

static void make_classes(struct schedule_lister *l)
{
    const struct schedule_problem *s = l->s;
    int32_t nodes = s->graph->nodes, *sorted = l->heap;
    for (int32_t n = 0; n < nodes; n++)
        sorted[n] = n;
    if (nodes > 1)
        qsort_r(sorted, (size_t)nodes, sizeof *sorted, by_demand, (void *)(uintptr_t)s);
    for (int32_t i = 0; i < nodes; i++) {
        if (i == 0 || by_demand(&sorted[i - 1], &sorted[i], (void *)(uintptr_t)s) != 0)
            l->class_first[l->classes++] = i;
        l->class_of[sorted[i]] = l->classes - 1;
    }
    l->class_first[l->classes] = nodes;
}

enum spr_code lister_new(const struct schedule_problem *s, struct schedule_lister **ret,
                         struct spr_error *err)
{
    struct schedule_lister *l = mem_zalloc(1, sizeof *l);
    size_t nodes = (size_t)s->graph->nodes + 1;
    bool whole = l != NULL;
    if (l) {
        l->s = s;
        int32_t **const arrays[] = { &l->rank,       &l->by_rank, &l->class_of, &l->class_first,
                                     &l->class_size, &l->heap,    &l->active,   &l->fitting,
                                     &l->waiting,    &l->cause,   &l->stack,    &l->ended };
        for (size_t i = 0; i < SPR_COUNT(arrays); i++)
            whole = (*arrays[i] = mem_zalloc(nodes, sizeof(int32_t))) && whole;
        whole = (l->ready = mem_zalloc(nodes, sizeof *l->ready)) && whole;
        whole = (l->running = mem_zalloc(nodes, sizeof *l->running)) && whole;
        whole = (l->key = mem_zalloc(nodes, sizeof *l->key)) && whole;
        whole = (l->free = mem_zalloc((size_t)s->resources, sizeof *l->free)) && whole;
    }
    if (!whole) {
        lister_free(l);
        return SPR_FAIL(err, SPR_NOMEM, "no memory to schedule %d jobs", s->graph->nodes);
    }
    make_classes(l);
    *ret = l;
    return SPR_OK;
}

void lister_free(struct schedule_lister *l)
{
    if (!l)
        return;
    int32_t *const arrays[] = { l->rank,   l->by_rank, l->class_of, l->class_first, l->class_size, l->heap,
                                l->active, l->fitting, l->waiting,  l->cause,       l->stack,      l->ended };
    for (size_t i = 0; i < SPR_COUNT(arrays); i++)
        mem_free(arrays[i]);
    mem_free(l->ready);
    mem_free(l->running);
    mem_free(l->key);
    mem_free(l->free);
    mem_free(l);
}

static int by_key(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->second != y->second)
        return x->second < y->second ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

static int64_t first_key(const struct schedule_problem *s, enum schedule_rule rule, const int64_t *duration,
                         int32_t n)
{
    const struct plan_graph *g = s->graph;
    int64_t sum = duration[n];
    switch (rule) {
    case SCHEDULE_BY_PRIORITY:
        return s->priority[n];
    case SCHEDULE_BY_FOLLOWERS:
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
            sum += duration[g->next[e]];
        return -sum;
    case SCHEDULE_BY_FILE:
        return n;
    default:
        return 0;
    }
}

void lister_rank(struct schedule_lister *l, enum schedule_rule rule, const int64_t *duration)
{
    const struct plan_graph *g = l->s->graph;
    int64_t *path = l->ready; /* free until lister_run */
    for (int32_t i = g->nodes - 1; i >= 0; i--) {
        int32_t n = g->order[i];
        path[n] = 0;
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
            if (path[g->next[e]] > path[n])
                path[n] = path[g->next[e]];
        path[n] += duration[n];
    }
    for (int32_t n = 0; n < g->nodes; n++)
        l->key[n] = (struct key){ first_key(l->s, rule, duration, n), -path[n], n };
    if (g->nodes > 1)
        qsort(l->key, (size_t)g->nodes, sizeof *l->key, by_key);
    for (int32_t i = 0; i < g->nodes; i++) {
        l->by_rank[i] = l->key[i].job;
        l->rank[l->key[i].job] = i;
    }
}

/* Two binary heaps: of whole numbers, and of ends by time, then job. */
static void heap_push(int32_t *heap, int32_t *size, int32_t value)
{
    int32_t i = (*size)++;
    for (; i > 0 && heap[(i - 1) / 2] > value; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = value;
}

static int32_t heap_pop(int32_t *heap, int32_t *size)
{
    int32_t top = heap[0], last = heap[--*size], i = 0;
    for (int32_t child; (child = 2 * i + 1) < *size; i = child) {
        if (child + 1 < *size && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= last)
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return top;
}

static bool sooner(const struct end *a, const struct end *b)
{
    return a->time != b->time ? a->time < b->time : a->job < b->job;
}

static void running_push(struct schedule_lister *l, struct end e)
{
    int32_t i = l->runnings++;
    for (; i > 0 && sooner(&e, &l->running[(i - 1) / 2]); i = (i - 1) / 2)
        l->running[i] = l->running[(i - 1) / 2];
    l->running[i] = e;
}

static int32_t running_pop(struct schedule_lister *l)
{
    int32_t top = l->running[0].job, i = 0;
    struct end last = l->running[--l->runnings];
    for (int32_t child; (child = 2 * i + 1) < l->runnings; i = child) {
        if (child + 1 < l->runnings && sooner(&l->running[child + 1], &l->running[child]))
            child++;
        if (!sooner(&l->running[child], &last))
            break;
        l->running[i] = l->running[child];
    }
    l->running[i] = last;
    return top;
}

/* n's needs are met: it joins its class, or, taking no time, is over at once, and so on with those it frees. */
static void make_ready(struct schedule_lister *l, int32_t n, int32_t cause, int64_t now,
                       const int64_t *duration, int64_t *start)
{
    const struct plan_graph *g = l->s->graph;
    int32_t depth = 0;
    l->cause[n] = cause;
    l->stack[depth++] = n;
    while (depth > 0) {
        n = l->stack[--depth];
        l->ready[n] = now;
        if (duration[n] > 0) {
            int32_t c = l->class_of[n];
            if (l->class_size[c] == 0)
                l->active[l->actives++] = c;
            heap_push(l->heap + l->class_first[c], &l->class_size[c], l->rank[n]);
            continue;
        }
        start[n] = now;
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
            if (--l->waiting[g->next[e]] == 0) {
                l->cause[g->next[e]] = l->cause[n];
                l->stack[depth++] = g->next[e];
            }
    }
}

static bool fits(const struct schedule_lister *l, int32_t n)
{
    const struct schedule_problem *s = l->s;
    for (int32_t u = s->use_first[n]; u < s->use_first[n + 1]; u++)
        if (s->use[u].amount > l->free[s->use[u].resource])
            return false;
    return true;
}

static void take(struct schedule_lister *l, int32_t n, int64_t sign)
{
    const struct schedule_problem *s = l->s;
    for (int32_t u = s->use_first[n]; u < s->use_first[n + 1]; u++)
        l->free[s->use[u].resource] -= sign * s->use[u].amount;
}

static bool share(const struct schedule_problem *s, int32_t a, int32_t b)
{
    for (int32_t u = s->use_first[a]; u < s->use_first[a + 1]; u++)
        for (int32_t v = s->use_first[b]; v < s->use_first[b + 1]; v++)
            if (s->use[u].resource == s->use[v].resource)
                return true;
    return false;
}

static void begin(struct schedule_lister *l, int32_t n, int64_t now, const int64_t *duration, int64_t *start)
{
    if (l->ready[n] < now) /* it waited for what some job that has just ended used */
        for (int32_t i = 0; i < l->endeds; i++)
            if (share(l->s, n, l->ended[i])) {
                l->cause[n] = l->ended[i];
                break;
            }
    start[n] = now;
    take(l, n, 1);
    running_push(l, (struct end){ now + duration[n], n });
}

/* Within one instant what is free only shrinks: a class that does not fit is out until the next. */
static void begin_what_fits(struct schedule_lister *l, int64_t now, const int64_t *duration, int64_t *start)
{
    int32_t fitting = 0;
    for (int32_t i = 0; i < l->actives; i++) {
        int32_t rank = l->heap[l->class_first[l->active[i]]];
        if (fits(l, l->by_rank[rank]))
            heap_push(l->fitting, &fitting, rank);
    }
    while (fitting > 0) {
        int32_t n = l->by_rank[heap_pop(l->fitting, &fitting)], c = l->class_of[n];
        if (!fits(l, n))
            continue;
        heap_pop(l->heap + l->class_first[c], &l->class_size[c]);
        begin(l, n, now, duration, start);
        if (l->class_size[c] > 0)
            heap_push(l->fitting, &fitting, l->heap[l->class_first[c]]);
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < l->actives; i++)
        if (l->class_size[l->active[i]] > 0)
            l->active[kept++] = l->active[i];
    l->actives = kept;
}

int64_t lister_run(struct schedule_lister *l, const int64_t *duration, int64_t *ret_start)
{
    const struct plan_graph *g = l->s->graph;
    int64_t now = 0;
    l->actives = l->runnings = l->endeds = 0;
    memcpy(l->free, l->s->capacity, (size_t)l->s->resources * sizeof *l->free);
    memset(l->class_size, 0, (size_t)l->classes * sizeof *l->class_size);
    for (int32_t n = 0; n < g->nodes; n++)
        l->waiting[n] = g->need_first[n + 1] - g->need_first[n];
    for (int32_t n = 0; n < g->nodes; n++) /* one that became ready through another has needs */
        if (g->need_first[n + 1] == g->need_first[n])
            make_ready(l, n, PLAN_NONE, now, duration, ret_start);
    for (;;) {
        begin_what_fits(l, now, duration, ret_start);
        if (l->runnings == 0)
            return now;
        now = l->running[0].time;
        for (l->endeds = 0; l->runnings > 0 && l->running[0].time == now; l->endeds++) {
            l->ended[l->endeds] = running_pop(l);
            take(l, l->ended[l->endeds], -1);
        }
        for (int32_t i = 0; i < l->endeds; i++) {
            int32_t n = l->ended[i];
            for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
                if (--l->waiting[g->next[e]] == 0)
                    make_ready(l, g->next[e], n, now, duration, ret_start);
        }
    }
}

int32_t lister_chain(const struct schedule_lister *l, const int64_t *duration, const int64_t *start,
                     int32_t *ret_chain)
{
    int32_t last = PLAN_NONE, count = 0;
    int64_t end = 0;
    for (int32_t n = 0; n < l->s->graph->nodes; n++)
        if (duration[n] > 0 && start[n] + duration[n] > end) {
            end = start[n] + duration[n];
            last = n;
        }
    for (; last != PLAN_NONE; last = l->cause[last])
        ret_chain[count++] = last;
    return count;
}
