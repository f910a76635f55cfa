/* Knoll's pattern dithering (US patent 6606166, expired 2019): for a colour, n times: take the palette's colour nearest
 * to colour + error, add what is missing to error. The n colours, sorted dark to light, are the list. Lists depend on
 * the colour alone, so a small cache keeps those of the last colours. */
#include "pixel/dither.h"

#include "base/mem.h"
#include "base/str.h"
#include "image/colour.h"
#include "pixel/blue_noise.h"
#include "pixel/quantise.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LEVELS_MAX = 64, CACHE = 1024, BLUE_LEVELS = 16 };

static const char *const names[DITHER_KIND_COUNT] = {
    [DITHER_NONE] = "none",
    [DITHER_BAYER_2] = "bayer2",
    [DITHER_BAYER_4] = "bayer4",
    [DITHER_BAYER_8] = "bayer8",
    [DITHER_BLUE_NOISE] = "blue-noise",
    [DITHER_FLOYD_STEINBERG] = "floyd-steinberg",
    [DITHER_ATKINSON] = "atkinson",
    [DITHER_MATRIX] = "matrix",
};

const char *dither_kind_name(enum dither_kind kind)
{
    return names[kind];
}

bool dither_kind_named(const char *name, enum dither_kind *ret)
{
    for (int i = 0; i < DITHER_KIND_COUNT; i++)
        if (strcasecmp(name, names[i]) == 0) {
            *ret = (enum dither_kind)i;
            return true;
        }
    return false;
}

const char dither_allowed[] =
    "none, bayer2, bayer4, bayer8, blue-noise, floyd-steinberg or atkinson, perhaps with a "
    "strength of 0 to 1, as bayer4:0.5";

bool dither_read(const char *text, enum dither_kind *ret_kind, float *ret_strength)
{
    char name[32];
    size_t n = strcspn(text, ":");
    enum dither_kind kind;
    double strength = 1;
    if (n >= sizeof name)
        return false;
    memcpy(name, text, n);
    name[n] = '\0';
    if (!dither_kind_named(name, &kind) || kind == DITHER_MATRIX)
        return false;
    if (text[n] && (!str_to_double(text + n + 1, &strength) || strength < 0 || strength > 1))
        return false;
    *ret_kind = kind;
    *ret_strength = (float)strength;
    return true;
}

struct light {
    float c[3]; /* linear light or sRGB, 0..1 */
};

struct list {
    struct rgba of;
    bool made;
    uint8_t index[LEVELS_MAX]; /* dark to light */
};

struct mixer {
    const struct image *im;
    const struct dither_options *o;
    struct indexed to;
    struct nearest nearest;
    struct light light[256]; /* of the palette's colours */
    float luminance[256];
    struct list *cache; /* (CACHE) */
};

static struct light light_of(const struct mixer *m, struct rgba c)
{
    if (m->o->srgb_mixing)
        return (struct light){ { (float)c.r / 255, (float)c.g / 255, (float)c.b / 255 } };
    return (struct light){ { srgb_linear[c.r], srgb_linear[c.g], srgb_linear[c.b] } };
}

static uint8_t byte_of(const struct mixer *m, float v)
{
    return m->o->srgb_mixing ? byte_from_unit(v) : srgb_from_linear(v);
}

static int choose(const struct mixer *m, const struct light *want)
{
    return nearest_of(&m->nearest, (struct rgba){ byte_of(m, want->c[0]), byte_of(m, want->c[1]),
                                                  byte_of(m, want->c[2]), 255 });
}

static void make_list(const struct mixer *m, struct list *l, struct rgba of, int levels)
{
    struct light want = light_of(m, of), error = { { 0 } };
    for (int i = 0; i < levels; i++) {
        struct light goal;
        for (int k = 0; k < 3; k++)
            goal.c[k] = want.c[k] + error.c[k] * m->o->strength;
        int got = choose(m, &goal), at = i;
        for (int k = 0; k < 3; k++)
            error.c[k] += want.c[k] - m->light[got].c[k];
        for (; at > 0 && m->luminance[l->index[at - 1]] > m->luminance[got]; at--)
            l->index[at] = l->index[at - 1];
        l->index[at] = (uint8_t)got;
    }
    l->of = of;
    l->made = true;
}

