/* tiles - see tiles.h. Compiled once for each kind of vector register, TILES being the table's name; and once more with
 * PAIRS, for bf16.
 *
 * Forward, for one term (tap, channel): load the panel's weights once, then for each pixel broadcast its input and
 * fuse-multiply-add it onto the pixel's row of registers:
 *
 *                 w[0] w[1]           rows * vectors sums in registers; rows + vectors loads per
 *       x[0]  ->  s00  s01            rows * vectors multiply-adds, which is what keeps the
 *       x[1]  ->  s10  s11            multipliers and not the load ports busy
 *       ...
 * The weight gradient is the same with the roles changed: rows are input channels, a term is a pixel.
 *
 * Every loop bound over registers is a constant after inlining, so that the sums never live in memory. */
#include "nn/tiles.h"
#include "nn/bf16.h"

#if defined(__AVX512F__)
#include <immintrin.h>
typedef __m512 vec;
enum { LANES = 16, VECTORS = 2, ROWS = 8, BLOCK = 14, DEPTH = 192 };
#define vec_load  _mm512_loadu_ps
#define vec_store _mm512_storeu_ps
#define vec_splat _mm512_set1_ps
#define vec_add   _mm512_add_ps
#define vec_sub   _mm512_sub_ps
#define vec_mul   _mm512_mul_ps
#define vec_fma   _mm512_fmadd_ps
#define vec_zero  _mm512_setzero_ps
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
typedef __m256 vec;
enum { LANES = 8, VECTORS = 2, ROWS = 6, BLOCK = 6, DEPTH = 256 };
#define vec_load  _mm256_loadu_ps
#define vec_store _mm256_storeu_ps
#define vec_splat _mm256_set1_ps
#define vec_add   _mm256_add_ps
#define vec_sub   _mm256_sub_ps
#define vec_mul   _mm256_mul_ps
#define vec_fma   _mm256_fmadd_ps
#define vec_zero  _mm256_setzero_ps
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
typedef float32x4_t vec;
enum { LANES = 4, VECTORS = 4, ROWS = 6, BLOCK = 6, DEPTH = 256 };
#define vec_load         vld1q_f32
#define vec_store        vst1q_f32
#define vec_splat        vdupq_n_f32
#define vec_add          vaddq_f32
#define vec_sub          vsubq_f32
#define vec_mul          vmulq_f32
#define vec_fma(a, b, c) vfmaq_f32(c, a, b)
#define vec_zero()       vdupq_n_f32(0.0f)
#else
#error "no vector registers with fused multiply-add"
#endif

#define INLINE static inline __attribute__((always_inline))
/* A loop over registers: unrolled, so that an array of vec becomes registers.
 * NOLINTBEGIN(bugprone-macro-parentheses): i is declared, not used */
#ifdef __clang__
#define EACH(i, first, last) _Pragma("clang loop unroll(full)") for (int i = first; i < (last); i++)
#else
#define EACH(i, first, last) _Pragma("GCC unroll 16") for (int i = first; i < (last); i++)
#endif
/* NOLINTEND(bugprone-macro-parentheses) */

#ifdef PAIRS
/* Vectors of pairs of bf16 numbers.
 *   vec_pair(a, b)         lane i: a's lane i first, b's second
 *   vec_neighbours(a, b)   lane i: elements 2i and 2i + 1 of a and b one behind the other
 *   vec_multiply(a, b, s)  s + second of a * second of b + first of a * first of b, fused, in this order: what
 *                          vdpbf16ps of AVX512_BF16 computes, so that all kinds of registers give the same bits
 * A bf16 number is the upper half of a float (nn/bf16.h), so products are exact, and where the processor knows only
 * floats a pair is two of them, one shifted up and one with its lower half cleared. */
#if defined(__AVX512BF16__)
INLINE vec vec_multiply(vec a, vec b, vec sum)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

INLINE vec vec_neighbours(vec a, vec b)
{
    return (vec)_mm512_cvtne2ps_pbh(b, a);
}

INLINE vec vec_pair(vec a, vec b)
{
    static const uint16_t turn[32] = { 0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                       8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31 };
    return (vec)_mm512_permutexvar_epi16(_mm512_loadu_si512(turn), (__m512i)_mm512_cvtne2ps_pbh(b, a));
}
#else
typedef uint32_t vec_bits __attribute__((vector_size(LANES * 4)));

