/* narrow - see narrow.h. A vector register holds more channels than the narrow side has, so tap by tap most of it would
 * be empty. Instead the narrow side is laid out with all its taps side by side, 9 c numbers a pixel, and is what tiles.c
 * broadcasts; the wide side's channels fill the registers:
 *     from few:  dweight[t, i, o] = sum over p of x[p + t, i] dy[p, o]
 *     to few:    dweight[t, i, o] = sum over p of dy[p - t, o] x[p, i]
 * and forward to few, all taps' products of a pixel are one row of a 1x1 convolution, whose rows are then added up:
 *     y[p, o] = sum over t of z[p + t, (t, o)],  z[p, (t, o)] = sum over i of x[p, i] w[t, i, o]
 * For the gradient runs of pixels are laid out, and for bf16 paired, at a time. In f32 the first is as fast where the pixels are
 * (conv_outer.c). */
#include "nn/narrow.h"
#include "nn/grid.h"
#include "nn/kernels.h"
#include "nn/tiles.h"
#include <stdint.h>
#include <string.h>

enum {
    NARROW_MAX = 4,
    WIDE_MIN = 16,
    TAPS = 9,
    ROW_MAX = TAPS * NARROW_MAX,
    RUN = 128 /* pixels, an even number */
};

bool narrow_takes(const struct tiles *k, int kernel, int in, int out)
{
    bool to_few = out <= NARROW_MAX && in >= WIDE_MIN, from_few = in <= NARROW_MAX && out >= WIDE_MIN;
    return kernel == 3 && (to_few || (from_few && k->pairs));
}

struct narrow {
    const struct tiles *k;
    const struct conv_shape *s;
    bool to_few;           /* out is the narrow side */
    size_t few, many, row; /* channels; row: of 9 taps */
    size_t width;          /* many, rounded up to whole vectors */
    const float *narrow, *wide;
    float *rows, *columns; /* of a run: (RUN, row), (RUN, width), or half as many pairs */
    float *sums;           /* (row, width) */
};

static struct narrow sizes(const struct tiles *k, const struct conv_shape *s)
{
    struct narrow n = { .k = k, .s = s, .to_few = s->out <= NARROW_MAX };
    n.few = (size_t)(n.to_few ? s->out : s->in);
    n.many = (size_t)(n.to_few ? s->in : s->out);
    n.row = TAPS * n.few;
    n.width = up_to(n.many, k->lanes);
    return n;
}

size_t narrow_scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    struct narrow n = sizes(k, s);
    return (RUN + n.row) * n.width + RUN * n.row;
}

/* A pixel on its way through the pictures. */
struct spot {
    size_t first, r, c; /* of its picture in the tensor, in pixels; row and column */
};

static void next_spot(const struct narrow *n, struct spot *at)
{
    if (++at->c < (size_t)n->s->width)
        return;
    at->c = 0;
    if (++at->r < (size_t)n->s->height)
        return;
    at->r = 0;
    at->first += (size_t)n->s->height * (size_t)n->s->width;
}

/* Line at - 1 + i of `count`, or OUTSIDE. */
#define OUTSIDE SIZE_MAX
static size_t line(size_t at, size_t i, size_t count, bool wrap)
{
    size_t one_on = at + i;
    if (one_on == 0)
        return wrap ? count - 1 : OUTSIDE;
    if (one_on > count)
        return wrap ? 0 : OUTSIDE;
    return one_on - 1;
}

/* row (9 few) = the narrow side's pixels under the taps around a pixel, in the reverse order where dweight's p - t wants
 * it; zeros outside. */
static void lay_out(const struct narrow *n, const struct spot *at, float *row)
{
    static const float zeros[NARROW_MAX];
    size_t height = (size_t)n->s->height, width = (size_t)n->s->width, few = n->few;
    for (size_t t = 0; t < TAPS; t++) {
        size_t tap = n->to_few ? TAPS - 1 - t : t;
        size_t r = line(at->r, tap / 3, height, n->s->wrap), c = line(at->c, tap % 3, width, n->s->wrap);
        const float *from =
            r == OUTSIDE || c == OUTSIDE ? zeros : n->narrow + (at->first + r * width + c) * few;
        if (few == NARROW_MAX)
            memcpy(row + t * NARROW_MAX, from, NARROW_MAX * sizeof *row);
        else
            for (size_t i = 0; i < few; i++)
                row[t * few + i] = from[i];
    }
}

