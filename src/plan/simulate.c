/* Beta(3, 3) is the distribution of the median of five uniform numbers: five 24-bit numbers from one block of Philox,
 * the middle one by a sorting network, no logarithm and no rejection. */
#include "plan/simulate.h"

#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void simulate_durations(const struct plan *p, const struct plan_graph *g, enum simulate_end end,
                        int64_t *ret_ms)
{
    memset(ret_ms, 0, (size_t)g->nodes * sizeof *ret_ms);
    for (int32_t w = 0; w < p->workstreams; w++) {
        int64_t low = p->workstream[w].min_s * SIMULATE_UNIT, high = p->workstream[w].max_s * SIMULATE_UNIT;
        ret_ms[w] = end == SIMULATE_MIN ? low : end == SIMULATE_MAX ? high : low + (high - low) / 2;
    }
}

static double seconds(int64_t ms)
{
    return (double)ms / SIMULATE_UNIT;
}

static int64_t longest_path(const struct plan_graph *g, const int64_t *duration, int64_t *start)
{
    int64_t end = 0;
    for (int32_t i = 0; i < g->nodes; i++) {
        int32_t n = g->order[i];
        int64_t at = 0;
        for (int32_t e = g->need_first[n]; e < g->need_first[n + 1]; e++) {
            int64_t done = start[g->need[e]] + duration[g->need[e]];
            at = done > at ? done : at;
        }
        start[n] = at;
        end = at + duration[n] > end ? at + duration[n] : end;
    }
    return end;
}

static enum spr_code critical_path(struct plan_figures *f, const struct plan *p, const struct plan_graph *g,
                                   struct spr_error *err)
{
    double *duration = mem_zalloc((size_t)g->nodes, sizeof *duration), variance = 0;
    if (!duration)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d durations", g->nodes);
    for (int32_t n = 0; n < g->nodes; n++)
        duration[n] = seconds(f->duration_ms[n]);
    f->pert_mean = graph_critical(g, duration, f->early_s, f->slack_s);
    f->path_length = graph_critical_path(p, g, duration, f->early_s, f->slack_s, f->path);
    for (int32_t i = 0; i < f->path_length; i++) {
        const struct plan_workstream *w = &p->workstream[f->path[i]];
        double width = (double)(w->max_s - w->min_s);
        variance += width * width / 28;
    }
    f->pert_sd = sqrt(variance);
    mem_free(duration);
    return SPR_OK;
}

static enum spr_code limited_figures(struct plan_figures *f, const struct plan *p, const struct plan_graph *g,
                                     const struct schedule_problem *s, bool search, struct spr_error *err)
{
    struct schedule_lister *l = NULL;
    int64_t best, bound = 0;
    int64_t *start = mem_zalloc((size_t)g->nodes, sizeof *start);
    enum spr_code rc =
        start ? lister_new(s, &l, err) : SPR_FAIL(err, SPR_NOMEM, "no memory for %d begins", g->nodes);
    static const enum simulate_end order[] = { SIMULATE_MIN, SIMULATE_MAX, SIMULATE_EXPECTED };
    for (size_t i = 0; i < SPR_COUNT(order) && !rc; i++) { /* the expected ones last: they are kept */
        simulate_durations(p, g, order[i], f->duration_ms);
        for (int32_t w = 0; w < p->workstreams; w++)
            f->effort[order[i]] += seconds(f->duration_ms[w]);
        f->unlimited[order[i]] = seconds(longest_path(g, f->duration_ms, start));
        lister_rank(l, SCHEDULE_BY_PRIORITY, f->duration_ms);
        f->limited[order[i]] = seconds(lister_run(l, f->duration_ms, f->start_ms));
    }
    if (!rc)
        rc = schedule_bound(s, f->duration_ms, &bound, err);
    f->best = f->limited[SIMULATE_EXPECTED];
    f->bound = seconds(bound);
    if (!rc && search) {
        rc = schedule_best(s, f->duration_ms, bound, start, &best, err);
        if (!rc && seconds(best) < f->best)
            f->best = seconds(best);
    }
    lister_free(l);
    mem_free(start);
    return rc;
}

