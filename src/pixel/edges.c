#include "pixel/edges.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum { CHANGE_MAX = 1530, SAMPLED_ROWS = 96 };

/* One row of pixels, a plane for each channel, premultiplied: what vector instructions can work on. */
struct row {
    int16_t *r, *g, *b, *a; /* (width) each */
};

static void row_load(struct row *to, const struct rgba *from, int width)
{
    for (int x = 0; x < width; x++) {
        struct rgba p = from[x];
        if (p.a != 255) {
            p.r = (uint8_t)((p.r * p.a + 127) / 255);
            p.g = (uint8_t)((p.g * p.a + 127) / 255);
            p.b = (uint8_t)((p.b * p.a + 127) / 255);
        }
        to->r[x] = p.r;
        to->g[x] = p.g;
        to->b[x] = p.b;
        to->a[x] = p.a;
    }
}

static inline int16_t distance(int16_t p, int16_t q)
{
    int16_t d = (int16_t)(p - q);
    return d < 0 ? (int16_t)-d : d;
}

/* change[x] for the pixels x + ahead of p against the pixels x of q. */
static void row_change(const struct row *p, const struct row *q, int ahead, int count,
                       int16_t *restrict change)
{
    const int16_t *pr = p->r + ahead, *pg = p->g + ahead, *pb = p->b + ahead, *pa = p->a + ahead;
    const int16_t *qr = q->r, *qg = q->g, *qb = q->b, *qa = q->a;
    for (int x = 0; x < count; x++)
        change[x] = (int16_t)(distance(pr[x], qr[x]) + 2 * distance(pg[x], qg[x]) + distance(pb[x], qb[x]) +
                              2 * distance(pa[x], qa[x]));
}

static inline int16_t beyond_noise(int16_t change, int16_t noise)
{
    int16_t d = (int16_t)(change - noise);
    return d < 0 ? (int16_t)0 : d > EDGES_CLIP ? (int16_t)EDGES_CLIP : d;
}

/* The change that most pairs of neighbours stay under is noise: lines of a grid are few among all pairs, half of them
 * at worst, so the lower three tenths of all changes lie within cells. */
static int noise_of(const uint32_t *histogram, uint64_t count)
{
    uint64_t below = 0;
    int third = -1, half = -1;
    for (int d = 0; d <= CHANGE_MAX && half < 0; d++) {
        below += histogram[d];
        if (third < 0 && below * 10 >= count * 3)
            third = d;
        if (below * 2 >= count)
            half = d;
    }
    int scaled = third * 4 / 3;
    return half < scaled ? half : scaled;
}

static int measure_noise(const struct image *im, struct row *row, int16_t *change)
{
    uint32_t histogram[CHANGE_MAX + 1] = { 0 };
    uint64_t count = 0;
    int step = im->height / SAMPLED_ROWS + 1;
    for (int y = step / 2; y < im->height; y += step) {
        row_load(row, image_at(im, 0, y), im->width);
        row_change(row, row, 1, im->width - 1, change);
        for (int x = 0; x < im->width - 1; x++)
            if (row->a[x] > 0 || row->a[x + 1] > 0) { /* where nothing is, noise is neither */
                histogram[change[x]]++;
                count++;
            }
    }
    return count > 0 ? noise_of(histogram, count) : 0;
}

static void edges_shape(struct edges *e, int length, int across)
{
    e->length = length;
    e->across = across;
    e->band_px = (across + EDGES_BANDS - 1) / EDGES_BANDS;
    if (e->band_px < 8)
        e->band_px = 8;
    e->bands = (across + e->band_px - 1) / e->band_px;
}

static void sum_map(struct edge_map *m, const struct image *im, int16_t noise, struct row row[2],
                    int16_t *change)
{
    int width = im->width, height = im->height;
    for (int y = 0; y < height; y++) {
        struct row *now = &row[y & 1], *before = &row[!(y & 1)];
        row_load(now, image_at(im, 0, y), width);
        row_change(now, now, 1, width - 1, change);
        uint32_t *along = m->x.sum + (size_t)(y / m->x.band_px) * ((size_t)width + 1) + 1;
        for (int x = 0; x < width - 1; x++)
            along[x] += (uint32_t)beyond_noise(change[x], noise);
        if (y == 0)
            continue;
        row_change(now, before, 0, width, change);
        for (int band = 0; band < m->y.bands; band++) {
            int from = band * m->y.band_px, to = from + m->y.band_px < width ? from + m->y.band_px : width;
            uint32_t sum = 0;
            for (int x = from; x < to; x++)
                sum += (uint32_t)beyond_noise(change[x], noise);
            m->y.sum[(size_t)band * ((size_t)height + 1) + (size_t)y] += sum;
        }
    }
}

enum spr_code edge_map_init(struct edge_map *ret, const struct image *frame, int count, struct spr_error *err)
{
    const struct image *im = frame;
    struct edge_map m = { 0 };
    size_t width = (size_t)im->width;
    edges_shape(&m.x, im->width, im->height);
    edges_shape(&m.y, im->height, im->width);
    size_t x_sums = (size_t)m.x.bands * (width + 1), y_sums = (size_t)m.y.bands * ((size_t)im->height + 1);
    int16_t *planes = mem_aligned(width * 9, sizeof *planes);
    m.x.sum = mem_zalloc(x_sums + y_sums, sizeof *m.x.sum);
    if (!planes || !m.x.sum) {
        mem_free(planes);
        mem_free(m.x.sum);
        return SPR_FAIL(err, SPR_NOMEM, "edges of %d x %d pixels", im->width, im->height);
    }
    struct row row[2] = {
        { planes, planes + width, planes + 2 * width, planes + 3 * width },
        { planes + 4 * width, planes + 5 * width, planes + 6 * width, planes + 7 * width },
    };
    m.y.sum = m.x.sum + x_sums;
    for (int i = 0; i < count; i++) {
        int noise = measure_noise(&frame[i], &row[0], planes + 8 * width);
        sum_map(&m, &frame[i], (int16_t)(noise * 2), row, planes + 8 * width);
        m.noise = noise > m.noise ? noise : m.noise;
    }
    mem_free(planes);
    *ret = m;
    return SPR_OK;
}

void edge_map_fini(struct edge_map *m)
{
    mem_free(m->x.sum);
    *m = (struct edge_map){ 0 };
}

void edges_profile(const struct edges *e, double slope, float *profile)
{
    int n = e->length;
    memset(profile, 0, ((size_t)n + 1) * sizeof *profile);
    for (int band = 0; band < e->bands; band++) {
        const uint32_t *sum = e->sum + (size_t)band * ((size_t)n + 1);
        int last = (band + 1) * e->band_px < e->across ? (band + 1) * e->band_px : e->across;
        double middle = (band * e->band_px + last) * 0.5, move = slope * (middle - e->across * 0.5);
        int whole = (int)floor(move);
        float right = (float)(move - whole), left = 1 - right;
        int from = whole < 0 ? -whole : 0, to = n - whole - 1 < n ? n - whole - 1 : n;
        if (move == 0) /* nolint: exactly none */
            for (int x = 0; x <= n; x++)
                profile[x] += (float)sum[x];
        else
            for (int x = from; x <= to; x++)
                profile[x] += left * (float)sum[x + whole] + right * (float)sum[x + whole + 1];
    }
}
