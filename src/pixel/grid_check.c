#include "pixel/grid_check.h"

#include "base/mem.h"
#include "pixel/cells.h"

#include <math.h>
#include <stdlib.h>

/* Pixels on a border are mixtures of the cells beside: off their middle by at most this share of the step. */
static const double mixture = 0.6;
enum { ENOUGH_CLEAR = 8, ENOUGH_SHOWN = 16 };
static const double clipped = 14; /* nearer to 0 or 255 noise is cut off */
static const double edge = 0.2;   /* of a cell's width, at each side: blur and rounding reach that far */

/* The four channels of some pixels, premultiplied. */
struct mean {
    double v[4];
    double variance; /* of all channels together */
};

static struct mean mean_of(const struct image *im, struct span x, struct span y)
{
    int64_t sum[4] = { 0 }, squares = 0, n = (int64_t)(x.to - x.from) * (y.to - y.from);
    for (int row = y.from; row < y.to; row++) {
        const struct rgba *p = image_at(im, x.from, row);
        for (int i = 0; i < x.to - x.from; i++) {
            int a = p[i].a, r = p[i].r, g = p[i].g, b = p[i].b;
            if (a != 255) {
                r = (r * a + 127) / 255;
                g = (g * a + 127) / 255;
                b = (b * a + 127) / 255;
            }
            sum[0] += r;
            sum[1] += g;
            sum[2] += b;
            sum[3] += a;
            squares += r * r + g * g + b * b + a * a;
        }
    }
    struct mean m = { .variance = (double)squares / (double)n };
    for (int k = 0; k < 4; k++) {
        m.v[k] = (double)sum[k] / (double)n;
        m.variance -= m.v[k] * m.v[k];
    }
    return m;
}

static int ascending(const void *p, const void *q)
{
    float a = *(const float *)p, b = *(const float *)q;
    return (a > b) - (a < b);
}

/* Cells, moved by a share of their size. */
struct lattice {
    const struct grid *g;
    double x, y; /* 0 or 0.5 of a cell */
};

/* Mean variance, and each cell's mean (NULL: not wanted); ret_quiet: of the quietest third's upper end (NULL: not
 * wanted; value is scratch for it). */
static double measure(const struct image *im, const struct lattice *l, float *value, struct mean *mean,
                      double *ret_quiet)
{
    const struct grid *g = l->g;
    int count = 0, cells_x = g->x.cells - (l->x > 0), cells_y = g->y.cells - (l->y > 0);
    double sum = 0, dx = l->x * g->x.pitch, dy = l->y * g->y.pitch;
    for (int j = 0; j < cells_y; j++) {
        struct span y =
            span_within((double)g->y.line[j] + dy, (double)g->y.line[j + 1] + dy, edge, im->height);
        for (int i = 0; i < cells_x; i++) {
            struct span x =
                span_within((double)g->x.line[i] + dx, (double)g->x.line[i + 1] + dx, edge, im->width);
            struct mean m = mean_of(im, x, y);
            if (mean)
                mean[count] = m;
            value[count++] = (float)m.variance;
            sum += m.variance;
        }
    }
    if (ret_quiet && count > 0) {
        qsort(value, (size_t)count, sizeof *value, ascending);
        *ret_quiet = (double)value[count / 3];
    }
    return count > 0 ? sum / count : 0;
}

static double plainness(double within, double aside, double quiet)
{
    double extra = within > quiet ? within - quiet : 0, extra_aside = aside > quiet ? aside - quiet : 0;
    return extra_aside > extra ? 1 - extra / extra_aside : 0;
}

struct sums {
    double steps, ridges;
    int clear;
};

/* One border between the cells p and q, with what lies on it. */
static void add_border(struct sums *s, const struct mean *p, const struct mean *q, const struct mean *on,
                       double clear)
{
    double step = 0, off = 0;
    for (int k = 0; k < 4; k++) {
        double d = p->v[k] - q->v[k], m = on->v[k] - (p->v[k] + q->v[k]) * 0.5;
        step += d * d;
        off += m * m;
    }
    step = sqrt(step);
    off = sqrt(off) - mixture * step;
    s->steps += step * step;
    s->ridges += off > 0 ? off * off * 4 : 0;
    s->clear += step > clear;
}

