#include "pixel/tileset.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Bits of what lies around, clockwise. */
enum { N = 1, NE = 2, E = 4, SE = 8, S = 16, SW = 32, W = 64, NW = 128 };
enum { BLOB_COUNT = 47, LATTICE = 4 };

const char *tileset_kind_name(enum tileset_kind kind)
{
    static const char *const names[TILESET_KIND_COUNT] = { "corner", "edge", "blob" };
    return names[kind];
}

int tileset_count(enum tileset_kind kind)
{
    return kind == TILESET_BLOB ? BLOB_COUNT : 16;
}

int tileset_columns(enum tileset_kind kind)
{
    return kind == TILESET_BLOB ? 8 : 4;
}

/* Only what the kind looks at; of a blob's corners only those between two edges. */
static unsigned reduced(enum tileset_kind kind, unsigned around)
{
    if (kind == TILESET_CORNER)
        return around & (NE | SE | SW | NW);
    unsigned edges = around & (N | E | S | W), corners = 0;
    if (kind == TILESET_EDGE)
        return edges;
    corners |= (edges & (N | E)) == (N | E) ? around & NE : 0;
    corners |= (edges & (S | E)) == (S | E) ? around & SE : 0;
    corners |= (edges & (S | W)) == (S | W) ? around & SW : 0;
    corners |= (edges & (N | W)) == (N | W) ? around & NW : 0;
    return edges | corners;
}

/* Tiles are numbered by the values of `around` that are their own reduction, from small to large. */
unsigned tileset_around(enum tileset_kind kind, int i)
{
    unsigned around = 0;
    assert(i >= 0 && i < tileset_count(kind));
    for (int seen = -1; around < 256; around++)
        if (reduced(kind, around) == around && ++seen == i)
            break;
    return around;
}

int tileset_index(enum tileset_kind kind, unsigned around)
{
    int i = -1;
    around = reduced(kind, around & 255);
    for (unsigned a = 0; a <= around; a++)
        i += reduced(kind, a) == a;
    return i;
}

/* The nine control points, [row][column]. */
struct points {
    double at[3][3];
};

static struct points points_of(enum tileset_kind kind, unsigned a)
{
    double nw = (a & NW) != 0, ne = (a & NE) != 0, sw = (a & SW) != 0, se = (a & SE) != 0;
    double n = (a & N) != 0, e = (a & E) != 0, s = (a & S) != 0, w = (a & W) != 0;
    if (kind == TILESET_CORNER)
        return (struct points){ { { nw, (nw + ne) / 2, ne },
                                  { (nw + sw) / 2, (nw + ne + sw + se) / 4, (ne + se) / 2 },
                                  { sw, (sw + se) / 2, se } } };
    if (kind == TILESET_EDGE)
        return (struct points){ { { 0, n, 0 }, { w, a != 0, e }, { 0, s, 0 } } };
    return (struct points){ { { nw, n, ne }, { w, 1, e }, { sw, s, se } } };
}

static double smooth(double t)
{
    return t * t * (3 - 2 * t);
}

static double mix(double a, double b, double t)
{
    return a + (b - a) * t;
}

/* Between the control points at (u, v), each 0..1. */
static double value_at(const struct points *p, double u, double v)
{
    int x = u < 0.5 ? 0 : 1, y = v < 0.5 ? 0 : 1;
    double s = smooth(2 * u - x), t = smooth(2 * v - y);
    return mix(mix(p->at[y][x], p->at[y][x + 1], s), mix(p->at[y + 1][x], p->at[y + 1][x + 1], s), t);
}

/* A fixed number in -1..1 for a point of the lattice. */
static double lattice(uint64_t seed, int x, int y)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15u * (uint64_t)(1 + x % LATTICE + LATTICE * (y % LATTICE));
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 11) / 4503599627370496.0 - 1;
}

/* Value noise that repeats with the tile: the same at 0 and at 1. */
static double wave_at(uint64_t seed, double u, double v)
{
    double x = u * LATTICE, y = v * LATTICE;
    int i = (int)x, k = (int)y;
    double s = smooth(x - i), t = smooth(y - k);
    return mix(mix(lattice(seed, i, k), lattice(seed, i + 1, k), s),
               mix(lattice(seed, i, k + 1), lattice(seed, i + 1, k + 1), s), t);
}

/* Above which value the upper ground begins: paths and blobs reach further out. */
static double threshold(enum tileset_kind kind)
{
    return kind == TILESET_CORNER ? 0.5 : kind == TILESET_EDGE ? 0.55 : 0.35;
}

/* mask (height, width): 1 where the upper ground is. The tile's first and last pixels lie on its edges, so that they see
 * that edge's points alone. */
