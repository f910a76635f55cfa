#include "pixel/quantise.h"

#include "image/colour.h"
#include "pixel/cluster.h"
#include "pixel/histogram.h"

#include <stdlib.h>
#include <string.h>

static int by_lightness(const void *left, const void *right)
{
    struct rgba p = *(const struct rgba *)left, q = *(const struct rgba *)right;
    if ((p.a < 128) != (q.a < 128))
        return p.a < 128 ? -1 : 1;
    float l = oklab_from(p).L, m = oklab_from(q).L;
    if (l != m)
        return l < m ? -1 : 1;
    return memcmp(&p, &q, sizeof p);
}

/* The point of group k nearest to its centre; ties: the one counted more often, then the first. */
static struct rgba own_colour(const struct histogram *h, const struct points *p, const struct clusters *c,
                              int k)
{
    size_t best = 0;
    float least = -1;
    for (size_t i = 0; i < p->count; i++) {
        if (c->member[i] != k)
            continue;
        float dx = p->x[i] - c->x[k], dy = p->y[i] - c->y[k], dz = p->z[i] - c->z[k];
        float d = dx * dx + dy * dy + dz * dz;
        if (least < 0 || d < least || (d <= least && h->entry[i].count > h->entry[best].count)) {
            least = d;
            best = i;
        }
    }
    return h->entry[best].colour;
}

static void add_once(struct palette *p, struct rgba c)
{
    for (int i = 0; i < p->count; i++)
        if (rgba_equal(p->colour[i], c))
            return;
    p->colour[p->count++] = c;
}

static void to_points(const struct histogram *h, enum colour_space space, struct points *p)
{
    struct rgba part[256];
    for (size_t from = 0; from < h->count; from += SPR_COUNT(part)) {
        size_t n = h->count - from < SPR_COUNT(part) ? h->count - from : SPR_COUNT(part);
        for (size_t i = 0; i < n; i++) {
            part[i] = h->entry[from + i].colour;
            p->weight[from + i] = (float)h->entry[from + i].count;
        }
        colour_space_map(space, part, n, p->x + from, p->y + from, p->z + from);
    }
}

/* Distance in which no screen shows more than min_distance asks for: near black OkLab's a and b grow without bound, so that
 * #000000 and #020402 are as far apart as two greens that anybody tells apart. */
static float seen_distance2(enum colour_space space, const struct clusters *c, int i, int k)
{
    float dx = c->x[i] - c->x[k], dy = c->y[i] - c->y[k], dz = c->z[i] - c->z[k];
    float dim = space == COLOUR_OKLAB ? colour_space_dim((c->x[i] + c->x[k]) / 2) : 1;
    return dx * dx + dim * dim * (dy * dy + dz * dz);
}

/* Of colours nearer than that the one with less weight goes. Clusters are not settled again: its pixels take the other. */
static void drop_unseen(enum colour_space space, float min_distance, struct clusters *c)
{
    for (;;) {
        float least = min_distance * min_distance;
        int lighter = -1;
        for (int i = 0; i < c->count; i++)
            for (int k = i + 1; k < c->count; k++) {
                float d = seen_distance2(space, c, i, k);
                if (d < least) {
                    least = d;
                    lighter = c->weight[i] < c->weight[k] ? i : k;
                }
            }
        if (lighter < 0)
            return;
        c->count--;
        for (int k = lighter; k < c->count; k++) {
            c->x[k] = c->x[k + 1], c->y[k] = c->y[k + 1], c->z[k] = c->z[k + 1];
            c->weight[k] = c->weight[k + 1];
        }
    }
}

/* At most `room` groups. Where colours went because they look the same, there is room for others: more are asked for, as
 * long as no more than room come out of it. GIVES ret->member. */
static enum spr_code group(const struct points *p, const struct quantise_options *o, int room,
                           struct clusters *ret, struct spr_error *err)
{
    enum { TRIES = 3 };
    struct clusters best = { 0 };
    enum spr_code rc = SPR_OK;
    for (int i = 0, ask = room; i < TRIES && ask <= CLUSTER_MAX && best.count < room; i++) {
        struct clusters c = { 0 };
        if ((rc = clusters_init(&c, p, ask, o->min_distance, err)))
            break;
        int had = c.count;
        if (!o->keep)
            drop_unseen(o->space, o->min_distance, &c);
        if (c.count > room || c.count <= best.count) {
            clusters_fini(&c);
            break;
        }
        clusters_fini(&best);
        best = c;
        if (c.count == had)
            break;
        ask += room - c.count;
    }
    if (rc)
        clusters_fini(&best);
    else
        *ret = best;
    return rc;
}

