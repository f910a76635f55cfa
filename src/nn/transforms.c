/* transforms - Winograd's transforms of winograd.c, for squares of 2x2 and of 4x4 pixels. Compiled once for each kind of
 * vector register, TRANSFORMS being the table's name; and once more with PAIRS, for bf16.
 *
 * A transform is one of columns and then one of rows, the same for both. The functions named ..._line are one column or row; sums
 * are in the order written, so that every kind rounds alike. 4x4 stands on the points 0, +-5/8, +-3/2 and infinity: with
 * them the rounding error of bf16 is half of what the usual +-1, +-2 give, and all factors but those of the weights are
 * exact in a float. With p a point, positions hold polynomials' values there: a weight's line is its value at p over
 * f(p) = the product of p - q for all other points q, a square's the sums of p^k times the products. */
#include "nn/tiles.h"
#include "nn/vec.h"

enum { LINE = 6 }; /* the longest */

#define NEAR   0.625f /* the points */
#define FAR    1.5f
#define NEAR_2 (NEAR * NEAR)
#define FAR_2  (FAR * FAR)
#define SUM    (NEAR_2 + FAR_2)
#define ALL    (NEAR_2 * FAR_2)
#define F_ZERO ((float)(1 / (double)ALL)) /* 1 / f(0), and so on */
#define F_NEAR ((float)(1 / (2 * (double)NEAR_2 * ((double)NEAR_2 - (double)FAR_2))))
#define F_FAR  ((float)(1 / (2 * (double)FAR_2 * ((double)FAR_2 - (double)NEAR_2))))

INLINE void weights_line(int side, const vec g[3], vec to[LINE])
{
    if (side == 2) {
        vec half = vec_splat(0.5f), ends = vec_mul(half, vec_add(g[0], g[2])), middle = vec_mul(half, g[1]);
        to[0] = g[0];
        to[1] = vec_add(ends, middle);
        to[2] = vec_sub(ends, middle);
        to[3] = g[2];
        return;
    }
    vec near = vec_fma(vec_splat(NEAR_2), g[2], g[0]), far = vec_fma(vec_splat(FAR_2), g[2], g[0]);
    to[0] = vec_mul(vec_splat(F_ZERO), g[0]);
    to[1] = vec_mul(vec_splat(F_NEAR), vec_fma(vec_splat(NEAR), g[1], near));
    to[2] = vec_mul(vec_splat(F_NEAR), vec_fma(vec_splat(-NEAR), g[1], near));
    to[3] = vec_mul(vec_splat(F_FAR), vec_fma(vec_splat(FAR), g[1], far));
    to[4] = vec_mul(vec_splat(F_FAR), vec_fma(vec_splat(-FAR), g[1], far));
    to[5] = g[2];
}

/* A line of a patch comes in parts, which need few enough registers: one part of 4 or two of 3. */
INLINE void patch_line(int side, int part, const vec d[LINE], vec to[LINE])
{
    if (side == 2) {
        to[0] = vec_sub(d[0], d[2]);
        to[1] = vec_add(d[1], d[2]);
        to[2] = vec_sub(d[2], d[1]);
        to[3] = vec_sub(d[1], d[3]);
    } else if (part == 0) {
        vec even = vec_fma(vec_splat(-FAR_2), d[2], d[4]), odd = vec_fma(vec_splat(-FAR_2), d[1], d[3]);
        to[0] = vec_fma(vec_splat(ALL), d[0], vec_fma(vec_splat(-SUM), d[2], d[4]));
        to[1] = vec_fma(vec_splat(NEAR), odd, even);
        to[2] = vec_fma(vec_splat(-NEAR), odd, even);
    } else {
        vec even = vec_fma(vec_splat(-NEAR_2), d[2], d[4]), odd = vec_fma(vec_splat(-NEAR_2), d[1], d[3]);
        to[0] = vec_fma(vec_splat(FAR), odd, even);
        to[1] = vec_fma(vec_splat(-FAR), odd, even);
        to[2] = vec_fma(vec_splat(ALL), d[1], vec_fma(vec_splat(-SUM), d[3], d[5]));
    }
}

