#include "plan/graph.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

const char *graph_node_id(const struct plan *p, int32_t node)
{
    if (node < p->workstreams)
        return p->workstream[node].id;
    node -= p->workstreams;
    if (node < 2 * p->domains)
        return p->domain[node / 2].id;
    return p->gate[node - 2 * p->domains].id;
}

/* Counts edges on the first walk (need == NULL), places them on the second. */
struct placer {
    int32_t *first; /* count, then fill position, per node */
    int32_t *need;
};

static void edge(struct placer *to, int32_t node, int32_t needs)
{
    if (to->need)
        to->need[to->first[node]++] = needs;
    else
        to->first[node + 1]++;
}

static void walk_edges(const struct plan *p, struct placer *to)
{
    for (int32_t i = 0; i < p->domains; i++) {
        const struct plan_domain *d = &p->domain[i];
        for (int32_t k = 0; k < d->needs.count; k++)
            edge(to, graph_domain_begin(p, i), graph_domain_end(p, p->ref[d->needs.first + k].index));
        edge(to, graph_domain_end(p, i), graph_domain_begin(p, i));
        for (int32_t k = 0; k < d->workstreams.count; k++) {
            int32_t w = d->workstreams.first + k;
            edge(to, w, graph_domain_begin(p, i));
            edge(to, graph_domain_end(p, i), w);
        }
    }
    for (int32_t w = 0; w < p->workstreams; w++)
        for (int32_t k = 0; k < p->workstream[w].needs.count; k++)
            edge(to, w, p->ref[p->workstream[w].needs.first + k].index);
    for (int32_t i = 0; i < p->gates; i++) {
        const struct plan_gate *g = &p->gate[i];
        for (int32_t k = 0; k < g->after.count; k++) {
            const struct plan_ref *ref = &p->ref[g->after.first + k];
            edge(to, graph_gate(p, i),
                 ref->thing == PLAN_DOMAIN ? graph_domain_end(p, ref->index) : ref->index);
        }
        for (int32_t k = 0; k < g->opens.count; k++) {
            const struct plan_ref *ref = &p->ref[g->opens.first + k];
            edge(to, ref->thing == PLAN_DOMAIN ? graph_domain_begin(p, ref->index) : ref->index,
                 graph_gate(p, i));
        }
    }
}

/* Turns counts at first[n + 1] into the beginnings first[n]. */
static void accumulate(int32_t *first, int32_t nodes)
{
    for (int32_t n = 0; n < nodes; n++)
        first[n + 1] += first[n];
}

/* After filling, first[n] has moved to the end of n's part, which is the beginning of n + 1's. */
static void restore(int32_t *first, int32_t nodes)
{
    memmove(first + 1, first, (size_t)nodes * sizeof *first);
    first[0] = 0;
}

static void reverse_edges(struct plan_graph *g)
{
    for (int32_t e = 0; e < g->edges; e++)
        g->next_first[g->need[e] + 1]++;
    accumulate(g->next_first, g->nodes);
    for (int32_t n = 0; n < g->nodes; n++)
        for (int32_t e = g->need_first[n]; e < g->need_first[n + 1]; e++)
            g->next[g->next_first[g->need[e]]++] = n;
    restore(g->next_first, g->nodes);
}

/* Kahn's algorithm; returns how many nodes got a place. waiting (nodes) is scratch and is left with the number of
 * needs that were not met. */
static int32_t topological(struct plan_graph *g, int32_t *waiting)
{
    int32_t head = 0, tail = 0;
    for (int32_t n = 0; n < g->nodes; n++) {
        waiting[n] = g->need_first[n + 1] - g->need_first[n];
        if (waiting[n] == 0)
            g->order[tail++] = n;
    }
    while (head < tail) {
        int32_t n = g->order[head++];
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++)
            if (--waiting[g->next[e]] == 0)
                g->order[tail++] = g->next[e];
    }
    return tail;
}

/* Every node with waiting > 0 waits for another such node: walking back must come round. GIVES the round. */
static int32_t *find_cycle(const struct plan_graph *g, int32_t *waiting, int32_t *ret_length)
{
    int32_t n = 0;
    while (waiting[n] == 0)
        n++;
    int32_t step = 0;
    while (waiting[n] > 0) { /* the step at which a node was visited, as a negative number */
        waiting[n] = -++step;
        int32_t e = g->need_first[n];
        while (waiting[g->need[e]] == 0)
            e++;
        n = g->need[e];
    }
    int32_t length = step + waiting[n] + 1;
    int32_t *cycle = mem_zalloc((size_t)length, sizeof *cycle);
    if (!cycle)
        return NULL;
    /* Walked against the arrows, so the last one found is the first to happen. */
    int32_t start = n;
    for (int32_t i = length - 1; i >= 0; i--) {
        cycle[i] = n;
        int32_t e = g->need_first[n];
        while (waiting[g->need[e]] == 0)
            e++;
        n = g->need[e];
    }
    assert(n == start);
    *ret_length = length;
    return cycle;
}

static enum spr_code allocate(struct plan_graph *g, struct spr_error *err)
{
    size_t nodes = (size_t)g->nodes + 1;
    g->need_first = mem_zalloc(nodes, sizeof *g->need_first);
    g->next_first = mem_zalloc(nodes, sizeof *g->next_first);
    g->order = mem_zalloc(nodes, sizeof *g->order);
    if (!g->need_first || !g->next_first || !g->order)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a graph of %d nodes", g->nodes);
    return SPR_OK;
}

