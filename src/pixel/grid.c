#include "pixel/grid.h"

#include "base/mem.h"
#include "pixel/edges.h"
#include "pixel/grid_check.h"
#include "pixel/margin.h"
#include "pixel/pitch.h"
#include "pixel/skew.h"

#include <math.h>
#include <string.h>

enum { LEAST_SIDE = 12 };

static const double confidence_wanted = 0.75, confidence_sure = 0.9;
/* What square cells are worth where both axes are even, or both uneven. */
static const double square_bonus = 0.1;
/* A spread of cells' widths, of the mean, that noise and rounding do not make; lines that are off by less are even. */
static const double surely_varies = 0.035, quite_even_px = 0.34;
static const double far_behind =
    0.8; /* a pair whose score is so much lower than the best one's is out of the question */

const char *grid_verdict_text(enum grid_verdict v)
{
    static const char *const text[] = {
        "a grid was found",
        "nothing changes in it anywhere",
        "it is too small to hold enlarged pixels",
        "what changes in it lies on no grid, as in photos and paintings",
    };
    return text[v];
}

void grid_fini(struct grid *g)
{
    mem_free(g->x.line);
    mem_free(g->y.line);
    *g = (struct grid){ 0 };
}

/* A lattice that all but begins and ends at the borders does begin and end there. */
static void snap(struct fit *f, int length)
{
    int whole = (int)floor(length / f->pitch + 0.5);
    double late = f->phase > f->pitch / 2 ? f->phase - f->pitch : f->phase;
    double near = f->pitch * 0.15 < 0.75 ? 0.75 : f->pitch * 0.15;
    if (!f->elastic && whole >= 1 && fabs(late) <= near && fabs(late + whole * f->pitch - length) <= near) {
        f->pitch = (double)length / whole;
        f->phase = 0;
    }
}

/* A cell that a border cuts off counts if half of it is there. */
static int lattice(const struct fit *f, int length, float *line)
{
    int total = f->elastic ? f->lines : (int)floor((length - f->phase) / f->pitch + 1e-9) + 1, count = 0;
    for (int k = 0; k < total; k++) {
        double at = f->elastic ? (double)f->line[k] : f->phase + k * f->pitch;
        if (k == 0 && at > f->pitch / 2)
            line[count++] = 0;
        line[count++] = (float)(at > length ? length : at);
    }
    if (length - (double)line[count - 1] >= f->pitch / 2)
        line[count++] = (float)length;
    return count;
}

/* GIVES ret->line. */
static enum spr_code axis_init(struct grid_axis *ret, const struct fit *fit, int length,
                               struct spr_error *err)
{
    struct fit f = *fit;
    snap(&f, length);
    size_t room = (size_t)(length / f.pitch) + (size_t)f.lines + 4;
    float *line = mem_zalloc(room, sizeof *line);
    if (!line)
        return SPR_FAIL(err, SPR_NOMEM, "%zu lines", room);
    int lines = lattice(&f, length, line);
    *ret = (struct grid_axis){ f.pitch, f.phase, f.elastic, lines - 1, line };
    return SPR_OK;
}

/* Uneven lines again, with that many cells in the margins, all of one width in each. */
static void lay_margins(struct grid_axis *a, const struct fit *f, int length, const struct margin *m)
{
    if (!a->elastic) /* then the fit has no lines of its own */
        return;
    float *line = a->line, first = f->line[f->first], last = f->line[f->last];
    int inner = f->last - f->first;
    for (int k = 0; k < m->before; k++)
        line[k] = first * (float)k / (float)m->before;
    memcpy(line + m->before, f->line + f->first, ((size_t)inner + 1) * sizeof *line);
    line += m->before + inner;
    for (int k = 1; k <= m->after; k++)
        line[k] = last + ((float)length - last) * (float)k / (float)m->after;
    a->cells = m->before + inner + m->after;
    a->line[0] = 0;
    a->line[a->cells] = (float)length;
}

/* What a pair of fits makes of the picture. */
struct trial {
    struct grid grid;
    int sizes; /* 0: even, so that there is one */
    struct margin_size size[MARGIN_SIZES];
};

struct pair {
    int x, y;
    double score;
};

/* The best pairs of an axis' fits; cells are square more often than not. */
static int choose_pairs(const struct fits *x, const struct fits *y, struct pair *pair)
{
    int count = 0;
    for (int i = 0; i < x->count; i++)
        for (int k = 0; k < y->count; k++) {
            double ratio = x->fit[i].pitch / y->fit[k].pitch;
            bool alike = x->fit[i].elastic == y->fit[k].elastic;
            double bonus = !alike                   ? 0
                           : fabs(ratio - 1) < 0.02 ? square_bonus
                           : fabs(ratio - 1) < 0.06 ? square_bonus / 2
                                                    : 0;
            struct pair now = { i, k, x->fit[i].score + y->fit[k].score + bonus };
            int at = count < GRID_CANDIDATES ? count++ : GRID_CANDIDATES;
            while (at > 0 && pair[at - 1].score < now.score) {
                if (at < GRID_CANDIDATES)
                    pair[at] = pair[at - 1];
                at--;
            }
            if (at < GRID_CANDIDATES)
                pair[at] = now;
        }
    return count;
}