static struct list *list_for(struct mixer *m, struct rgba of, int levels)
{
    uint32_t key = (uint32_t)of.r << 16 | (uint32_t)of.g << 8 | of.b;
    struct list *l = &m->cache[key * 2654435761u >> 22];
    of.a = 255;
    if (!l->made || !rgba_equal(l->of, of))
        make_list(m, l, of, levels);
    return l;
}

static int wrap(int64_t v, int side)
{
    int64_t r = v % side;
    return (int)(r < 0 ? r + side : r);
}

static bool is_clear(const struct mixer *m, struct rgba c)
{
    return m->nearest.transparent >= 0 && c.a < m->nearest.alpha_from;
}

static enum spr_code ordered(struct mixer *m, const struct dither_matrix *matrix, struct spr_error *err)
{
    const struct image *im = m->im;
    m->cache = mem_zalloc(CACHE, sizeof *m->cache);
    if (!m->cache)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for dithering");
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            struct rgba c = *image_at(im, x, y);
            if (is_clear(m, c))
                continue; /* quantise_apply has put the transparent index there */
            int u = wrap((int64_t)x + m->o->origin_x, matrix->width);
            int v = wrap((int64_t)y + m->o->origin_y, matrix->height);
            struct list *l = list_for(m, c, matrix->levels);
            m->to.index[(size_t)y * (size_t)im->width + (size_t)x] =
                l->index[matrix->value[v * matrix->width + u]];
        }
    mem_free(m->cache);
    return SPR_OK;
}

/* Where the error goes: `ahead` pixels in the direction of the row, `down` rows, `part` of `whole`. */
struct spread {
    int ahead, down, part;
};
static const struct spread floyd_steinberg[] = { { 1, 0, 7 }, { -1, 1, 3 }, { 0, 1, 5 }, { 1, 1, 1 } };
static const struct spread atkinson[] = { { 1, 0, 1 }, { 2, 0, 1 }, { -1, 1, 1 },
                                          { 0, 1, 1 }, { 1, 1, 1 }, { 0, 2, 1 } };

enum { MARGIN = 2, ROWS = 3 };

static void diffuse_row(struct mixer *m, int y, const struct spread *spread, int ways, float whole,
                        struct light *const row[ROWS])
{
    int way = y % 2 ? -1 : 1, width = m->im->width;
    for (int i = 0; i < width; i++) {
        int x = way > 0 ? i : width - 1 - i;
        struct rgba c = *image_at(m->im, x, y);
        if (is_clear(m, c))
            continue;
        struct light goal = light_of(m, c);
        for (int k = 0; k < 3; k++) {
            float v = goal.c[k] + row[0][MARGIN + x].c[k] * m->o->strength;
            goal.c[k] = v < 0 ? 0 : v > 1 ? 1 : v; /* what no mixture can reach is not carried on for ever */
        }
        int got = choose(m, &goal);
        m->to.index[(size_t)y * (size_t)width + (size_t)x] = (uint8_t)got;
        for (int s = 0; s < ways; s++)
            for (int k = 0; k < 3; k++)
                row[spread[s].down][MARGIN + x + way * spread[s].ahead].c[k] +=
                    (goal.c[k] - m->light[got].c[k]) * ((float)spread[s].part / whole);
    }
}

