/* pointwise - see tiles.h: loops over numbers one by one, compiled once for each kind of vector register, POINTWISE being
 * the table's name. norm.c and attention.c have plain loops beside them, for sets without a table.
 *
 * e^-z = 2^n e^r, |r| <= ln 2 / 2; e^r by a polynomial of degree 5 whose relative error is 1.1e-7 (Lawson's iteration on
 * 4,001 points); 2^n written into the exponent bits. Adding 1.5 * 2^23 rounds to the nearest integer and leaves n in the
 * low bits of the sum. */
#include "nn/tiles.h"
#include "nn/vec.h"

/* e^-z; beyond |z| = bound, the value there; NaN stays NaN */
INLINE vec exp_minus(vec z, float bound)
{
    const vec round = vec_splat(0x1.8p23f);
    z = vec_least(vec_splat(bound), vec_most(vec_splat(-bound), z));
    vec shifted = vec_fma(z, vec_splat(-0x1.715476p0f), round), n = vec_sub(shifted, round);
    vec r = vec_fma(n, vec_splat(0x1.62e43p-1f), z); /* ln 2; r is the exponent, turned round */
    vec p = vec_fma(vec_splat(-0x1.10621ep-7f), r, vec_splat(0x1.572adap-5f));
    p = vec_fma(p, r, vec_splat(-0x1.5557bp-3f));
    p = vec_fma(p, r, vec_splat(0x1.fffdfap-2f));
    p = vec_fma(p, r, vec_splat(-1.0f));
    p = vec_fma(p, r, vec_splat(1.0f));
    return vec_mul(p, (vec)(((vec_bits)shifted + 127) << 23));
}

/* A vector of `count` floats, LANES at most, the rest 0; and back. */
INLINE vec load_some(const float *from, size_t count)
{
    float whole[LANES] = { 0 };
    memcpy(whole, from, count * sizeof *from);
    return vec_load(whole);
}

INLINE void store_some(float *to, size_t count, vec a)
{
    float whole[LANES];
    vec_store(whole, a);
    memcpy(to, whole, count * sizeof *to);
}

/* 1 + e^-z: what the sigmoid of z is one over. Of two of them, the product stays far from a float's end. */
INLINE vec sigmoid_under(vec z)
{
    return vec_add(vec_splat(1.0f), exp_minus(z, 32.0f));
}

/* Two rows at a time, in some columns: one division for both, since dividing takes as long as all else. */
INLINE void silu_two(vec a, vec b, vec *first, vec *second)
{
    vec z1 = vec_fma(*first, a, b), z2 = vec_fma(*second, a, b), d1 = sigmoid_under(z1),
        d2 = sigmoid_under(z2);
    vec inverse = vec_div(vec_splat(1.0f), vec_mul(d1, d2));
    *first = vec_mul(z1, vec_mul(d2, inverse));
    *second = vec_mul(z2, vec_mul(d1, inverse));
}

static void silu(const float *x, size_t rows, size_t columns, const float *a, const float *b, float *y)
{
    for (size_t r = 0; r < rows; r += 2) {
        size_t here = r * columns, next = r + 1 < rows ? here + columns : here, c = 0;
        for (; c + LANES <= columns; c += LANES) {
            vec first = vec_load(x + here + c), second = vec_load(x + next + c);
            silu_two(vec_load(a + c), vec_load(b + c), &first, &second);
            vec_store(y + here + c, first);
            vec_store(y + next + c, second);
        }
        if (c < columns) {
            size_t rest = columns - c;
            vec first = load_some(x + here + c, rest), second = load_some(x + next + c, rest);
            silu_two(load_some(a + c, rest), load_some(b + c, rest), &first, &second);
            store_some(y + here + c, rest, first);
            store_some(y + next + c, rest, second);
        }
    }
}

/* Some columns' a, b, mean, and sums so far. */
struct slope {
    vec a, b, mean, plain, along;
};

/* dy s (1 + z (1 - s)), s being the sigmoid of z */
INLINE vec silu_slope(struct slope *of, vec x, vec z, vec s, vec dy)
{
    const vec one = vec_splat(1.0f);
    vec dz = vec_mul(vec_mul(dy, s), vec_fma(z, vec_sub(one, s), one));
    of->plain = vec_add(of->plain, dz);
    of->along = vec_fma(dz, vec_sub(x, of->mean), of->along);
    return dz;
}