enum spr_code figures_init(struct plan_figures *ret, const struct plan *p, const struct plan_graph *g,
                           const struct schedule_problem *s, bool search, struct spr_error *err)
{
    struct plan_figures f = { 0 };
    size_t nodes = (size_t)g->nodes + 1;
    f.duration_ms = mem_zalloc(nodes, sizeof *f.duration_ms);
    f.start_ms = mem_zalloc(nodes, sizeof *f.start_ms);
    f.early_s = mem_zalloc(nodes, sizeof *f.early_s);
    f.slack_s = mem_zalloc(nodes, sizeof *f.slack_s);
    f.path = mem_zalloc(nodes, sizeof *f.path);
    enum spr_code rc =
        f.duration_ms && f.start_ms && f.early_s && f.slack_s && f.path
            ? SPR_OK
            : SPR_FAIL(err, SPR_NOMEM, "no memory for the figures of %d workstreams", p->workstreams);
    if (!rc)
        rc = limited_figures(&f, p, g, s, search, err);
    if (!rc)
        rc = critical_path(&f, p, g, err);
    if (rc)
        figures_fini(&f);
    else
        *ret = f;
    return rc;
}

void figures_fini(struct plan_figures *f)
{
    mem_free(f->duration_ms);
    mem_free(f->start_ms);
    mem_free(f->early_s);
    mem_free(f->slack_s);
    mem_free(f->path);
    *f = (struct plan_figures){ 0 };
}

/* One thread's scratch memory. */
struct hand {
    struct schedule_lister *lister;
    int64_t *duration, *start; /* (nodes) */
    bool *tight;               /* (nodes) */
    int32_t *chain;            /* (nodes) */
    int32_t *critical, *critical_chain;
};

struct job {
    const struct plan *p;
    const struct plan_graph *g;
    uint64_t seed;
    bool limited_too;
    struct hand *hand;            /* (threads) */
    int64_t *unlimited, *limited; /* (runs) makespans */
};

static void order_two(uint32_t *a, uint32_t *b)
{
    uint32_t low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
    *a = low;
    *b = high;
}

/* 24 bits; the median of five numbers that one block of the stream holds. */
static uint32_t beta_3_3(struct random r, uint64_t block)
{
    uint32_t w[4];
    random_block(r, block, w);
    uint32_t x[5] = { w[0] >> 8, w[1] >> 8, w[2] >> 8, w[3] >> 8,
                      (w[0] & 255) << 16 | (w[1] & 255) << 8 | (w[2] & 255) };
    order_two(&x[0], &x[1]);
    order_two(&x[3], &x[4]);
    order_two(&x[0], &x[3]);
    order_two(&x[1], &x[4]);
    order_two(&x[1], &x[2]);
    order_two(&x[2], &x[3]);
    order_two(&x[1], &x[2]);
    return x[2];
}

static void draw_durations(const struct job *j, int run, int64_t *duration)
{
    struct random r = { j->seed, random_mix((uint64_t)run + 1) };
    for (int32_t w = 0; w < j->p->workstreams; w++) {
        const struct plan_workstream *ws = &j->p->workstream[w];
        int64_t low = ws->min_s * SIMULATE_UNIT, width = (ws->max_s - ws->min_s) * SIMULATE_UNIT;
        double share = ((double)beta_3_3(r, (uint64_t)w) + 0.5) / 16777216;
        duration[w] = low + (int64_t)(share * (double)width + 0.5);
    }
}

/* Back from whatever ends last, over needs that ended just when they were waited for. */
static void mark_tight(const struct plan_graph *g, const struct hand *h, int64_t end, int32_t workstreams)
{
    for (int32_t n = 0; n < g->nodes; n++)
        h->tight[n] = h->start[n] + h->duration[n] == end;
    for (int32_t i = g->nodes - 1; i >= 0; i--) {
        int32_t n = g->order[i];
        if (!h->tight[n])
            continue;
        if (n < workstreams)
            h->critical[n]++;
        for (int32_t e = g->need_first[n]; e < g->need_first[n + 1]; e++)
            if (h->start[g->need[e]] + h->duration[g->need[e]] == h->start[n])
                h->tight[g->need[e]] = true;
    }
}

