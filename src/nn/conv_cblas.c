/* conv_cblas - the kernel set that runs everywhere: the pixels that a product needs are laid out as the rows of a
 * matrix (im2col), a few image rows at a time so that the matrix stays in cache, and CBLAS multiplies.
 * For bf16 both factors are rounded beforehand, and floats multiply.
 * The library decides the order of sums here, so results may differ in the last bits between machines. */
#include "nn/bf16.h"
#include "nn/grid.h"
#include "nn/kernels.h"
#include "nn/tiles.h"
#include <cblas.h>
#include <string.h>

enum {
    COLUMNS_MAX = 256 * 1024
}; /* floats of the laid-out matrix: 1 MiB, about a core's second-level cache */

const struct tiles cblas_floats = { .pairs = false }, cblas_pairs = { .pairs = true };

/* A convolution as a matrix product: each of H' x W' output pixels is a row of taps * channels inputs. */
struct view {
    int height, width, channels; /* of the picture that is read */
    int kernel;
    bool wrap;
};

static size_t weights(int kernel, int in, int out)
{
    return (size_t)kernel * (size_t)kernel * (size_t)in * (size_t)out;
}

static size_t packed_floats(const struct tiles *k, int kernel, int in, int out)
{
    (void)k;
    return weights(kernel, in, out);
}

static float value(const struct tiles *k, float v)
{
    return k->pairs ? bf16_round(v) : v;
}

/* values itself, or where rounding is wanted a rounded copy in `to`. */
static const float *factor(const struct tiles *k, const float *values, size_t count, float *to)
{
    if (!k->pairs)
        return values;
    for (size_t i = 0; i < count; i++)
        to[i] = bf16_round(values[i]);
    return to;
}

static void pack(const struct tiles *k, const float *weight, int kernel, int in, int out, float *packed)
{
    size_t count = weights(kernel, in, out);
    for (size_t i = 0; i < count; i++)
        packed[i] = value(k, weight[i]);
}

/* 3x3: the taps in reverse, (9, out, in); else (out, taps, in), one row of the product per output channel. */
static void pack_backward(const struct tiles *k, const float *weight, int kernel, int in, int out,
                          float *packed)
{
    size_t taps = (size_t)kernel * (size_t)kernel, ci = (size_t)in, co = (size_t)out;
    for (size_t t = 0; t < taps; t++)
        for (size_t i = 0; i < ci; i++)
            for (size_t o = 0; o < co; o++) {
                size_t to = kernel == 3 ? ((taps - 1 - t) * co + o) * ci + i : (o * taps + t) * ci + i;
                packed[to] = value(k, weight[(t * ci + i) * co + o]);
            }
}

static int stride(int kernel)
{
    return kernel == 2 ? 2 : 1;
}

/* How many output rows of one sample are laid out at once. */
static int rows_at_once(const struct view *v)
{
    size_t row = (size_t)(v->width / stride(v->kernel)) * weights(v->kernel, v->channels, 1);
    size_t rows = COLUMNS_MAX / row;
    int height = v->height / stride(v->kernel);
    return rows < 1 ? 1 : rows < (size_t)height ? (int)rows : height;
}

static size_t columns_floats(const struct view *v)
{
    if (v->kernel == 1)
        return 0;
    return (size_t)rows_at_once(v) * (size_t)(v->width / stride(v->kernel)) *
           weights(v->kernel, v->channels, 1);
}

/* Where the tap reads in 0..size, or -1 in the zero border. */
static int inside(int at, int size, bool wrap)
{
    if (at >= 0 && at < size)
        return at;
    return wrap ? (at + size) % size : -1;
}

/* Lays out `rows` output rows from row `first` of one sample x (H, W, C) into columns (rows * W', k * k * C). */
static void lay_out(const struct view *v, const float *x, int first, int rows, float *columns)
{
    int step = stride(v->kernel), border = v->kernel == 3;
    size_t channels = (size_t)v->channels, bytes = channels * sizeof *x;
    for (int r = first; r < first + rows; r++)
        for (int c = 0; c < v->width / step; c++)
            for (int ky = 0; ky < v->kernel; ky++)
                for (int kx = 0; kx < v->kernel; kx++, columns += channels) {
                    int iy = inside(r * step + ky - border, v->height, v->wrap);
                    int ix = inside(c * step + kx - border, v->width, v->wrap);
                    if (iy < 0 || ix < 0)
                        memset(columns, 0, bytes);
                    else
                        memcpy(columns, x + ((size_t)iy * (size_t)v->width + (size_t)ix) * channels, bytes);
                }
}

static void start(const float *bias, const float *add, size_t pixels, size_t out, float *y)
{
    for (size_t p = 0; p < pixels; p++, y += out) {
        for (size_t c = 0; c < out; c++)
            y[c] = (bias ? bias[c] : 0.0f) + (add ? add[c] : 0.0f);
        if (add)
            add += out;
    }
}

/* y (m, n) += a (m, k) b (k, n) */
static void multiply(size_t m, size_t n, size_t k, const float *a, const float *b, float *y)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, 1.0f, a, (int)k, b, (int)n,
                1.0f, y, (int)n);
}