static void check_borders(const struct image *im, const struct grid *g, const struct mean *mean, double noise,
                          struct grid_check *ret)
{
    struct sums upright = { 0 }, level = { 0 };
    double clear = noise * 4 < 16 ? 16 : noise * 4;
    for (int j = 0; j < g->y.cells; j++) {
        double top = (double)g->y.line[j], bottom = (double)g->y.line[j + 1];
        struct span y = span_within(top, bottom, edge, im->height);
        struct span on_y = span_within(bottom - g->y.pitch * 0.07, bottom + g->y.pitch * 0.07, 0, im->height);
        for (int i = 0; i < g->x.cells; i++) {
            double left = (double)g->x.line[i], right = (double)g->x.line[i + 1];
            const struct mean *here = &mean[j * g->x.cells + i];
            if (i + 1 < g->x.cells) {
                struct span on_x =
                    span_within(right - g->x.pitch * 0.07, right + g->x.pitch * 0.07, 0, im->width);
                struct mean on = mean_of(im, on_x, y);
                add_border(&upright, here, here + 1, &on, clear);
            }
            if (j + 1 < g->y.cells) {
                struct mean on = mean_of(im, span_within(left, right, edge, im->width), on_y);
                add_border(&level, here, here + g->x.cells, &on, clear);
            }
        }
    }
    ret->x.clear = upright.clear;
    ret->y.clear = level.clear;
    ret->x.ridge = upright.steps > 0 ? upright.ridges / upright.steps : 0;
    ret->y.ridge = level.steps > 0 ? level.ridges / level.steps : 0;
}

/* How much an axis is to be believed: few clear borders and ridges on them speak against it. */
static double belief(const struct axis_check *a)
{
    double clear = a->clear >= ENOUGH_CLEAR ? 1 : (double)a->clear / ENOUGH_CLEAR;
    return a->plain * clear / (1 + a->ridge * a->ridge);
}

/* Noise shows in full where nothing cuts it off: in opaque cells whose channels are all well between 0 and 255. */
static bool shows_noise(const struct mean *m)
{
    return m->v[3] > 254.5 && m->v[0] > clipped && m->v[0] < 255 - clipped && m->v[1] > clipped &&
           m->v[1] < 255 - clipped && m->v[2] > clipped && m->v[2] < 255 - clipped;
}

/* What the variance may be at most that was cut off at the ends, where the channels are so near to them: noise around 0
 * keeps 0.341 of it. */
static double before_clipping(const struct mean *m, double variance)
{
    double reach = 1.7 * variance / 3;
    int ends = 0;
    for (int k = 0; k < 3; k++)
        ends += m->v[k] * m->v[k] < reach || (255 - m->v[k]) * (255 - m->v[k]) < reach;
    return variance / (1 - ends * (1 - 0.341) / 3);
}

/* The variance that noise has, where the quiet cells may be a ground without any, black, white or transparent: then the
 * other cells say it. value: scratch. */
static double unclipped_noise(const struct mean *mean, size_t count, double quiet, float *value)
{
    size_t shown = 0, quiet_cells = 0, quiet_shown = 0;
    struct mean typical = { 0 };
    for (size_t i = 0; i < count; i++) {
        bool shows = shows_noise(&mean[i]);
        if (shows)
            value[shown++] = (float)mean[i].variance;
        if (mean[i].variance > quiet)
            continue;
        quiet_cells++;
        quiet_shown += shows;
        for (int k = 0; k < 4; k++)
            typical.v[k] += (mean[i].v[k] - typical.v[k]) / (double)quiet_cells;
    }
    if (2 * quiet_shown >= quiet_cells)
        return quiet;
    bool transparent = typical.v[3] < 254;
    double most = transparent ? 1e9 : before_clipping(&typical, quiet);
    if (shown < ENOUGH_SHOWN)
        return transparent ? quiet : most;
    qsort(value, shown, sizeof *value, ascending);
    double found = (double)value[shown / 3];
    return found < quiet ? quiet : found > most ? most : found;
}

enum spr_code grid_check(const struct image *im, const struct grid *g, struct grid_check *ret,
                         struct spr_error *err)
{
    size_t cells = (size_t)g->x.cells * (size_t)g->y.cells;
    float *value = mem_zalloc(cells, sizeof *value);
    struct mean *mean = mem_zalloc(cells, sizeof *mean);
    double quiet = 0;
    if (!value || !mean) {
        mem_free(value);
        mem_free(mean);
        return SPR_FAIL(err, SPR_NOMEM, "variance of %zu cells", cells);
    }
    struct grid_check c = { 0 };
    double within = measure(im, &(struct lattice){ g, 0, 0 }, value, mean, &quiet);
    c.x.plain = plainness(within, measure(im, &(struct lattice){ g, 0.5, 0 }, value, NULL, NULL), quiet);
    c.y.plain = plainness(within, measure(im, &(struct lattice){ g, 0, 0.5 }, value, NULL, NULL), quiet);
    c.noise = sqrt(unclipped_noise(mean, cells, quiet, value) / 3);
    check_borders(im, g, mean, c.noise, &c);
    double x = belief(&c.x), y = belief(&c.y);
    c.confidence = x < y ? x : y;
    mem_free(value);
    mem_free(mean);
    *ret = c;
    return SPR_OK;
}