static void draw_mask(const struct tileset_options *o, unsigned around, int width, int height, uint8_t *mask)
{
    struct points p = points_of(o->kind, around);
    double cut = threshold(o->kind), most = cut < 1 - cut ? cut : 1 - cut;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double u = (double)x / (width - 1), v = (double)y / (height - 1);
            double value = value_at(&p, u, v);
            /* less than the distance of pure ground to the threshold, so that pure ground stays pure */
            value += o->wave * most * 0.9 * wave_at(o->seed, u, v);
            mask[(size_t)y * (size_t)width + (size_t)x] = value > cut;
        }
}

/* Whether the pixel is the upper ground's rim. Along an edge only that edge counts: what lies across is the same there. */
static bool is_rim(const uint8_t *mask, int width, int height, int x, int y)
{
    bool upright = x == 0 || x == width - 1, level = y == 0 || y == height - 1;
    const uint8_t *m = mask + (size_t)y * (size_t)width + (size_t)x;
    if (!*m)
        return false;
    if (!upright && (!m[-1] || !m[1]))
        return true;
    return !level && (!m[-width] || !m[width]);
}

static void draw_tile(const struct image *lower, const struct image *upper, const struct tileset_options *o,
                      const uint8_t *mask, const struct image *to, int left, int top)
{
    for (int y = 0; y < lower->height; y++)
        for (int x = 0; x < lower->width; x++) {
            bool up = mask[(size_t)y * (size_t)lower->width + (size_t)x];
            struct rgba c = *image_at(up ? upper : lower, x, y);
            if (o->border && is_rim(mask, lower->width, lower->height, x, y))
                c = o->colour;
            *image_at(to, left + x, top + y) = c;
        }
}

enum spr_code tileset_make(const struct image *lower, const struct image *upper,
                           const struct tileset_options *o, struct image *ret, struct spr_error *err)
{
    int w = lower->width, h = lower->height, columns = tileset_columns(o->kind),
        count = tileset_count(o->kind);
    struct image to = { 0 };
    if (upper->width != w || upper->height != h)
        return SPR_FAIL(err, SPR_BADARG, "the tiles are %dx%d and %dx%d; they must have one size", w, h,
                        upper->width, upper->height);
    if (w < 4 || h < 4 || w > IMAGE_SIDE_MAX / 8 || h > IMAGE_SIDE_MAX / 8)
        return SPR_FAIL(err, SPR_BADARG, "the tiles are %dx%d; sides of 4 to %d make a set", w, h,
                        (int)IMAGE_SIDE_MAX / 8);
    uint8_t *mask = mem_zalloc((size_t)w * (size_t)h, 1);
    enum spr_code rc = mask ? image_init(&to, w * columns, h * ((count + columns - 1) / columns), err)
                            : SPR_FAIL(err, SPR_NOMEM, "no memory for a tile of %dx%d", w, h);
    for (int i = 0; i < count && !rc; i++) {
        draw_mask(o, tileset_around(o->kind, i), w, h, mask);
        draw_tile(lower, upper, o, mask, &to, i % columns * w, i / columns * h);
    }
    mem_free(mask);
    if (!rc)
        *ret = to;
    return rc;
}

/* A fixed coin for a point of the plane: three of five are 1, in clumps of two. */
static bool coin(uint64_t seed, int x, int y)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15u * (uint64_t)(1 + (x >> 1)) +
                 0xd1b54a32d192ed03u * (uint64_t)(1 + (y >> 1));
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((z ^ (z >> 31)) & 7) < 4 || (x * 7 + y * 13 + (int)(seed & 15)) % 11 == 0;
}

/* What lies around the cell, of the plane that the coins make. */
static unsigned around_cell(enum tileset_kind kind, uint64_t seed, int x, int y)
{
    static const int dx[8] = { 0, 1, 1, 1, 0, -1, -1, -1 }, dy[8] = { -1, -1, 0, 1, 1, 1, 0, -1 };
    unsigned around = 0;
    if (kind == TILESET_CORNER) { /* coins lie on the corners */
        around |= coin(seed, x, y) ? NW : 0;
        around |= coin(seed, x + 1, y) ? NE : 0;
        around |= coin(seed, x, y + 1) ? SW : 0;
        around |= coin(seed, x + 1, y + 1) ? SE : 0;
        return around;
    }
    if (kind == TILESET_EDGE) { /* on the edges: those above and at the left of each cell */
        around |= coin(seed, 2 * x, 2 * y) ? N : 0;
        around |= coin(seed, 2 * x, 2 * y + 2) ? S : 0;
        around |= coin(~seed, 2 * x, 2 * y) ? W : 0;
        around |= coin(~seed, 2 * x + 2, 2 * y) ? E : 0;
        return around;
    }
    for (int i = 0; i < 8; i++)
        around |= coin(seed, x + dx[i] + 2, y + dy[i] + 2) ? 1u << i : 0;
    return around;
}

