/* winograd - Winograd's minimal filtering F(2x2, 3x3) and F(4x4, 3x3) (Lavin and Gray, "Fast algorithms for convolutional
 * neural networks", 2016) on the inner loops of tiles.c and transforms.c.
 *
 * A square of 2x2 or 4x4 output pixels depends on a patch d of input pixels, two more each way. With the 3x3 weights g,
 *     y = A' [ (G g G') * (B' d B) ] A       (* element by element, ' transposed)
 *
 *          1  0 -1  0          1   0   0          1  1  1  0
 *     B' = 0  1  1  0     G = .5  .5  .5     A' = 0  1 -1 -1       for 2x2; for 4x4 see transforms.c
 *          0 -1  1  0         .5 -.5  .5
 *          0  1  0 -1          0   0   1
 * so that at each of the 16 or 36 positions of the patch the channels of all squares are one matrix product. 2x2 takes 4
 * multiplications a pixel, 4x4 2.25, and plain loops 9. But 4x4 has four times the plain weights, so it is only for
 * layers whose weights stay in the cache beside the data. The weight gradient is the same turned round:
 * G' [ sum over squares of (B' d B) * (A dy A') ] G.
 *
 * Squares are taken in runs whose transformed input fits the second-level cache beside the streaming weights. A square
 * that hangs over an edge writes what is outside to a spare pixel. */
#include "nn/winograd.h"
#include "nn/grid.h"
#include "nn/tiles.h"
#include <assert.h>
#include <stdint.h>
#include <string.h>

enum {
    CHANNELS_MIN = 32, /* fewer, and the transforms eat the gain */
    LARGE_MAX =
        64 *
        128, /* products of channels up to which squares are 4x4: 36 times as many weights, in floats, are 1.1 MiB */
    SPREAD = 16, /* floats between the matrices of two positions */
    STAYING =
        128 * 1024, /* weights, in floats, that stay in the second-level cache from run to run; beside ... */
    SHORT_RUN = 64 * 1024, /* ... them, 256 KiB of transformed input is best, */
    LONG_RUN = 160 * 1024, /* beside others, that come anew for every run, 640 KiB */
    GRADIENT_RUN = 128,    /* squares whose weight gradient is summed at once, for ... */
    CHUNK = 80             /* input channels and a panel: 16 * 128 * (80 + 32) floats are 900 KiB */
};

bool winograd_takes(const struct tiles *k, int kernel, int in, int out)
{
    int multiple = k->pairs ? 32 : 16;
    return kernel == 3 && in % multiple == 0 && out % multiple == 0 && in >= CHANNELS_MIN &&
           out >= CHANNELS_MIN;
}

static const struct transforms *transforms_of(const struct tiles *k, size_t in, size_t out)
{
    return &k->square[in * out <= LARGE_MAX];
}

/* Of a transformed patch. */
static size_t positions_of(const struct transforms *t)
{
    return (t->side + 2) * (t->side + 2);
}

size_t winograd_packed_floats(const struct tiles *k, int in, int out)
{
    return positions_of(transforms_of(k, (size_t)in, (size_t)out)) * tiles_terms(k, (size_t)in) * (size_t)out;
}

static size_t panel_width(const struct tiles *k, size_t columns)
{
    return least(k->lanes * k->vectors, columns);
}

/* packed (panel, position, in, width of the panel) */
void winograd_pack(const struct tiles *k, const float *weight, int in, int out, float *packed)
{
    const struct transforms *t = transforms_of(k, (size_t)in, (size_t)out);
    size_t rows = tiles_terms(k, (size_t)in), columns = (size_t)out, step = (size_t)in / rows * columns,
           width;
    for (size_t c = 0; c < columns; c += width, packed += positions_of(t) * rows * width) {
        width = panel_width(k, columns - c);
        for (size_t r = 0; r < rows; r++)
            t->weights(weight + r * step + c, columns, (size_t)in * columns, width, packed + r * width,
                       rows * width);
    }
}

/* packed (panel, position, out, width of the panel): the taps in reverse, in and out exchanged, TURNED rows at a time so
 * that whole cache lines are read. */