/* y (B, H', W', out) = conv of x (B, H, W, C), plus bias and add. */
static void convolve(const struct view *v, int batch, const float *x, int out, const float *weight,
                     const float *bias, const float *add, float *y, float *scratch)
{
    int step = stride(v->kernel), height = v->height / step, width = v->width / step;
    size_t n = (size_t)out, k = weights(v->kernel, v->channels, 1);
    size_t pixels = (size_t)batch * (size_t)height * (size_t)width;
    if (add != y || bias)
        start(bias, add, pixels, n, y);
    if (v->kernel == 1) {
        multiply(pixels, n, k, x, weight, y);
        return;
    }
    size_t sample = (size_t)v->height * (size_t)v->width * (size_t)v->channels;
    for (int b = 0; b < batch; b++, x += sample)
        for (int rows, first = 0; first < height; first += rows) {
            rows = rows_at_once(v) < height - first ? rows_at_once(v) : height - first;
            lay_out(v, x, first, rows, scratch);
            multiply((size_t)rows * (size_t)width, n, k, scratch, weight, y);
            y += (size_t)rows * (size_t)width * n;
        }
}

static struct view input_view(const struct conv_shape *s)
{
    return (struct view){ s->height, s->width, s->in, s->kernel, s->wrap };
}

static struct view gradient_view(const struct conv_shape *s)
{
    return (struct view){ s->height, s->width, s->out, s->kernel, s->wrap };
}

static size_t input_floats(const struct conv_shape *s)
{
    return (size_t)s->batch * (size_t)s->height * (size_t)s->width * (size_t)s->in;
}

static size_t output_floats(const struct conv_shape *s)
{
    return (size_t)s->batch * (size_t)(s->height / stride(s->kernel)) *
           (size_t)(s->width / stride(s->kernel)) * (size_t)s->out;
}

/* Laid-out columns, or scattered rows. */
static size_t work_floats(const struct conv_shape *s)
{
    struct view x = input_view(s), dy = gradient_view(s);
    size_t columns = columns_floats(&x), scattered = (size_t)s->width * 2 * (size_t)s->in;
    if (s->kernel == 3)
        columns = most(columns, columns_floats(&dy));
    return up_to(s->kernel == 2 ? most(columns, scattered) : columns, 16);
}

/* Work, then rounded copies of x and dy. */
static size_t scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    return work_floats(s) + (k->pairs ? input_floats(s) + output_floats(s) : 0);
}

static void forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                    const float *bias, const float *add, float *y, float *scratch)
{
    struct view v = input_view(s);
    x = factor(k, x, input_floats(s), scratch + work_floats(s));
    convolve(&v, s->batch, x, s->out, packed, bias, add, y, scratch);
}

/* 2x2, stride 2: each dy pixel gives four dx pixels. One output row at a time, then its two rows are put in place. */
static void spread(const struct conv_shape *s, const float *dy, const float *packed, bool accumulate,
                   float *dx, float *scratch)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, width = (size_t)s->width / 2;
    size_t rows = (size_t)s->batch * (size_t)s->height / 2;
    for (size_t r = 0; r < rows; r++, dy += width * out, dx += 4 * width * in) {
        memset(scratch, 0, width * 4 * in * sizeof *scratch);
        multiply(width, 4 * in, out, dy, packed, scratch);
        for (size_t c = 0; c < width; c++)
            for (size_t t = 0; t < 4; t++) {
                float *to = dx + ((t / 2) * 2 * width + 2 * c + t % 2) * in;
                const float *from = scratch + (c * 4 + t) * in;
                for (size_t i = 0; i < in; i++)
                    to[i] = accumulate ? to[i] + from[i] : from[i];
            }
    }
}

static void backward_input(const struct tiles *k, const struct conv_shape *s, const float *dy,
                           const float *packed_backward, bool accumulate, float *dx, float *scratch)
{
    dy = factor(k, dy, output_floats(s), scratch + work_floats(s));
    if (s->kernel == 2) {
        spread(s, dy, packed_backward, accumulate, dx, scratch);
        return;
    }
    struct view v = gradient_view(s);
    convolve(&v, s->batch, dy, s->in, packed_backward, NULL, accumulate ? dx : NULL, dx, scratch);
}

/* dweight (k, n) += a (m, k) transposed, times dy (m, n) */
static void outer(size_t m, size_t n, size_t k, const float *a, const float *dy, float *dweight)
{
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)k, (int)n, (int)m, 1.0f, a, (int)k, dy, (int)n,
                1.0f, dweight, (int)n);
}

static void backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                            const float *dy, float *dweight, float *scratch)
{
    float *rounded = scratch + work_floats(s);
    x = factor(k, x, input_floats(s), rounded);
    dy = factor(k, dy, output_floats(s), rounded + input_floats(s));
    struct view v = input_view(s);
    int height = s->height / stride(s->kernel), width = s->width / stride(s->kernel);
    size_t n = (size_t)s->out, depth = weights(s->kernel, s->in, 1);
    if (s->kernel == 1) {
        outer((size_t)s->batch * (size_t)height * (size_t)width, n, depth, x, dy, dweight);
        return;
    }
    size_t sample = (size_t)s->height * (size_t)s->width * (size_t)s->in;
    for (int b = 0; b < s->batch; b++, x += sample)
        for (int rows, first = 0; first < height; first += rows) {
            rows = rows_at_once(&v) < height - first ? rows_at_once(&v) : height - first;
            lay_out(&v, x, first, rows, scratch);
            outer((size_t)rows * (size_t)width, n, depth, scratch, dy, dweight);
            dy += (size_t)rows * (size_t)width * n;
        }
}

const struct conv_ops conv_cblas_ops = {
    .packed_floats = packed_floats,
    .pack = pack,
    .pack_backward = pack_backward,
    .scratch_floats = scratch_floats,
    .forward = forward,
    .backward_input = backward_input,
    .backward_weight = backward_weight,
};
