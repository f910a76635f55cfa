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
#include "nn/grid.h"
#include "nn/tiles.h"
#include <assert.h>
#include <stdint.h>
#include <string.h>

enum {
    CHANNELS_MIN = 32, /* fewer, and the transforms eat the gain */
    SPREAD = 16,       /* floats between the matrices of two positions */
    STAYING =
        128 * 1024, /* weights, in floats, that stay in the second-level cache from run to run; beside ... */
    SHORT_RUN = 64 * 1024, /* ... them, 256 KiB of transformed input is best, */
    LONG_RUN = 160 * 1024, /* beside others, that come anew for every run, 640 KiB */
    GRADIENT_RUN = 128,    /* quads whose weight gradient is summed at once, for ... */
    CHUNK = 80             /* input channels and a panel: 16 * 128 * (80 + 32) floats are 900 KiB */
};

bool winograd_takes(const struct tiles *k, int kernel, int in, int out)
{
    int multiple = k->pairs ? 32 : 16;
    return kernel == 3 && in % multiple == 0 && out % multiple == 0 && in >= CHANNELS_MIN &&
           out >= CHANNELS_MIN;
}

size_t winograd_packed_floats(const struct tiles *k, int in, int out)
{
    return (size_t)PATCH * tiles_terms(k, (size_t)in) * (size_t)out;
}

static size_t panel_width(const struct tiles *k, size_t columns)
{
    return least(k->lanes * k->vectors, columns);
}

/* packed (panel, PATCH, in, width of the panel) */
void winograd_pack(const struct tiles *k, const float *weight, int in, int out, float *packed)
{
    size_t rows = tiles_terms(k, (size_t)in), columns = (size_t)out, step = (size_t)in / rows * columns,
           width;
    for (size_t c = 0; c < columns; c += width, packed += PATCH * rows * width) {
        width = panel_width(k, columns - c);
        for (size_t r = 0; r < rows; r++)
            k->weights(weight + r * step + c, columns, (size_t)in * columns, width, packed + r * width,
                       rows * width);
    }
}

/* packed (panel, PATCH, out, width of the panel): the taps in reverse, in and out exchanged, TURNED rows at a time so
 * that whole cache lines are read. */
void winograd_pack_backward(const struct tiles *k, const float *weight, int in, int out, float *packed)
{
    enum { TURNED = 16, WIDEST = 32, TAPS = 9 };
    float turned[TAPS][TURNED][WIDEST];
    size_t rows = (size_t)out, columns = (size_t)in, packed_rows = tiles_terms(k, rows),
           step = rows / packed_rows, width;
    for (size_t c = 0; c < columns; c += width, packed += PATCH * packed_rows * width) {
        width = panel_width(k, columns - c);
        assert(width <= WIDEST);
        for (size_t r = 0; r < rows; r += TURNED) {
            for (size_t t = 0; t < TAPS; t++)
                for (size_t i = 0; i < width; i++)
                    for (size_t j = 0; j < TURNED; j++)
                        turned[TAPS - 1 - t][j][i] = weight[(t * columns + c + i) * rows + r + j];
            for (size_t j = 0; j < TURNED; j += step)
                k->weights(turned[0][j], WIDEST, (size_t)TURNED * WIDEST, width,
                           packed + (r + j) / step * width, packed_rows * width);
        }
    }
}

/* The quads of a batch, row by row, and one of them. */
struct quads {
    size_t height, width; /* of the picture, in pixels */
    size_t down, across;  /* quads */
    size_t count;
    bool wrap;
    size_t sample, row, column; /* its first pixel; row and column are even */
};

static struct quads quads_of(const struct conv_shape *s)
{
    struct quads q = { .height = (size_t)s->height, .width = (size_t)s->width, .wrap = s->wrap };
    q.down = (q.height + 1) / 2;
    q.across = (q.width + 1) / 2;
    q.count = (size_t)s->batch * q.down * q.across;
    return q;
}

