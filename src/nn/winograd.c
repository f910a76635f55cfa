/* winograd - Winograd's minimal filtering F(2x2, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural
 * networks", 2016) on the inner loops of tiles.c.
 *
 * A quad of 2x2 output pixels depends on a patch of 4x4 input pixels d. With the 3x3 weights g,
 *     y = A' [ (G g G') * (B' d B) ] A       (* element by element, ' transposed)
 *
 *          1  0 -1  0          1   0   0          1  1  1  0
 *     B' = 0  1  1  0     G = .5  .5  .5     A' = 0  1 -1 -1
 *          0 -1  1  0         .5 -.5  .5
 *          0  1  0 -1          0   0   1
 * so that at each of the 16 positions of the patch the channels of all quads are one matrix product. Transforms are
 * sums and differences alone; their cost is that of some 20 multiplications for each input and output channel.
 * The weight gradient is the same turned round: G' [ sum over quads of (B' d B) * (A dy A') ] G.
 *
 * Quads are taken in runs whose transformed input fits the second-level cache beside the streaming weights. A quad
 * that hangs over an odd edge writes what is outside to a spare pixel. */
#include "nn/winograd.h"
#include "nn/tiles.h"
#include <string.h>

enum {
    CHANNELS_MIN = 32,       /* fewer, and the transforms eat the gain */
    RUN_FLOATS = 160 * 1024, /* of transformed input: 640 KiB */
    GRADIENT_RUN = 128       /* quads whose weight gradient is summed at once */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool winograd_takes(int kernel, int in, int out)
{
    return kernel == 3 && in % 16 == 0 && out % 16 == 0 && in >= CHANNELS_MIN && out >= CHANNELS_MIN;
}

size_t winograd_packed_floats(int in, int out)
{
    return (size_t)PATCH * (size_t)in * (size_t)out;
}

static size_t panel_width(const struct tiles *k, size_t columns)
{
    return least(k->lanes * k->vectors, columns);
}

/* One row or column of G g. */
static void transform_weights(const float g[3], float to[4])
{
    float ends = 0.5f * g[0] + 0.5f * g[2], middle = 0.5f * g[1];
    to[0] = g[0];
    to[1] = ends + middle;
    to[2] = ends - middle;
    to[3] = g[2];
}

/* weight is (9, rows, columns) as strides say; packed is (panel, PATCH, rows, width of the panel). */
static void pack_with(const struct tiles *k, const float *weight, size_t rows, size_t columns,
                      size_t row_stride, size_t column_stride, bool reverse, float *packed)
{
    size_t tap_stride = rows * columns, width;
    for (size_t c = 0; c < columns; c += width) {
        width = panel_width(k, columns - c);
        float *panel = packed + c * PATCH * rows;
        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < width; i++) {
                const float *from = weight + r * row_stride + (c + i) * column_stride;
                float half[4][3], whole[4];
                for (size_t kx = 0; kx < 3; kx++) {
                    float column[3], to[4];
                    for (size_t ky = 0; ky < 3; ky++)
                        column[ky] = from[(reverse ? 8 - ky * 3 - kx : ky * 3 + kx) * tap_stride];
                    transform_weights(column, to);
                    for (size_t p = 0; p < 4; p++)
                        half[p][kx] = to[p];
                }
                for (size_t p = 0; p < 4; p++) {
                    transform_weights(half[p], whole);
                    for (size_t q = 0; q < 4; q++)
                        panel[((p * 4 + q) * rows + r) * width + i] = whole[q];
                }
            }
    }
}

void winograd_pack(const struct tiles *k, const float *weight, int in, int out, float *packed)
{
    pack_with(k, weight, (size_t)in, (size_t)out, (size_t)out, 1, false, packed);
}

void winograd_pack_backward(const struct tiles *k, const float *weight, int in, int out, float *packed)
{
    pack_with(k, weight, (size_t)out, (size_t)in, 1, (size_t)out, true, packed);
}

/* The quads of a batch, row by row. */
struct quads {
    size_t height, width; /* of the picture, in pixels */
    size_t down, across;  /* quads */
    size_t count;
    bool wrap;
};

static struct quads quads_of(const struct conv_shape *s)
{
    struct quads q = { .height = (size_t)s->height, .width = (size_t)s->width, .wrap = s->wrap };
    q.down = (q.height + 1) / 2;
    q.across = (q.width + 1) / 2;
    q.count = (size_t)s->batch * q.down * q.across;
    return q;
}