INLINE vec vec_multiply(vec a, vec b, vec sum)
{
    const vec_bits upper = (vec_bits){ 0 } + 0xffff0000;
    sum = vec_fma((vec)((vec_bits)a & upper), (vec)((vec_bits)b & upper), sum);
    return vec_fma((vec)((vec_bits)a << 16), (vec)((vec_bits)b << 16), sum);
}

/* bf16_bits of bf16.h, in the upper half. */
INLINE vec_bits vec_round(vec a)
{
    vec_bits u = (vec_bits)a, size = u & 0x7fffffff;
    vec_bits nan = (vec_bits)(size > 0x7f800000), tiny = (vec_bits)(size < 0x00800000);
    vec_bits rounded = u + 0x7fff + (u >> 16 & 1);
    rounded = (rounded & ~nan) | ((u | 0x400000) & nan);
    rounded = (rounded & ~tiny) | (u & 0x80000000 & tiny);
    return rounded & 0xffff0000;
}

INLINE vec vec_pair(vec a, vec b)
{
    return (vec)(vec_round(a) >> 16 | vec_round(b));
}

#if defined(__AVX512F__)
#define FIRSTS  0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define SECONDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif defined(__AVX2__)
#define FIRSTS  0, 2, 4, 6, 8, 10, 12, 14
#define SECONDS 1, 3, 5, 7, 9, 11, 13, 15
#else
#define FIRSTS  0, 2, 4, 6
#define SECONDS 1, 3, 5, 7
#endif
INLINE vec vec_neighbours(vec a, vec b)
{
    return vec_pair(__builtin_shufflevector(a, b, FIRSTS), __builtin_shufflevector(a, b, SECONDS));
}
#endif
#else
#define vec_multiply vec_fma
#endif

/* Adds the terms of one tap for pixels first..last-1 of the tile. */
INLINE void sum_tap(vec sum[][TILE_VECTORS_MAX], const struct tile *t, const struct tap *tap, int first,
                    int last, int vectors)
{
    const float *x = tap->x, *w = tap->w, *ahead = t->ahead;
    size_t channels = t->channels, stride = t->x_stride;
    for (size_t k = 0; k < channels; k++, w += vectors * LANES, ahead += 16) {
        __builtin_prefetch(ahead, 0, 2);
        vec weight[TILE_VECTORS_MAX];
        EACH (v, 0, vectors)
            weight[v] = vec_load(w + v * LANES);
        EACH (r, first, last) {
            vec input = vec_splat(x[(size_t)(r - first) * stride + k]);
            EACH (v, 0, vectors)
                sum[r][v] = vec_multiply(input, weight[v], sum[r][v]);
        }
    }
}

/* Each sum in its place: (sum + bias) + add. */
INLINE void finish_tile(const struct tile *t, vec sum[][TILE_VECTORS_MAX], int rows, int vectors)
{
    const float *bias = t->bias, *add = t->add;
    float *y = t->y;
    size_t stride = t->y_stride;
    if (bias)
        EACH (v, 0, vectors) {
            vec b = vec_load(bias + v * LANES);
            EACH (r, 0, rows)
                sum[r][v] = vec_add(sum[r][v], b);
        }
    if (add)
        EACH (r, 0, rows)
            EACH (v, 0, vectors)
                sum[r][v] = vec_add(sum[r][v], vec_load(add + (size_t)r * stride + v * LANES));
    EACH (r, 0, rows)
        EACH (v, 0, vectors)
            vec_store(y + (size_t)r * stride + v * LANES, sum[r][v]);
}

INLINE void run_tile(const struct tile *t, int rows, int vectors)
{
    vec sum[TILE_ROWS_MAX][TILE_VECTORS_MAX];
    float *sums = t->sums;
    EACH (r, 0, rows)
        EACH (v, 0, vectors)
            sum[r][v] = t->resume ? vec_load(sums + (r * vectors + v) * LANES) : vec_zero();
    const struct tap *end = t->tap + t->taps;
    for (const struct tap *tap = t->tap; tap < end; tap++) {
        if (tap->cut == TAP_WHOLE)
            sum_tap(sum, t, tap, 0, rows, vectors);
        else if (tap->cut == TAP_CUT_FIRST)
            sum_tap(sum, t, tap, 1, rows, vectors);
        else
            sum_tap(sum, t, tap, 0, rows - 1, vectors);
    }
    if (t->finish) {
        finish_tile(t, sum, rows, vectors);
        return;
    }
    EACH (r, 0, rows)
        EACH (v, 0, vectors)
            vec_store(sums + (r * vectors + v) * LANES, sum[r][v]);
}