INLINE void square_line(int side, const vec m[LINE], vec to[LINE])
{
    if (side == 2) {
        to[0] = vec_add(vec_add(m[0], m[1]), m[2]);
        to[1] = vec_sub(vec_sub(m[1], m[2]), m[3]);
        return;
    }
    vec near = vec_add(m[1], m[2]), near_odd = vec_sub(m[1], m[2]);
    vec far = vec_add(m[3], m[4]), far_odd = vec_sub(m[3], m[4]);
    to[0] = vec_add(vec_add(m[0], near), far);
    to[1] = vec_fma(vec_splat(FAR), far_odd, vec_mul(vec_splat(NEAR), near_odd));
    to[2] = vec_fma(vec_splat(FAR_2), far, vec_mul(vec_splat(NEAR_2), near));
    to[3] = vec_fma(vec_splat(FAR * FAR_2), far_odd, vec_fma(vec_splat(NEAR * NEAR_2), near_odd, m[5]));
}

INLINE void square_gradient_line(int side, const vec d[LINE], vec to[LINE])
{
    if (side == 2) {
        to[0] = d[0];
        to[1] = vec_add(d[0], d[1]);
        to[2] = vec_sub(d[0], d[1]);
        to[3] = vec_sub(vec_zero(), d[1]);
        return;
    }
    vec near = vec_fma(vec_splat(NEAR_2), d[2], d[0]), far = vec_fma(vec_splat(FAR_2), d[2], d[0]);
    vec near_odd = vec_fma(vec_splat(NEAR_2), d[3], d[1]), far_odd = vec_fma(vec_splat(FAR_2), d[3], d[1]);
    to[0] = d[0];
    to[1] = vec_fma(vec_splat(NEAR), near_odd, near);
    to[2] = vec_fma(vec_splat(-NEAR), near_odd, near);
    to[3] = vec_fma(vec_splat(FAR), far_odd, far);
    to[4] = vec_fma(vec_splat(-FAR), far_odd, far);
    to[5] = d[3];
}

INLINE void weight_gradient_line(int side, const vec u[LINE], vec to[3])
{
    if (side == 2) { /* halving is exact */
        vec half = vec_splat(0.5f), sum = vec_mul(half, vec_add(u[1], u[2]));
        to[0] = vec_add(u[0], sum);
        to[1] = vec_mul(half, vec_sub(u[1], u[2]));
        to[2] = vec_add(sum, u[3]);
        return;
    }
    vec near = vec_mul(vec_splat(F_NEAR), vec_add(u[1], u[2])),
        far = vec_mul(vec_splat(F_FAR), vec_add(u[3], u[4]));
    to[0] = vec_fma(vec_splat(F_ZERO), u[0], vec_add(near, far));
    to[1] = vec_fma(vec_splat(FAR * F_FAR), vec_sub(u[3], u[4]),
                    vec_mul(vec_splat(NEAR * F_NEAR), vec_sub(u[1], u[2])));
    to[2] = vec_fma(vec_splat(FAR_2), far, vec_fma(vec_splat(NEAR_2), near, u[5]));
}

/* whole = the transform of LANES columns of weights, taps tap_stride floats apart. */
INLINE void transform_weights(int side, const float *g, size_t tap_stride, vec whole[LINE][LINE])
{
    vec half[LINE][3];
    EACH (j, 0, 3) {
        vec column[3], turned[LINE];
        EACH (i, 0, 3)
            column[i] = vec_load(g + (size_t)(i * 3 + j) * tap_stride);
        weights_line(side, column, turned);
        EACH (i, 0, side + 2)
            half[i][j] = turned[i];
    }
    EACH (i, 0, side + 2)
        weights_line(side, half[i], whole[i]);
}

enum { PARTS_MAX = 2 };
INLINE int parts_of(int side)
{
    return side == 2 ? 1 : 2;
}

INLINE int lines_of(int side)
{
    return (side + 2) / parts_of(side);
}

/* whole = one part's lines of a patch's transform, channels c and on. */
INLINE void transform_patch(int side, int part, const float *const *pixel, size_t c, vec whole[LINE][LINE])
{
    vec half[LINE][LINE];
    EACH (j, 0, side + 2) {
        vec column[LINE], to[LINE];
        EACH (i, 0, side + 2)
            column[i] = vec_load(pixel[i * (side + 2) + j] + c);
        patch_line(side, part, column, to);
        EACH (i, 0, lines_of(side))
            half[i][j] = to[i];
    }
    EACH (i, 0, lines_of(side))
        EACH (p, 0, parts_of(side))
            patch_line(side, p, half[i], whole[i] + p * lines_of(side));
}

INLINE void transform_square_gradient(int side, const float *const *dy, size_t c, vec whole[LINE][LINE])
{
    vec half[LINE][LINE];
    EACH (j, 0, side) {
        vec column[LINE], to[LINE];
        EACH (i, 0, side)
            column[i] = vec_load(dy[i * side + j] + c);
        square_gradient_line(side, column, to);
        EACH (i, 0, side + 2)
            half[i][j] = to[i];
    }
    EACH (i, 0, side + 2)
        square_gradient_line(side, half[i], whole[i]);
}