/* Adds at most `room` colours for the histogram to *p. */
static enum spr_code choose_opaque(const struct histogram *h, const struct quantise_options *o, int room,
                                   struct palette *p, struct spr_error *err)
{
    if (h->exact && h->count <= (size_t)room && o->min_distance <= 0) {
        for (size_t i = 0; i < h->count; i++)
            p->colour[p->count++] = h->entry[i].colour;
        return SPR_OK;
    }
    struct points points = { 0 };
    struct clusters c = { 0 };
    enum spr_code rc = points_init(&points, h->count, err);
    if (rc)
        return rc;
    to_points(h, o->space, &points);
    rc = group(&points, o, room, &c, err);
    for (int k = 0; k < c.count && !rc; k++)
        add_once(p, o->keep ? own_colour(h, &points, &c, k)
                            : colour_space_back(o->space, c.x[k], c.y[k], c.z[k]));
    clusters_fini(&c);
    points_fini(&points);
    return rc;
}

static int alpha_limit(int alpha_from)
{
    return alpha_from ? alpha_from : 128;
}

enum spr_code quantise_choose(const struct image *const *pictures, int count,
                              const struct quantise_options *o, struct palette *ret, struct spr_error *err)
{
    if (o->colours < 1 || o->colours > 256)
        return SPR_FAIL(err, SPR_BADARG, "%d colours asked for; 1..256 are possible", o->colours);
    struct histogram h = { 0 };
    struct palette p = { 0 };
    enum spr_code rc = histogram_init(&h, pictures, count, alpha_limit(o->alpha_from), err);
    if (rc)
        return rc;
    if (h.transparent)
        p.colour[p.count++] = (struct rgba){ 0 };
    int room = o->colours > 256 - p.count ? 256 - p.count : o->colours;
    if (h.count)
        rc = choose_opaque(&h, o, room, &p, err);
    histogram_fini(&h);
    if (rc)
        return rc;
    qsort(p.colour, (size_t)p.count, sizeof *p.colour, by_lightness);
    *ret = p;
    return SPR_OK;
}

static bool has_transparent(const struct image *im, int alpha_from)
{
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        if (im->pixel[i].a < alpha_from)
            return true;
    return false;
}

enum spr_code quantise_apply(const struct image *im, const struct palette *p, enum colour_space space,
                             int alpha_from, struct indexed *ret, struct spr_error *err)
{
    struct nearest n;
    struct indexed to;
    if (p->count < 1)
        return SPR_FAIL(err, SPR_BADARG, "the palette is empty");
    enum spr_code rc = indexed_init(&to, im->width, im->height, err);
    if (rc)
        return rc;
    to.palette = *p;
    nearest_init(&n, &to.palette, space, alpha_limit(alpha_from));
    if (n.transparent < 0 && has_transparent(im, n.alpha_from)) {
        if (p->count == 256) {
            indexed_fini(&to);
            return SPR_FAIL(
                err, SPR_LIMIT,
                "the palette has 256 colours and none is transparent, but the picture is in places");
        }
        n.transparent = to.palette.count;
        to.palette.colour[to.palette.count++] = (struct rgba){ 0 };
    }
    nearest_map(&n, im->pixel, (size_t)im->width * (size_t)im->height, to.index);
    for (int i = 0; i < to.palette.count; i++)
        to.palette.colour[i] = to.palette.colour[i].a < 128
                                   ? (struct rgba){ 0 }
                                   : (struct rgba){ to.palette.colour[i].r, to.palette.colour[i].g,
                                                    to.palette.colour[i].b, 255 };
    *ret = to;
    return SPR_OK;
}

enum spr_code quantise(const struct image *im, const struct quantise_options *o, struct indexed *ret,
                       struct spr_error *err)
{
    struct palette p;
    enum spr_code rc = quantise_choose(&im, 1, o, &p, err);
    if (rc)
        return rc;
    return quantise_apply(im, &p, o->space, o->alpha_from, ret, err);
}

/* Gives colour i of the palette the place to[i], for count colours; to[i] < 0 drops it. */
static void renumber(struct indexed *im, const int to[256], int count)
{
    struct palette p = { .count = count };
    for (int i = 0; i < im->palette.count; i++)
        if (to[i] >= 0)
            p.colour[to[i]] = im->palette.colour[i];
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        im->index[i] = (uint8_t)to[im->index[i]];
    im->palette = p;
}

void indexed_compact(struct indexed *im)
{
    bool used[256] = { false };
    int to[256], count = 0;
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        used[im->index[i]] = true;
    for (int i = 0; i < 256; i++)
        to[i] = used[i] ? count++ : -1;
    renumber(im, to, count);
}

void indexed_sort(struct indexed *im)
{
    struct palette sorted = im->palette;
    bool taken[256] = { false };
    int to[256] = { 0 };
    qsort(sorted.colour, (size_t)sorted.count, sizeof *sorted.colour, by_lightness);
    for (int i = 0; i < sorted.count; i++) {
        int k = 0;
        while (taken[k] || !rgba_equal(sorted.colour[k], im->palette.colour[i]))
            k++;
        taken[k] = true;
        to[i] = k;
    }
    renumber(im, to, sorted.count);
}