static struct quads quad_at(const struct quads *q, size_t index)
{
    struct quads at = *q;
    at.column = index % q->across * 2;
    at.row = index / q->across % q->down * 2;
    at.sample = index / q->across / q->down;
    return at;
}

static void next_quad(struct quads *q)
{
    q->column += 2;
    if (q->column < q->width)
        return;
    q->column = 0;
    q->row += 2;
    if (q->row < q->height)
        return;
    q->row = 0;
    q->sample++;
}

/* Where the quad's four pixels are in a (B, H, W, channels) tensor, in floats; OUTSIDE for those that are not there. */
#define OUTSIDE SIZE_MAX
static void quad_places(const struct quads *q, size_t channels, size_t place[QUAD])
{
    size_t first = ((q->sample * q->height + q->row) * q->width + q->column) * channels;
    bool below = q->row + 1 < q->height, right = q->column + 1 < q->width;
    place[0] = first;
    place[1] = right ? first + channels : OUTSIDE;
    place[2] = below ? first + q->width * channels : OUTSIDE;
    place[3] = below && right ? first + (q->width + 1) * channels : OUTSIDE;
}

/* The patch's rows or columns first-1..first+2 in 0..size-1, or OUTSIDE. */
static void patch_line(size_t first, size_t size, bool wrap, size_t at[4])
{
    for (size_t i = 0; i < 4; i++) {
        at[i] = first + i - 1;
        if (first + i == 0)
            at[i] = wrap ? size - 1 : OUTSIDE;
        else if (at[i] >= size)
            at[i] = wrap ? at[i] % size : OUTSIDE;
    }
}

static void patch_pixels(const struct quads *q, size_t channels, const float *x, const float *zeros,
                         const float *pixel[PATCH])
{
    size_t row[4], column[4];
    patch_line(q->row, q->height, q->wrap, row);
    patch_line(q->column, q->width, q->wrap, column);
    const float *sample = x + q->sample * q->height * q->width * channels;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) {
            bool inside = row[i] != OUTSIDE && column[j] != OUTSIDE;
            pixel[i * 4 + j] = inside ? sample + (row[i] * q->width + column[j]) * channels : zeros;
        }
}

/* Floats from one position's matrix of count x channels to the next: 16 streams a multiple of 4 KiB apart would fight
 * for the same lines of the first-level cache. */
static size_t position(size_t count, size_t channels)
{
    return count * channels + SPREAD;
}

/* Some channels of a tensor with `all` of them. */
struct channels {
    size_t first, count, all;
};