/* The terms of `count` pixels from p, which is at `at`, on: rows and columns. */
static void lay_out_run(const struct narrow *n, size_t p, size_t count, struct spot *at)
{
    static const float zeros[ROW_MAX];
    float two[2][ROW_MAX];
    const float *wide = n->wide + p * n->many;
    size_t step = n->k->pairs ? 2 : 1;
    memset(n->columns, 0, RUN / step * n->width * sizeof(float));
    for (size_t i = 0; i < count; i += step, wide += step * n->many) {
        float *row = n->rows + i / step * n->row, *column = n->columns + i / step * n->width;
        lay_out(n, at, two[0]);
        next_spot(n, at);
        if (!n->k->pairs) {
            memcpy(row, two[0], n->row * sizeof *row);
            memcpy(column, wide, n->many * sizeof *column);
            continue;
        }
        bool odd = i + 1 == count; /* zeros beside the last one */
        if (!odd) {
            lay_out(n, at, two[1]);
            next_spot(n, at);
        }
        n->k->pair_rows(two[0], odd ? zeros : two[1], n->row, row);
        /* the other row's zeros make the odd pixel's neighbour, whatever it is, count nothing */
        n->k->pair_rows(wide, odd ? wide : wide + n->many, n->many, column);
    }
}

static void add_run(const struct narrow *n, size_t terms)
{
    const struct tiles *k = n->k;
    size_t blocks = (n->row + k->block - 1) / k->block, panel;
    for (size_t c = 0; c < n->width; c += panel) {
        panel = least(k->lanes * k->vectors, n->width - c);
        for (size_t b = 0; b < blocks; b++) {
            size_t first = b * n->row / blocks, count = (b + 1) * n->row / blocks - first;
            struct outer o = { .x = n->rows + first,
                               .dy = n->columns + c,
                               .samples = 1,
                               .height = 1,
                               .width = terms,
                               .x_pixel = n->row,
                               .dy_pixel = n->width,
                               .dw = n->sums + first * n->width + c,
                               .dw_stride = n->width };
            k->outer[panel / k->lanes - 1][count - 1](&o);
        }
    }
}

/* dweight (9, in, out) to or from the sums (9 few, width). */
static void move_sums(const struct narrow *n, bool back, float *dweight)
{
    for (size_t t = 0; t < TAPS; t++)
        for (size_t i = 0; i < n->few; i++)
            for (size_t c = 0; c < n->many; c++) {
                size_t at = n->to_few ? (t * n->many + c) * n->few + i : (t * n->few + i) * n->many + c;
                float *sum = &n->sums[(t * n->few + i) * n->width + c];
                if (back)
                    dweight[at] = *sum;
                else
                    *sum = dweight[at];
            }
}

void narrow_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                            const float *dy, float *dweight, float *scratch)
{
    struct narrow n = sizes(k, s);
    size_t pixels = (size_t)s->batch * (size_t)s->height * (size_t)s->width;
    struct spot at = { 0 };
    n.columns = scratch;
    n.sums = n.columns + RUN * n.width;
    n.rows = n.sums + n.row * n.width;
    n.narrow = n.to_few ? dy : x;
    n.wide = n.to_few ? x : dy;
    memset(n.sums, 0, n.row * n.width * sizeof *n.sums);
    move_sums(&n, false, dweight);
    for (size_t p = 0; p < pixels; p += RUN) {
        size_t count = least(RUN, pixels - p);
        lay_out_run(&n, p, count, &at);
        add_run(&n, k->pairs ? (count + 1) / 2 : count);
    }
    move_sums(&n, true, dweight);
}

/* ---- forward ---- */

bool narrow_takes_forward(int kernel, int in, int out)
{
    return kernel == 3 && out <= NARROW_MAX && in >= WIDE_MIN;
}

/* The columns of z, whole vectors of them. */
static size_t columns_of(const struct tiles *k, int out)
{
    return up_to(TAPS * (size_t)out, k->lanes);
}

