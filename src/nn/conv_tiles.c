/* conv_tiles - the program's own kernel sets: which pixels, taps and weights the inner loops of tiles.c meet, and when.
 *
 * Forward and input gradient. No matrix is laid out: a tile of neighbouring output pixels reads its inputs where they
 * are, one tap after the other, and taps that fall into the zero border are left out (at 8x8 that is one product in
 * six). Loops, from the outside:
 *     panel    some output channels; their weights lie together
 *     group    some tiles, whose sums stay in the first-level cache
 *     part     as many taps, or channels of one tap, as keep the panel's weights in the first-level cache
 *     tile     tiles.c: sums in registers
 * The input gradient of a 3x3 is the same with the taps reversed; of a 2x2 with stride 2, four 1x1 convolutions that
 * each write every other pixel of every other row.
 *
 * Weight gradient. For a block of pixels, dy is copied into panels and x, with its border, into blocks of channels;
 * then each tap of each block x panel is summed in registers over all the pixels of the block.
 *
 * The idea of reading pixels in place instead of laying out a matrix is that of indirect convolution (Dukhan, "The
 * indirect convolution algorithm", 2019); strides do here what its table of pointers does there. */
#include "nn/kernels.h"
#include "nn/tiles.h"
#include "nn/winograd.h"
#include <assert.h>
#include <string.h>

enum {
    TAPS_MAX = 9,
    GROUP = 16,        /* tiles; 16 * 8 pixels * 32 channels of partial sums are 16 KiB */
    OUTER_PIXELS = 128 /* of a block of the weight gradient: 16 KiB of dy for a panel of 32 channels */
};

static size_t up_to(size_t count, size_t multiple)
{
    return (count + multiple - 1) / multiple * multiple;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

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
    if (winograd_takes(kernel, in, out))
        return winograd_packed_floats(in, out);
    return taps_of(kernel) * (size_t)in * up_to((size_t)out, k->lanes);
}

static void pack(const struct tiles *k, const float *weight, int kernel, int in, int out, float *packed)
{
    if (winograd_takes(kernel, in, out)) {
        winograd_pack(k, weight, in, out, packed);
        return;
    }
    size_t terms = taps_of(kernel) * (size_t)in, columns = (size_t)out, width;
    for (size_t c = 0; c < columns; c += width) {
        width = panel_width(k, columns - c);
        for (size_t t = 0; t < terms; t++, packed += width)
            for (size_t i = 0; i < width; i++)
                packed[i] = c + i < columns ? weight[t * columns + c + i] : 0.0f;
    }
}

/* One tap of the transposed weights: (out, in) of tap `from`, in panels of input channels, as tap `to` of `taps`. */
static void pack_transposed(const struct tiles *k, const float *weight, size_t in, size_t out, size_t to,
                            size_t taps, float *packed)
{
    size_t width;
    for (size_t c = 0; c < in; c += width) {
        width = panel_width(k, in - c);
        float *row = packed + c * taps * out + to * out * width;
        for (size_t o = 0; o < out; o++, row += width)
            for (size_t i = 0; i < width; i++)
                row[i] = c + i < in ? weight[(c + i) * out + o] : 0.0f;
    }
}