INLINE void run_outer(const struct outer *o, int block, int vectors)
{
    vec sum[OUTER_BLOCK][TILE_VECTORS_MAX];
    float *dw = o->dw;
    size_t stride = o->dw_stride;
    EACH (i, 0, block)
        EACH (v, 0, vectors)
            sum[i][v] = o->fresh ? vec_zero() : vec_load(dw + (size_t)i * stride + v * LANES);
    for (size_t s = 0; s < o->samples; s++)
        for (size_t r = 0; r < o->height; r++) {
            const float *x = o->x + s * o->x_sample + r * o->x_row;
            const float *dy = o->dy + s * o->dy_sample + r * o->dy_row;
            for (size_t c = 0; c < o->width; c++, x += o->x_pixel, dy += o->dy_pixel) {
                vec gradient[TILE_VECTORS_MAX];
                EACH (v, 0, vectors)
                    gradient[v] = vec_load(dy + v * LANES);
                EACH (i, 0, block) {
                    vec input = vec_splat(x[i]);
                    EACH (v, 0, vectors)
                        sum[i][v] = vec_multiply(input, gradient[v], sum[i][v]);
                }
            }
        }
    EACH (i, 0, block)
        EACH (v, 0, vectors)
            vec_store(dw + (size_t)i * stride + v * LANES, sum[i][v]);
}

/* Rows of the transforms of Winograd's F(2x2, 3x3); sums in the order written, so that every set rounds alike. */
INLINE void weights_row(const vec g[3], vec to[4])
{
    vec half = vec_splat(0.5f), ends = vec_mul(half, vec_add(g[0], g[2])), middle = vec_mul(half, g[1]);
    to[0] = g[0];
    to[1] = vec_add(ends, middle);
    to[2] = vec_sub(ends, middle);
    to[3] = g[2];
}

INLINE void patch_row(const vec d[4], vec to[4])
{
    to[0] = vec_sub(d[0], d[2]);
    to[1] = vec_add(d[1], d[2]);
    to[2] = vec_sub(d[2], d[1]);
    to[3] = vec_sub(d[1], d[3]);
}

INLINE void quad_row(const vec m[4], vec to[2])
{
    to[0] = vec_add(vec_add(m[0], m[1]), m[2]);
    to[1] = vec_sub(vec_sub(m[1], m[2]), m[3]);
}

INLINE void quad_gradient_row(const vec d[2], vec to[4])
{
    to[0] = d[0];
    to[1] = vec_add(d[0], d[1]);
    to[2] = vec_sub(d[0], d[1]);
    to[3] = vec_sub(vec_zero(), d[1]);
}

/* whole = the transform of LANES columns of weights, taps tap_stride floats apart. */
INLINE void transform_weights(const float *g, size_t tap_stride, vec whole[4][4])
{
    vec half[4][3];
    EACH (j, 0, 3) {
        vec column[3], turned[4];
        EACH (i, 0, 3)
            column[i] = vec_load(g + (size_t)(i * 3 + j) * tap_stride);
        weights_row(column, turned);
        EACH (i, 0, 4)
            half[i][j] = turned[i];
    }
    EACH (i, 0, 4)
        weights_row(half[i], whole[i]);
}

INLINE void transform_patch(const float *const pixel[PATCH], size_t c, vec whole[4][4])
{
    vec half[4][4];
    EACH (j, 0, 4) {
        vec column[4], to[4];
        EACH (i, 0, 4)
            column[i] = vec_load(pixel[i * 4 + j] + c);
        patch_row(column, to);
        EACH (i, 0, 4)
            half[i][j] = to[i];
    }
    EACH (i, 0, 4)
        patch_row(half[i], whole[i]);
}

INLINE void transform_quad_gradient(const float *const dy[QUAD], size_t c, vec whole[4][4])
{
    vec half[4][2];
    EACH (j, 0, 2) {
        vec column[2] = { vec_load(dy[j] + c), vec_load(dy[2 + j] + c) }, to[4];
        quad_gradient_row(column, to);
        EACH (i, 0, 4)
            half[i][j] = to[i];
    }
    EACH (i, 0, 4)
        quad_gradient_row(half[i], whole[i]);
}

