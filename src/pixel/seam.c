#include "pixel/seam.h"

#include "base/mem.h"
#include "image/colour.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BAND_MAX = 32, SIDE_MIN = 4 /* pixels */, ROUNDS = 4 };

static double apart(struct rgba p, struct rgba q)
{
    if (rgba_equal(p, q) || (p.a < 128 && q.a < 128))
        return 0;
    if ((p.a < 128) != (q.a < 128))
        return 1;
    return sqrt((double)oklab_distance2(oklab_from(p), oklab_from(q)));
}

/* The picture with x and y exchanged where `rows`: so that every step below works on columns. */
static enum spr_code lay(const struct image *im, bool rows, struct image *ret, struct spr_error *err)
{
    struct image to;
    if (!rows)
        return image_copy(ret, im, err);
    enum spr_code rc = image_init(&to, im->height, im->width, err);
    if (rc)
        return rc;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            *image_at(&to, y, x) = *image_at(im, x, y);
    *ret = to;
    return SPR_OK;
}

/* Mean difference of two columns. */
static double columns_apart(const struct image *im, int p, int q)
{
    double sum = 0;
    for (int y = 0; y < im->height; y++)
        sum += apart(*image_at(im, p, y), *image_at(im, q, y));
    return sum / im->height;
}

static int by_size(const void *x, const void *y)
{
    double p = *(const double *)x, q = *(const double *)y;
    return p < q ? -1 : p > q;
}

/* step (width): how different each column is from the next, the last one from the first. */
static struct seam_axis judge(const struct image *im, double *step, double *sorted)
{
    int inner = im->width - 1;
    for (int x = 0; x < im->width; x++)
        step[x] = columns_apart(im, x, (x + 1) % im->width);
    struct seam_axis s = { .edge = step[inner], .inside = 0 };
    if (inner > 0) {
        memcpy(sorted, step, (size_t)inner * sizeof *step);
        qsort(sorted, (size_t)inner, sizeof *sorted, by_size);
        s.inside = sorted[(inner * 95 + 99) / 100 - 1]; /* nearest rank */
    }
    s.seamless = s.edge <= s.inside;
    return s;
}

/* GIVES *ret_step (2 * width; mem_free). */
static enum spr_code measure_columns(const struct image *im, struct seam_axis *ret, double **ret_step,
                                     struct spr_error *err)
{
    double *step = mem_zalloc(2 * (size_t)im->width, sizeof *step);
    if (!step)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to measure a tile");
    *ret = judge(im, step, step + im->width);
    *ret_step = step;
    return SPR_OK;
}

enum spr_code seam_measure(const struct image *im, struct seam *ret, struct spr_error *err)
{
    struct seam s;
    struct image turned = { 0 };
    double *step = NULL;
    enum spr_code rc = measure_columns(im, &s.x, &step, err);
    mem_free(step);
    step = NULL;
    if (!rc)
        rc = lay(im, true, &turned, err);
    if (!rc)
        rc = measure_columns(&turned, &s.y, &step, err);
    mem_free(step);
    image_fini(&turned);
    if (!rc)
        *ret = s;
    return rc;
}

/* Where to cut the tile open: the column whose step to the next one is least among those of the middle half, so that the
 * piece laid over the old edge has room at both sides. */
static int opening(const double *step, int width)
{
    int best = width / 2;
    for (int x = width / 4; x < width - width / 4 - 1; x++)
        if (step[x] < step[best])
            best = x;
    return best;
}

/* The cheapest path down a band of `wide` columns from column `first` to the last row, moving at most one column a row,
 * which ends within one column of where it began. cost (height, wide). path (height). */
struct band {
    int wide, high;
    const double *cost;
    double *sum;  /* (high, wide) */
    int8_t *from; /* (high, wide): the step that led there */
};

static double path_from(const struct band *b, int first, int *path)
{
    for (int x = 0; x < b->wide; x++)
        b->sum[x] = x == first ? b->cost[x] : DBL_MAX / 4;
    for (int y = 1; y < b->high; y++)
        for (int x = 0; x < b->wide; x++) {
            const double *above = b->sum + (size_t)(y - 1) * (size_t)b->wide;
            int best = 0;
            for (int d = -1; d <= 1; d++)
                if (x + d >= 0 && x + d < b->wide && above[x + d] < above[x + best])
                    best = d;
            size_t at = (size_t)y * (size_t)b->wide + (size_t)x;
            b->from[at] = (int8_t)best;
            b->sum[at] = above[x + best] + b->cost[at];
        }
    const double *last = b->sum + (size_t)(b->high - 1) * (size_t)b->wide;
    int end = first;
    for (int d = -1; d <= 1; d++)
        if (first + d >= 0 && first + d < b->wide && last[first + d] < last[end])
            end = first + d;
    double total = last[end];
    for (int y = b->high - 1; y >= 0; y--) {
        path[y] = end;
        end += y ? b->from[(size_t)y * (size_t)b->wide + (size_t)end] : 0;
    }
    return total;
}