static enum spr_code diffuse(struct mixer *m, struct spr_error *err)
{
    bool floyd = m->o->kind == DITHER_FLOYD_STEINBERG;
    size_t length = (size_t)m->im->width + 2 * MARGIN;
    struct light *rows = mem_zalloc(ROWS * length, sizeof *rows);
    if (!rows)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for dithering");
    struct light *row[ROWS] = { rows, rows + length, rows + 2 * length };
    for (int y = 0; y < m->im->height; y++) {
        if (floyd)
            diffuse_row(m, y, floyd_steinberg, SPR_COUNT(floyd_steinberg), 16, row);
        else
            diffuse_row(m, y, atkinson, SPR_COUNT(atkinson), 8, row);
        struct light *done = row[0];
        row[0] = row[1], row[1] = row[2], row[2] = done;
        memset(done, 0, length * sizeof *done);
    }
    mem_free(rows);
    return SPR_OK;
}

/* Bayer's matrix of side 2^bits: the bits of x^y and y, interleaved and reversed. */
static void bayer(int bits, uint8_t value[64])
{
    int side = 1 << bits;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            int v = 0;
            for (int bit = 0; bit < bits; bit++)
                v = v << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1);
            value[y * side + x] = (uint8_t)v;
        }
}

static enum spr_code check(const struct palette *p, const struct dither_options *o, struct spr_error *err)
{
    const struct dither_matrix *x = o->matrix;
    if (p->count < 1)
        return SPR_FAIL(err, SPR_BADARG, "the palette is empty");
    if (!(o->strength >= 0 && o->strength <= 1))
        return SPR_FAIL(err, SPR_BADARG, "a dithering strength of %g; 0..1 is possible", (double)o->strength);
    if (o->kind != DITHER_MATRIX)
        return SPR_OK;
    if (!x || x->width < 1 || x->height < 1 || x->width > 256 || x->height > 256 || x->levels < 2 ||
        x->levels > LEVELS_MAX)
        return SPR_FAIL(err, SPR_BADARG, "a dithering matrix has sides of 1..256 and 2..%d levels",
                        LEVELS_MAX);
    for (int i = 0; i < x->width * x->height; i++)
        if (x->value[i] >= x->levels)
            return SPR_FAIL(err, SPR_BADARG,
                            "the dithering matrix has the value %d; it has %d levels, from 0", x->value[i],
                            x->levels);
    return SPR_OK;
}

static enum spr_code mix(struct mixer *m, struct spr_error *err)
{
    uint8_t value[64], blue[BLUE_NOISE_SIDE * BLUE_NOISE_SIDE];
    int bits = m->o->kind == DITHER_BAYER_2 ? 1 : m->o->kind == DITHER_BAYER_4 ? 2 : 3;
    struct dither_matrix matrix = { 1 << bits, 1 << bits, 1 << 2 * bits, value };
    switch (m->o->kind) {
    case DITHER_FLOYD_STEINBERG:
    case DITHER_ATKINSON:
        return diffuse(m, err);
    case DITHER_MATRIX:
        return ordered(m, m->o->matrix, err);
    case DITHER_BLUE_NOISE:
        for (size_t i = 0; i < sizeof blue; i++)
            blue[i] = (uint8_t)(blue_noise[i] * BLUE_LEVELS / 256);
        matrix = (struct dither_matrix){ BLUE_NOISE_SIDE, BLUE_NOISE_SIDE, BLUE_LEVELS, blue };
        return ordered(m, &matrix, err);
    default:
        bayer(bits, value);
        return ordered(m, &matrix, err);
    }
}

enum spr_code dither_apply(const struct image *im, const struct palette *p, const struct dither_options *o,
                           struct indexed *ret, struct spr_error *err)
{
    struct mixer *m = NULL;
    struct indexed plain;
    enum spr_code rc = check(p, o, err);
    if (!rc)
        rc = quantise_apply(im, p, o->space, o->alpha_from, &plain, err);
    if (rc)
        return rc;
    if (o->kind == DITHER_NONE || o->strength <= 0)
        goto done;
    m = mem_zalloc(1, sizeof *m);
    if (!m) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for dithering");
        goto done;
    }
    m->im = im;
    m->o = o;
    m->to = plain;
    nearest_init(&m->nearest, &plain.palette, o->space, o->alpha_from ? o->alpha_from : 128);
    for (int i = 0; i < plain.palette.count; i++) {
        struct rgba c = plain.palette.colour[i];
        m->light[i] = light_of(m, c);
        m->luminance[i] =
            0.2126f * srgb_linear[c.r] + 0.7152f * srgb_linear[c.g] + 0.0722f * srgb_linear[c.b];
    }
    if (m->nearest.count > 1)
        rc = mix(m, err);