static void put(const struct image *from, int left, int top, int width, int height, const struct image *to,
                int x, int y)
{
    for (int v = 0; v < height; v++)
        memcpy(image_at(to, x, y + v), image_at(from, left, top + v), (size_t)width * sizeof *to->pixel);
}

enum spr_code tileset_plane(const struct image *set, enum tileset_kind kind, const struct image *lower,
                            int columns, int rows, uint64_t seed, struct image *ret, struct spr_error *err)
{
    int across = tileset_columns(kind), down = (tileset_count(kind) + across - 1) / across;
    int w = set->width / across, h = set->height / down;
    struct image to;
    if (w < 1 || h < 1 || set->width % across || set->height % down)
        return SPR_FAIL(err, SPR_BADARG, "a picture of %dx%d is no %s set: that has %d x %d tiles",
                        set->width, set->height, tileset_kind_name(kind), across, down);
    if (lower && (lower->width != w || lower->height != h))
        return SPR_FAIL(err, SPR_BADARG, "the lower ground is %dx%d, the set's tiles %dx%d", lower->width,
                        lower->height, w, h);
    if (columns > IMAGE_SIDE_MAX / w || rows > IMAGE_SIDE_MAX / h)
        return SPR_FAIL(err, SPR_LIMIT, "a plane of %dx%d tiles of %dx%d is over %d pixels a side", columns,
                        rows, w, h, (int)IMAGE_SIDE_MAX);
    enum spr_code rc = image_init(&to, columns * w, rows * h, err);
    for (int y = 0; y < rows && !rc; y++)
        for (int x = 0; x < columns; x++) {
            int i = tileset_index(kind, around_cell(kind, seed, x, y));
            if (kind != TILESET_BLOB || coin(seed, x + 2, y + 2))
                put(set, i % across * w, i / across * h, w, h, &to, x * w, y * h);
            else if (lower)
                put(lower, 0, 0, w, h, &to, x * w, y * h);
        }
    if (!rc)
        *ret = to;
    return rc;
}

/* The text with XML's own characters written as entities. */
static enum spr_code add_quoted(struct buf *into, const char *text, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (; *text && !rc; text++)
        rc = *text == '&'   ? buf_add(into, "&amp;", 5, err)
             : *text == '<' ? buf_add(into, "&lt;", 4, err)
             : *text == '>' ? buf_add(into, "&gt;", 4, err)
             : *text == '"' ? buf_add(into, "&quot;", 6, err)
                            : buf_add(into, text, 1, err);
    return rc;
}

/* What Tiled calls a wangid: for each place around, clockwise from above, 0 (does not count), 1 (lower) or 2 (upper). */
static enum spr_code add_wangtile(struct buf *into, enum tileset_kind kind, int i, struct spr_error *err)
{
    unsigned around = tileset_around(kind, i);
    enum spr_code rc = buf_addf(into, err, "   <wangtile tileid=\"%d\" wangid=\"", i);
    for (int k = 0; k < 8 && !rc; k++) {
        bool corner = k % 2, counts = kind == TILESET_BLOB || corner == (kind == TILESET_CORNER);
        rc = buf_addf(into, err, "%s%d", k ? "," : "", !counts ? 0 : around & 1u << k ? 2 : 1);
    }
    return rc ? rc : buf_addf(into, err, "\"/>\n");
}

enum spr_code tileset_tsx(enum tileset_kind kind, const struct image *set, const char *name, const char *file,
                          struct buf *into, struct spr_error *err)
{
    static const char *const types[TILESET_KIND_COUNT] = { "corner", "edge", "mixed" };
    int across = tileset_columns(kind), down = (tileset_count(kind) + across - 1) / across;
    enum spr_code rc = buf_addf(into, err,
                                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<tileset version=\"1.8\" tiledversion=\"1.8.2\" name=\"");
    if (!rc)
        rc = add_quoted(into, name, err);
    if (!rc)
        rc = buf_addf(
            into, err,
            "\" tilewidth=\"%d\" tileheight=\"%d\" tilecount=\"%d\" columns=\"%d\">\n <image source=\"",
            set->width / across, set->height / down, across * down, across);
    if (!rc)
        rc = add_quoted(into, file, err);
    if (!rc)
        rc = buf_addf(into, err,
                      "\" width=\"%d\" height=\"%d\"/>\n <wangsets>\n  <wangset name=\"grounds\" type=\"%s\" "
                      "tile=\"-1\">\n"
                      "   <wangcolor name=\"lower\" color=\"#3366cc\" tile=\"-1\" probability=\"1\"/>\n"
                      "   <wangcolor name=\"upper\" color=\"#cc9933\" tile=\"-1\" probability=\"1\"/>\n",
                      set->width, set->height, types[kind]);
    for (int i = 0; i < tileset_count(kind) && !rc; i++)
        rc = add_wangtile(into, kind, i, err);
    return rc ? rc : buf_addf(into, err, "  </wangset>\n </wangsets>\n</tileset>\n");
}
