/* First groups by splitting: of all groups, the one whose best cut across its longest axis saves most squared distance
 * is cut there, until there are k (Wu 1992 in spirit, with principal axes for boxes and 256 candidate cuts each).
 * Then Lloyd's k-means from there. A group that comes out empty is given the point that lies worst.
 *
 * order[] is a permutation of the points; each group is a stretch of it:
 *
 *     | group 0      | group 1 | group 2            |     cutting a group reorders its own stretch only */
#include "pixel/cluster.h"

#include "base/mem.h"
#include "pixel/search.h"

#include <assert.h>
#include <float.h>
#include <stdbool.h>
#include <string.h>

enum { CUTS = 256, ROUNDS = 20, AXIS_STEPS = 12 };

struct sum {
    double weight, x, y, z;
};

struct group {
    size_t from, to;           /* in order[] */
    double axis[3], low, high; /* of the points' places along the axis */
    double gain;               /* squared distance that the best cut saves; 0 where none is possible */
    int cut;                   /* points in slices 0..cut go left */
};

struct splitter {
    const struct points *p;
    uint32_t *order; /* (points) */
    int count;
    struct group group[CLUSTER_MAX];
};

enum spr_code points_init(struct points *ret, size_t count, struct spr_error *err)
{
    float *x = mem_zalloc(count, 4 * sizeof *x);
    if (!x)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu points", count);
    *ret = (struct points){ count, x, x + count, x + 2 * count, x + 3 * count };
    return SPR_OK;
}

void points_fini(struct points *p)
{
    mem_free(p->x);
    *p = (struct points){ 0 };
}

static void add_point(struct sum *s, const struct points *p, size_t i)
{
    double w = (double)p->weight[i];
    s->weight += w;
    s->x += w * (double)p->x[i];
    s->y += w * (double)p->y[i];
    s->z += w * (double)p->z[i];
}

/* weight * |mean|^2: what a group's points save when their distances are taken from their mean, not from 0. */
static double saved(const struct sum *s)
{
    return s->weight > 0 ? (s->x * s->x + s->y * s->y + s->z * s->z) / s->weight : 0;
}

/* The direction in which the group's points spread most: power iteration on their covariance. */
static void find_axis(const struct splitter *s, struct group *g, const struct sum *all)
{
    double mean[3] = { all->x / all->weight, all->y / all->weight, all->z / all->weight }, c[3][3] = { 0 };
    for (size_t k = g->from; k < g->to; k++) {
        size_t i = s->order[k];
        double d[3] = { (double)s->p->x[i] - mean[0], (double)s->p->y[i] - mean[1],
                        (double)s->p->z[i] - mean[2] };
        for (int r = 0; r < 3; r++)
            for (int q = r; q < 3; q++)
                c[r][q] += (double)s->p->weight[i] * d[r] * d[q];
    }
    c[1][0] = c[0][1], c[2][0] = c[0][2], c[2][1] = c[1][2];
    int widest = c[0][0] >= c[1][1] && c[0][0] >= c[2][2] ? 0 : c[1][1] >= c[2][2] ? 1 : 2;
    double v[3] = { c[widest][0], c[widest][1], c[widest][2] };
    for (int step = 0; step < AXIS_STEPS; step++) {
        double u[3], most = 0;
        for (int r = 0; r < 3; r++) {
            u[r] = c[r][0] * v[0] + c[r][1] * v[1] + c[r][2] * v[2];
            double size = u[r] < 0 ? -u[r] : u[r];
            most = size > most ? size : most;
        }
        for (int r = 0; r < 3 && most > 0; r++)
            v[r] = u[r] / most;
    }
    memcpy(g->axis, v, sizeof v);
}

static double along(const struct group *g, const struct points *p, size_t i)
{
    return g->axis[0] * (double)p->x[i] + g->axis[1] * (double)p->y[i] + g->axis[2] * (double)p->z[i];
}

static int slice(const struct group *g, const struct points *p, size_t i)
{
    int at = (int)((along(g, p, i) - g->low) / (g->high - g->low) * CUTS);
    return at < 0 ? 0 : at >= CUTS ? CUTS - 1 : at;
}

/* Finds the best cut of group g, whose points have just become known. */
static void weigh(struct splitter *s, struct group *g)
{
    struct sum all = { 0 }, left = { 0 }, part[CUTS] = { { 0 } };
    for (size_t k = g->from; k < g->to; k++)
        add_point(&all, s->p, s->order[k]);
    find_axis(s, g, &all);
    g->low = DBL_MAX, g->high = -DBL_MAX, g->gain = 0;
    for (size_t k = g->from; k < g->to; k++) {
        double at = along(g, s->p, s->order[k]);
        g->low = at < g->low ? at : g->low;
        g->high = at > g->high ? at : g->high;
    }
    if (!(g->high > g->low))
        return;
    for (size_t k = g->from; k < g->to; k++)
        add_point(&part[slice(g, s->p, s->order[k])], s->p, s->order[k]);
    double whole = saved(&all);
    for (int i = 0; i < CUTS - 1; i++) {
        left.weight += part[i].weight, left.x += part[i].x, left.y += part[i].y, left.z += part[i].z;
        struct sum right = { all.weight - left.weight, all.x - left.x, all.y - left.y, all.z - left.z };
        if (left.weight <= 0 || right.weight <= 0)
            continue;
        double gain = saved(&left) + saved(&right) - whole;
        if (gain > g->gain) {
            g->gain = gain;
            g->cut = i;
        }
    }
}