#ifdef PAIRS
INLINE void pair_positions(vec low[4][4], vec high[4][4], float *to, size_t stride)
{
    EACH (i, 0, 4)
        EACH (j, 0, 4)
            vec_store(to + (size_t)(i * 4 + j) * stride, vec_pair(low[i][j], high[i][j]));
}

static void weights(const float *g, size_t row_stride, size_t tap_stride, size_t columns, float *to,
                    size_t stride)
{
    for (size_t c = 0; c < columns; c += LANES, to += LANES) {
        vec even[4][4], odd[4][4];
        transform_weights(g + c, tap_stride, even);
        transform_weights(g + row_stride + c, tap_stride, odd);
        pair_positions(even, odd, to, stride);
    }
}

static void patch(const float *const pixel[PATCH], size_t channels, float *v, size_t stride)
{
    for (size_t c = 0; c < channels; c += (size_t)2 * LANES, v += LANES) {
        vec first[4][4], second[4][4];
        transform_patch(pixel, c, first);
        transform_patch(pixel, c + LANES, second);
        EACH (i, 0, 4)
            EACH (j, 0, 4)
                vec_store(v + (size_t)(i * 4 + j) * stride, vec_neighbours(first[i][j], second[i][j]));
    }
}

static void patch_two(const float *pixel[2][PATCH], size_t channels, float *v, size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, v += LANES) {
        vec first[4][4], second[4][4];
        transform_patch(pixel[0], c, first);
        transform_patch(pixel[1], c, second);
        pair_positions(first, second, v, stride);
    }
}

static void quad_gradient_two(const float *dy[2][QUAD], size_t channels, float *n, size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, n += LANES) {
        vec first[4][4], second[4][4];
        transform_quad_gradient(dy[0], c, first);
        transform_quad_gradient(dy[1], c, second);
        pair_positions(first, second, n, stride);
    }
}

static void pair_rows(const float *low, const float *high, size_t count, float *to)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        vec_store(to + i, vec_pair(vec_load(low + i), vec_load(high + i)));
    for (; i < count; i++)
        to[i] = bf16_pair(low[i], high[i]);
}

static void pair_neighbours(const float *x, size_t pairs, float *to)
{
    size_t i = 0;
    for (; i + LANES <= pairs; i += LANES)
        vec_store(to + i, vec_neighbours(vec_load(x + 2 * i), vec_load(x + 2 * i + LANES)));
    for (; i < pairs; i++)
        to[i] = bf16_pair(x[2 * i], x[2 * i + 1]);
}
#else
INLINE void store_positions(vec whole[4][4], float *to, size_t stride)
{
    EACH (i, 0, 4)
        EACH (j, 0, 4)
            vec_store(to + (size_t)(i * 4 + j) * stride, whole[i][j]);
}

static void weights(const float *g, size_t row_stride, size_t tap_stride, size_t columns, float *to,
                    size_t stride)
{
    (void)row_stride;
    for (size_t c = 0; c < columns; c += LANES, to += LANES) {
        vec whole[4][4];
        transform_weights(g + c, tap_stride, whole);
        store_positions(whole, to, stride);
    }
}

static void patch(const float *const pixel[PATCH], size_t channels, float *v, size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, v += LANES) {
        vec whole[4][4];
        transform_patch(pixel, c, whole);
        store_positions(whole, v, stride);
    }
}

static void quad_gradient(const float *const dy[QUAD], size_t channels, float *n, size_t stride)
{
    for (size_t c = 0; c < channels; c += LANES, n += LANES) {
        vec whole[4][4];
        transform_quad_gradient(dy, c, whole);
        store_positions(whole, n, stride);
    }
}
#endif

static void quad(const float *m, size_t stride, size_t channels, const float *bias,
                 const float *const add[QUAD], float *const y[QUAD])
{
    for (size_t c = 0; c < channels; c += LANES, m += LANES) {
        vec half[2][4], whole[2];
        EACH (j, 0, 4) {
            vec column[4], to[2];
            EACH (i, 0, 4)
                column[i] = vec_load(m + (size_t)(i * 4 + j) * stride);
            quad_row(column, to);
            half[0][j] = to[0];
            half[1][j] = to[1];
        }
        EACH (i, 0, 2) {
            quad_row(half[i], whole);
            EACH (j, 0, 2) {
                if (bias)
                    whole[j] = vec_add(whole[j], vec_load(bias + c));
                if (add[0])
                    whole[j] = vec_add(whole[j], vec_load(add[i * 2 + j] + c));
                vec_store(y[i * 2 + j] + c, whole[j]);
            }
        }
    }
}