static void find_quad(const struct quads *q, size_t index, size_t *ret_sample, size_t *ret_row,
                      size_t *ret_column)
{
    *ret_column = index % q->across * 2;
    *ret_row = index / q->across % q->down * 2;
    *ret_sample = index / q->across / q->down;
}

/* The four pixels of a quad in a (B, H, W, channels) tensor, or `outside` for those that are not there. */
static void quad_pixels(const struct quads *q, size_t index, size_t channels, float *tensor, float *outside,
                        float *pixel[QUAD])
{
    size_t b, row, column;
    find_quad(q, index, &b, &row, &column);
    for (size_t i = 0; i < QUAD; i++) {
        size_t r = row + i / 2, c = column + i % 2;
        bool inside = r < q->height && c < q->width;
        pixel[i] = inside ? tensor + ((b * q->height + r) * q->width + c) * channels : outside;
    }
}

/* at is one more than the coordinate, so that the border is 0. */
static bool inside(size_t at, size_t size, bool wrap, size_t *ret)
{
    *ret = (at + size - 1) % size;
    return wrap || (at >= 1 && at <= size);
}

static void patch_pixels(const struct quads *q, size_t index, size_t channels, const float *x,
                         const float *zeros, const float *pixel[PATCH])
{
    size_t b, row, column;
    find_quad(q, index, &b, &row, &column);
    for (size_t i = 0; i < 4; i++) {
        size_t r, c;
        bool row_inside = inside(row + i, q->height, q->wrap, &r);
        for (size_t j = 0; j < 4; j++)
            pixel[i * 4 + j] = inside(column + j, q->width, q->wrap, &c) && row_inside
                                   ? x + ((b * q->height + r) * q->width + c) * channels
                                   : zeros;
    }
}

/* v (PATCH, count, in) = the patches of quads first..first+count-1 */
static void transform_input(const struct tiles *k, const struct quads *q, size_t first, size_t count,
                            size_t in, const float *x, const float *zeros, float *v)
{
    for (size_t i = 0; i < count; i++) {
        const float *pixel[PATCH];
        patch_pixels(q, first + i, in, x, zeros, pixel);
        k->patch(pixel, in, v + i * in, count * in);
    }
}

/* m (count, width) = v (count, in) w (in, width) */
static void multiply(const struct tiles *k, const float *v, const float *w, size_t count, size_t in,
                     size_t width, float *m)
{
    size_t parts = (in + k->depth - 1) / k->depth, runs = (count + k->rows - 1) / k->rows;
    tile_fn *const *by_rows = k->tile[width / k->lanes - 1];
    struct tap tap = { .cut = TAP_WHOLE };
    struct tile tile = { .tap = &tap, .taps = 1, .x_stride = in };
    for (size_t p = 0; p < parts; p++) {
        size_t channel = p * in / parts;
        const float *next = w + (p + 1) * in / parts * width;
        tile.channels = (p + 1) * in / parts - channel;
        tile.resume = p > 0;
        tap.w = w + channel * width;
        for (size_t r = 0; r < runs; r++) {
            size_t row = r * count / runs, rows = (r + 1) * count / runs - row;
            tap.x = v + row * in + channel;
            tile.sums = m + row * width;
            tile.ahead = r * 16 < width ? next + r * tile.channels * 16 : tap.w;
            by_rows[rows - 1](&tile);
        }
    }
}

static size_t run_quads(const struct tiles *k, size_t quads, size_t in)
{
    size_t most = RUN_FLOATS / PATCH / in / k->rows * k->rows;
    return least(quads, most < k->rows ? k->rows : most);
}

/* Scratch: a pixel of zeros, a spare pixel, v (PATCH, run, in), m (PATCH, run, width). */
static size_t forward_floats(const struct tiles *k, const struct conv_shape *s, size_t in, size_t out)
{
    size_t run = run_quads(k, quads_of(s).count, in);
    return in + out + PATCH * run * (in + panel_width(k, out));
}

