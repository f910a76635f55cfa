/* Many schedules, the best one kept. Each begins with an order of jobs, needs first; they are placed one by one at the
 * earliest time they fit (serial generation). The result is pushed right: jobs by decreasing end, each as late as it
 * fits; then left again by increasing begin. Neither step can make it longer, and mostly they make it shorter.
 * What is in use over time is a linked list of segments, each with a row of amounts. */
#include "base/mem.h"
#include "base/random.h"
#include "plan/schedule.h"

#include <stdlib.h>
#include <string.h>

struct segment {
    int64_t begin;
    int32_t next; /* PLAN_NONE: to the end of time, where nothing is in use */
};

struct sortable {
    int64_t key;
    int32_t place; /* in topological order */
    int32_t job;
};

struct improver {
    const struct schedule_problem *s;
    const int64_t *duration;
    struct random random;
    uint64_t drawn;
    int32_t segments;
    struct segment *segment; /* (2 nodes + 1) */
    int64_t *used;           /* (2 nodes + 1, resources) */
    int64_t *late;           /* (nodes) latest begin that keeps the longest path */
    int64_t *value;          /* (nodes) what sampling goes by: less is more urgent */
    int64_t *start, *mirror; /* (nodes) */
    int32_t *place;          /* (nodes) in topological order */
    int32_t *list;           /* (nodes) */
    int32_t *waiting, *open; /* (nodes) */
    struct sortable *sort;   /* (nodes) */
};

static bool fits(const struct improver *m, int32_t segment, int32_t n)
{
    const struct schedule_problem *s = m->s;
    const int64_t *used = m->used + (size_t)segment * (size_t)s->resources;
    for (int32_t u = s->use_first[n]; u < s->use_first[n + 1]; u++)
        if (used[s->use[u].resource] + s->use[u].amount > s->capacity[s->use[u].resource])
            return false;
    return true;
}

/* Cuts a segment at a time inside it; returns the later part. */
static int32_t cut(struct improver *m, int32_t segment, int64_t at)
{
    if (m->segment[segment].begin == at)
        return segment;
    size_t row = (size_t)m->s->resources;
    int32_t later = m->segments++;
    m->segment[later] = (struct segment){ at, m->segment[segment].next };
    m->segment[segment].next = later;
    memcpy(m->used + (size_t)later * row, m->used + (size_t)segment * row, row * sizeof *m->used);
    return later;
}

/* The earliest time from `from` on at which n fits for all of its duration; takes what n uses. */
static int64_t place(struct improver *m, int32_t n, int64_t from)
{
    const struct schedule_problem *s = m->s;
    if (m->duration[n] == 0 || s->use_first[n] == s->use_first[n + 1])
        return from;
    const struct segment *segment = m->segment;
    int32_t first = 0;
    while (segment[first].next != PLAN_NONE && segment[segment[first].next].begin <= from)
        first = segment[first].next;
    int64_t at = from;
    for (int32_t i = first; i != PLAN_NONE && segment[i].begin < at + m->duration[n]; i = segment[i].next)
        if (!fits(m, i, n)) { /* the last segment is empty: there is a next */
            first = segment[i].next;
            at = segment[first].begin;
        }
    first = cut(m, first, at);
    int64_t end = at + m->duration[n];
    for (int32_t i = first; i != PLAN_NONE && segment[i].begin < end; i = segment[i].next) {
        int32_t next = segment[i].next;
        if (next == PLAN_NONE || segment[next].begin > end)
            cut(m, i, end);
        int64_t *used = m->used + (size_t)i * (size_t)s->resources;
        for (int32_t u = s->use_first[n]; u < s->use_first[n + 1]; u++)
            used[s->use[u].resource] += s->use[u].amount;
    }
    return at;
}