/* The best of all closed paths. path and trial (high). */
static void best_path(const struct band *b, int *path, int *trial)
{
    double least = DBL_MAX;
    for (int first = 0; first < b->wide; first++) {
        double total = path_from(b, first, trial);
        if (total < least) {
            least = total;
            memcpy(path, trial, (size_t)b->high * sizeof *path);
        }
    }
}

struct mending {
    struct image shifted; /* opened at `open`: its column x is the tile's column open + 1 + x */
    const struct image *tile;
    int seam;  /* the first column of shifted after the old edge */
    int reach; /* columns that the piece may take at each side of it */
    struct band band;
    double *cost;
    int *path, *trial;
};

static void mending_fini(struct mending *m)
{
    mem_free(m->trial);
    mem_free(m->path);
    mem_free(m->band.from);
    mem_free(m->band.sum);
    mem_free(m->cost);
    image_fini(&m->shifted);
}

static enum spr_code mending_init(struct mending *m, const struct image *tile, int open,
                                  struct spr_error *err)
{
    int w = tile->width, h = tile->height;
    *m = (struct mending){ .tile = tile, .seam = w - open - 1 };
    int room = m->seam < w - m->seam ? m->seam : w - m->seam;
    m->reach = room - 1 < BAND_MAX ? room - 1 : BAND_MAX;
    size_t cells = (size_t)m->reach * (size_t)h;
    enum spr_code rc = image_init(&m->shifted, w, h, err);
    m->cost = mem_zalloc(cells, sizeof *m->cost);
    m->band =
        (struct band){ m->reach, h, m->cost, mem_zalloc(cells, sizeof *m->band.sum), mem_zalloc(cells, 1) };
    m->path = mem_zalloc((size_t)h, sizeof *m->path);
    m->trial = mem_zalloc((size_t)h, sizeof *m->trial);
    if (!rc && (!m->cost || !m->band.sum || !m->band.from || !m->path || !m->trial))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to mend a tile");
    for (int y = 0; y < h && !rc; y++)
        for (int x = 0; x < w; x++)
            *image_at(&m->shifted, x, y) = *image_at(tile, (open + 1 + x) % w, y);
    return rc;
}

/* The tile's own pixel that the piece has at column x of the shifted one. The piece is the tile with its opening, where it is
 * whole, laid over the old edge. */
static struct rgba piece(const struct mending *m, int x, int y)
{
    int w = m->tile->width, open = w - m->seam - 1;
    return *image_at(m->tile, (open + 1 + x - m->seam + w) % w, y);
}

/* Lays the piece between the old edge and the best path on one side of it (side -1: left, 1: right). */
static void lay_side(struct mending *m, int side)
{
    struct band *b = &m->band;
    for (int y = 0; y < b->high; y++)
        for (int i = 0; i < b->wide; i++) {
            int x = side < 0 ? m->seam - 1 - i : m->seam + i;
            struct rgba p = piece(m, x, y), s = *image_at(&m->shifted, x, y);
            int out = x + side; /* what will meet across the cut: the piece here, the shifted tile outside */
            double across = apart(p, s) + apart(piece(m, out, y), *image_at(&m->shifted, out, y));
            m->cost[(size_t)y * (size_t)b->wide + (size_t)i] = across * across + 1e-6 * i;
        }
    best_path(b, m->path, m->trial);
    for (int y = 0; y < b->high; y++)
        for (int i = 0; i <= m->path[y]; i++) {
            int x = side < 0 ? m->seam - 1 - i : m->seam + i;
            *image_at(&m->shifted, x, y) = piece(m, x, y);
        }
}

static enum spr_code mend_columns(struct image *im, struct spr_error *err)
{
    struct seam_axis now;
    double *step = NULL;
    if (im->width < SIDE_MIN)
        return SPR_OK;
    enum spr_code rc = measure_columns(im, &now, &step, err);
    if (!rc && !now.seamless) {
        struct mending m;
        rc = mending_init(&m, im, opening(step, im->width), err);
        if (!rc) {
            lay_side(&m, -1);
            lay_side(&m, 1);
            struct image old = *im;
            *im = m.shifted;
            m.shifted = old;
        }
        mending_fini(&m);
    }
    mem_free(step);
    return rc;
}

/* Rows are mended as the columns of the turned picture. */
static enum spr_code mend_rows(struct image *im, struct spr_error *err)
{
    struct image turned = { 0 }, back = { 0 };
    enum spr_code rc = lay(im, true, &turned, err);
    if (!rc)
        rc = mend_columns(&turned, err);
    if (!rc)
        rc = lay(&turned, true, &back, err);
    image_fini(&turned);
    if (rc)
        return rc;
    image_fini(im);
    *im = back;
    return SPR_OK;
}

enum spr_code seam_mend(const struct image *im, bool x, bool y, struct image *ret, struct spr_error *err)
{
    struct image now = { 0 };
    enum spr_code rc = image_copy(&now, im, err);
    /* Mending one axis moves what the other one rests on: a few rounds, which change nothing once both are good. */
    for (int round = 0; round < ROUNDS && !rc; round++) {
        if (x)
            rc = mend_columns(&now, err);
        if (!rc && y)
            rc = mend_rows(&now, err);
    }
    if (rc)
        image_fini(&now);
    else
        *ret = now;
    return rc;
}