done:
    mem_free(m);
    if (rc)
        indexed_fini(&plain);
    else
        *ret = plain;
    return rc;
}

enum spr_code dither_matrix_of(const struct image *im, struct dither_matrix *ret, uint8_t **ret_value,
                               struct spr_error *err)
{
    enum { SIDE_MAX = 256, SHADES = 3 * 255 + 1 };
    int rank[SHADES] = { 0 }, shades = 0;
    size_t count = (size_t)im->width * (size_t)im->height;
    if (im->width > SIDE_MAX || im->height > SIDE_MAX)
        return SPR_FAIL(err, SPR_BADARG,
                        "%d x %d pixels are too many for a dithering matrix; its sides are 1..%d", im->width,
                        im->height, SIDE_MAX);
    for (size_t i = 0; i < count; i++)
        rank[im->pixel[i].r + im->pixel[i].g + im->pixel[i].b] = 1;
    for (int i = 0; i < SHADES; i++)
        if (rank[i])
            rank[i] = shades++;
    if (shades < 2)
        return SPR_FAIL(err, SPR_BADARG,
                        "a dithering matrix of one shade mixes nothing; 2 or more are needed");
    uint8_t *value = mem_zalloc(count, 1);
    if (!value)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a dithering matrix of %d x %d", im->width, im->height);
    int levels = shades < LEVELS_MAX ? shades : LEVELS_MAX;
    for (size_t i = 0; i < count; i++)
        value[i] = (uint8_t)(rank[im->pixel[i].r + im->pixel[i].g + im->pixel[i].b] * levels / shades);
    *ret = (struct dither_matrix){ im->width, im->height, levels, value };
    *ret_value = value;
    return SPR_OK;
}

struct box {
    int x[2], y[2]; /* first and last that are solid; the first beyond the last where nothing is */
};

static struct box solid_box(const struct image *im)
{
    struct box b = { { im->width, -1 }, { im->height, -1 } };
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            if (image_at(im, x, y)->a < 128)
                continue;
            b.x[0] = x < b.x[0] ? x : b.x[0];
            b.x[1] = x > b.x[1] ? x : b.x[1];
            b.y[0] = y < b.y[0] ? y : b.y[0];
            b.y[1] = y;
        }
    return b;
}

/* Solid pixels that are the same (dx, dy) further in the second picture. */
static int same_after(const struct image *before, const struct image *now, int dx, int dy)
{
    int same = 0;
    for (int y = 0; y < before->height; y++)
        for (int x = 0; x < before->width; x++) {
            int u = x + dx, v = y + dy;
            struct rgba p = *image_at(before, x, y);
            same += p.a >= 128 && u >= 0 && v >= 0 && u < now->width && v < now->height &&
                    rgba_equal(p, *image_at(now, u, v));
        }
    return same;
}

void dither_follow(const struct image *before, const struct image *now, struct dither_options *o)
{
    if (before->width != now->width || before->height != now->height)
        return;
    struct box a = solid_box(before), b = solid_box(now);
    if (a.y[1] < 0 || b.y[1] < 0)
        return;
    const int dx[3] = { 0, b.x[0] - a.x[0], b.x[1] - a.x[1] },
              dy[3] = { 0, b.y[0] - a.y[0], b.y[1] - a.y[1] };
    int most = -1, best = 0;
    for (int k = 0; k < 9; k++) {
        int same = same_after(before, now, dx[k % 3], dy[k / 3]);
        if (same > most) {
            most = same;
            best = k;
        }
    }
    o->origin_x -= dx[best % 3];
    o->origin_y -= dy[best / 3];
}
