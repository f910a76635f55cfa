/* conv_outer - the weight gradient: for each tap, dweight[tap] += x' dy, a product whose long side is the pixels.
 *
 * A block of some input channels times a panel of output channels is summed in registers while tiles.c runs over a
 * block of pixels, few enough that their x and dy stay in the first-level cache from tap to tap. Both are read where
 * they are; only a panel whose last columns are not there is copied, with zeros in their place. */
#include "nn/conv_outer.h"
#include "nn/grid.h"
#include "nn/tiles.h"
#include <string.h>

enum { PIXELS = 64 }; /* of a block: 8 KiB of dy for a panel of 32 channels, at most as much of x */

/* Pixels of dy: whole samples, or rows of one sample, or (1x1, which knows no rows) a run. */
struct block {
    size_t sample, samples, row, rows, column, columns;
};

struct gradient {
    const struct tiles *k;
    size_t batch, height, width; /* of dy */
    size_t in, out;
    struct grid_taps x;
    const float *dy;
    float *dweight;
    float *narrow_dy; /* (pixels of a block, width of the narrow panel) */
    float *narrow_dw; /* (OUTER_BLOCK, width) */
};

static size_t block_pixels(const struct conv_shape *s)
{
    size_t half = s->kernel == 2 ? 2 : 1;
    return s->kernel == 1 ? PIXELS : most(PIXELS, (size_t)s->width / half);
}

static struct block largest_block(const struct gradient *g)
{
    struct block b = { .samples = 1, .rows = 1, .columns = g->width };
    if (g->x.count == 1)
        b.columns = least(g->width, PIXELS);
    else if (g->height * g->width > PIXELS)
        b.rows = most(1, PIXELS / g->width);
    else {
        b.samples = least(g->batch, PIXELS / (g->height * g->width));
        b.rows = g->height;
    }
    return b;
}

/* Columns from `column` on that share a panel, and the panel's width. */
static size_t panel_columns(const struct gradient *g, size_t column, size_t *ret_width)
{
    *ret_width = least(g->k->lanes * g->k->vectors, up_to(g->out - column, g->k->lanes));
    return least(*ret_width, g->out - column);
}

static const float *dy_at(const struct gradient *g, size_t sample, size_t row, size_t column)
{
    return g->dy + ((sample * g->height + row) * g->width + column) * g->out;
}

static void copy_narrow(const struct gradient *g, const struct block *b, size_t column)
{
    size_t width, columns = panel_columns(g, column, &width);
    float *to = g->narrow_dy;
    for (size_t s = 0; s < b->samples; s++)
        for (size_t r = 0; r < b->rows; r++) {
            const float *from = dy_at(g, b->sample + s, b->row + r, b->column) + column;
            for (size_t c = 0; c < b->columns; c++, from += g->out, to += width)
                for (size_t i = 0; i < width; i++)
                    to[i] = i < columns ? from[i] : 0.0f;
        }
}

/* Leaves out the pixels whose tap is outside the picture. */
static void cut(const struct gradient *g, const struct block *b, size_t tap, struct outer *o)
{
    size_t ky = tap / 3, kx = tap % 3, border = g->x.border;
    size_t top = border && ky == 0 && b->row == 0;
    size_t bottom = border && ky == 2 && b->row + b->rows == g->height;
    size_t left = border && kx == 0, right = border && kx == 2;
    o->height = b->rows > top + bottom ? b->rows - top - bottom : 0;
    o->width = b->columns > left + right ? b->columns - left - right : 0;
    o->x += top * o->x_row + left * o->x_pixel;
    o->dy += top * o->dy_row + left * o->dy_pixel;
}

/* One block of pixels, input channels first..first+count-1, one panel: all taps. */
static void run_panel(const struct gradient *g, const struct block *b, size_t first, size_t count,
                      size_t column)
{
    size_t width, columns = panel_columns(g, column, &width);
    bool narrow = columns < width;
    struct grid dense = grid_dense(g->height, g->width, g->out), gx = g->x.grid;
    if (narrow)
        dense = grid_dense(b->rows, b->columns, width);
    const float *x = g->x.x + b->sample * gx.sample + b->row * gx.row + b->column * gx.pixel + first;
    const float *dy = narrow ? g->narrow_dy : dy_at(g, b->sample, b->row, b->column) + column;
    outer_fn *run = g->k->outer[width / g->k->lanes - 1][count - 1];
    for (size_t t = 0; t < g->x.count; t++) {
        float *dw = g->dweight + (t * g->in + first) * g->out + column;
        struct outer o = {
            .x = x + g->x.offset[t],
            .dy = dy,
            .samples = b->samples,
            .x_sample = gx.sample,
            .x_row = gx.row,
            .x_pixel = gx.pixel,
            .dy_sample = dense.sample,
            .dy_row = dense.row,
            .dy_pixel = dense.pixel,
            .dw = narrow ? g->narrow_dw : dw,
            .dw_stride = narrow ? width : g->out,
        };
        cut(g, b, t, &o);
        for (size_t i = 0; narrow && i < count; i++)
            memcpy(g->narrow_dw + i * width, dw + i * g->out, columns * sizeof *dw);
        run(&o);
        for (size_t i = 0; narrow && i < count; i++)
            memcpy(dw + i * g->out, g->narrow_dw + i * width, columns * sizeof *dw);
    }
}

static void run_block(const struct gradient *g, const struct block *b)
{
    size_t blocks = (g->in + g->k->block - 1) / g->k->block, width, columns;
    for (size_t c = 0; c < g->out; c += width) {
        columns = panel_columns(g, c, &width);
        if (columns < width)
            copy_narrow(g, b, c);
        for (size_t i = 0; i < blocks; i++) {
            size_t first = i * g->in / blocks, count = (i + 1) * g->in / blocks - first;
            run_panel(g, b, first, count, c);
        }
    }
}

void outer_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x, const float *dy,
                           float *dweight, float *scratch)
{
    size_t half = s->kernel == 2 ? 2 : 1, full = k->lanes * k->vectors;
    struct gradient g = {
        .k = k,
        .batch = (size_t)s->batch,
        .height = (size_t)s->height / half,
        .width = (size_t)s->width / half,
        .in = (size_t)s->in,
        .out = (size_t)s->out,
        .dy = dy,
        .dweight = dweight,
        .narrow_dw = scratch,
        .narrow_dy = scratch + OUTER_BLOCK * full,
    };
    g.x = grid_taps(s, g.in, x, g.narrow_dy + block_pixels(s) * full);
    if (s->kernel == 1) {
        g.width *= g.batch * g.height;
        g.batch = g.height = 1;
    }
    struct block size = largest_block(&g), b = size;
    for (b.sample = 0; b.sample < g.batch; b.sample += size.samples)
        for (b.row = 0; b.row < g.height; b.row += size.rows)
            for (b.column = 0; b.column < g.width; b.column += size.columns) {
                b.samples = least(size.samples, g.batch - b.sample);
                b.rows = least(size.rows, g.height - b.row);
                b.columns = least(size.columns, g.width - b.column);
                run_block(&g, &b);
            }
}

size_t outer_scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    return (OUTER_BLOCK + block_pixels(s)) * k->lanes * k->vectors + grid_wrapped_floats(s, (size_t)s->in);
}