INLINE void silu_slope_two(struct slope *of, const vec x[2], vec dy[2])
{
    vec z1 = vec_fma(x[0], of->a, of->b), z2 = vec_fma(x[1], of->a, of->b);
    vec d1 = sigmoid_under(z1), d2 = sigmoid_under(z2);
    vec inverse = vec_div(vec_splat(1.0f), vec_mul(d1, d2));
    dy[0] = silu_slope(of, x[0], z1, vec_mul(d2, inverse), dy[0]);
    dy[1] = silu_slope(of, x[1], z2, vec_mul(d1, inverse), dy[1]);
}

/* Columns c..c+count-1, LANES at most; an odd last row goes with a gradient of zeros. */
INLINE void silu_back_columns(const float *x, size_t rows, size_t columns, size_t c, size_t count,
                              const struct affine *of, float *dy, float *s1, float *s2)
{
    struct slope slope = { load_some(of->a + c, count), load_some(of->b + c, count),
                           load_some(of->mean + c, count), vec_zero(), vec_zero() };
    for (size_t r = 0, at = c; r < rows; r += 2, at += 2 * columns) {
        bool two = r + 1 < rows, whole = count == LANES;
        size_t next = two ? at + columns : at;
        vec in[2], gradient[2];
        in[0] = whole ? vec_load(x + at) : load_some(x + at, count);
        in[1] = whole ? vec_load(x + next) : load_some(x + next, count);
        gradient[0] = whole ? vec_load(dy + at) : load_some(dy + at, count);
        gradient[1] = !two ? vec_zero() : whole ? vec_load(dy + next) : load_some(dy + next, count);
        silu_slope_two(&slope, in, gradient);
        for (size_t i = 0; i < (two ? 2 : 1); i++)
            if (whole)
                vec_store(dy + (i ? next : at), gradient[i]);
            else
                store_some(dy + (i ? next : at), count, gradient[i]);
    }
    store_some(s1 + c, count, slope.plain);
    store_some(s2 + c, count, slope.along);
}

static void silu_back(const float *x, size_t rows, size_t columns, const struct affine *of, float *dy,
                      float *s1, float *s2)
{
    size_t c = 0;
    for (; c + LANES <= columns; c += LANES)
        silu_back_columns(x, rows, columns, c, LANES, of, dy, s1, s2);
    if (c < columns)
        silu_back_columns(x, rows, columns, c, columns - c, of, dy, s1, s2);
}

enum { WIDE = 16, WIDE_VECTORS = WIDE / LANES };

/* Lane l and lane l + 8, then those with l + 4, l + 2, l + 1. */
INLINE float sum_wide(const vec wide[WIDE_VECTORS])
{
    float lane[WIDE];
    EACH (v, 0, WIDE_VECTORS)
        vec_store(lane + v * LANES, wide[v]);
    EACH (l, 0, 8)
        lane[l] += lane[l + 8];
    EACH (l, 0, 4)
        lane[l] += lane[l + 4];
    return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

INLINE float most_wide(const vec wide[WIDE_VECTORS])
{
    float lane[WIDE], most;
    EACH (v, 0, WIDE_VECTORS)
        vec_store(lane + v * LANES, wide[v]);
    most = lane[0];
    EACH (l, 1, WIDE)
        most = most > lane[l] ? most : lane[l];
    return most;
}

static void softmax(float *score, size_t rows, size_t count, size_t padded)
{
    for (float *p = score; rows > 0; rows--, p += padded) {
        vec wide[WIDE_VECTORS];
        for (size_t i = count; i < padded; i++)
            p[i] = p[0];
        EACH (v, 0, WIDE_VECTORS)
            wide[v] = vec_load(p + v * LANES);
        for (size_t i = WIDE; i < padded; i += WIDE)
            EACH (v, 0, WIDE_VECTORS)
                wide[v] = vec_most(wide[v], vec_load(p + i + v * LANES));
        vec most = vec_splat(most_wide(wide));
        for (size_t i = 0; i < padded; i += LANES)
            vec_store(p + i, exp_minus(vec_sub(most, vec_load(p + i)), 64.0f));
        for (size_t i = count; i < padded; i++)
            p[i] = 0;
        EACH (v, 0, WIDE_VECTORS)
            wide[v] = vec_load(p + v * LANES);
        for (size_t i = WIDE; i < padded; i += WIDE)
            EACH (v, 0, WIDE_VECTORS)
                wide[v] = vec_add(wide[v], vec_load(p + i + v * LANES));
        vec factor = vec_splat(1.0f / sum_wide(wide));
        for (size_t i = 0; i < padded; i += LANES)
            vec_store(p + i, vec_mul(vec_load(p + i), factor));
    }
}

const struct pointwise POINTWISE = { silu, silu_back, softmax };