enum spr_code graph_init(struct plan_graph *ret, const struct plan *p, int32_t **ret_cycle,
                         int32_t *ret_length, struct spr_error *err)
{
    struct plan_graph g = { .nodes = p->workstreams + 2 * p->domains + p->gates };
    int32_t *waiting = NULL;
    enum spr_code rc = allocate(&g, err);
    if (rc)
        goto out;
    struct placer place = { .first = g.need_first };
    walk_edges(p, &place);
    accumulate(g.need_first, g.nodes);
    g.edges = g.need_first[g.nodes];
    g.need = mem_zalloc((size_t)g.edges, sizeof *g.need);
    g.next = mem_zalloc((size_t)g.edges, sizeof *g.next);
    waiting = mem_zalloc((size_t)g.nodes + 1, sizeof *waiting);
    if (!g.need || !g.next || !waiting) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a graph of %d edges", g.edges);
        goto out;
    }
    place.need = g.need;
    walk_edges(p, &place);
    restore(g.need_first, g.nodes);
    reverse_edges(&g);
    if (topological(&g, waiting) < g.nodes) {
        rc = SPR_FAIL(err, SPR_BADDATA, "the plan goes round in a circle");
        if (ret_cycle)
            *ret_cycle = find_cycle(&g, waiting, ret_length);
    }
out:
    mem_free(waiting);
    if (rc)
        graph_fini(&g);
    else
        *ret = g;
    return rc;
}

enum spr_code graph_init_needs(struct plan_graph *ret, int32_t nodes, int32_t *need_first, int32_t *need,
                               struct spr_error *err)
{
    struct plan_graph g = {
        .nodes = nodes, .edges = need_first[nodes], .need_first = need_first, .need = need
    };
    size_t places = (size_t)nodes + 1;
    int32_t *waiting = mem_zalloc(places, sizeof *waiting);
    g.next_first = mem_zalloc(places, sizeof *g.next_first);
    g.order = mem_zalloc(places, sizeof *g.order);
    g.next = mem_zalloc((size_t)g.edges, sizeof *g.next);
    enum spr_code rc = SPR_OK;
    if (!waiting || !g.next_first || !g.order || !g.next) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a graph of %d nodes", nodes);
    } else {
        reverse_edges(&g);
        if (topological(&g, waiting) < nodes)
            rc = SPR_FAIL(err, SPR_BADDATA, "what waits for what goes round in a circle");
    }
    mem_free(waiting);
    if (rc)
        graph_fini(&g);
    else
        *ret = g;
    return rc;
}

void graph_fini(struct plan_graph *g)
{
    mem_free(g->order);
    mem_free(g->next);
    mem_free(g->next_first);
    mem_free(g->need);
    mem_free(g->need_first);
    *g = (struct plan_graph){ 0 };
}

double graph_makespan(const struct plan_graph *g, const double *duration, double *ret_start)
{
    double end = 0;
    for (int32_t i = 0; i < g->nodes; i++) {
        int32_t n = g->order[i];
        double start = 0;
        for (int32_t e = g->need_first[n]; e < g->need_first[n + 1]; e++) {
            double done = ret_start[g->need[e]] + duration[g->need[e]];
            if (done > start)
                start = done;
        }
        ret_start[n] = start;
        if (start + duration[n] > end)
            end = start + duration[n];
    }
    return end;
}

double graph_critical(const struct plan_graph *g, const double *duration, double *ret_early,
                      double *ret_slack)
{
    double end = graph_makespan(g, duration, ret_early);
    /* ret_slack holds the latest finish on the way back, then the slack. */
    for (int32_t i = g->nodes - 1; i >= 0; i--) {
        int32_t n = g->order[i];
        double late = end;
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++) {
            double must = ret_slack[g->next[e]] - duration[g->next[e]];
            if (must < late)
                late = must;
        }
        ret_slack[n] = late;
    }
    for (int32_t n = 0; n < g->nodes; n++)
        ret_slack[n] -= ret_early[n] + duration[n];
    return end;
}

/* Durations are whole seconds in practice: a slack under a millisecond is rounding. */
static const double tight = 1e-3;

int32_t graph_critical_path(const struct plan *p, const struct plan_graph *g, const double *duration,
                            const double *early, const double *slack, int32_t *ret_path)
{
    double end = 0;
    int32_t at = PLAN_NONE, length = 0;
    for (int32_t n = 0; n < g->nodes; n++)
        if (early[n] + duration[n] > end + tight) {
            end = early[n] + duration[n];
            at = n;
        }
    while (at != PLAN_NONE) {
        if (at < p->workstreams)
            ret_path[length++] = at;
        int32_t before = PLAN_NONE;
        for (int32_t e = g->need_first[at]; e < g->need_first[at + 1] && before == PLAN_NONE; e++) {
            int32_t n = g->need[e];
            if (slack[n] < tight && early[n] + duration[n] > early[at] - tight && early[at] > tight)
                before = n;
        }
        at = before;
    }
    for (int32_t i = 0; i < length / 2; i++) {
        int32_t kept = ret_path[i];
        ret_path[i] = ret_path[length - 1 - i];
        ret_path[length - 1 - i] = kept;
    }
    return length;
}