static enum spr_code try_pair(const struct image *im, const struct fit *x, const struct fit *y,
                              struct trial *ret, struct spr_error *err)
{
    struct trial t = { 0 };
    struct grid g = { 0 };
    enum spr_code rc = axis_init(&g.x, x, im->width, err);
    if (!rc)
        rc = axis_init(&g.y, y, im->height, err);
    if (!rc && (x->elastic || y->elastic)) {
        t.sizes = margin_sizes(x, im->width, g.x.cells, y, im->height, g.y.cells, t.size);
        lay_margins(&g.x, x, im->width, &t.size[0].x);
        lay_margins(&g.y, y, im->height, &t.size[0].y);
    }
    struct grid_check check = { 0 };
    if (!rc && g.x.cells > 0 && g.y.cells > 0)
        rc = grid_check(im, &g, &check, err);
    if (rc) {
        grid_fini(&g);
        return rc;
    }
    g.noise = check.noise;
    g.confidence = check.confidence;
    t.grid = g;
    *ret = t;
    return SPR_OK;
}

/* Cells that are too small to see noise in their middle: what the edges took for noise. |dr| + 2|dg| + |db| of two
 * pixels with normal noise has its median at 4.3 standard deviations. */
static double noise_of(const struct grid *g, const struct edge_map *m)
{
    bool small = g->x.pitch * 0.6 < 2 || g->y.pitch * 0.6 < 2;
    return small && g->noise < m->noise / 4.3 ? m->noise / 4.3 : g->noise;
}

/* A pair that is not looked at closely, since one is certain enough. */
static struct grid_candidate guess(const struct image *im, const struct fit *x, const struct fit *y,
                                   double confidence)
{
    return (struct grid_candidate){ x->pitch, y->pitch, (int)(im->width / x->pitch + 0.5),
                                    (int)(im->height / y->pitch + 0.5), confidence };
}

/* Keeps a candidate in its place among the best. */
static void add_candidate(struct grid *g, struct grid_candidate c)
{
    int at = g->candidates < GRID_CANDIDATES ? g->candidates++ : GRID_CANDIDATES;
    for (; at > 0 && g->candidate[at - 1].confidence < c.confidence; at--)
        if (at < GRID_CANDIDATES)
            g->candidate[at] = g->candidate[at - 1];
    if (at < GRID_CANDIDATES)
        g->candidate[at] = c;
}

/* The sizes that the grid of a trial may have as well. */
static void add_sizes(struct grid *list, const struct trial *t)
{
    const struct grid *g = &t->grid;
    struct grid_candidate c = { g->x.pitch, g->y.pitch, g->x.cells, g->y.cells, g->confidence };
    add_candidate(list, c);
    for (int i = 1; i < t->sizes; i++) {
        c.cells_x = t->size[i].cells_x;
        c.cells_y = t->size[i].cells_y;
        c.confidence = g->confidence * t->size[i].likely;
        add_candidate(list, c);
    }
}

static enum spr_code choose(const struct image *im, const struct fits *x, const struct fits *y,
                            struct grid *ret, struct spr_error *err)
{
    struct pair pair[GRID_CANDIDATES];
    int pairs = choose_pairs(x, y, pair);
    struct grid best = { .verdict = GRID_NONE }, list = { 0 };
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < pairs; i++) {
        const struct fit *fx = &x->fit[pair[i].x], *fy = &y->fit[pair[i].y];
        double behind = (pair[0].score - pair[i].score) / far_behind, likely = behind > 1 ? 0 : 1 - behind;
        struct trial now = { 0 };
        if (best.confidence < confidence_sure && !(rc = try_pair(im, fx, fy, &now, err))) {
            now.grid.confidence *= likely;
            add_sizes(&list, &now);
        } else {
            add_candidate(&list, guess(im, fx, fy, likely * (1 - 0.9 * best.confidence)));
        }
        if (!best.x.line || now.grid.confidence > best.confidence) {
            grid_fini(&best);
            best = now.grid;
        } else {
            grid_fini(&now.grid);
        }
    }
    if (rc) {
        grid_fini(&best);
        return rc;
    }
    best.verdict = best.confidence >= confidence_wanted ? GRID_FOUND : GRID_NONE;
    best.candidates = list.candidates;
    memcpy(best.candidate, list.candidate, sizeof list.candidate);
    *ret = best;
    return SPR_OK;
}

struct axes {
    struct fits x, y;
};

static void axes_fini(struct axes *a)
{
    fits_fini(&a->x);
    fits_fini(&a->y);
}

/* Whether the lines of an axis are even, and not by chance: beside one whose cells certainly vary they must be quite so. */
static bool truly_firm(const struct fit *f, const struct fit *other)
{
    bool varies = other->elastic && other->vary > surely_varies * surely_varies * other->pitch * other->pitch;
    return f->firm && (!varies || f->uneven * f->pitch < quite_even_px);
}

/* Uneven cells of one nominal size on both axes: the mean of what both saw of it. 0 if they are not. Where one
 * axis is even the other one is, too. */