void winograd_forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                      const float *bias, const float *add, float *y, float *scratch)
{
    struct quads q = quads_of(s);
    size_t in = (size_t)s->in, out = (size_t)s->out, most = run_quads(k, q.count, in), width;
    float *zeros = scratch, *spare = zeros + in, *v = spare + out, *m = v + PATCH * most * in;
    memset(zeros, 0, (in + out) * sizeof *zeros);
    for (size_t first = 0; first < q.count; first += most) {
        size_t count = least(most, q.count - first);
        transform_input(k, &q, first, count, in, x, zeros, v);
        for (size_t c = 0; c < out; c += width) {
            width = panel_width(k, out - c);
            const float *w = packed + c * PATCH * in;
            for (size_t p = 0; p < PATCH; p++)
                multiply(k, v + p * count * in, w + p * in * width, count, in, width, m + p * count * width);
            for (size_t i = 0; i < count; i++) {
                float *to[QUAD];
                const float *from[QUAD] = { 0 };
                quad_pixels(&q, first + i, out, y, spare, to);
                for (size_t j = 0; j < QUAD; j++) {
                    if (add)
                        from[j] = to[j] == spare ? spare + c : add + (to[j] - y) + c;
                    to[j] += c;
                }
                k->quad(m + i * width, count * width, width, bias ? bias + c : NULL, from, to);
            }
        }
    }
}

/* ---- weight gradient ---- */

/* Scratch: a pixel of zeros, v (PATCH, run, in), n (PATCH, panel, run, width), sums (PATCH, in, out). */
static size_t gradient_floats(const struct conv_shape *s)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, run = least(quads_of(s).count, GRADIENT_RUN);
    return in + out + PATCH * (run * (in + out) + in * out);
}

size_t winograd_scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, gradient = gradient_floats(s);
    size_t there = forward_floats(k, s, in, out), back = forward_floats(k, s, out, in);
    size_t most = there > back ? there : back;
    return most > gradient ? most : gradient;
}

/* n (PATCH, panel, count, width) = the gradients of quads first..first+count-1; BORROWS dy, which is not written. */
static void transform_gradient(const struct tiles *k, const struct quads *q, size_t first, size_t count,
                               size_t out, float *dy, float *zeros, float *n)
{
    for (size_t i = 0; i < count; i++) {
        float *pixel[QUAD];
        quad_pixels(q, first + i, out, dy, zeros, pixel);
        size_t width;
        for (size_t c = 0; c < out; c += width) {
            width = panel_width(k, out - c);
            const float *from[QUAD];
            for (size_t j = 0; j < QUAD; j++)
                from[j] = pixel[j] == zeros ? zeros : pixel[j] + c;
            k->quad_gradient(from, width, n + c * count + i * width, count * out);
        }
    }
}

/* sums (in, out) += (or, if fresh, =) v (count, in) transposed, times n (panel, count, width) */
static void multiply_outer(const struct tiles *k, const float *v, const float *n, size_t count, size_t in,
                           size_t out, bool fresh, float *sums)
{
    size_t blocks = (in + k->block - 1) / k->block;
    struct outer o = {
        .fresh = fresh, .samples = 1, .height = 1, .width = count, .x_pixel = in, .dw_stride = out
    };
    for (size_t b = 0; b < blocks; b++) {
        size_t first = b * in / blocks, rows = (b + 1) * in / blocks - first, width;
        for (size_t c = 0; c < out; c += width) {
            width = panel_width(k, out - c);
            o.x = v + first;
            o.dy = n + c * count;
            o.dw = sums + first * out + c;
            k->outer[width / k->lanes - 1][rows - 1](&o);
        }
    }
}

void winograd_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                              const float *dy, float *dweight, float *scratch)
{
    struct quads q = quads_of(s);
    size_t in = (size_t)s->in, out = (size_t)s->out, most = least(q.count, GRADIENT_RUN);
    float *zeros = scratch, *v = zeros + in + out, *n = v + PATCH * most * in, *sums = n + PATCH * most * out;
    memset(zeros, 0, (in + out) * sizeof *zeros);
    for (size_t first = 0; first < q.count; first += most) {
        size_t count = least(most, q.count - first);
        transform_input(k, &q, first, count, in, x, zeros, v);
        transform_gradient(k, &q, first, count, out, (float *)dy, zeros, n);
        for (size_t p = 0; p < PATCH; p++)
            multiply_outer(k, v + p * count * in, n + p * count * out, count, in, out, first == 0,
                           sums + p * in * out);
    }
    k->weight_gradient(sums, in * out, dweight);
}