static void one_run(void *context, int run, int worker)
{
    struct job *j = context;
    const struct hand *h = &j->hand[worker];
    draw_durations(j, run, h->duration);
    j->unlimited[run] = longest_path(j->g, h->duration, h->start);
    mark_tight(j->g, h, j->unlimited[run], j->p->workstreams);
    if (!j->limited_too)
        return;
    j->limited[run] = lister_run(h->lister, h->duration, h->start);
    int32_t length = lister_chain(h->lister, h->duration, h->start, h->chain);
    for (int32_t i = 0; i < length; i++)
        h->critical_chain[h->chain[i]]++; /* what takes time is a workstream */
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Sorts; pN is the nearest rank. */
static struct simulate_spread spread(int64_t *made, int runs)
{
    double sum = 0;
    qsort(made, (size_t)runs, sizeof *made, by_size);
    for (int i = 0; i < runs; i++)
        sum += seconds(made[i]);
#define RANK(percent) seconds(made[((int64_t)runs * (percent) + 99) / 100 - 1])
    return (struct simulate_spread){ sum / runs, seconds(made[0]), RANK(50),
                                     RANK(80),   RANK(95),         seconds(made[runs - 1]) };
#undef RANK
}

static enum spr_code hand_init(struct hand *h, const struct job *j, const struct schedule_problem *s,
                               const int64_t *expected, struct spr_error *err)
{
    size_t nodes = (size_t)j->g->nodes + 1;
    h->duration = mem_zalloc(nodes, sizeof *h->duration);
    h->start = mem_zalloc(nodes, sizeof *h->start);
    h->tight = mem_zalloc(nodes, sizeof *h->tight);
    h->chain = mem_zalloc(nodes, sizeof *h->chain);
    h->critical = mem_zalloc(nodes, sizeof *h->critical);
    h->critical_chain = mem_zalloc(nodes, sizeof *h->critical_chain);
    if (!h->duration || !h->start || !h->tight || !h->chain || !h->critical || !h->critical_chain)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to simulate %d workstreams", j->p->workstreams);
    if (!j->limited_too)
        return SPR_OK;
    enum spr_code rc = lister_new(s, &h->lister, err);
    if (!rc)
        lister_rank(h->lister, SCHEDULE_BY_PRIORITY, expected);
    return rc;
}

static void hand_fini(struct hand *h)
{
    lister_free(h->lister);
    mem_free(h->duration);
    mem_free(h->start);
    mem_free(h->tight);
    mem_free(h->chain);
    mem_free(h->critical);
    mem_free(h->critical_chain);
}

static void collect(struct simulation *s, const struct job *j, int threads)
{
    for (int t = 0; t < threads; t++)
        for (int32_t w = 0; w < j->p->workstreams; w++) {
            s->critical[w] += j->hand[t].critical[w];
            s->critical_chain[w] += j->hand[t].critical_chain[w];
        }
    s->unlimited = spread(j->unlimited, s->runs);
    if (j->limited_too)
        s->limited = spread(j->limited, s->runs);
}

enum spr_code simulation_init(struct simulation *ret, const struct plan *p, const struct plan_graph *g,
                              const struct schedule_problem *s, int runs, uint64_t seed, bool limited_too,
                              struct pool *pool, struct spr_error *err)
{
    struct simulation made = { .runs = runs, .seed = seed };
    struct job j = { .p = p, .g = g, .seed = seed, .limited_too = limited_too };
    int threads = pool_threads(pool);
    int64_t *expected = mem_zalloc((size_t)g->nodes, sizeof *expected);
    made.critical = mem_zalloc((size_t)p->workstreams, sizeof *made.critical);
    made.critical_chain = mem_zalloc((size_t)p->workstreams, sizeof *made.critical_chain);
    j.hand = mem_zalloc((size_t)threads, sizeof *j.hand);
    j.unlimited = mem_zalloc((size_t)runs, sizeof *j.unlimited);
    j.limited = mem_zalloc((size_t)runs, sizeof *j.limited);
    enum spr_code rc = expected && made.critical && made.critical_chain && j.hand && j.unlimited && j.limited
                           ? SPR_OK
                           : SPR_FAIL(err, SPR_NOMEM, "no memory for %d runs", runs);
    if (!rc)
        simulate_durations(p, g, SIMULATE_EXPECTED, expected);
    for (int t = 0; t < threads && !rc; t++)
        rc = hand_init(&j.hand[t], &j, s, expected, err);
    if (!rc) {
        pool_run(pool, runs, one_run, &j);
        collect(&made, &j, threads);
    }
    for (int t = 0; j.hand && t < threads; t++)
        hand_fini(&j.hand[t]);
    mem_free(j.hand);
    mem_free(j.unlimited);
    mem_free(j.limited);
    mem_free(expected);
    if (rc)
        simulation_fini(&made);
    else
        *ret = made;
    return rc;
}

void simulation_fini(struct simulation *s)
{
    mem_free(s->critical);
    mem_free(s->critical_chain);
    *s = (struct simulation){ 0 };
}
