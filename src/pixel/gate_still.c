/* Gates that look at pixels and colours of one picture; contours and shading are in gate_shape.c. */
#include "pixel/gate_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Alpha of pixel art is 0 or 255. */
void gate_alpha(const struct gate_view *v, struct gate_result *r)
{
    for (int y = 0; y < v->height; y++)
        for (int x = 0; x < v->width; x++) {
            uint8_t a = image_at(v->im, x, y)->a;
            if (a != 0 && a != 255)
                gate_mark(r, x, y);
        }
    r->value = r->places;
}

/* Open addressing; a picture of noise ends the count, not the memory. */
int gate_count_colours(const struct gate_view *views, int count)
{
    uint32_t *slot = views->table; /* the colour's bytes; alpha is never 0 there, so 0 is free */
    int colours = 0;
    memset(slot, 0, GATE_TABLE * sizeof *slot);
    for (int i = 0; i < count; i++)
        for (size_t k = 0, n = (size_t)views[i].width * (size_t)views[i].height; k < n; k++) {
            struct rgba p = views[i].im->pixel[k];
            uint32_t c = (uint32_t)p.r | (uint32_t)p.g << 8 | (uint32_t)p.b << 16 | 0xff000000u;
            if (p.a == 0)
                continue;
            uint32_t at = (c * 2654435761u) >> (32 - GATE_TABLE_BITS);
            while (slot[at] && slot[at] != c)
                at = (at + 1) % GATE_TABLE;
            if (slot[at])
                continue;
            slot[at] = c;
            if (++colours == GATE_TABLE / 2)
                return colours;
        }
    return colours;
}

void gate_colours(const struct gate_view *v, struct gate_result *r)
{
    r->value = gate_count_colours(v, 1);
}

void gate_empty(const struct gate_view *v, struct gate_result *r)
{
    r->value = 100.0 * v->pixels / ((double)v->width * v->height);
}

/* Grain: a pixel inside the shape that stands out from all eight neighbours by two and a half times what is far (Cure:
 * noise; Helm: "a single pixel is near useless"). Nearer ones are texture; an eye or a glint is one, too, so a few pass. */
void gate_orphans(const struct gate_view *v, struct gate_result *r)
{
    const float least = 6.25f * GATE_FAR * GATE_FAR;
    int inside = 0;
    for (int y = 0; y < v->height; y++)
        for (int x = 0; x < v->width; x++) {
            bool alone = true, within = gate_in(v, x, y);
            for (int k = 0; within && k < 9; k++) {
                int u = x + k % 3 - 1, w = y + k / 3 - 1;
                within = gate_in(v, u, w);
                if (within && k != 4)
                    alone = alone && oklab_distance2(gate_lab(v, x, y), gate_lab(v, u, w)) >= least;
            }
            inside += within;
            if (within && alone)
                gate_mark(r, x, y);
        }
    r->value = inside ? 100.0 * r->places / inside : 0;
}

/* How many pixels the island or hole at (x, y) has, at most `most` + 1; they get `id` in scratch. Pixels join at sides,
 * and at corners where `corners`. One that an earlier flood left half way is met again by its marks. *ret_edge: it
 * reaches the picture's edge. */
static int flood(const struct gate_view *v, int x, int y, int id, bool corners, int most, bool *ret_edge)
{
    int stack[16], depth = 0, count = 0;
    bool inside = gate_in(v, x, y);
    stack[depth++] = y * v->width + x;
    v->scratch[stack[0]] = id;
    *ret_edge = false;
    while (depth > 0) {
        int at = stack[--depth], cx = at % v->width, cy = at / v->width;
        if (++count > most)
            return count;
        for (int k = 0; k < 9; k++) {
            int dx = k % 3 - 1, dy = k / 3 - 1, u = cx + dx, w = cy + dy, to = w * v->width + u;
            if (k == 4 || (!corners && dx != 0 && dy != 0))
                continue;
            if (u < 0 || w < 0 || u >= v->width || w >= v->height) {
                *ret_edge = true;
                continue;
            }
            if (v->in[to] != inside || v->scratch[to] == id)
                continue;
            if (v->scratch[to] || depth == (int)SPR_COUNT(stack))
                return most + 1;
            v->scratch[to] = id;
            stack[depth++] = to;
        }
    }
    return count;
}

enum { SMALL = 2 };

static void count_small(const struct gate_view *v, bool inside, bool corners, bool at_edges,
                        struct gate_result *r)
{
    int id = 0;
    memset(v->scratch, 0, (size_t)v->width * (size_t)v->height * sizeof *v->scratch);
    for (int y = 0; y < v->height; y++)
        for (int x = 0; x < v->width; x++) {
            bool edge;
            if (gate_in(v, x, y) == inside && !v->scratch[y * v->width + x] &&
                flood(v, x, y, ++id, corners, SMALL, &edge) <= SMALL && (at_edges || !edge))
                gate_mark(r, x, y);
        }
    r->value = r->places;
}