void winograd_pack_backward(const struct tiles *k, const float *weight, int in, int out, float *packed)
{
    enum { TURNED = 16, WIDEST = 32, TAPS = 9 };
    float turned[TAPS][TURNED][WIDEST];
    const struct transforms *form = transforms_of(k, (size_t)in, (size_t)out);
    size_t rows = (size_t)out, columns = (size_t)in, packed_rows = tiles_terms(k, rows),
           step = rows / packed_rows, width;
    for (size_t c = 0; c < columns; c += width, packed += positions_of(form) * packed_rows * width) {
        width = panel_width(k, columns - c);
        assert(width <= WIDEST);
        for (size_t r = 0; r < rows; r += TURNED) {
            for (size_t t = 0; t < TAPS; t++)
                for (size_t i = 0; i < width; i++)
                    for (size_t j = 0; j < TURNED; j++)
                        turned[TAPS - 1 - t][j][i] = weight[(t * columns + c + i) * rows + r + j];
            for (size_t j = 0; j < TURNED; j += step)
                form->weights(turned[0][j], WIDEST, (size_t)TURNED * WIDEST, width,
                              packed + (r + j) / step * width, packed_rows * width);
        }
    }
}

/* The squares of a batch, row by row, and one of them. */
struct squares {
    size_t side;
    size_t height, width; /* of the picture, in pixels */
    size_t down, across;  /* squares */
    size_t count;
    bool wrap;
    size_t sample, row, column; /* its first pixel; row and column are multiples of side */
};

static struct squares squares_of(const struct conv_shape *s, size_t side)
{
    struct squares q = {
        .side = side, .height = (size_t)s->height, .width = (size_t)s->width, .wrap = s->wrap
    };
    q.down = (q.height + side - 1) / side;
    q.across = (q.width + side - 1) / side;
    q.count = (size_t)s->batch * q.down * q.across;
    return q;
}

static struct squares square_at(const struct squares *q, size_t index)
{
    struct squares at = *q;
    at.column = index % q->across * q->side;
    at.row = index / q->across % q->down * q->side;
    at.sample = index / q->across / q->down;
    return at;
}

static void next_square(struct squares *q)
{
    q->column += q->side;
    if (q->column < q->width)
        return;
    q->column = 0;
    q->row += q->side;
    if (q->row < q->height)
        return;
    q->row = 0;
    q->sample++;
}

/* Where the square's pixels are in a (B, H, W, channels) tensor, from `tensor` on; `outside` for those not there. */
static void square_pixels(const struct squares *q, size_t channels, const float *tensor, const float *outside,
                          const float *pixel[SQUARE_MAX])
{
    const float *row = tensor + ((q->sample * q->height + q->row) * q->width + q->column) * channels;
    for (size_t i = 0; i < q->side; i++, row += q->width * channels)
        for (size_t j = 0; j < q->side; j++) {
            bool inside = q->row + i < q->height && q->column + j < q->width;
            *pixel++ = inside ? row + j * channels : outside;
        }
}

/* The patch's rows or columns first-1..first+side in 0..size-1, or OUTSIDE. */
#define OUTSIDE SIZE_MAX
enum { LINE_MAX = 6 };
static void patch_line(size_t first, size_t length, size_t size, bool wrap, size_t at[LINE_MAX])
{
    for (size_t i = 0; i < length; i++) {
        at[i] = first + i - 1;
        if (first + i == 0)
            at[i] = wrap ? size - 1 : OUTSIDE;
        else if (at[i] >= size)
            at[i] = wrap ? at[i] % size : OUTSIDE;
    }
}

static void patch_pixels(const struct squares *q, size_t channels, const float *x, const float *zeros,
                         const float *pixel[PATCH_MAX])
{
    size_t row[LINE_MAX], column[LINE_MAX], length = q->side + 2;
    patch_line(q->row, length, q->height, q->wrap, row);
    patch_line(q->column, length, q->width, q->wrap, column);
    const float *sample = x + q->sample * q->height * q->width * channels;
    for (size_t i = 0; i < length; i++) {
        const float *line = row[i] == OUTSIDE ? NULL : sample + row[i] * q->width * channels;
        for (size_t j = 0; j < length; j++)
            *pixel++ = line && column[j] != OUTSIDE ? line + column[j] * channels : zeros;
    }
}

/* Floats from one position's matrix of count x channels to the next: 16 or 36 streams a multiple of 4 KiB apart would fight
 * for the same lines of the first-level cache. */
static size_t position(size_t count, size_t channels)
{
    return count * channels + SPREAD;
}

