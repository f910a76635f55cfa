/* outer_pairs - the weight gradient in bf16: for each tap, dweight[tap] += x' dy, summed over pairs of pixels.
 *
 * A run of pixels at a time, dy becomes pairs once and x once for each tap; a pixel that a tap finds outside the picture
 * is zeros, as is the second of an odd pair. */
#include "nn/conv_outer.h"
#include "nn/grid.h"
#include "nn/tiles.h"
#include <string.h>

enum { RUN = 128 }; /* pixels, an even number */

struct gradient {
    const struct tiles *k;
    const struct conv_shape *s;
    const float *x, *dy, *zeros;
    float *dweight;
    float *pair_x, *pair_dy; /* (RUN / 2, in), (RUN / 2, out rounded up to whole vectors) */
    float *narrow;           /* (OUTER_BLOCK, lanes * vectors) */
};

static size_t row_of(const struct tiles *k, const struct conv_shape *s)
{
    return up_to((size_t)s->out, k->lanes);
}

size_t outer_pairs_scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    size_t in = (size_t)s->in, out = (size_t)s->out;
    return up_to(most(in, out), 16) + RUN / 2 * (up_to(in, 16) + row_of(k, s)) +
           OUTER_BLOCK * k->lanes * k->vectors;
}

/* The input pixel under a tap of output pixel p; zeros where there is none. */
static const float *input_pixel(const struct gradient *g, size_t tap, size_t p)
{
    const struct conv_shape *s = g->s;
    size_t step = s->kernel == 2 ? 2 : 1, height = (size_t)s->height, width = (size_t)s->width;
    if (s->kernel == 1)
        return g->x + p * (size_t)s->in;
    size_t across = width / step, down = height / step;
    size_t c = p % across * step, r = p / across % down * step, b = p / across / down;
    r += tap / (size_t)s->kernel;
    c += tap % (size_t)s->kernel;
    if (s->kernel == 3) { /* taps begin a pixel before */
        bool outside = r == 0 || c == 0 || r > height || c > width;
        if (outside && !s->wrap)
            return g->zeros;
        r = (r + height - 1) % height;
        c = (c + width - 1) % width;
    }
    return g->x + ((b * height + r) * width + c) * (size_t)s->in;
}

static void pair_input(const struct gradient *g, size_t tap, size_t first, size_t count)
{
    size_t in = (size_t)g->s->in;
    for (size_t i = 0; i < count; i += 2) {
        const float *second = i + 1 < count ? input_pixel(g, tap, first + i + 1) : g->zeros;
        g->k->pair_rows(input_pixel(g, tap, first + i), second, in, g->pair_x + i / 2 * in);
    }
}

static void pair_gradient(const struct gradient *g, size_t first, size_t count)
{
    size_t out = (size_t)g->s->out, row = row_of(g->k, g->s);
    const float *dy = g->dy + first * out;
    for (size_t i = 0; i < count; i += 2, dy += 2 * out) {
        float *to = g->pair_dy + i / 2 * row;
        g->k->pair_rows(dy, i + 1 < count ? dy + out : g->zeros, out, to);
        for (size_t c = out; c < row; c++)
            to[c] = 0.0f;
    }
}

/* All input channels of a tap, and one panel. */
static void run_panel(const struct gradient *g, size_t tap, size_t column, size_t width, size_t pairs)
{
    size_t in = (size_t)g->s->in, out = (size_t)g->s->out, blocks = (in + g->k->block - 1) / g->k->block;
    size_t columns = least(width, out - column);
    bool narrow = columns < width;
    for (size_t b = 0; b < blocks; b++) {
        size_t first = b * in / blocks, count = (b + 1) * in / blocks - first;
        float *dw = g->dweight + (tap * in + first) * out + column;
        struct outer o = {
            .x = g->pair_x + first,
            .dy = g->pair_dy + column,
            .samples = 1,
            .height = 1,
            .width = pairs,
            .x_pixel = in,
            .dy_pixel = row_of(g->k, g->s),
            .dw = narrow ? g->narrow : dw,
            .dw_stride = narrow ? width : out,
        };
        for (size_t i = 0; narrow && i < count; i++)
            memcpy(g->narrow + i * width, dw + i * out, columns * sizeof *dw);
        g->k->outer[width / g->k->lanes - 1][count - 1](&o);
        for (size_t i = 0; narrow && i < count; i++)
            memcpy(dw + i * out, g->narrow + i * width, columns * sizeof *dw);
    }
}

void outer_pairs_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                                 const float *dy, float *dweight, float *scratch)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, taps = (size_t)s->kernel * (size_t)s->kernel, width;
    size_t pixels = (size_t)s->batch * (size_t)s->height * (size_t)s->width / (s->kernel == 2 ? 4 : 1);
    struct gradient g = { .k = k, .s = s, .x = x, .dy = dy, .zeros = scratch, .dweight = dweight };
    g.pair_x = scratch + up_to(most(in, out), 16);
    g.pair_dy = g.pair_x + RUN / 2 * up_to(in, 16);
    g.narrow = g.pair_dy + RUN / 2 * row_of(k, s);
    memset(scratch, 0, most(in, out) * sizeof *scratch);
    for (size_t first = 0; first < pixels; first += RUN) {
        size_t count = least(RUN, pixels - first);
        pair_gradient(&g, first, count);
        for (size_t t = 0; t < taps; t++) {
            pair_input(&g, t, first, count);
            for (size_t c = 0; c < out; c += width) {
                width = least(k->lanes * k->vectors, up_to(out - c, k->lanes));
                run_panel(&g, t, c, width, (count + 1) / 2);
            }
        }
    }
}