#ifdef PAIRS
INLINE void pair_positions(vec low[LINE][LINE], vec high[LINE][LINE], int lines, int width, float *to,
                           size_t stride)
{
    EACH (i, 0, lines)
        EACH (j, 0, width)
            vec_store(to + (size_t)(i * width + j) * stride, vec_pair(low[i][j], high[i][j]));
}

INLINE void run_weights(int side, const float *g, size_t row_stride, size_t tap_stride, size_t columns,
                        float *to, size_t stride)
{
    for (size_t c = 0; c < columns; c += LANES, to += LANES) {
        vec even[LINE][LINE], odd[LINE][LINE];
        transform_weights(side, g + c, tap_stride, even);
        transform_weights(side, g + row_stride + c, tap_stride, odd);
        pair_positions(even, odd, side + 2, side + 2, to, stride);
    }
}

INLINE void run_patch_two(int side, const float *pixel[2][PATCH_MAX], size_t channels, float *v,
                          size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, v += LANES)
        EACH (part, 0, parts_of(side)) {
            vec first[LINE][LINE], second[LINE][LINE];
            transform_patch(side, part, pixel[0], c, first);
            transform_patch(side, part, pixel[1], c, second);
            pair_positions(first, second, lines_of(side), side + 2,
                           v + (size_t)(part * lines_of(side) * (side + 2)) * stride, stride);
        }
}

INLINE void run_square_gradient_two(int side, const float *dy[2][SQUARE_MAX], size_t channels, float *n,
                                    size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, n += LANES) {
        vec first[LINE][LINE], second[LINE][LINE];
        transform_square_gradient(side, dy[0], c, first);
        transform_square_gradient(side, dy[1], c, second);
        pair_positions(first, second, side + 2, side + 2, n, stride);
    }
}

enum { STEP = LANES / 2 }; /* floats that a vector of transformed numbers becomes */
#define store_transformed vec_store_halves
#else
enum { STEP = LANES };
#define store_transformed vec_store

INLINE void run_weights(int side, const float *g, size_t row_stride, size_t tap_stride, size_t columns,
                        float *to, size_t stride)
{
    (void)row_stride;
    for (size_t c = 0; c < columns; c += LANES, to += LANES) {
        vec whole[LINE][LINE];
        transform_weights(side, g + c, tap_stride, whole);
        EACH (i, 0, side + 2)
            EACH (j, 0, side + 2)
                vec_store(to + (size_t)(i * (side + 2) + j) * stride, whole[i][j]);
    }
}

INLINE void run_square_gradient(int side, const float *const *dy, size_t channels, float *n, size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, n += LANES) {
        vec whole[LINE][LINE];
        transform_square_gradient(side, dy, c, whole);
        EACH (i, 0, side + 2)
            EACH (j, 0, side + 2)
                vec_store(n + (size_t)(i * (side + 2) + j) * stride, whole[i][j]);
    }
}
#endif

INLINE void run_patch(int side, const float *const *pixel, size_t channels, float *v, size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, v += STEP)
        EACH (part, 0, parts_of(side)) {
            vec whole[LINE][LINE];
            transform_patch(side, part, pixel, c, whole);
            EACH (i, 0, lines_of(side))
                EACH (j, 0, side + 2)
                    store_transformed(v + (size_t)((part * lines_of(side) + i) * (side + 2) + j) * stride,
                                      whole[i][j]);
        }
}

INLINE void run_square(int side, const float *m, size_t stride, size_t channels, const float *bias,
                       const float *const *add, float *const *y)
{
    for (size_t c = 0; c < channels; c += LANES, m += LANES) {
        vec half[LINE][LINE], whole[LINE];
        EACH (j, 0, side + 2) {
            vec column[LINE], to[LINE];
            EACH (i, 0, side + 2)
                column[i] = vec_load(m + (size_t)(i * (side + 2) + j) * stride);
            square_line(side, column, to);
            EACH (i, 0, side)
                half[i][j] = to[i];
        }
        EACH (i, 0, side) {
            square_line(side, half[i], whole);
            EACH (j, 0, side) {
                if (bias)
                    whole[j] = vec_add(whole[j], vec_load(bias + c));
                if (add[0])
                    whole[j] = vec_add(whole[j], vec_load(add[i * side + j] + c));
                vec_store(y[i * side + j] + c, whole[j]);
            }
        }
    }
}