void gate_specks(const struct gate_view *v, struct gate_result *r)
{
    count_small(v, true, true, true, r);
}

/* Nets and ribs have holes by nature, so this one is for things that are known to be solid. */
void gate_holes(const struct gate_view *v, struct gate_result *r)
{
    count_small(v, false, false, false, r);
}

/* Pixels for each drawn one along an axis: how far apart the lines between columns (or rows) are at which anything
 * changes, within the shape's box. In a picture at its own size most of them touch; in one enlarged k times they are k
 * apart. A change is `step` or more in a channel or a step of alpha by half; up to 2 % of a line's pixels may change in
 * spite of that. Where lines that touch are more than `touching` of all, the picture is at its own size: bars and bricks
 * have few lines, but each has two sides. */
static double line_distance(const struct gate_view *v, bool rows, int step, double touching)
{
    int count = rows ? v->height : v->width, length = rows ? v->width : v->height, first = 0, last = 0,
        lines = 0, touch = 0;
    for (int i = 1; i < count; i++) {
        int changes = 0;
        for (int k = 0; k < length; k++) {
            struct rgba p = rows ? *image_at(v->im, k, i - 1) : *image_at(v->im, i - 1, k),
                        q = rows ? *image_at(v->im, k, i) : *image_at(v->im, i, k);
            bool clear = p.a < 128 && q.a < 128;
            changes += !clear && ((p.a < 128) != (q.a < 128) || abs(p.r - q.r) >= step ||
                                  abs(p.g - q.g) >= step || abs(p.b - q.b) >= step);
        }
        if (changes * 50 <= length)
            continue;
        touch += lines > 0 && last == i - 1;
        first = lines == 0 ? i : first;
        last = i;
        lines++;
    }
    return lines < 2 || touch > touching * lines ? 1 : (double)(last - first) / (lines - 1);
}

bool gate_soft(const struct gate_view *v)
{
    enum { SIDE = 48, COLOURS = 256 };
    return v->width >= SIDE && v->height >= SIDE && gate_count_colours(v, 1) > COLOURS;
}

/* Pixels of the picture for each drawn one, by the axis that says less: 1 at its own size, 8 when enlarged 8 times. */
void gate_grid(const struct gate_view *v, struct gate_result *r)
{
    enum { STEP = 8 };
    const double touching = 0.15;
    double x = line_distance(v, false, STEP, touching), y = line_distance(v, true, STEP, touching);
    r->applies = v->width >= 4 && v->height >= 4;
    r->value = x < y ? x : y;
}

static int by_value(const void *a, const void *b)
{
    int p = *(const int *)a, q = *(const int *)b;
    return (p > q) - (p < q);
}

/* Mean OkLab distance between two columns or rows; transparent against opaque is 1. */
static double line_difference(const struct gate_view *v, bool rows, int i, int k)
{
    int length = rows ? v->width : v->height;
    double sum = 0;
    for (int t = 0; t < length; t++) {
        int ax = rows ? t : i, ay = rows ? i : t, bx = rows ? t : k, by = rows ? k : t;
        bool a = image_at(v->im, ax, ay)->a >= 128, b = image_at(v->im, bx, by)->a >= 128;
        if (a && b)
            sum += sqrt((double)oklab_distance2(gate_lab(v, ax, ay), gate_lab(v, bx, by)));
        else
            sum += a != b;
    }
    return sum / length;
}

static double seam_of(const struct gate_view *v, bool rows)
{
    enum { UNIT = 1000000 };
    int n = (rows ? v->height : v->width) - 1, at = (n * 95 + 99) / 100 - 1, *inside = v->scratch;
    for (int i = 0; i < n; i++)
        inside[i] = (int)(line_difference(v, rows, i, i + 1) * UNIT);
    qsort(inside, (size_t)n, sizeof *inside, by_value);
    double usual = (double)inside[at] / UNIT, across = line_difference(v, rows, n, 0);
    return across / fmax(usual, 1e-3); /* in a flat picture any step is a seam, but rounding is none */
}

/* A tile that repeats has no step across its edges that is not usual inside. The worse of both axes. */
void gate_seam(const struct gate_view *v, struct gate_result *r)
{
    r->applies = v->width >= 8 && v->height >= 8;
    if (!r->applies)
        return;
    double x = seam_of(v, false), y = seam_of(v, true);
    r->value = x > y ? x : y;
}