/* v (PATCH, quads, channels) = the patches of `count` quads from q on; pairs of channels */
static void transform_input(const struct tiles *k, struct quads q, size_t count, struct channels c,
                            const float *x, const float *zeros, float *v)
{
    size_t row = tiles_terms(k, c.count);
    for (size_t i = 0; i < count; i++, next_quad(&q)) {
        const float *pixel[PATCH];
        patch_pixels(&q, c.all, x + c.first, zeros, pixel);
        k->patch(pixel, c.count, v + i * row, position(count, row));
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

static size_t run_quads(const struct tiles *k, size_t quads, size_t in, size_t out)
{
    size_t floats = PATCH * in * out <= STAYING ? SHORT_RUN : LONG_RUN;
    size_t run = floats / PATCH / in / k->rows * k->rows;
    return least(quads, run < k->rows ? k->rows : run);
}

/* Scratch: a pixel of zeros, a spare pixel, v (PATCH, run, in), m (PATCH, run, width). */
static size_t forward_floats(const struct tiles *k, const struct conv_shape *s, size_t in, size_t out)
{
    size_t row = tiles_terms(k, in), run = run_quads(k, quads_of(s).count, row, out);
    return in + out + PATCH * (position(run, row) + position(run, panel_width(k, out)));
}

/* y = the quads' products m (PATCH, count, width), with bias and add, in channels c. */
static void transform_output(const struct tiles *k, struct quads q, size_t count, struct channels c,
                             const float *m, const float *bias, const float *add, float *y, float *spare)
{
    for (size_t i = 0; i < count; i++, next_quad(&q)) {
        size_t place[QUAD];
        float *to[QUAD];
        const float *from[QUAD] = { 0 };
        quad_places(&q, c.all, place);
        for (size_t j = 0; j < QUAD; j++) {
            to[j] = place[j] == OUTSIDE ? spare : y + place[j] + c.first;
            if (add)
                from[j] = place[j] == OUTSIDE ? spare : add + place[j] + c.first;
        }
        k->quad(m + i * c.count, position(count, c.count), c.count, bias ? bias + c.first : NULL, from, to);
    }
}

void winograd_forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                      const float *bias, const float *add, float *y, float *scratch)
{
    struct quads q = quads_of(s);
    size_t in = (size_t)s->in, out = (size_t)s->out, row = tiles_terms(k, in), width;
    size_t run = run_quads(k, q.count, row, out);
    float *zeros = scratch, *spare = zeros + in, *v = spare + out, *m = v + PATCH * position(run, row);
    memset(zeros, 0, (in + out) * sizeof *zeros);
    for (size_t first = 0; first < q.count; first += run) {
        size_t count = least(run, q.count - first);
        struct quads at = quad_at(&q, first);
        transform_input(k, at, count, (struct channels){ 0, in, in }, x, zeros, v);
        for (size_t c = 0; c < out; c += width) {
            width = panel_width(k, out - c);
            const float *w = packed + c * PATCH * row;
            for (size_t p = 0; p < PATCH; p++)
                multiply(k, v + p * position(count, row), w + p * row * width, count, row, width,
                         m + p * position(count, width));
            transform_output(k, at, count, (struct channels){ c, width, out }, m, bias, add, y, spare);
        }
    }
}

/* ---- weight gradient ---- */

/* Input channels in one chunk: a multiple of 16. */
static size_t chunk_width(size_t in)
{
    size_t chunks = (in + CHUNK - 1) / CHUNK;
    return (in / 16 + chunks - 1) / chunks * 16;
}

/* Rows of the matrices that the weight gradient multiplies: quads, or pairs of them. */
static size_t gradient_rows(const struct tiles *k, size_t quads)
{
    return k->pairs ? (quads + 1) / 2 : quads;
}

/* Scratch: a pixel of zeros, v (PATCH, rows of a run, chunk), n (PATCH, rows, width), and sums (PATCH, chunk, width) of
 * one chunk and panel, or, where there are several runs, of all. */
static size_t gradient_floats(const struct tiles *k, const struct conv_shape *s)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, quads = quads_of(s).count,
           run = least(quads, GRADIENT_RUN);
    size_t chunk = chunk_width(in), width = panel_width(k, out), rows = gradient_rows(k, run);
    size_t sums = quads > run ? in * out : chunk * width;
    return in + out + PATCH * (position(rows, chunk) + position(rows, width) + sums);
}

size_t winograd_scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, gradient = gradient_floats(k, s);
    size_t there = forward_floats(k, s, in, out), back = forward_floats(k, s, out, in);
    return most(gradient, most(there, back));
}

static void gradient_pixels(const struct quads *q, size_t channels, const float *dy, const float *zeros,
                            const float *from[QUAD])
{
    size_t place[QUAD];
    quad_places(q, channels, place);
    for (size_t j = 0; j < QUAD; j++)
        from[j] = place[j] == OUTSIDE ? zeros : dy + place[j];
}

/* transform_input in pairs of quads; an odd last one has zeros beside it. */
static void transform_input_two(const struct tiles *k, struct quads q, size_t count, struct channels c,
                                const float *x, const float *zeros, float *v)
{
    const float *pixel[2][PATCH];
    for (size_t i = 0; i < count; i += 2) {
        for (size_t j = 0; j < 2; j++, next_quad(&q))
            if (i + j < count)
                patch_pixels(&q, c.all, x + c.first, zeros, pixel[j]);
            else
                for (size_t p = 0; p < PATCH; p++)
                    pixel[j][p] = zeros;
        k->patch_two(pixel, c.count, v + i / 2 * c.count, position(gradient_rows(k, count), c.count));
    }
}