/* One row or column of G' u; halving is exact. */
INLINE void weight_gradient_row(const vec u[4], vec to[3])
{
    vec half = vec_splat(0.5f), sum = vec_mul(half, vec_add(u[1], u[2]));
    to[0] = vec_add(u[0], sum);
    to[1] = vec_mul(half, vec_sub(u[1], u[2]));
    to[2] = vec_add(sum, u[3]);
}

static void weight_gradient(const float *sums, size_t rows, size_t columns, float *dweight, size_t row_stride,
                            size_t tap_stride)
{
    size_t stride = rows * columns;
    for (size_t at = 0; at < stride; at += LANES) {
        float *dw = dweight + at / columns * row_stride + at % columns;
        vec half[3][4], whole[3];
        EACH (j, 0, 4) {
            vec column[4], to[3];
            EACH (i, 0, 4)
                column[i] = vec_load(sums + (size_t)(i * 4 + j) * stride + at);
            weight_gradient_row(column, to);
            EACH (i, 0, 3)
                half[i][j] = to[i];
        }
        EACH (i, 0, 3) {
            weight_gradient_row(half[i], whole);
            EACH (j, 0, 3) {
                float *to = dw + (size_t)(i * 3 + j) * tap_stride;
                vec_store(to, vec_add(vec_load(to), whole[j]));
            }
        }
    }
}

/* One function for each number of rows and vectors, and the tables of them. */
#define TILE(rows, vectors)                                   \
    static void tile_##rows##_##vectors(const struct tile *t) \
    {                                                         \
        run_tile(t, rows, vectors);                           \
    }
#define OUTER(block, vectors)                                    \
    static void outer_##block##_##vectors(const struct outer *o) \
    {                                                            \
        run_outer(o, block, vectors);                            \
    }
#if defined(__AVX512F__)
#define EACH_ROWS(F, vectors) \
    F(1, vectors)             \
    F(2, vectors) F(3, vectors) F(4, vectors) F(5, vectors) F(6, vectors) F(7, vectors) F(8, vectors)
#define EACH_BLOCK(F, vectors) \
    EACH_ROWS(F, vectors)      \
    F(9, vectors) F(10, vectors) F(11, vectors) F(12, vectors) F(13, vectors) F(14, vectors)
#else
#define EACH_ROWS(F, vectors) \
    F(1, vectors) F(2, vectors) F(3, vectors) F(4, vectors) F(5, vectors) F(6, vectors)
#define EACH_BLOCK(F, vectors) EACH_ROWS(F, vectors)
#endif
#if defined(__ARM_NEON)
#define EACH_VECTORS(M) M(1) M(2) M(3) M(4)
#else
#define EACH_VECTORS(M) M(1) M(2)
#endif

#define DEFINE(vectors) EACH_ROWS(TILE, vectors) EACH_BLOCK(OUTER, vectors)
EACH_VECTORS(DEFINE)

#define TILE_NAME(rows, vectors)   tile_##rows##_##vectors,
#define OUTER_NAME(block, vectors) outer_##block##_##vectors,
#define TILE_LIST(vectors)         { EACH_ROWS(TILE_NAME, vectors) },
#define OUTER_LIST(vectors)        { EACH_BLOCK(OUTER_NAME, vectors) },

static tile_fn *const tile_table[VECTORS][TILE_ROWS_MAX] = { EACH_VECTORS(TILE_LIST) };
static outer_fn *const outer_table[VECTORS][OUTER_BLOCK] = { EACH_VECTORS(OUTER_LIST) };

const struct tiles TILES = {
    .lanes = LANES,
    .vectors = VECTORS,
    .rows = ROWS,
    .block = BLOCK,
    .depth = DEPTH,
    .tile = tile_table,
    .outer = outer_table,
    .weights = weights,
    .patch = patch,
    .quad = quad,
#ifdef PAIRS
    .pairs = true,
    .patch_two = patch_two,
    .quad_gradient_two = quad_gradient_two,
    .pair_rows = pair_rows,
    .pair_neighbours = pair_neighbours,
#else
    .quad_gradient = quad_gradient,
#endif
    .weight_gradient = weight_gradient,
};