/* Places the jobs of m->list; backward: needs and those that wait change sides, and time runs from the end. */
static int64_t serial(struct improver *m, bool backward, int64_t *start)
{
    const struct plan_graph *g = m->s->graph;
    const int32_t *first = backward ? g->next_first : g->need_first, *before = backward ? g->next : g->need;
    int64_t makespan = 0;
    m->segments = 1;
    m->segment[0] = (struct segment){ 0, PLAN_NONE };
    memset(m->used, 0, (size_t)m->s->resources * sizeof *m->used);
    for (int32_t i = 0; i < g->nodes; i++) {
        int32_t n = m->list[i];
        int64_t from = 0;
        for (int32_t e = first[n]; e < first[n + 1]; e++)
            if (start[before[e]] + m->duration[before[e]] > from)
                from = start[before[e]] + m->duration[before[e]];
        start[n] = place(m, n, from);
        if (start[n] + m->duration[n] > makespan)
            makespan = start[n] + m->duration[n];
    }
    return makespan;
}

static int by_key(const void *a, const void *b)
{
    const struct sortable *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Right, then left. A schedule's mirror begins a job where the schedule ends it, counted from the makespan. */
static int64_t justify(struct improver *m, int64_t makespan)
{
    int32_t nodes = m->s->graph->nodes;
    for (int pass = 0; pass < 2; pass++) {
        bool backward = pass == 0;
        const int64_t *from = backward ? m->start : m->mirror;
        for (int32_t n = 0; n < nodes; n++)
            m->sort[n] = (struct sortable){ makespan - from[n] - m->duration[n],
                                            backward ? nodes - m->place[n] : m->place[n], n };
        qsort(m->sort, (size_t)nodes, sizeof *m->sort, by_key);
        for (int32_t i = 0; i < nodes; i++)
            m->list[i] = m->sort[i].job;
        makespan = serial(m, backward, backward ? m->mirror : m->start);
    }
    return makespan;
}

/* An order, needs first: of the jobs that may come next each is drawn with a weight that grows with how much more
 * urgent it is than the least urgent (regret); `sharp` squares it. */
static void sample(struct improver *m, bool sharp)
{
    const struct plan_graph *g = m->s->graph;
    int32_t open = 0;
    for (int32_t n = 0; n < g->nodes; n++) {
        m->waiting[n] = g->need_first[n + 1] - g->need_first[n];
        if (m->waiting[n] == 0)
            m->open[open++] = n;
    }
    for (int32_t i = 0; i < g->nodes; i++) {
        int64_t worst = INT64_MIN;
        double total = 0;
        for (int32_t k = 0; k < open; k++)
            if (m->value[m->open[k]] > worst)
                worst = m->value[m->open[k]];
        for (int pass = 0; pass < 2; pass++) {
            double at = pass ? total * (random_u32(m->random, m->drawn++) / 4294967296.0) : 0;
            total = 0;
            for (int32_t k = 0; k < open; k++) {
                double weight = (double)(worst - m->value[m->open[k]] + 1);
                total += sharp ? weight * weight : weight;
                if (pass && (total > at || k == open - 1)) {
                    m->list[i] = m->open[k];
                    m->open[k] = m->open[--open];
                    break;
                }
            }
        }
        int32_t n = m->list[i];
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
            if (--m->waiting[g->next[e]] == 0)
                m->open[open++] = g->next[e];
    }
}

static void find_late(struct improver *m)
{
    const struct plan_graph *g = m->s->graph;
    for (int32_t i = g->nodes - 1; i >= 0; i--) {
        int32_t n = g->order[i];
        m->place[n] = i;
        m->late[n] = 0;
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
            if (m->late[g->next[e]] < m->late[n])
                m->late[n] = m->late[g->next[e]];
        m->late[n] -= m->duration[n];
    }
}

static void improver_fini(struct improver *m)
{
    mem_free(m->segment);
    mem_free(m->used);
    mem_free(m->late);
    mem_free(m->value);
    mem_free(m->start);
    mem_free(m->mirror);
    mem_free(m->place);
    mem_free(m->list);
    mem_free(m->waiting);
    mem_free(m->open);
    mem_free(m->sort);
}

static bool improver_init(struct improver *m)
{
    size_t nodes = (size_t)m->s->graph->nodes + 1, segments = 2 * nodes + 1;
    m->segment = mem_zalloc(segments, sizeof *m->segment);
    m->used = mem_zalloc(segments, ((size_t)m->s->resources + 1) * sizeof *m->used);
    m->late = mem_zalloc(nodes, sizeof *m->late);
    m->value = mem_zalloc(nodes, sizeof *m->value);
    m->start = mem_zalloc(nodes, sizeof *m->start);
    m->mirror = mem_zalloc(nodes, sizeof *m->mirror);
    m->place = mem_zalloc(nodes, sizeof *m->place);
    m->list = mem_zalloc(nodes, sizeof *m->list);
    m->waiting = mem_zalloc(nodes, sizeof *m->waiting);
    m->open = mem_zalloc(nodes, sizeof *m->open);
    m->sort = mem_zalloc(nodes, sizeof *m->sort);
    return m->segment && m->used && m->late && m->value && m->start && m->mirror && m->place && m->list &&
           m->waiting && m->open && m->sort;
}

enum spr_code schedule_improve(const struct schedule_problem *s, const int64_t *duration, int64_t bound,
                               int passes, uint64_t seed, int64_t *start, int64_t *makespan,
                               struct spr_error *err)
{
    struct improver m = { .s = s, .duration = duration, .random = { seed, 0x5c4ed01e } };
    size_t bytes = (size_t)s->graph->nodes * sizeof *start;
    enum spr_code rc = SPR_OK;
    if (s->graph->nodes == 0 || passes <= 0)
        return SPR_OK;
    if (!improver_init(&m)) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to improve a schedule of %d jobs", s->graph->nodes);
        goto out;
    }
    find_late(&m);
    memcpy(m.start, start, bytes);
    for (int pass = 0; pass <= passes && *makespan > bound; pass++) {
        int64_t reached = *makespan;
        if (pass > 0) { /* pass 0 justifies what was given */
            bool near_best = pass % 2 == 0;
            memcpy(m.value, near_best ? start : m.late, bytes);
            sample(&m, near_best);
            reached = serial(&m, false, m.start);
        }
        reached = justify(&m, reached);
        if (reached < *makespan ||
            (reached == *makespan && pass % 2 == 0)) { /* as good: a new place to look from */
            *makespan = reached;
            memcpy(start, m.start, bytes);
        }
    }
out:
    improver_fini(&m);
    return rc;
}

