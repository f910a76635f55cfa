/* conv_tiles - the program's own kernel sets: which pixels, taps and weights the inner loops of tiles.c meet, and when.
 * The weight gradient is in conv_outer.c, 3x3 with many channels in winograd.c, all else here.
 *
 * No matrix is laid out: a tile of neighbouring output pixels reads its inputs where they
 * are, one tap after the other, and taps that fall into the zero border are left out (at 8x8 that is one product in
 * six). Loops, from the outside:
 *     panel    some output channels; their weights lie together
 *     group    some tiles, whose sums stay in the first-level cache
 *     part     as many taps, or channels of one tap, as keep the panel's weights in the first-level cache
 *     tile     tiles.c: sums in registers
 * The input gradient of a 3x3 is the same with the taps reversed; of a 2x2 with stride 2, four 1x1 convolutions that
 * each write every other pixel of every other row.
 *
 * The idea of reading pixels in place instead of laying out a matrix is that of indirect convolution (Dukhan, "The
 * indirect convolution algorithm", 2019); strides do here what its table of pointers does there. */
#include "nn/bf16.h"
#include "nn/conv_outer.h"
#include "nn/grid.h"
#include "nn/kernels.h"
#include "nn/narrow.h"
#include "nn/tiles.h"
#include "nn/winograd.h"
#include <assert.h>
#include <string.h>

enum { GROUP = 16 }; /* tiles; 16 * 8 pixels * 32 channels of partial sums are 16 KiB */

static size_t taps_of(int kernel)
{
    return (size_t)kernel * (size_t)kernel;
}

static size_t panel_width(const struct tiles *k, size_t columns)
{
    return least(k->lanes * k->vectors, up_to(columns, k->lanes));
}

/* ---- packing: (panel, tap, in, width of the panel); the last panel may be narrower, its missing columns are 0 ---- */

static size_t packed_floats(const struct tiles *k, int kernel, int in, int out)
{
    if (winograd_takes(k, kernel, in, out))
        return winograd_packed_floats(k, in, out);
    size_t plain = taps_of(kernel) * tiles_terms(k, (size_t)in) * up_to((size_t)out, k->lanes);
    return narrow_takes_forward(kernel, in, out) ? most(plain, narrow_packed_floats(k, in, out)) : plain;
}

/* to (width) = `columns` columns of a row of weights; for pairs, of two rows, the second of which may not be there. */
static void pack_row(const struct tiles *k, const float *row, const float *second, size_t columns,
                     size_t width, float *to)
{
    static const float zeros[TILE_VECTORS_MAX * 16];
    if (k->pairs)
        k->pair_rows(row, second ? second : zeros, columns, to);
    else
        memcpy(to, row, columns * sizeof *to);
    for (size_t i = columns; i < width; i++)
        to[i] = 0.0f;
}

static void pack(const struct tiles *k, const float *weight, int kernel, int in, int out, float *packed)
{
    if (winograd_takes(k, kernel, in, out)) {
        winograd_pack(k, weight, in, out, packed);
        return;
    }
    if (narrow_takes_forward(kernel, in, out)) {
        narrow_pack(k, weight, in, out, packed);
        return;
    }
    size_t rows = (size_t)in, columns = (size_t)out, step = k->pairs ? 2 : 1, width;
    for (size_t c = 0; c < columns; c += width) {
        width = panel_width(k, columns - c);
        const float *row = weight + c;
        for (size_t t = 0; t < taps_of(kernel); t++, row += rows * columns)
            for (size_t r = 0; r < rows; r += step, packed += width)
                pack_row(k, row + r * columns, r + 1 < rows ? row + (r + 1) * columns : NULL,
                         least(width, columns - c), width, packed);
    }
}

/* Element, or pair, i of a row of `count` floats. */
static float term(const struct tiles *k, const float *row, size_t count, size_t i)
{
    if (!k->pairs)
        return row[i];
    return bf16_pair(row[2 * i], 2 * i + 1 < count ? row[2 * i + 1] : 0.0f);
}

/* One tap of the transposed weights: (out, in) of tap `from`, in panels of input channels, as tap `to` of `taps`. */
static void pack_transposed(const struct tiles *k, const float *weight, size_t in, size_t out, size_t to,
                            size_t taps, float *packed)
{
    enum { BLOCK = 16 }; /* rows: their lines stay in the first-level cache */
    size_t rows = tiles_terms(k, out), width;
    for (size_t c = 0; c < in; c += width) {
        width = panel_width(k, in - c);
        float *block = packed + c * taps * rows + to * rows * width;
        for (size_t first = 0; first < rows; first += BLOCK, block += BLOCK * width) {
            size_t count = least(BLOCK, rows - first);
            for (size_t i = 0; i < width; i++)
                for (size_t r = 0; r < count; r++)
                    block[r * width + i] =
                        c + i < in ? term(k, weight + (c + i) * out, out, first + r) : 0.0f;
        }
    }
}

