#include "pixel/join.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4, COLOURS_MAX = 4096, STRAY_CELLS = 3, RARE_CELLS = 6, LARGE_CELLS = 20 };

/* A mean of cells. */
struct colour {
    double r, g, b, count; /* count 0: transparent */
    double variance;       /* of the mean's error in a channel */
};

/* Differences of two means up to so many standard deviations of their error, and so much more, are noise. */
static const double deviations = 3.3, slack = 1.5;
/* What bleeds into a cell is smooth, so that it is more than what it varies by. */
static const double clear_contrast = 24, bleed_more = 1.0, bleed_least = 0.006;
/* A halo changes a cell beside a large region by at most that share of its contrast. */
static const double halo = 0.025;
/* A codec hides how much noise there was: where it was cut off, means moved by up to that much. */
static const double codec_clipped = 4.6;
/* Values so near an end are that end. */
static const double clipped_slack = 1.5;
/* Where there is noise, a cell that touches the ground and is no farther from its colour is ground, and so is any colour
 * that is nearer still, wherever it is: nobody sees that much, and a codec leaves it beside strong edges. Less where nothing but noise was done to
 * the cells. */
static const double ground_within = 10, hole_within = 8, sharp_within = 4;
/* What comes in from the sides of a cell gets to its very middle, too: less than that share of how much more there is of
 * it around. */
static const double drift_share = 0.8, drift_most = 24;
/* How far a codec may move the brightness and the hue of a few cells beside others of strong colours; and where their
 * colour is rare. */
static const double codec_bright = 10, codec_hue = 14, rare_bright = 13, rare_hue = 20;

static double apart(const struct colour *p, const struct colour *q)
{
    double r = fabs(p->r - q->r), g = fabs(p->g - q->g), b = fabs(p->b - q->b);
    double most = r > g ? r : g;
    return most > b ? most : b;
}

static void add(struct colour *to, const struct colour *c)
{
    double all = to->count + c->count, part = to->count / all, other = c->count / all;
    to->variance = part * part * to->variance + other * other * c->variance;
    to->r += (c->r - to->r) * c->count / all;
    to->g += (c->g - to->g) * c->count / all;
    to->b += (c->b - to->b) * c->count / all;
    to->count = all;
}

struct join {
    int width, height, frames;
    const struct cells *frame; /* (frames) */
    size_t cells;              /* of a frame */
    struct colour *cell;       /* (frames, cells); count 0: transparent */
    int32_t *region;           /* (frames, cells); -1: transparent */
    struct colour *mean;       /* of each region */
    int32_t *kind;             /* of each region: its colour */
    int regions;
    int32_t *queue;
    struct colour *colour;
    int colours;
    bool sharp; /* nothing was done to the cells but noise */
};

/* The largest difference to a cell beside. */
static double contrast(const struct join *j, const struct colour *cell, size_t i)
{
    size_t w = (size_t)j->width, x = i % w;
    double most = 0;
    const struct colour *side[4] = { x > 0 ? &cell[i - 1] : NULL, x + 1 < w ? &cell[i + 1] : NULL,
                                     i >= w ? &cell[i - w] : NULL, i + w < j->cells ? &cell[i + w] : NULL };
    for (int k = 0; k < 4; k++)
        if (side[k] && side[k]->count > 0 && apart(side[k], &cell[i]) > most)
            most = apart(side[k], &cell[i]);
    return most;
}

static int ascending(const void *p, const void *q)
{
    double a = *(const double *)p, b = *(const double *)q;
    return (a > b) - (a < b);
}

/* How much of the difference between neighbours gets into a cell, by blur, halos or a codec: the median of what varies
 * within cells against their contrast. 0 in pictures that have only noise; *ret_sharp: thirteen of fourteen cells have. */
static double bleeding(const struct join *j, const struct cells *frame, double *ratio, bool *ret_sharp)
{
    size_t count = 0;
    for (int f = 0; f < j->frames; f++)
        for (size_t i = 0; i < j->cells; i++) {
            const struct colour *cell = j->cell + (size_t)f * j->cells;
            double high = cell[i].count > 0 ? contrast(j, cell, i) : 0;
            if (high > clear_contrast)
                ratio[count++] = (double)frame[f].uneven[i] / high;
        }
    qsort(ratio, count, sizeof *ratio, ascending);
    *ret_sharp = count == 0 || ratio[count * 13 / 14] <= 0;
    return count > 8 ? ratio[count / 2] : 0;
}