static double common_pitch(const struct axes *a)
{
    const struct fit *x = &a->x.fit[0], *y = &a->y.fit[0];
    if (!a->x.count || !a->y.count || (!x->elastic && !y->elastic) || fabs(x->pitch / y->pitch - 1) > 0.08)
        return 0;
    if (truly_firm(x, y) || truly_firm(y, x))
        return 0;
    return x->seen + y->seen > 0 ? (x->pitch * x->seen + y->pitch * y->seen) / (x->seen + y->seen) : 0;
}

/* Fits the axes one after the other, each with the other's best pitch as one more candidate. */
static enum spr_code fit_axes(const struct edge_map *m, double held, float *profile, struct axes *a,
                              struct spr_error *err)
{
    double extra = held;
    if (extra <= 0 && a->y.count)
        extra = a->y.fit[0].pitch;
    fits_fini(&a->x);
    edges_profile(&m->x, 0, profile);
    enum spr_code rc = fits_init(&a->x, profile, m->x.length, extra, held, err);
    if (rc)
        return rc;
    if (held <= 0)
        extra = a->x.count ? a->x.fit[0].pitch : 0;
    fits_fini(&a->y);
    edges_profile(&m->y, 0, profile);
    return fits_init(&a->y, profile, m->y.length, extra, held, err);
}

static enum spr_code find_upright(const struct image *im, const struct edge_map *m, struct grid *ret,
                                  struct spr_error *err)
{
    struct axes a = { 0 };
    int longer = im->width > im->height ? im->width : im->height;
    float *profile = mem_zalloc((size_t)longer + 1, sizeof *profile);
    if (!profile)
        return SPR_FAIL(err, SPR_NOMEM, "profile of %d lines", longer);
    enum spr_code rc = fit_axes(m, 0, profile, &a, err);
    if (!rc && a.x.count && a.y.count && fabs(a.x.fit[0].pitch / a.y.fit[0].pitch - 1) > 0.02)
        rc = fit_axes(m, 0, profile, &a, err); /* once more: x has not tried y's pitch yet */
    double held = rc ? 0 : common_pitch(&a);
    if (held > 0)
        rc = fit_axes(m, held, profile, &a, err);
    if (!rc && a.x.evident == 0 && a.y.evident == 0)
        *ret = (struct grid){ .verdict = GRID_FLAT };
    else if (!rc && !(rc = choose(im, &a.x, &a.y, ret, err)))
        ret->noise = noise_of(ret, m);
    mem_free(profile);
    axes_fini(&a);
    return rc;
}

static enum spr_code straighten(struct image *frame, int count, double tangent, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < count; i++) {
        struct image upright;
        rc = skew_straighten(&frame[i], tangent, &upright, err);
        if (rc)
            break;
        image_fini(&frame[i]);
        frame[i] = upright;
    }
    return rc;
}

enum spr_code grid_find(struct image *frame, int count, struct grid *ret, struct spr_error *err)
{
    struct edge_map m = { 0 };
    double tangent = 0;
    if (frame->width < LEAST_SIDE || frame->height < LEAST_SIDE) {
        *ret = (struct grid){ .verdict = GRID_SMALL };
        return SPR_OK;
    }
    enum spr_code rc = edge_map_init(&m, frame, count, err);
    if (!rc)
        rc = skew_find(&m, &tangent, err);
    if (!rc && tangent != 0) { /* nolint: exactly none */
        edge_map_fini(&m);
        rc = straighten(frame, count, tangent, err);
        if (!rc)
            rc = edge_map_init(&m, frame, count, err);
    }
    if (!rc)
        rc = find_upright(frame, &m, ret, err);
    if (!rc)
        ret->degrees = tangent * 57.29577951308232;
    edge_map_fini(&m);
    return rc;
}

enum spr_code grid_given(const struct image *im, double cell_x, double cell_y, double phase_x, double phase_y,
                         struct grid *ret, struct spr_error *err)
{
    struct grid g = { .verdict = GRID_FOUND, .confidence = 1 };
    struct grid_check check = { 0 };
    if (!(cell_x >= 1 && cell_y >= 1 && cell_x <= im->width && cell_y <= im->height))
        return SPR_FAIL(err, SPR_BADARG,
                        "a cell of %g x %g pixels: at least 1 x 1, at most the picture's %d x %d", cell_x,
                        cell_y, im->width, im->height);
    struct fit x = { .pitch = cell_x, .phase = phase_x - floor(phase_x / cell_x) * cell_x };
    struct fit y = { .pitch = cell_y, .phase = phase_y - floor(phase_y / cell_y) * cell_y };
    enum spr_code rc = axis_init(&g.x, &x, im->width, err);
    if (!rc)
        rc = axis_init(&g.y, &y, im->height, err);
    if (!rc)
        rc = grid_check(im, &g, &check, err);
    if (rc) {
        grid_fini(&g);
        return rc;
    }
    g.noise = check.noise;
    g.candidate[g.candidates++] = (struct grid_candidate){ cell_x, cell_y, g.x.cells, g.y.cells, 1 };
    *ret = g;
    return SPR_OK;
}