/* 3x3: one convolution with reversed taps. 2x2: four 1x1 convolutions, one after the other. */
static void pack_backward(const struct tiles *k, const float *weight, int kernel, int in, int out,
                          float *packed)
{
    if (winograd_takes(k, kernel, in, out)) {
        winograd_pack_backward(k, weight, in, out, packed);
        return;
    }
    size_t taps = taps_of(kernel), each = packed_floats(k, 1, out, in);
    for (size_t t = 0; t < taps; t++, weight += (size_t)in * (size_t)out)
        if (kernel == 2)
            pack_transposed(k, weight, (size_t)in, (size_t)out, 0, 1, packed + t * each);
        else
            pack_transposed(k, weight, (size_t)in, (size_t)out, taps - 1 - t, taps, packed);
}

/* ---- forward and input gradient ---- */

struct layer {
    const struct tiles *k;
    size_t batch, height, width; /* of the output */
    size_t in, out;              /* channels; in: or pairs of them */
    struct grid_taps x;
    const float *packed, *bias, *add;
    float *y;
    struct grid y_grid; /* of add, too */
};

/* A tile's place in the picture. */
struct place {
    const float *x;
    size_t y;         /* floats from the start of y and add */
    size_t rows;      /* pixels */
    unsigned skip;    /* taps that are outside for all its pixels, a bit each */
    bool first, last; /* it holds its row's first, last pixel */
    bool started;     /* it has partial sums */
};

/* Taps first..first+taps-1, channels channel..channel+channels-1 of each. */
struct part {
    size_t first, taps, channel, channels;
    bool final;
};

/* A panel of the layer at work on a group of tiles. */
struct group {
    struct place place[GROUP];
    size_t count;
    float *sums; /* (GROUP, rows, width) */
    size_t column, columns, width;
};

static void find_places(const struct layer *l, size_t first, struct group *g)
{
    size_t across = (l->width + l->k->rows - 1) / l->k->rows;
    size_t s = first % across, r = first / across % l->height, b = first / across / l->height;
    for (size_t i = 0; i < g->count; i++) {
        size_t from = s * l->width / across, to = (s + 1) * l->width / across;
        struct place *p = &g->place[i];
        *p = (struct place){
            .x = l->x.x + b * l->x.grid.sample + r * l->x.grid.row + from * l->x.grid.pixel,
            .y = b * l->y_grid.sample + r * l->y_grid.row + from * l->y_grid.pixel,
            .rows = to - from,
        };
        if (l->x.border) {
            p->first = from == 0;
            p->last = to == l->width;
            p->skip = (r == 0 ? 0007u : 0) | (r == l->height - 1 ? 0700u : 0);
            if (p->rows == 1)
                p->skip |= (p->first ? 0111u : 0) | (p->last ? 0444u : 0);
        }
        if (++s == across) {
            s = 0;
            if (++r == l->height) {
                r = 0;
                b++;
            }
        }
    }
}

/* The taps of a part that touch the picture; BORROWS tap[TAPS_MAX], returns how many. */
static size_t find_taps(const struct layer *l, const struct group *g, const struct place *p,
                        const struct part *part, struct tap *tap)
{
    const float *w = l->packed + g->column * l->x.count * l->in + part->channel * g->width;
    size_t count = 0;
    for (size_t t = part->first; t < part->first + part->taps; t++) {
        if (p->skip >> t & 1)
            continue;
        bool left = p->first && (0111u >> t & 1), right = p->last && (0444u >> t & 1);
        ptrdiff_t at = l->x.offset[t] + (left ? (ptrdiff_t)l->x.grid.pixel : 0) + (ptrdiff_t)part->channel;
        tap[count++] = (struct tap){
            .x = p->x + at,
            .w = w + t * l->in * g->width,
            .cut = left    ? TAP_CUT_FIRST
                   : right ? TAP_CUT_LAST
                           : TAP_WHOLE,
        };
    }
    return count;
}

/* What tiles.c does at the end of a full panel, for one whose last columns are not there. */
static void finish_narrow(const struct layer *l, const struct group *g, const struct place *p,
                          const float *sums)
{
    for (size_t r = 0; r < p->rows; r++, sums += g->width)
        for (size_t c = 0; c < g->columns; c++) {
            size_t at = p->y + r * l->y_grid.pixel + g->column + c;
            float sum = l->bias ? sums[c] + l->bias[g->column + c] : sums[c];
            l->y[at] = l->add ? sum + l->add[at] : sum;
        }
}