/* Whether there is any noise at all. scratch: (frames, cells). */
static bool load(struct join *j, const struct cells *frame, double *scratch)
{
    bool noise = false;
    for (int f = 0; f < j->frames; f++)
        for (size_t i = 0; i < j->cells; i++) {
            struct rgba p = frame[f].colour.pixel[i];
            double error = (double)frame[f].error[i], uneven = (double)frame[f].uneven[i];
            noise = noise || (p.a >= 128 && error + uneven > 0.05);
            j->cell[(size_t)f * j->cells + i] =
                (struct colour){ p.r, p.g, p.b, p.a >= 128, error * error + uneven * uneven };
        }
    double bleed = noise ? bleeding(j, frame, scratch, &j->sharp) * bleed_more : 0;
    j->sharp = j->sharp && !frame->codec;
    if (noise && bleed < bleed_least)
        bleed = bleed_least;
    for (int f = 0; bleed > 0 && f < j->frames; f++)
        for (size_t i = 0; i < j->cells; i++) {
            struct colour *cell = j->cell + (size_t)f * j->cells;
            double off = cell[i].count > 0 ? contrast(j, cell, i) * bleed : 0;
            cell[i].variance += off * off;
        }
    return noise;
}

/* What noise may do to the difference of two means. */
static double tolerance(const struct colour *p, const struct colour *q)
{
    return deviations * sqrt(p->variance + q->variance) + slack;
}

/* One cell over time. */
static void agree(struct join *j, size_t i)
{
    struct colour group[64];
    int member[64], groups = 0; /* longer sequences are taken in pieces */
    for (int from = 0; from < j->frames; from += 64) {
        int count = j->frames - from < 64 ? j->frames - from : 64;
        groups = 0;
        for (int f = 0; f < count; f++) {
            struct colour *c = &j->cell[(size_t)(from + f) * j->cells + i];
            int best = -1;
            double least = 1e9;
            for (int k = 0; k < groups; k++)
                if ((group[k].count > 0) == (c->count > 0) && apart(&group[k], c) < least &&
                    apart(&group[k], c) <= tolerance(&group[k], c) + slack) {
                    best = k;
                    least = apart(&group[k], c);
                }
            if (best < 0) {
                best = groups;
                group[groups++] = *c;
            } else if (c->count > 0) {
                add(&group[best], c);
            }
            member[f] = best;
        }
        for (int f = 0; f < count; f++) {
            struct colour *c = &j->cell[(size_t)(from + f) * j->cells + i];
            double weight = c->count;
            *c = group[member[f]];
            c->count = weight;
        }
    }
}

/* Grows a region from cell `start` of frame f. */
static void grow(struct join *j, int f, int start, int number)
{
    struct colour *cell = j->cell + (size_t)f * j->cells, mean = cell[start];
    int32_t *region = j->region + (size_t)f * j->cells;
    int head = 0, tail = 0;
    region[start] = number;
    j->queue[tail++] = start;
    while (head < tail) {
        int at = j->queue[head++], x = at % j->width;
        int side[4] = { x > 0 ? at - 1 : -1, x < j->width - 1 ? at + 1 : -1, at - j->width, at + j->width };
        for (int k = 0; k < 4; k++) {
            int to = side[k];
            if (to < 0 || (size_t)to >= j->cells || region[to] != -2 ||
                apart(&cell[to], &mean) > tolerance(&cell[to], &mean))
                continue;
            region[to] = number;
            add(&mean, &cell[to]);
            j->queue[tail++] = to;
        }
    }
    j->mean[number] = mean;
}

static void find_regions(struct join *j)
{
    for (size_t i = 0; i < j->cells * (size_t)j->frames; i++)
        j->region[i] = j->cell[i].count > 0 ? -2 : -1;
    j->regions = 0;
    for (int f = 0; f < j->frames; f++)
        for (size_t i = 0; i < j->cells; i++)
            if (j->region[(size_t)f * j->cells + i] == -2)
                grow(j, f, (int)i, j->regions++);
}

/* The other region that at least two of the cells beside cell i belong to; else -1. */
static int32_t surrounding(const struct join *j, const int32_t *region, size_t i)
{
    size_t w = (size_t)j->width, x = i % w;
    int32_t side[4] = { x > 0 ? region[i - 1] : -1, x + 1 < w ? region[i + 1] : -1,
                        i >= w ? region[i - w] : -1, i + w < j->cells ? region[i + w] : -1 };
    for (int k = 0; k < 3; k++) {
        int alike = 0;
        for (int l = 0; l < 4; l++)
            alike += side[l] == side[k];
        if (alike >= 2 && side[k] >= 0 && side[k] != region[i])
            return side[k];
    }
    return -1;
}

