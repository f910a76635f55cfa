#include "pixel/cells.h"

#include "base/mem.h"
#include "pixel/inward.h"

#include <math.h>
#include <stdlib.h>

enum { SAMPLED_ROWS = 96, FADE_CELLS = 64 };

/* Of a cell's width: what is left out at each side for its very middle, its middle, and all of it. */
static const double centre_edge = 0.36, middle_edge = 0.22, whole_edge = 0.06;
/* Variance beyond twice the noise's from which a middle is taken to have two colours. */
static const double split_from = 60;
/* Variance beyond the noise's from which blur or a halo is taken to reach into a middle. */
static const double shrink_from = 2;
/* Variance of a pixel, all channels together, up to which what comes in from the sides explains a cell. */
static const double explained = 20, unexplained = 0.18;

struct span span_within(double low, double high, double edge, int length)
{
    double off = (high - low) * edge;
    struct span s = { (int)ceil(low + off - 0.5), (int)floor(high - off - 0.5) + 1 };
    if (s.to <= s.from)
        s = (struct span){ (int)((low + high) * 0.5), (int)((low + high) * 0.5) + 1 };
    s.from = s.from < 0 ? 0 : s.from > length - 1 ? length - 1 : s.from;
    s.to = s.to > length ? length : s.to <= s.from ? s.from + 1 : s.to;
    return s;
}

struct mean {
    double r, g, b; /* 0..255 */
    double alpha;   /* 0..255 */
    double weight;  /* sum of alphas; 0: no colour */
    double spread;  /* variance of the colours, summed over channels */
    int count;
};

struct sums {
    int64_t r, g, b, a, squares;
    int count;
};

static void sums_add(struct sums *s, struct rgba p)
{
    int a = p.a;
    s->r += a * p.r;
    s->g += a * p.g;
    s->b += a * p.b;
    s->a += a;
    s->squares += (int64_t)a * (p.r * p.r + p.g * p.g + p.b * p.b);
    s->count++;
}

static struct mean sums_mean(const struct sums *s)
{
    struct mean m = { .count = s->count, .weight = (double)s->a };
    if (s->count > 0)
        m.alpha = (double)s->a / s->count;
    if (s->a > 0) {
        double w = (double)s->a;
        m.r = (double)s->r / w;
        m.g = (double)s->g / w;
        m.b = (double)s->b / w;
        m.spread = (double)s->squares / w - m.r * m.r - m.g * m.g - m.b * m.b;
    }
    return m;
}

static double apart2(const struct mean *m, struct rgba p)
{
    double r = m->r - p.r, g = m->g - p.g, b = m->b - p.b;
    return r * r + g * g + b * b;
}

struct cell {
    const struct image *im;
    struct span x, y;
};

static struct mean mean_of(const struct cell *c)
{
    struct sums s = { 0 };
    for (int y = c->y.from; y < c->y.to; y++)
        for (int x = c->x.from; x < c->x.to; x++)
            sums_add(&s, *image_at(c->im, x, y));
    return sums_mean(&s);
}

/* Those within the distance of *near; what is beyond is of another colour. */
static struct mean mean_near(const struct cell *c, const struct mean *near, double distance2)
{
    struct sums s = { 0 };
    for (int y = c->y.from; y < c->y.to; y++)
        for (int x = c->x.from; x < c->x.to; x++) {
            struct rgba p = *image_at(c->im, x, y);
            if (p.a > 0 && apart2(near, p) <= distance2)
                sums_add(&s, p);
        }
    return sums_mean(&s);
}

/* Two colours in the middle: the one that has more of it, by two means that begin with the two farthest colours. */
static struct mean larger_half(const struct cell *c, const struct mean *all)
{
    struct mean half[2] = { *all, *all };
    double farthest = -1;
    for (int k = 0; k < 2; k++, farthest = -1)
        for (int y = c->y.from; y < c->y.to; y++)
            for (int x = c->x.from; x < c->x.to; x++) {
                struct rgba p = *image_at(c->im, x, y);
                double d = apart2(k == 0 ? all : &half[0], p);
                if (p.a > 0 && d > farthest) {
                    farthest = d;
                    half[k] = (struct mean){ .r = p.r, .g = p.g, .b = p.b };
                }
            }
    for (int round = 0; round < 3; round++) {
        struct sums s[2] = { { 0 }, { 0 } };
        for (int y = c->y.from; y < c->y.to; y++)
            for (int x = c->x.from; x < c->x.to; x++) {
                struct rgba p = *image_at(c->im, x, y);
                if (p.a > 0)
                    sums_add(&s[apart2(&half[1], p) < apart2(&half[0], p)], p);
            }
        half[0] = sums_mean(&s[0]);
        half[1] = sums_mean(&s[1]);
    }
    return half[1].weight > half[0].weight ? half[1] : half[0];
}