static void split(struct splitter *s, struct group *g)
{
    size_t left = g->from, right = g->to;
    while (left < right) {
        uint32_t i = s->order[left];
        if (slice(g, s->p, i) <= g->cut) {
            left++;
        } else {
            s->order[left] = s->order[--right];
            s->order[right] = i;
        }
    }
    struct group *added = &s->group[s->count++];
    *added = (struct group){ .from = left, .to = g->to };
    g->to = left;
    weigh(s, g);
    weigh(s, added);
}

static void centre_of(struct clusters *c, int k, const struct sum *s)
{
    c->x[k] = (float)(s->x / s->weight);
    c->y[k] = (float)(s->y / s->weight);
    c->z[k] = (float)(s->z / s->weight);
    c->weight[k] = s->weight;
}

static enum spr_code first_groups(struct clusters *c, const struct points *p, int k, struct spr_error *err)
{
    struct splitter *s = mem_zalloc(1, sizeof *s);
    uint32_t *order = s ? mem_zalloc(p->count, sizeof *order) : NULL;
    if (!order) {
        mem_free(s);
        return SPR_FAIL(err, SPR_NOMEM, "no memory to group %zu points", p->count);
    }
    s->p = p;
    s->order = order;
    for (size_t i = 0; i < p->count; i++)
        order[i] = (uint32_t)i;
    s->count = 1;
    s->group[0] = (struct group){ .to = p->count };
    weigh(s, &s->group[0]);
    while (s->count < k) {
        int best = 0;
        for (int i = 1; i < s->count; i++)
            if (s->group[i].gain > s->group[best].gain)
                best = i;
        if (s->group[best].gain <= 0)
            break;
        split(s, &s->group[best]);
    }
    c->count = s->count;
    for (int i = 0; i < s->count; i++) {
        struct sum sum = { 0 };
        for (size_t at = s->group[i].from; at < s->group[i].to; at++)
            add_point(&sum, p, order[at]);
        centre_of(c, i, &sum);
    }
    mem_free(order);
    mem_free(s);
    return SPR_OK;
}

/* One round of k-means; the number of points that changed their group. */
static size_t round_of_means(struct clusters *c, const struct points *p)
{
    struct sum sum[CLUSTER_MAX] = { { 0 } };
    struct search search;
    size_t moved = 0, worst = 0;
    float worst_cost = -1;
    search_init(&search, c->x, c->y, c->z, c->count);
    for (size_t i = 0; i < p->count; i++) {
        float distance2;
        int hint = c->member[i] < c->count ? c->member[i] : 0;
        int group = search_closest(&search, p->x[i], p->y[i], p->z[i], hint, &distance2);
        moved += c->member[i] != group;
        c->member[i] = (uint8_t)group;
        add_point(&sum[group], p, i);
        float cost = distance2 * p->weight[i];
        if (cost > worst_cost) {
            worst_cost = cost;
            worst = i;
        }
    }
    for (int k = 0; k < c->count; k++) {
        if (sum[k].weight > 0) {
            centre_of(c, k, &sum[k]);
        } else if (worst_cost > 0) { /* once a round: the next empty group waits */
            c->x[k] = p->x[worst], c->y[k] = p->y[worst], c->z[k] = p->z[worst];
            c->weight[k] = 0;
            worst_cost = 0;
            moved++;
        } else {
            c->weight[k] = 0;
        }
    }
    return moved;
}

static void drop_empty(struct clusters *c)
{
    int kept = 0;
    for (int k = 0; k < c->count; k++)
        if (c->weight[k] > 0) {
            c->x[kept] = c->x[k], c->y[kept] = c->y[k], c->z[kept] = c->z[k];
            c->weight[kept++] = c->weight[k];
        }
    c->count = kept;
}

static void settle(struct clusters *c, const struct points *p)
{
    for (int i = 0; i < ROUNDS && round_of_means(c, p) > 0; i++)
        ;
    drop_empty(c);
    round_of_means(c, p); /* member[] for the numbers that are left */
    drop_empty(c);
}

/* Joins the closest two centres if they are closer than that. */
static bool join_closest(struct clusters *c, float min_distance)
{
    float least = min_distance * min_distance;
    int a = -1, b = -1;
    for (int i = 0; i < c->count; i++)
        for (int k = i + 1; k < c->count; k++) {
            float dx = c->x[i] - c->x[k], dy = c->y[i] - c->y[k], dz = c->z[i] - c->z[k];
            float d = dx * dx + dy * dy + dz * dz;
            if (d < least) {
                least = d;
                a = i;
                b = k;
            }
        }
    if (a < 0)
        return false;
    double wa = c->weight[a], wb = c->weight[b];
    struct sum s = { wa + wb, wa * (double)c->x[a] + wb * (double)c->x[b],
                     wa * (double)c->y[a] + wb * (double)c->y[b],
                     wa * (double)c->z[a] + wb * (double)c->z[b] };
    centre_of(c, a, &s);
    c->weight[b] = 0;
    drop_empty(c);
    return true;
}

enum spr_code clusters_init(struct clusters *ret, const struct points *p, int k, float min_distance,
                            struct spr_error *err)
{
    assert(k >= 1 && k <= CLUSTER_MAX && p->count >= 1);
    struct clusters c = { .member = mem_zalloc(p->count, 1) };
    if (!c.member)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to group %zu points", p->count);
    enum spr_code rc = first_groups(&c, p, k, err);
    if (rc) {
        mem_free(c.member);
        return rc;
    }
    settle(&c, p);
    while (join_closest(&c, min_distance)) {
        while (join_closest(&c, min_distance))
            ;
        settle(&c, p);
    }
    *ret = c;
    return SPR_OK;
}

void clusters_fini(struct clusters *c)
{
    mem_free(c->member);
    c->member = NULL;
    c->count = 0;
}