INLINE void run_weight_gradient(int side, const float *sums, size_t rows, size_t columns, float *dweight,
                                size_t row_stride, size_t tap_stride)
{
    size_t stride = rows * columns;
    for (size_t at = 0; at < stride; at += LANES) {
        float *dw = dweight + at / columns * row_stride + at % columns;
        vec half[3][LINE], whole[3];
        EACH (j, 0, side + 2) {
            vec column[LINE], to[3];
            EACH (i, 0, side + 2)
                column[i] = vec_load(sums + (size_t)(i * (side + 2) + j) * stride + at);
            weight_gradient_line(side, column, to);
            EACH (i, 0, 3)
                half[i][j] = to[i];
        }
        EACH (i, 0, 3) {
            weight_gradient_line(side, half[i], whole);
            EACH (j, 0, 3) {
                float *to = dw + (size_t)(i * 3 + j) * tap_stride;
                vec_store(to, vec_add(vec_load(to), whole[j]));
            }
        }
    }
}

/* One function for each side, and the table of them. */
static void weights_2(const float *g, size_t row_stride, size_t tap_stride, size_t columns, float *to,
                      size_t stride)
{
    run_weights(2, g, row_stride, tap_stride, columns, to, stride);
}

static void weights_4(const float *g, size_t row_stride, size_t tap_stride, size_t columns, float *to,
                      size_t stride)
{
    run_weights(4, g, row_stride, tap_stride, columns, to, stride);
}

static void patch_2(const float *const *pixel, size_t channels, float *v, size_t stride)
{
    run_patch(2, pixel, channels, v, stride);
}

static void patch_4(const float *const *pixel, size_t channels, float *v, size_t stride)
{
    run_patch(4, pixel, channels, v, stride);
}

static void square_2(const float *m, size_t stride, size_t channels, const float *bias,
                     const float *const *add, float *const *y)
{
    run_square(2, m, stride, channels, bias, add, y);
}

static void square_4(const float *m, size_t stride, size_t channels, const float *bias,
                     const float *const *add, float *const *y)
{
    run_square(4, m, stride, channels, bias, add, y);
}

static void weight_gradient_2(const float *sums, size_t rows, size_t columns, float *dweight,
                              size_t row_stride, size_t tap_stride)
{
    run_weight_gradient(2, sums, rows, columns, dweight, row_stride, tap_stride);
}

static void weight_gradient_4(const float *sums, size_t rows, size_t columns, float *dweight,
                              size_t row_stride, size_t tap_stride)
{
    run_weight_gradient(4, sums, rows, columns, dweight, row_stride, tap_stride);
}

#ifdef PAIRS
static void patch_two_2(const float *pixel[2][PATCH_MAX], size_t channels, float *v, size_t stride)
{
    run_patch_two(2, pixel, channels, v, stride);
}

static void patch_two_4(const float *pixel[2][PATCH_MAX], size_t channels, float *v, size_t stride)
{
    run_patch_two(4, pixel, channels, v, stride);
}

static void square_gradient_two_2(const float *dy[2][SQUARE_MAX], size_t channels, float *n, size_t stride)
{
    run_square_gradient_two(2, dy, channels, n, stride);
}

static void square_gradient_two_4(const float *dy[2][SQUARE_MAX], size_t channels, float *n, size_t stride)
{
    run_square_gradient_two(4, dy, channels, n, stride);
}

#else
static void square_gradient_2(const float *const *dy, size_t channels, float *n, size_t stride)
{
    run_square_gradient(2, dy, channels, n, stride);
}

static void square_gradient_4(const float *const *dy, size_t channels, float *n, size_t stride)
{
    run_square_gradient(4, dy, channels, n, stride);
}

#endif
const struct transforms TRANSFORMS[] = {
    { .side = 2,
      .weights = weights_2,
      .patch = patch_2,
      .square = square_2,
      .weight_gradient = weight_gradient_2,
#ifdef PAIRS
      .patch_two = patch_two_2,
      .square_gradient_two = square_gradient_two_2 },
#else
      .square_gradient = square_gradient_2 },
#endif
    { .side = 4,
      .weights = weights_4,
      .patch = patch_4,
      .square = square_4,
      .weight_gradient = weight_gradient_4,
#ifdef PAIRS
      .patch_two = patch_two_4,
      .square_gradient_two = square_gradient_two_4 },
#else
      .square_gradient = square_gradient_4 },
#endif
};