int schedule_passes(int32_t jobs)
{
    enum { WORK = 20000000, MOST = 1000, JOBS_MAX = 2000 };
    if (jobs < 2 || jobs > JOBS_MAX)
        return 0;
    int64_t passes = WORK / ((int64_t)jobs * jobs);
    return passes > MOST ? MOST : (int)passes;
}

enum spr_code schedule_best(const struct schedule_problem *s, const int64_t *duration, int64_t bound,
                            int64_t *ret_start, int64_t *ret_makespan, struct spr_error *err)
{
    struct schedule_lister *l = NULL;
    int32_t nodes = s->graph->nodes;
    int64_t *start = mem_zalloc((size_t)nodes, sizeof *start), best = INT64_MAX;
    enum spr_code rc =
        start ? lister_new(s, &l, err) : SPR_FAIL(err, SPR_NOMEM, "no memory to schedule %d jobs", nodes);
    for (int rule = 0; rule < SCHEDULE_RULES && !rc && best > bound; rule++) {
        lister_rank(l, (enum schedule_rule)rule, duration);
        int64_t makespan = lister_run(l, duration, start);
        if (makespan < best) {
            best = makespan;
            memcpy(ret_start, start, (size_t)nodes * sizeof *start);
        }
    }
    if (!rc)
        rc = schedule_improve(s, duration, bound, schedule_passes(nodes), 1, ret_start, &best, err);
    if (!rc)
        *ret_makespan = best;
    lister_free(l);
    mem_free(start);
    return rc;
}
