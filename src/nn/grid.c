/* grid - see grid.h. */
#include "nn/grid.h"
#include <string.h>

struct grid grid_dense(size_t height, size_t width, size_t channels)
{
    return (struct grid){ height * width * channels, width * channels, channels };
}

size_t grid_wrapped_floats(const struct conv_shape *s, size_t channels)
{
    if (!s->wrap || s->kernel != 3)
        return 0;
    return (size_t)s->batch * ((size_t)s->height + 2) * ((size_t)s->width + 2) * channels;
}

/* Copies x (B, H, W, C) into the middle of `to` (B, H + 2, W + 2, C), whose border is the opposite edge. */
static void wrap_around(const struct conv_shape *s, size_t channels, const float *x, float *to)
{
    size_t height = (size_t)s->height, width = (size_t)s->width;
    size_t pixel = channels * sizeof *x, row = width * channels;
    for (int b = 0; b < s->batch; b++, x += height * row)
        for (size_t r = 0; r < height + 2; r++) {
            const float *from = x + (r + height - 1) % height * row;
            memcpy(to, from + row - channels, pixel);
            memcpy(to + channels, from, width * pixel);
            memcpy(to + channels + row, from, pixel);
            to += row + 2 * channels;
        }
}

struct grid_taps grid_taps(const struct conv_shape *s, size_t channels, const float *x, float *wrapped)
{
    size_t height = (size_t)s->height, width = (size_t)s->width;
    struct grid dense = grid_dense(height, width, channels);
    struct grid_taps t = { .x = x, .grid = dense, .count = (size_t)s->kernel * (size_t)s->kernel };
    if (s->kernel == 2) {
        t.grid.row *= 2;
        t.grid.pixel *= 2;
        for (size_t i = 0; i < t.count; i++)
            t.offset[i] = (ptrdiff_t)(i / 2 * dense.row + i % 2 * dense.pixel);
    } else if (s->kernel == 3) {
        t.border = !s->wrap;
        if (s->wrap) {
            wrap_around(s, channels, x, wrapped);
            t.grid = grid_dense(height + 2, width + 2, channels);
            t.x = wrapped + t.grid.row + t.grid.pixel;
        }
        for (ptrdiff_t i = 0; i < 9; i++)
            t.offset[i] = (i / 3 - 1) * (ptrdiff_t)t.grid.row + (i % 3 - 1) * (ptrdiff_t)t.grid.pixel;
    }
    return t;
}