static uint8_t byte(double v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

/* What a variance is above the noise's, less what it may be by chance with so few pixels. */
static double beyond(double variance, double grain, int pixels)
{
    double extra = variance - grain * (1 + 2 * sqrt(2.0 / (3 * (pixels > 0 ? pixels : 1))));
    return extra > 0 ? extra : 0;
}

/* One cell, seen three times: its very middle, its middle, all of it. */
struct views {
    struct cell centre, middle, whole;
};

static struct rgba colour_of(const struct views *v, double noise, float *ret_error, float *ret_uneven,
                             float drift[3])
{
    struct mean all = mean_of(&v->middle), m = all;
    double grain = 3 * noise * noise, little = shrink_from + grain * 0.5;
    *ret_error = *ret_uneven = 0;
    if (all.weight <= 0)
        return (struct rgba){ 0, 0, 0, 0 };
    if (all.spread > 2 * grain + split_from) {
        struct mean centre = mean_of(&v->centre);
        bool pure = centre.weight > 0 && beyond(centre.spread, grain, centre.count) <= little;
        m = pure ? mean_near(&v->middle, &centre, split_from + 9 * grain) : larger_half(&v->middle, &all);
    }
    double extra = beyond(m.spread, grain, m.count);
    const struct cell *within = &v->whole;
    double uneven = extra;
    if (extra > little) { /* something comes in from the sides: look further inside */
        struct mean centre = mean_near(&v->centre, &m, split_from + 9 * grain + 4 * extra);
        double less = beyond(centre.spread, grain, centre.count);
        if (centre.weight > 0 && less < extra) {
            m = centre;
            extra = less;
            within = &v->centre;
        }
    }
    double reach = 3 * noise + 2 + sqrt(extra);
    struct mean near = mean_near(within, &m, 3 * reach * reach);
    if (near.weight > 0)
        m = near;
    if (beyond(all.spread, grain, all.count) > little) {
        drift[0] = (float)(all.r - m.r);
        drift[1] = (float)(all.g - m.g);
        drift[2] = (float)(all.b - m.b);
    }
    *ret_error = (float)(noise / sqrt(m.count > 0 ? m.count : 1));
    *ret_uneven = (float)sqrt(uneven / 3);
    return (struct rgba){ byte(m.r), byte(m.g), byte(m.b), byte(all.alpha) };
}

static enum spr_code cells_init(struct cells *ret, int width, int height, struct spr_error *err)
{
    size_t n = (size_t)width * (size_t)height;
    struct cells c = { .error = mem_zalloc(n, sizeof *c.error),
                       .uneven = mem_zalloc(n, sizeof *c.uneven),
                       .drift = mem_zalloc(n, 3 * sizeof *c.drift) };
    enum spr_code rc = c.error && c.uneven && c.drift
                           ? image_init(&c.colour, width, height, err)
                           : SPR_FAIL(err, SPR_NOMEM, "%d x %d cells", width, height);
    if (rc)
        cells_fini(&c);
    else
        *ret = c;
    return rc;
}

void cells_fini(struct cells *c)
{
    image_fini(&c->colour);
    mem_free(c->error);
    mem_free(c->uneven);
    mem_free(c->drift);
    *c = (struct cells){ 0 };
}

static struct inward_box box_of(const struct grid *g, size_t at)
{
    size_t i = at % (size_t)g->x.cells, j = at / (size_t)g->x.cells;
    return (struct inward_box){ (double)g->x.line[i], (double)g->x.line[i + 1], (double)g->y.line[j],
                                (double)g->y.line[j + 1] };
}

bool cells_uneven(const struct cells *c, size_t at)
{
    return c->uneven[at] > 0 ||
           fabsf(c->drift[at * 3]) + fabsf(c->drift[at * 3 + 1]) + fabsf(c->drift[at * 3 + 2]) > 0;
}

/* How far in what comes from the sides reaches, in cells: what leaves least in some of the uneven cells. 0: none. */
static double fade_of(const struct image *im, const struct grid *g, const struct cells *cells)
{
    static const double tried[] = { 0.05, 0.08, 0.11, 0.14, 0.17, 0.2, 0.24 };
    double left[SPR_COUNT(tried)] = { 0 };
    size_t n = (size_t)g->x.cells * (size_t)g->y.cells, uneven = 0, seen = 0, best = 0;
    for (size_t at = 0; at < n; at++)
        uneven += cells_uneven(cells, at);
    for (size_t at = 0; at < n; at++) {
        struct inward_box box = box_of(g, at);
        struct inward fit;
        if (!cells_uneven(cells, at) || seen++ % (uneven / FADE_CELLS + 1) != 0)
            continue;
        for (size_t k = 0; k < SPR_COUNT(tried); k++)
            if (inward_fit(im, &box, tried[k], &fit))
                left[k] += sqrt(fit.residual);
    }
    for (size_t k = 1; k < SPR_COUNT(tried); k++)
        best = left[k] < left[best] ? k : best;
    return left[best] > 0 ? tried[best] : 0;
}

/* Uneven cells get the colour that they have where nothing comes in from their sides, if that explains what they are. */
static void look_inward(const struct image *im, const struct grid *g, struct cells *cells)
{
    double fade = fade_of(im, g, cells), grain = 3 * g->noise * g->noise;
    for (size_t at = 0, n = (size_t)g->x.cells * (size_t)g->y.cells; fade > 0 && at < n; at++) {
        struct inward_box box = box_of(g, at);
        struct inward fit;
        struct rgba *p = &cells->colour.pixel[at];
        if (!cells_uneven(cells, at) || !inward_fit(im, &box, fade, &fit) ||
            fit.residual > 1.5 * grain + explained + unexplained * fit.spread)
            continue;
        double off = fit.residual > grain ? fit.residual - grain : 0;
        *p = (struct rgba){ byte(fit.r), byte(fit.g), byte(fit.b), p->a };
        cells->error[at] = (float)(g->noise * fit.error);
        cells->uneven[at] = (float)(sqrt(off / 3) * fit.error);
    }
}

/* Whether neighbouring pixels that differ by noise alone differ less in b - g than in r + 2g + b. With noise that is
 * independent in every channel the means are as 2 to 12^0.5. */
static bool colours_smooth(const struct image *im, double noise)
{
    int64_t bright = 0, colour = 0;
    int most = (int)(12 * noise), step = im->height / SAMPLED_ROWS + 1;
    for (int y = step / 2; y < im->height; y += step) {
        const struct rgba *p = image_at(im, 0, y);
        for (int x = 0; x + 1 < im->width; x++) {
            int r = p[x + 1].r - p[x].r, g = p[x + 1].g - p[x].g, b = p[x + 1].b - p[x].b;
            int light = abs(r + 2 * g + b), hue = abs(b - g);
            if (light <= most && hue <= most) {
                bright += light;
                colour += hue;
            }
        }
    }
    return noise > 0 && colour * 1732 < bright * 800;
}

enum spr_code cells_take(const struct image *im, const struct grid *g, struct cells *ret,
                         struct spr_error *err)
{
    struct cells cells;
    enum spr_code rc = cells_init(&cells, g->x.cells, g->y.cells, err);
    if (rc)
        return rc;
    for (int j = 0; j < g->y.cells; j++) {
        double top = (double)g->y.line[j], bottom = (double)g->y.line[j + 1];
        struct views v = { { .im = im, .y = span_within(top, bottom, centre_edge, im->height) },
                           { .im = im, .y = span_within(top, bottom, middle_edge, im->height) },
                           { .im = im, .y = span_within(top, bottom, whole_edge, im->height) } };
        for (int i = 0; i < g->x.cells; i++) {
            double left = (double)g->x.line[i], right = (double)g->x.line[i + 1];
            size_t at = (size_t)j * (size_t)g->x.cells + (size_t)i;
            v.centre.x = span_within(left, right, centre_edge, im->width);
            v.middle.x = span_within(left, right, middle_edge, im->width);
            v.whole.x = span_within(left, right, whole_edge, im->width);
            cells.colour.pixel[at] =
                colour_of(&v, g->noise, &cells.error[at], &cells.uneven[at], &cells.drift[at * 3]);
        }
    }
    look_inward(im, g, &cells);
    cells.noise = g->noise;
    cells.codec = colours_smooth(im, g->noise);
    *ret = cells;
    return SPR_OK;
}