/* 3x3: one convolution with reversed taps. 2x2: four 1x1 convolutions, one after the other. */
static void pack_backward(const struct tiles *k, const float *weight, int kernel, int in, int out,
                          float *packed)
{
    if (winograd_takes(kernel, in, out)) {
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

/* A picture in memory: floats from one sample, row and pixel to the next. */
struct grid {
    size_t sample, row, pixel;
};

struct layer {
    const struct tiles *k;
    size_t batch, height, width; /* of the output */
    size_t in, out, taps;
    const float *x; /* the first tap's centre: what a 1x1 convolution would read for output pixel 0 */
    struct grid x_grid;
    ptrdiff_t offset[TAPS_MAX]; /* of each tap, in floats from the centre */
    bool border;                /* 3x3 over a zero border: leave out what is outside */
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
            .x = l->x + b * l->x_grid.sample + r * l->x_grid.row + from * l->x_grid.pixel,
            .y = b * l->y_grid.sample + r * l->y_grid.row + from * l->y_grid.pixel,
            .rows = to - from,
        };
        if (l->border) {
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
    const float *w = l->packed + g->column * l->taps * l->in + part->channel * g->width;
    size_t count = 0;
    for (size_t t = part->first; t < part->first + part->taps; t++) {
        if (p->skip >> t & 1)
            continue;
        bool left = p->first && (0111u >> t & 1), right = p->last && (0444u >> t & 1);
        ptrdiff_t at = l->offset[t] + (left ? (ptrdiff_t)l->x_grid.pixel : 0) + (ptrdiff_t)part->channel;
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
        .x_stride = l->x_grid.pixel,
        .finish = part->final && full,
        .bias = l->bias ? l->bias + g->column : NULL,
        .y_stride = l->y_grid.pixel,
    };
    tile_fn *const *by_rows = l->k->tile[g->width / l->k->lanes - 1];
    size_t end = (part->first + part->taps - 1) * l->in + part->channel + part->channels;
    const float *next = l->packed + g->column * l->taps * l->in + end * g->width;
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
    size_t together = chunks > 1 ? 1 : least(l->taps, depth / l->in);
    for (size_t t = 0; t < l->taps; t += together)
        for (size_t c = 0; c < chunks; c++) {
            size_t from = c * l->in / chunks, to = (c + 1) * l->in / chunks;
            struct part part = { t, least(together, l->taps - t), from, to - from, false };
            part.final = t + together >= l->taps && c + 1 == chunks;
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

static struct grid dense(size_t height, size_t width, size_t channels)
{
    return (struct grid){ height * width * channels, width * channels, channels };
}

/* Copies x (B, H, W, C) into the middle of `to` (B, H + 2, W + 2, C), whose border is the opposite edge. */
static void wrap_around(const float *x, size_t batch, size_t height, size_t width, size_t channels, float *to)
{
    size_t pixel = channels * sizeof *x, row = width * channels;
    for (size_t b = 0; b < batch; b++, x += height * row)
        for (size_t r = 0; r < height + 2; r++) {
            const float *from = x + (r + height - 1) % height * row;
            memcpy(to, from + row - channels, pixel);
            memcpy(to + channels, from, width * pixel);
            memcpy(to + channels + row, from, pixel);
            to += row + 2 * channels;
        }
}

/* Sets the taps of a 3x3 convolution of x (B, H, W, in), and where it reads. */
static void read_3x3(struct layer *l, bool wrap, const float *x, float *wrapped)
{
    l->x = x;
    l->x_grid = dense(l->height, l->width, l->in);
    if (wrap) {
        wrap_around(x, l->batch, l->height, l->width, l->in, wrapped);
        l->x_grid = dense(l->height + 2, l->width + 2, l->in);
        l->x = wrapped + l->x_grid.row + l->x_grid.pixel;
    }
    l->border = !wrap;
    l->taps = 9;
    for (ptrdiff_t t = 0; t < 9; t++)
        l->offset[t] = (t / 3 - 1) * (ptrdiff_t)l->x_grid.row + (t % 3 - 1) * (ptrdiff_t)l->x_grid.pixel;
}

/* A 1x1 convolution knows no rows: all pixels are one. */
static void read_1x1(struct layer *l, const float *x)
{
    l->width *= l->batch * l->height;
    l->batch = l->height = l->taps = 1;
    l->x = x;
    l->x_grid.pixel = l->in;
}

static size_t sums_floats(const struct tiles *k)
{
    return GROUP * k->rows * k->lanes * k->vectors;
}

static void forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                    const float *bias, const float *add, float *y, float *scratch)
{
    if (winograd_takes(s->kernel, s->in, s->out)) {
        winograd_forward(k, s, x, packed, bias, add, y, scratch);
        return;
    }
    size_t half = s->kernel == 2 ? 2 : 1;
    struct layer l = {
        .k = k,
        .batch = (size_t)s->batch,
        .height = (size_t)s->height / half,
        .width = (size_t)s->width / half,
        .in = (size_t)s->in,
        .out = (size_t)s->out,
        .packed = packed,
        .bias = bias,
        .add = add,
        .y = y,
        .y_grid = dense((size_t)s->height / half, (size_t)s->width / half, (size_t)s->out),
    };
    if (s->kernel == 1) {
        read_1x1(&l, x);
    } else if (s->kernel == 3) {
        read_3x3(&l, s->wrap, x, scratch + sums_floats(k));
    } else {
        struct grid g = dense((size_t)s->height, (size_t)s->width, l.in);
        l.x = x;
        l.x_grid = (struct grid){ g.sample, 2 * g.row, 2 * g.pixel };
        l.taps = 4;
        for (size_t t = 0; t < 4; t++)
            l.offset[t] = (ptrdiff_t)(t / 2 * g.row + t % 2 * g.pixel);
    }
    run_layer(&l, scratch);
}

static void backward_input(const struct tiles *k, const struct conv_shape *s, const float *dy,
                           const float *packed_backward, bool accumulate, float *dx, float *scratch)
{
    if (winograd_takes(s->kernel, s->in, s->out)) {
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
        .in = (size_t)s->out,
        .out = (size_t)s->in,
        .packed = packed_backward,
        .add = accumulate ? dx : NULL,
        .y = dx,
        .y_grid = dense((size_t)s->height, (size_t)s->width, (size_t)s->in),
    };
    if (s->kernel == 3) {
        read_3x3(&l, s->wrap, dy, scratch + sums_floats(k));
        run_layer(&l, scratch);
    } else if (s->kernel == 1) {
        read_1x1(&l, dy);
        run_layer(&l, scratch);
    } else {
        struct grid g = l.y_grid;
        l.x = dy;
        l.x_grid = dense(l.height, l.width, l.in);
        l.y_grid = (struct grid){ g.sample, 2 * g.row, 2 * g.pixel };
        l.taps = 1;
        for (size_t t = 0; t < 4; t++) {
            size_t at = t / 2 * g.row + t % 2 * g.pixel;
            l.y = dx + at;
            l.add = accumulate ? dx + at : NULL;
            run_layer(&l, scratch);
            l.packed += packed_floats(k, 1, s->out, s->in);
        }
    }
}

/* ---- weight gradient ---- */

/* A block of pixels of dy and what it meets of x. Either whole samples, or rows of one sample, or (1x1) a run. */
struct block {
    size_t sample, samples, row, rows, column, columns; /* of dy */
    size_t border, step;                                /* 3x3: 1, 1; 2x2: 0, 2; 1x1: 0, 1 */
};

struct weight_gradient {
    const struct tiles *k;
    size_t batch, height, width; /* of dy; a 1x1 convolution is one row */
    size_t in, out, taps;
    bool wrap;
    const float *x, *dy;
    float *dweight;
    float *x_copy;  /* (samples, rows of x, columns of x, OUTER_BLOCK) */
    float *dy_copy; /* (panel, samples, rows, columns, width of the panel) */
    float *narrow;  /* (OUTER_BLOCK, panel): weights of a panel whose last columns are not there */
};

static struct block block_size(const struct conv_shape *s)
{
    size_t half = s->kernel == 2 ? 2 : 1;
    size_t height = (size_t)s->height / half, width = (size_t)s->width / half, batch = (size_t)s->batch;
    struct block b = { .border = s->kernel == 3, .step = half };
    if (s->kernel == 1) {
        b.samples = b.rows = 1;
        b.columns = least(batch * height * width, OUTER_PIXELS);
    } else if (height * width > OUTER_PIXELS) {
        b.samples = 1;
        b.rows = most(1, OUTER_PIXELS / width);
        b.columns = width;
    } else {
        b.samples = least(batch, OUTER_PIXELS / (height * width));
        b.rows = height;
        b.columns = width;
    }
    return b;
}

static size_t copied_rows(const struct block *b)
{
    return b->rows * b->step + 2 * b->border;
}

static size_t copied_columns(const struct block *b)
{
    return b->columns * b->step + 2 * b->border;
}

static size_t x_copy_floats(const struct block *b)
{
    return b->samples * copied_rows(b) * copied_columns(b) * OUTER_BLOCK;
}

static size_t dy_copy_floats(const struct tiles *k, const struct block *b, size_t out)
{
    return b->samples * b->rows * b->columns * up_to(out, k->lanes);
}

static void copy_dy(const struct weight_gradient *g, const struct block *b)
{
    float *to = g->dy_copy;
    size_t width;
    for (size_t c = 0; c < g->out; c += width) {
        width = panel_width(g->k, g->out - c);
        size_t columns = least(width, g->out - c);
        for (size_t s = b->sample; s < b->sample + b->samples; s++)
            for (size_t r = b->row; r < b->row + b->rows; r++) {
                const float *from = g->dy + ((s * g->height + r) * g->width + b->column) * g->out + c;
                for (size_t i = 0; i < b->columns; i++, from += g->out, to += width) {
                    memcpy(to, from, columns * sizeof *to);
                    memset(to + columns, 0, (width - columns) * sizeof *to);
                }
            }
    }
}

/* Channels first..first+count-1 of the x under the block. The border is copied where the picture has it; outside it,
 * only a wrapped one is read. */
static void copy_x(const struct weight_gradient *g, const struct block *b, size_t first, size_t count)
{
    size_t height = g->height * b->step, width = g->width * b->step;
    size_t rows = copied_rows(b), columns = copied_columns(b), bytes = count * sizeof(float);
    float *to = g->x_copy;
    for (size_t s = b->sample; s < b->sample + b->samples; s++)
        for (size_t r = 0; r < rows; r++) {
            size_t y = (b->row * b->step + r + height - b->border) % height;
            const float *row = g->x + (s * height + y) * width * g->in + first;
            for (size_t c = 0; c < columns; c++, to += OUTER_BLOCK)
                memcpy(to, row + (b->column * b->step + c + width - b->border) % width * g->in, bytes);
        }
}

/* The part of the block whose tap is inside the picture. */
static void inner(const struct weight_gradient *g, const struct block *b, size_t tap, struct outer *o,
                  size_t *ret_row, size_t *ret_column)
{
    size_t ky = tap / 3, kx = tap % 3;
    bool cut = b->border && !g->wrap;
    size_t top = cut && ky == 0 && b->row == 0, bottom = cut && ky == 2 && b->row + b->rows == g->height;
    size_t left = cut && kx == 0, right = cut && kx == 2;
    o->height = top + bottom < b->rows ? b->rows - top - bottom : 0;
    o->width = left + right < b->columns ? b->columns - left - right : 0;
    *ret_row = top;
    *ret_column = left;
}

/* One block of pixels, channels first..first+count-1 of x, one panel of dy: all taps. */
static void run_panel(const struct weight_gradient *g, const struct block *b, size_t first, size_t count,
                      size_t column, const float *dy)
{
    size_t width = panel_width(g->k, g->out - column), columns = least(width, g->out - column);
    size_t across = copied_columns(b) * OUTER_BLOCK, kernel = b->step == 2 ? 2 : 3;
    struct outer o = {
        .samples = b->samples,
        .x_sample = copied_rows(b) * across,
        .x_row = across * b->step,
        .x_pixel = OUTER_BLOCK * b->step,
        .dy_sample = b->rows * b->columns * width,
        .dy_row = b->columns * width,
    };
    outer_fn *run = g->k->outer[width / g->k->lanes - 1][count - 1];
    for (size_t t = 0; t < g->taps; t++) {
        size_t row, col;
        inner(g, b, t, &o, &row, &col);
        o.x = g->x_copy + (row + t / kernel) * across + (col + t % kernel) * OUTER_BLOCK;
        o.dy = dy + (row * b->columns + col) * width;
        float *dw = g->dweight + (t * g->in + first) * g->out + column;
        if (columns == width) {
            o.dw = dw;
            o.dw_stride = g->out;
            run(&o);
            continue;
        }
        o.dw = g->narrow;
        o.dw_stride = width;
        for (size_t i = 0; i < count; i++)
            memcpy(g->narrow + i * width, dw + i * g->out, columns * sizeof *dw);
        run(&o);
        for (size_t i = 0; i < count; i++)
            memcpy(dw + i * g->out, g->narrow + i * width, columns * sizeof *dw);
    }
}

static void run_block(const struct weight_gradient *g, const struct block *b)
{
    size_t blocks = (g->in + g->k->block - 1) / g->k->block, pixels = b->samples * b->rows * b->columns;
    copy_dy(g, b);
    for (size_t i = 0; i < blocks; i++) {
        size_t first = i * g->in / blocks, count = (i + 1) * g->in / blocks - first;
        copy_x(g, b, first, count);
        for (size_t c = 0; c < g->out; c += g->k->lanes * g->k->vectors)
            run_panel(g, b, first, count, c, g->dy_copy + c * pixels);
    }
}

static void backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                            const float *dy, float *dweight, float *scratch)
{
    if (winograd_takes(s->kernel, s->in, s->out)) {
        winograd_backward_weight(k, s, x, dy, dweight, scratch);
        return;
    }
    struct block size = block_size(s), b = size;
    size_t half = size.step;
    struct weight_gradient g = {
        .k = k,
        .batch = (size_t)s->batch,
        .height = (size_t)s->height / half,
        .width = (size_t)s->width / half,
        .in = (size_t)s->in,
        .out = (size_t)s->out,
        .taps = taps_of(s->kernel),
        .wrap = s->wrap,
        .x = x,
        .dy = dy,
        .dweight = dweight,
        .dy_copy = scratch,
    };
    if (s->kernel == 1) {
        g.width *= g.batch * g.height;
        g.batch = g.height = 1;
    }
    g.x_copy = scratch + up_to(dy_copy_floats(k, &size, g.out), OUTER_BLOCK);
    g.narrow = g.x_copy + x_copy_floats(&size);
    for (b.sample = 0; b.sample < g.batch; b.sample += size.samples)
        for (b.row = 0; b.row < g.height; b.row += size.rows)
            for (b.column = 0; b.column < g.width; b.column += size.columns) {
                b.samples = least(size.samples, g.batch - b.sample);
                b.rows = least(size.rows, g.height - b.row);
                b.columns = least(size.columns, g.width - b.column);
                run_block(&g, &b);
            }
}

static size_t scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    if (winograd_takes(s->kernel, s->in, s->out))
        return winograd_scratch_floats(k, s);
    struct block b = block_size(s);
    size_t gradient = up_to(dy_copy_floats(k, &b, (size_t)s->out), OUTER_BLOCK) + x_copy_floats(&b) +
                      OUTER_BLOCK * k->lanes * k->vectors;
    size_t wrapped = 0;
    if (s->wrap && s->kernel == 3)
        wrapped = (size_t)s->batch * ((size_t)s->height + 2) * ((size_t)s->width + 2) *
                  most((size_t)s->in, (size_t)s->out);
    return most(gradient, sums_floats(k) + wrapped);
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