static void transform_gradient_two(const struct tiles *k, struct quads q, size_t count, struct channels c,
                                   const float *dy, const float *zeros, float *n)
{
    const float *from[2][QUAD];
    for (size_t i = 0; i < count; i += 2) {
        for (size_t j = 0; j < 2; j++, next_quad(&q))
            if (i + j < count)
                gradient_pixels(&q, c.all, dy + c.first, zeros, from[j]);
            else
                for (size_t p = 0; p < QUAD; p++)
                    from[j][p] = zeros;
        k->quad_gradient_two(from, c.count, n + i / 2 * c.count, position(gradient_rows(k, count), c.count));
    }
}

/* n (PATCH, count, channels) = the gradients of `count` quads from q on, in channels c */
static void transform_gradient(const struct tiles *k, struct quads q, size_t count, struct channels c,
                               const float *dy, const float *zeros, float *n)
{
    for (size_t i = 0; i < count; i++, next_quad(&q)) {
        const float *from[QUAD];
        gradient_pixels(&q, c.all, dy + c.first, zeros, from);
        k->quad_gradient(from, c.count, n + i * c.count, position(count, c.count));
    }
}

/* sums (chunk, width) += (or, if fresh, =) v (count, chunk) transposed, times n (count, width) */
static void multiply_outer(const struct tiles *k, const float *v, const float *n, size_t count, size_t chunk,
                           size_t width, bool fresh, float *sums)
{
    size_t blocks = (chunk + k->block - 1) / k->block;
    struct outer o = { .fresh = fresh,
                       .samples = 1,
                       .height = 1,
                       .width = count,
                       .x_pixel = chunk,
                       .dy_pixel = width,
                       .dw_stride = width,
                       .dy = n };
    for (size_t b = 0; b < blocks; b++) {
        size_t first = b * chunk / blocks, rows = (b + 1) * chunk / blocks - first;
        o.x = v + first;
        o.dw = sums + first * width;
        k->outer[width / k->lanes - 1][rows - 1](&o);
    }
}

void winograd_backward_weight(const struct tiles *k, const struct conv_shape *s, const float *x,
                              const float *dy, float *dweight, float *scratch)
{
    struct quads q = quads_of(s);
    size_t in = (size_t)s->in, out = (size_t)s->out, run = least(q.count, GRADIENT_RUN), chunk, width;
    size_t most_rows = gradient_rows(k, run);
    float *zeros = scratch, *v = zeros + in + out, *n = v + PATCH * position(most_rows, chunk_width(in));
    float *sums = n + PATCH * position(most_rows, panel_width(k, out));
    memset(zeros, 0, (in + out) * sizeof *zeros);
    for (size_t first = 0; first < q.count; first += run) {
        size_t count = least(run, q.count - first), rows = gradient_rows(k, count);
        struct quads at = quad_at(&q, first);
        float *to = sums;
        for (size_t i = 0; i < in; i += chunk) {
            chunk = least(chunk_width(in), in - i);
            (k->pairs ? transform_input_two
                      : transform_input)(k, at, count, (struct channels){ i, chunk, in }, x, zeros, v);
            for (size_t o = 0; o < out; o += width) {
                width = panel_width(k, out - o);
                (k->pairs ? transform_gradient_two : transform_gradient)(
                    k, at, count, (struct channels){ o, width, out }, dy, zeros, n);
                for (size_t p = 0; p < PATCH; p++)
                    multiply_outer(k, v + p * position(rows, chunk), n + p * position(rows, width), rows,
                                   chunk, width, first == 0, to + p * chunk * width);
                if (first + count == q.count)
                    k->weight_gradient(to, chunk, width, dweight + i * out + o, out, in * out);
                if (q.count > run)
                    to += PATCH * chunk * width;
            }
        }
    }
}