/* Noise has tails: a few cells by themselves beside a large region of almost their colour are that region's; more so
 * where something came in from the sides. */
static void absorb_strays(struct join *j)
{
    for (int f = 0; f < j->frames; f++) {
        int32_t *region = j->region + (size_t)f * j->cells;
        for (size_t i = 0; i < j->cells; i++) {
            int32_t mine = region[i], other = mine >= 0 ? surrounding(j, region, i) : -1;
            if (other < 0 || j->mean[mine].count > STRAY_CELLS || j->mean[other].count < LARGE_CELLS)
                continue;
            const struct colour *cell = j->cell + (size_t)f * j->cells;
            bool touched = j->frame->codec || cells_uneven(&j->frame[f], i);
            double noise = tolerance(&cell[i], &j->mean[other]) + slack,
                   within = touched ? 2 * noise + halo * contrast(j, cell, i) : 1.4 * noise;
            if (apart(&cell[i], &j->mean[other]) <= within) {
                j->mean[mine].count -= 1;
                region[i] = other;
            }
        }
    }
}

static int nearest(const struct join *j, const struct colour *c, double *distance)
{
    int best = 0;
    *distance = 1e9;
    for (int k = 0; k < j->colours; k++) {
        double d = apart(&j->colour[k], c);
        if (d < *distance) {
            *distance = d;
            best = k;
        }
    }
    return best;
}

struct order {
    double count;
    int32_t region;
};

static int by_count(const void *p, const void *q)
{
    const struct order *a = p, *b = q;
    if (a->count > b->count || a->count < b->count)
        return a->count < b->count ? 1 : -1;
    return (a->region > b->region) - (a->region < b->region);
}

static void choose_colours(struct join *j, struct order *order)
{
    int regions = 0;
    for (int i = 0; i < j->regions; i++)
        if (j->mean[i].count > 0)
            order[regions++] = (struct order){ j->mean[i].count, i };
    qsort(order, (size_t)regions, sizeof *order, by_count);
    j->colours = 0;
    for (int i = 0; i < regions; i++) {
        const struct colour *c = &j->mean[order[i].region];
        double distance;
        int k = nearest(j, c, &distance);
        if (j->colours && (distance <= tolerance(c, &j->colour[k]) || j->colours == COLOURS_MAX))
            add(&j->colour[k], c);
        else
            j->colour[j->colours++] = *c;
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct colour *fresh = j->colour + COLOURS_MAX;
        memset(fresh, 0, (size_t)j->colours * sizeof *fresh);
        for (int i = 0; i < j->regions; i++) {
            double distance;
            if (j->mean[i].count <= 0)
                continue;
            j->kind[i] = nearest(j, &j->mean[i], &distance);
            add(&fresh[j->kind[i]], &j->mean[i]);
        }
        for (int k = 0; k < j->colours; k++)
            if (fresh[k].count > 0)
                j->colour[k] = fresh[k];
    }
}

/* Cells that agreed over time carry the very same mean. */
static bool agrees(const struct colour *p, const struct colour *q)
{
    return !(p->r < q->r) && !(p->r > q->r) && !(p->g < q->g) && !(p->g > q->g) && !(p->b < q->b) &&
           !(p->b > q->b) && (p->count > 0) == (q->count > 0);
}

/* The colour that at least half of the border has, in all frames together; -1: none, the picture has no ground. */
static int32_t ground_kind(const struct join *j, int32_t *border)
{
    int32_t most = 0, all = 0;
    memset(border, 0, (size_t)j->colours * sizeof *border);
    for (int f = 0; f < j->frames; f++)
        for (size_t i = 0; i < j->cells; i++) {
            size_t x = i % (size_t)j->width, y = i / (size_t)j->width;
            int32_t region = j->region[(size_t)f * j->cells + i];
            if (x > 0 && y > 0 && x + 1 < (size_t)j->width && y + 1 < (size_t)j->height)
                continue;
            all++;
            if (region >= 0)
                border[j->kind[region]]++;
        }
    for (int32_t k = 1; k < j->colours; k++)
        if (border[k] > border[most])
            most = k;
    return j->colours > 0 && 2 * border[most] >= all ? most : -1;
}