static void run_part(const struct layer *l, struct group *g, const struct part *part)
{
    struct tap tap[TAPS_MAX];
    bool full = g->columns == g->width;
    struct tile tile = {
        .tap = tap,
        .channels = part->channels,
        .x_stride = l->x.grid.pixel,
        .finish = part->final && full,
        .bias = l->bias ? l->bias + g->column : NULL,
        .y_stride = l->y_grid.pixel,
    };
    tile_fn *const *by_rows = l->k->tile[g->width / l->k->lanes - 1];
    size_t end = (part->first + part->taps - 1) * l->in + part->channel + part->channels;
    const float *next = l->packed + g->column * l->x.count * l->in + end * g->width;
    for (size_t i = 0; i < g->count; i++) {
        struct place *p = &g->place[i];
        tile.taps = find_taps(l, g, p, part, tap);
        if (tile.taps == 0 && !part->final)
            continue;
        size_t at = p->y + g->column;
        tile.sums = g->sums + i * l->k->rows * g->width;
        tile.resume = p->started;
        tile.ahead = i * 16 < g->width ? next + i * part->channels * 16 : l->packed;
        tile.add = l->add ? l->add + at : NULL;
        tile.y = l->y + at;
        by_rows[p->rows - 1](&tile);
        p->started = true;
        if (part->final && !full)
            finish_narrow(l, g, p, tile.sums);
    }
}

static void run_group(const struct layer *l, struct group *g)
{
    size_t depth = l->k->depth, chunks = (l->in + depth - 1) / depth;
    size_t together = chunks > 1 ? 1 : least(l->x.count, depth / l->in);
    for (size_t t = 0; t < l->x.count; t += together)
        for (size_t c = 0; c < chunks; c++) {
            size_t from = c * l->in / chunks, to = (c + 1) * l->in / chunks;
            struct part part = { t, least(together, l->x.count - t), from, to - from, false };
            part.final = t + together >= l->x.count && c + 1 == chunks;
            run_part(l, g, &part);
        }
}

static void run_layer(const struct layer *l, float *sums)
{
    size_t across = (l->width + l->k->rows - 1) / l->k->rows, tiles = l->batch * l->height * across;
    struct group g = { .sums = sums };
    for (g.column = 0; g.column < l->out; g.column += g.width) {
        g.width = panel_width(l->k, l->out - g.column);
        g.columns = least(g.width, l->out - g.column);
        for (size_t t = 0; t < tiles; t += GROUP) {
            g.count = least(GROUP, tiles - t);
            find_places(l, t, &g);
            run_group(l, &g);
        }
    }
}

static size_t sums_floats(const struct tiles *k)
{
    return GROUP * k->rows * k->lanes * k->vectors;
}

/* A 1x1 convolution knows no rows: all pixels are one. */
static void join_rows(struct layer *l)
{
    l->width *= l->batch * l->height;
    l->batch = l->height = 1;
}

/* Scratch of run_layer: partial sums, then a wrapped picture, then (pairs) the input as pairs. */
static size_t layer_floats(const struct tiles *k, const struct conv_shape *s, size_t pixels, size_t channels)
{
    size_t terms = tiles_terms(k, channels);
    return sums_floats(k) + up_to(grid_wrapped_floats(s, terms), 16) + (k->pairs ? pixels * terms : 0);
}

/* Where the layer's inputs are: x itself, or pairs of its channels behind the sums and the wrapped picture. */
static struct grid_taps layer_taps(const struct tiles *k, const struct conv_shape *s, size_t pixels,
                                   size_t channels, const float *x, float *scratch)
{
    size_t terms = tiles_terms(k, channels);
    float *wrapped = scratch + sums_floats(k), *to = wrapped + up_to(grid_wrapped_floats(s, terms), 16);
    if (!k->pairs)
        return grid_taps(s, channels, x, wrapped);
    if (channels % 2 == 0)
        k->pair_neighbours(x, pixels * terms, to);
    else
        for (size_t p = 0; p < pixels; p++, x += channels) {
            k->pair_neighbours(x, terms - 1, to + p * terms);
            to[(p + 1) * terms - 1] = bf16_pair(x[channels - 1], 0.0f);
        }
    return grid_taps(s, terms, to, wrapped);
}

static size_t pixels_of(const struct conv_shape *s)
{
    return (size_t)s->batch * (size_t)s->height * (size_t)s->width;
}

