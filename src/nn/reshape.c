#include "nn/reshape.h"

#include "nn/clones.h"

#include <string.h>

void reshape_double(const struct reshape_image *s, const float *x, float *y)
{
    size_t C = (size_t)s->channels, W = (size_t)s->width, rows = (size_t)s->batch * (size_t)s->height;
    for (size_t r = 0; r < rows; r++, x += W * C, y += 4 * W * C) {
        for (size_t w = 0; w < W; w++) {
            memcpy(y + 2 * w * C, x + w * C, C * sizeof *y);
            memcpy(y + (2 * w + 1) * C, x + w * C, C * sizeof *y);
        }
        memcpy(y + 2 * W * C, y, 2 * W * C * sizeof *y);
    }
}

/* dx (W, C) = sums over pairs of columns of two rows (2 W, C). */
NN_CLONES
static void halve(const float *restrict top, size_t W, size_t C, float *restrict dx)
{
    const float *low = top + 2 * W * C;
    for (size_t w = 0; w < W; w++, top += 2 * C, low += 2 * C, dx += C)
        for (size_t c = 0; c < C; c++)
            dx[c] = (top[c] + top[c + C]) + (low[c] + low[c + C]);
}

void reshape_double_backward(const struct reshape_image *s, const float *dy, float *dx)
{
    size_t C = (size_t)s->channels, W = (size_t)s->width, rows = (size_t)s->batch * (size_t)s->height;
    for (size_t r = 0; r < rows; r++)
        halve(dy + r * 4 * W * C, W, C, dx + r * W * C);
}

void reshape_join(size_t rows, const float *a, size_t A, const float *b, size_t B, float *y)
{
    for (size_t r = 0; r < rows; r++, y += A + B) {
        memcpy(y, a + r * A, A * sizeof *y);
        memcpy(y + A, b + r * B, B * sizeof *y);
    }
}

void reshape_split(size_t rows, const float *y, size_t A, float *a, size_t B, float *b)
{
    for (size_t r = 0; r < rows; r++, y += A + B) {
        memcpy(a + r * A, y, A * sizeof *y);
        memcpy(b + r * B, y + A, B * sizeof *y);
    }
}