/* Spreads the ground over cells beside it that are almost its colour. */
static void settle_ground(struct join *j, int f, int32_t ground, int32_t as)
{
    const struct colour *cell = j->cell + (size_t)f * j->cells, *c = &j->colour[ground];
    int32_t *region = j->region + (size_t)f * j->cells;
    int head = 0, tail = 0;
    for (size_t i = 0; i < j->cells; i++)
        if (region[i] >= 0 && j->kind[region[i]] == ground)
            j->queue[tail++] = (int32_t)i;
    while (head < tail) {
        int at = j->queue[head++], x = at % j->width;
        int side[4] = { x > 0 ? at - 1 : -1, x < j->width - 1 ? at + 1 : -1, at - j->width, at + j->width };
        for (int k = 0; k < 4; k++) {
            int to = side[k];
            if (to < 0 || (size_t)to >= j->cells || region[to] < 0 || j->kind[region[to]] == ground ||
                apart(&cell[to], c) > (j->sharp ? sharp_within : ground_within))
                continue;
            region[to] = as;
            j->queue[tail++] = to;
        }
    }
}

/* Whether cell i of frame f is the ground, but for what came in from its sides. */
static bool drifted(const struct join *j, int f, size_t i, const struct colour *ground)
{
    const struct colour *c = &j->cell[(size_t)f * j->cells + i];
    const float *drift = &j->frame[f].drift[i * 3];
    double off[3] = { c->r - ground->r, c->g - ground->g, c->b - ground->b };
    double along = 0, all = 0, most = 0;
    for (int k = 0; k < 3; k++) {
        along += off[k] * (double)drift[k];
        all += (double)drift[k] * (double)drift[k];
    }
    double share = all > 0 ? along / all : 0;
    share = share < 0 ? 0 : share > drift_share ? drift_share : share;
    for (int k = 0; k < 3; k++) {
        double left = fabs(off[k] - share * (double)drift[k]);
        most = left > most ? left : most;
    }
    return most <= (j->sharp && all <= 0 ? sharp_within : hole_within) && apart(c, ground) <= drift_most;
}

/* Whether a codec can have made a cell of the ground: YCbCr of JFIF. What it does to a cell it does to few alike: of a
 * colour that more cells have it must be less. */
static bool coded(const struct colour *c, const struct colour *ground, bool rare)
{
    double r = c->r - ground->r, g = c->g - ground->g, b = c->b - ground->b,
           y = 0.299 * r + 0.587 * g + 0.114 * b, blue = 0.564 * (b - y), red = 0.713 * (r - y),
           hue2 = blue * blue + red * red, left = 1 - fabs(y) / codec_bright;
    if (rare)
        return fabs(y) <= rare_bright && hue2 <= rare_hue * rare_hue;
    return left >= 0 && hue2 <= codec_hue * codec_hue * left * left;
}

/* Few cells by themselves that are ground but for what was done to the picture. */
static void settle_strays(struct join *j, int f, int32_t ground, int32_t as)
{
    const struct colour *c = &j->colour[ground];
    int32_t *region = j->region + (size_t)f * j->cells;
    bool smooth = j->frame->codec || j->frame->noise < 1;
    for (size_t i = 0; i < j->cells; i++)
        if (region[i] >= 0 && j->mean[region[i]].count <= STRAY_CELLS && j->kind[region[i]] != ground &&
            (drifted(j, f, i, c) || (smooth && coded(&j->cell[(size_t)f * j->cells + i], c,
                                                     j->colour[j->kind[region[i]]].count <= RARE_CELLS))))
            region[i] = as;
}

/* A cell that agrees over time is ground at all those times if it is at one of them. */
static void settle_over_time(struct join *j, size_t i, int32_t ground, int32_t as)
{
    for (int f = 0; f < j->frames; f++) {
        int32_t region = j->region[(size_t)f * j->cells + i];
        if (region < 0 || j->kind[region] != ground)
            continue;
        for (int e = 0; e < j->frames; e++)
            if (agrees(&j->cell[(size_t)f * j->cells + i], &j->cell[(size_t)e * j->cells + i]))
                j->region[(size_t)e * j->cells + i] = as;
    }
}

/* One colour for flat ground, in every frame. border: (colours). */
static void settle_grounds(struct join *j, int32_t *border)
{
    int32_t ground = ground_kind(j, border), as = -1;
    for (int32_t r = 0; ground >= 0 && r < j->regions; r++)
        if (j->mean[r].count > 0 &&
            apart(&j->colour[j->kind[r]], &j->colour[ground]) <= (j->sharp ? sharp_within : hole_within))
            j->kind[r] = ground;
    for (int32_t r = 0; ground >= 0 && r < j->regions && as < 0; r++)
        if (j->mean[r].count > 0 && j->kind[r] == ground)
            as = r;
    for (int f = 0; as >= 0 && f < j->frames; f++) {
        settle_strays(j, f, ground, as);
        settle_ground(j, f, ground, as);
    }
    for (size_t i = 0; as >= 0 && j->frames > 1 && i < j->cells; i++)
        settle_over_time(j, i, ground, as);
}