static void forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                    const float *bias, const float *add, float *y, float *scratch)
{
    if (winograd_takes(k, s->kernel, s->in, s->out)) {
        winograd_forward(k, s, x, packed, bias, add, y, scratch);
        return;
    }
    if (narrow_takes_forward(s->kernel, s->in, s->out)) {
        narrow_forward(k, s, x, packed, bias, add, y, scratch);
        return;
    }
    size_t half = s->kernel == 2 ? 2 : 1;
    struct layer l = {
        .k = k,
        .batch = (size_t)s->batch,
        .height = (size_t)s->height / half,
        .width = (size_t)s->width / half,
        .in = tiles_terms(k, (size_t)s->in),
        .out = (size_t)s->out,
        .x = layer_taps(k, s, pixels_of(s), (size_t)s->in, x, scratch),
        .packed = packed,
        .bias = bias,
        .add = add,
        .y = y,
        .y_grid = grid_dense((size_t)s->height / half, (size_t)s->width / half, (size_t)s->out),
    };
    if (s->kernel == 1)
        join_rows(&l);
    run_layer(&l, scratch);
}

/* 2x2: each tap's products are every other pixel of every other row. */
static void run_quarters(struct layer *l, float *scratch)
{
    struct grid g = l->y_grid;
    const float *add = l->add;
    float *y = l->y;
    l->x.grid = grid_dense(l->height, l->width, l->in);
    l->x.count = 1;
    l->y_grid.row *= 2;
    l->y_grid.pixel *= 2;
    for (size_t t = 0; t < 4; t++) {
        size_t at = t / 2 * g.row + t % 2 * g.pixel;
        l->y = y + at;
        l->add = add ? add + at : NULL;
        run_layer(l, scratch);
        l->packed += l->in * up_to(l->out, l->k->lanes);
    }
}

static void backward_input(const struct tiles *k, const struct conv_shape *s, const float *dy,
                           const float *packed_backward, bool accumulate, float *dx, float *scratch)
{
    if (winograd_takes(k, s->kernel, s->in, s->out)) {
        struct conv_shape back = *s;
        back.in = s->out;
        back.out = s->in;
        winograd_forward(k, &back, dy, packed_backward, NULL, accumulate ? dx : NULL, dx, scratch);
        return;
    }
    size_t half = s->kernel == 2 ? 2 : 1;
    struct layer l = {
        .k = k,
        .batch = (size_t)s->batch,
        .height = (size_t)s->height / half,
        .width = (size_t)s->width / half,
        .in = tiles_terms(k, (size_t)s->out),
        .out = (size_t)s->in,
        .x = layer_taps(k, s, pixels_of(s) / (half * half), (size_t)s->out, dy, scratch),
        .packed = packed_backward,
        .add = accumulate ? dx : NULL,
        .y = dx,
        .y_grid = grid_dense((size_t)s->height, (size_t)s->width, (size_t)s->in),
    };
    if (s->kernel == 2) {
        run_quarters(&l, scratch);
        return;
    }
    if (s->kernel == 1)
        join_rows(&l);
    run_layer(&l, scratch);
}

static void backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                            const float *dy, float *dweight, float *scratch)
{
    if (winograd_takes(k, s->kernel, s->in, s->out))
        winograd_backward_weight(k, s, x, dy, dweight, scratch);
    else if (narrow_takes(k, s->kernel, s->in, s->out))
        narrow_backward_weight(k, s, x, dy, dweight, scratch);
    else if (k->pairs)
        outer_pairs_backward_weight(k, s, x, dy, dweight, scratch);
    else
        outer_backward_weight(k, s, x, dy, dweight, scratch);
}

static size_t scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    if (winograd_takes(k, s->kernel, s->in, s->out))
        return winograd_scratch_floats(k, s);
    size_t half = s->kernel == 2 ? 2 : 1, pixels = pixels_of(s);
    size_t there = layer_floats(k, s, pixels, (size_t)s->in),
           back = layer_floats(k, s, pixels / (half * half), (size_t)s->out);
    size_t outer = narrow_takes(k, s->kernel, s->in, s->out) ? narrow_scratch_floats(k, s)
                   : k->pairs                                ? outer_pairs_scratch_floats(k, s)
                                                             : outer_scratch_floats(k, s);
    if (narrow_takes_forward(s->kernel, s->in, s->out))
        there = narrow_forward_floats(k, s);
    return most(outer, most(there, back));
}

const struct conv_ops conv_tiles_ops = {
    .packed_floats = packed_floats,
    .pack = pack,
    .pack_backward = pack_backward,
    .scratch_floats = scratch_floats,
    .forward = forward,
    .backward_input = backward_input,
    .backward_weight = backward_weight,
};