/* Some channels of a tensor with `all` of them. */
struct channels {
    size_t first, count, all;
};

/* v (position, squares, channels) = the patches of `count` squares from q on; pairs of channels */
static void transform_input(const struct tiles *k, const struct transforms *t, struct squares q, size_t count,
                            struct channels c, const float *x, const float *zeros, float *v)
{
    size_t row = tiles_terms(k, c.count);
    for (size_t i = 0; i < count; i++, next_square(&q)) {
        const float *pixel[PATCH_MAX];
        patch_pixels(&q, c.all, x + c.first, zeros, pixel);
        t->patch(pixel, c.count, v + i * row, position(count, row));
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

static size_t run_squares(const struct tiles *k, const struct transforms *t, size_t squares, size_t in,
                          size_t out)
{
    size_t floats = positions_of(t) * in * out <= STAYING ? SHORT_RUN : LONG_RUN;
    size_t run = floats / positions_of(t) / in / k->rows * k->rows;
    return least(squares, run < k->rows ? k->rows : run);
}

/* Scratch: a pixel of zeros, a spare pixel, v (position, run, in), m (position, run, width). */
static size_t forward_floats(const struct tiles *k, const struct conv_shape *s, size_t in, size_t out)
{
    const struct transforms *t = transforms_of(k, in, out);
    size_t row = tiles_terms(k, in), run = run_squares(k, t, squares_of(s, t->side).count, row, out);
    return in + out + positions_of(t) * (position(run, row) + position(run, panel_width(k, out)));
}

/* y = the squares' products m (position, count, width), with bias and add, in channels c. */
static void transform_output(const struct transforms *t, struct squares q, size_t count, struct channels c,
                             const float *m, const float *bias, const float *add, float *y, float *spare)
{
    for (size_t i = 0; i < count; i++, next_square(&q)) {
        const float *to[SQUARE_MAX], *from[SQUARE_MAX] = { 0 };
        square_pixels(&q, c.all, y + c.first, spare, to);
        if (add)
            square_pixels(&q, c.all, add + c.first, spare, from);
        t->square(m + i * c.count, position(count, c.count), c.count, bias ? bias + c.first : NULL, from,
                  (float *const *)to);
    }
}

void winograd_forward(const struct tiles *k, const struct conv_shape *s, const float *x, const float *packed,
                      const float *bias, const float *add, float *y, float *scratch)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, row = tiles_terms(k, in), width;
    const struct transforms *t = transforms_of(k, in, out);
    struct squares q = squares_of(s, t->side);
    size_t run = run_squares(k, t, q.count, row, out), positions = positions_of(t);
    float *zeros = scratch, *spare = zeros + in, *v = spare + out, *m = v + positions * position(run, row);
    memset(zeros, 0, (in + out) * sizeof *zeros);
    for (size_t first = 0; first < q.count; first += run) {
        size_t count = least(run, q.count - first);
        struct squares at = square_at(&q, first);
        transform_input(k, t, at, count, (struct channels){ 0, in, in }, x, zeros, v);
        for (size_t c = 0; c < out; c += width) {
            width = panel_width(k, out - c);
            const float *w = packed + c * positions * row;
            for (size_t p = 0; p < positions; p++)
                multiply(k, v + p * position(count, row), w + p * row * width, count, row, width,
                         m + p * position(count, width));
            transform_output(t, at, count, (struct channels){ c, width, out }, m, bias, add, y, spare);
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

/* Rows of the matrices that the weight gradient multiplies: squares, or pairs of them. */
static size_t gradient_rows(const struct tiles *k, size_t squares)
{
    return k->pairs ? (squares + 1) / 2 : squares;
}

static size_t gradient_run(const struct tiles *k, const struct transforms *t, size_t squares)
{
    return least(squares, t->side > 2 && !k->pairs ? GRADIENT_RUN / 2 : GRADIENT_RUN);
}

/* Scratch: a pixel of zeros, v (position, rows of a run, chunk), n (position, rows, width), and sums (position, chunk,
 * width) of one chunk and panel, or, where there are several runs, of all. */
static size_t gradient_floats(const struct tiles *k, const struct conv_shape *s)
{
    size_t in = (size_t)s->in, out = (size_t)s->out;
    const struct transforms *t = transforms_of(k, in, out);
    size_t squares = squares_of(s, t->side).count, run = gradient_run(k, t, squares);
    size_t chunk = chunk_width(in), width = panel_width(k, out), rows = gradient_rows(k, run);
    size_t sums = squares > run ? in * out : chunk * width;
    return in + out + positions_of(t) * (position(rows, chunk) + position(rows, width) + sums);
}

size_t winograd_scratch_floats(const struct tiles *k, const struct conv_shape *s)
{
    size_t in = (size_t)s->in, out = (size_t)s->out, gradient = gradient_floats(k, s);
    size_t there = forward_floats(k, s, in, out), back = forward_floats(k, s, out, in);
    return most(gradient, most(there, back));
}

/* transform_input in pairs of squares; an odd last one has zeros beside it. */
static void transform_input_two(const struct tiles *k, const struct transforms *t, struct squares q,
                                size_t count, struct channels c, const float *x, const float *zeros, float *v)
{
    const float *pixel[2][PATCH_MAX];
    for (size_t i = 0; i < count; i += 2) {
        for (size_t j = 0; j < 2; j++, next_square(&q))
            if (i + j < count)
                patch_pixels(&q, c.all, x + c.first, zeros, pixel[j]);
            else
                for (size_t p = 0; p < PATCH_MAX; p++)
                    pixel[j][p] = zeros;
        t->patch_two(pixel, c.count, v + i / 2 * c.count, position(gradient_rows(k, count), c.count));
    }
}

static void transform_gradient_two(const struct tiles *k, const struct transforms *t, struct squares q,
                                   size_t count, struct channels c, const float *dy, const float *zeros,
                                   float *n)
{
    const float *from[2][SQUARE_MAX];
    for (size_t i = 0; i < count; i += 2) {
        for (size_t j = 0; j < 2; j++, next_square(&q))
            if (i + j < count)
                square_pixels(&q, c.all, dy + c.first, zeros, from[j]);
            else
                for (size_t p = 0; p < SQUARE_MAX; p++)
                    from[j][p] = zeros;
        t->square_gradient_two(from, c.count, n + i / 2 * c.count,
                               position(gradient_rows(k, count), c.count));
    }
}

/* n (position, count, channels) = the gradients of `count` squares from q on, in channels c */
static void transform_gradient(const struct tiles *k, const struct transforms *t, struct squares q,
                               size_t count, struct channels c, const float *dy, const float *zeros, float *n)
{
    (void)k;
    for (size_t i = 0; i < count; i++, next_square(&q)) {
        const float *from[SQUARE_MAX];
        square_pixels(&q, c.all, dy + c.first, zeros, from);
        t->square_gradient(from, c.count, n + i * c.count, position(count, c.count));
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
    size_t in = (size_t)s->in, out = (size_t)s->out, chunk, width;
    const struct transforms *t = transforms_of(k, in, out);
    struct squares q = squares_of(s, t->side);
    size_t run = gradient_run(k, t, q.count), most_rows = gradient_rows(k, run), positions = positions_of(t);
    float *zeros = scratch, *v = zeros + in + out, *n = v + positions * position(most_rows, chunk_width(in));
    float *sums = n + positions * position(most_rows, panel_width(k, out));
    memset(zeros, 0, (in + out) * sizeof *zeros);
    for (size_t first = 0; first < q.count; first += run) {
        size_t count = least(run, q.count - first), rows = gradient_rows(k, count);
        struct squares at = square_at(&q, first);
        float *to = sums;
        for (size_t i = 0; i < in; i += chunk) {
            chunk = least(chunk_width(in), in - i);
            (k->pairs ? transform_input_two
                      : transform_input)(k, t, at, count, (struct channels){ i, chunk, in }, x, zeros, v);
            for (size_t o = 0; o < out; o += width) {
                width = panel_width(k, out - o);
                (k->pairs ? transform_gradient_two : transform_gradient)(
                    k, t, at, count, (struct channels){ o, width, out }, dy, zeros, n);
                for (size_t p = 0; p < positions; p++)
                    multiply_outer(k, v + p * position(rows, chunk), n + p * position(rows, width), rows,
                                   chunk, width, first == 0, to + p * chunk * width);
                if (first + count == q.count)
                    t->weight_gradient(to, chunk, width, dweight + i * out + o, out, in * out);
                if (q.count > run)
                    to += positions * chunk * width;
            }
        }
    }
}