/* Noise of deviation 1 around `value` that is cut off at 0 has a mean of value * Phi(value) + phi(value). The value for a
 * mean; both in deviations. */
static double before_clipping(double mean)
{
    static const double step = 0.25, mean_at[] = { 0.3989, 0.5363, 0.6978, 0.8812, 1.0833,
                                                   1.3006, 1.5293, 1.7668, 2.0085 };
    enum { STEPS = (int)(sizeof mean_at / sizeof *mean_at) - 1 };
    if (mean <= mean_at[0])
        return 0;
    for (int k = 0; k < STEPS; k++)
        if (mean < mean_at[k + 1])
            return step * (k + (mean - mean_at[k]) / (mean_at[k + 1] - mean_at[k]));
    return mean;
}

/* The value, 0..255 from the end where it was cut off, that noise moved to `mean`. */
static double unclipped(double mean, double noise, bool codec)
{
    if (codec)
        return mean <= codec_clipped ? 0 : mean;
    double value = noise * before_clipping(mean / noise);
    return value < clipped_slack ? 0 : value;
}

static void undo_clipping(struct join *j, double noise, bool codec)
{
    for (int k = 0; (codec || noise > 1) && k < j->colours; k++) {
        double *const channel[3] = { &j->colour[k].r, &j->colour[k].g, &j->colour[k].b };
        for (int c = 0; c < 3; c++)
            *channel[c] = *channel[c] < 128 ? unclipped(*channel[c], noise, codec)
                                            : 255 - unclipped(255 - *channel[c], noise, codec);
    }
}

static uint8_t byte(double v)
{
    return (uint8_t)(v + 0.5);
}

static struct rgba colour_at(const struct join *j, int f, size_t i)
{
    int32_t region = j->region[(size_t)f * j->cells + i];
    if (region < 0)
        return (struct rgba){ 0, 0, 0, 0 };
    const struct colour *c = &j->colour[j->kind[region]];
    return (struct rgba){ byte(c->r), byte(c->g), byte(c->b), 255 };
}

/* Frames in which a cell agreed with an earlier one take that one's colour. */
static void store(const struct join *j, struct cells *frame)
{
    for (size_t i = 0; i < j->cells; i++)
        for (int f = 0; f < j->frames; f++) {
            const struct colour *now = &j->cell[(size_t)f * j->cells + i];
            struct rgba c = colour_at(j, f, i);
            for (int e = 0; e < f; e++) {
                const struct colour *then = &j->cell[(size_t)e * j->cells + i];
                if (agrees(then, now)) {
                    c = frame[e].colour.pixel[i];
                    break;
                }
            }
            frame[f].colour.pixel[i] = c;
        }
}

enum spr_code join_noise(struct cells *frame, int count, struct spr_error *err)
{
    struct join j = {
        .width = frame->colour.width, .height = frame->colour.height, .frames = count, .frame = frame
    };
    j.cells = (size_t)j.width * (size_t)j.height;
    size_t all = j.cells * (size_t)count;
    j.cell = mem_zalloc(all, sizeof *j.cell);
    j.mean = mem_zalloc(all, sizeof *j.mean);
    j.region = mem_zalloc(all, sizeof *j.region);
    j.kind = mem_zalloc(all, sizeof *j.kind);
    j.queue = mem_zalloc(j.cells, sizeof *j.queue);
    j.colour = mem_zalloc(2 * COLOURS_MAX, sizeof *j.colour);
    struct order *order = mem_zalloc(all, sizeof *order);
    int32_t *border = mem_zalloc(COLOURS_MAX, sizeof *border);
    double *scratch = mem_zalloc(all, sizeof *scratch);
    enum spr_code rc = SPR_OK;
    if (j.cell && j.mean && j.region && j.kind && j.queue && j.colour && order && border && scratch) {
        bool noise = load(&j, frame, scratch);
        for (size_t i = 0; noise && count > 1 && i < j.cells; i++)
            agree(&j, i);
        if (noise) {
            find_regions(&j);
            absorb_strays(&j);
            choose_colours(&j, order);
            settle_grounds(&j, border);
            undo_clipping(&j, frame->noise, frame->codec);
            store(&j, frame);
        }
    } else {
        rc = SPR_FAIL(err, SPR_NOMEM, "colours of %zu cells", all);
    }
    mem_free(j.cell);
    mem_free(j.mean);
    mem_free(j.region);
    mem_free(j.kind);
    mem_free(j.queue);
    mem_free(j.colour);
    mem_free(order);
    mem_free(border);
    mem_free(scratch);
    return rc;
}