static size_t plain_floats(const struct tiles *k, int in, int out)
{
    return up_to(conv_tiles_ops.packed_floats(k, 1, in, (int)columns_of(k, out)), 16);
}

size_t narrow_packed_floats(const struct tiles *k, int in, int out)
{
    return plain_floats(k, in, out) + (size_t)in * columns_of(k, out);
}

void narrow_pack(const struct tiles *k, const float *weight, int in, int out, float *packed)
{
    size_t columns = columns_of(k, out), few = (size_t)out, many = (size_t)in;
    float *turned = packed + plain_floats(k, in, out); /* (in, columns) */
    memset(turned, 0, many * columns * sizeof *turned);
    for (size_t t = 0; t < TAPS; t++)
        for (size_t i = 0; i < many; i++)
            memcpy(turned + i * columns + t * few, weight + (t * many + i) * few, few * sizeof *turned);
    conv_tiles_ops.pack(k, turned, 1, in, (int)columns, packed);
}

static struct conv_shape plain_shape(const struct tiles *k, const struct conv_shape *s)
{
    struct conv_shape plain = *s;
    plain.kernel = 1;
    plain.out = (int)columns_of(k, s->out);
    return plain;
}

size_t narrow_forward_floats(const struct tiles *k, const struct conv_shape *s)
{
    struct conv_shape plain = plain_shape(k, s);
    size_t pixels = (size_t)s->batch * (size_t)s->height * (size_t)s->width;
    return up_to(pixels * (size_t)plain.out, 16) + conv_tiles_ops.scratch_floats(k, &plain);
}

/* to (few) = the sum of a pixel's products. */
static void add_taps(const struct conv_shape *s, const struct spot *at, const float *z, size_t columns,
                     float *to)
{
    size_t few = (size_t)s->out, height = (size_t)s->height, width = (size_t)s->width;
    for (size_t i = 0; i < few; i++)
        to[i] = 0.0f;
    for (size_t t = 0; t < TAPS; t++) {
        size_t r = line(at->r, t / 3, height, s->wrap), c = line(at->c, t % 3, width, s->wrap);
        if (r == OUTSIDE || c == OUTSIDE)
            continue;
        const float *from = z + (at->first + r * width + c) * columns + t * few;
        for (size_t i = 0; i < few; i++)
            to[i] += from[i];
    }
}

/* The same for NARROW_MAX channels of a pixel that touches no edge, whose products are at z. */
static void add_all_taps(const float *z, size_t width, size_t columns, float to[NARROW_MAX])
{
    typedef float four __attribute__((vector_size(NARROW_MAX * sizeof(float))));
    four sum = { 0 }, term;
    const float *from = z - (width + 1) * columns;
    for (size_t t = 0; t < 3; t++, from += width * columns)
        for (size_t j = 0; j < 3; j++) {
            memcpy(&term, from + j * columns + (3 * t + j) * NARROW_MAX, sizeof term);
            sum += term;
        }
    memcpy(to, &sum, sizeof sum);
}

void narrow_forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                    const float *bias, const float *add, float *y, float *scratch)
{
    struct conv_shape plain = plain_shape(k, s);
    struct narrow n = { .s = s };
    struct spot at = { 0 };
    size_t pixels = (size_t)s->batch * (size_t)s->height * (size_t)s->width, few = (size_t)s->out,
           columns = (size_t)plain.out;
    conv_tiles_ops.forward(k, &plain, x, packed, NULL, NULL, scratch, scratch + up_to(pixels * columns, 16));
    for (size_t p = 0; p < pixels; p++, next_spot(&n, &at)) {
        float sum[NARROW_MAX];
        bool inside = at.c > 0 && at.r > 0 && at.c + 1 < (size_t)s->width && at.r + 1 < (size_t)s->height;
        if (few == NARROW_MAX && inside)
            add_all_taps(scratch + p * columns, (size_t)s->width, columns, sum);
        else
            add_taps(s, &at, scratch, columns, sum);
        for (size_t i = 0; i < few; i++) {
            float value = bias ? sum[i] + bias[i] : sum[i];
            y[p * few + i] = add ? value + add[p * few + i] : value;
        }
    }
}
