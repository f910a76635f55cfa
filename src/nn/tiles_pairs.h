/* tiles_pairs - vectors of pairs of bf16 numbers, for tiles.c alone, which defines vec.
 *   vec_pair(a, b)         lane i: a's lane i first, b's second
 *   vec_neighbours(a, b)   lane i: elements 2i and 2i + 1 of a and b one behind the other
 *   vec_multiply(a, b, s)  s + second of a * second of b + first of a * first of b, fused, in this order: what
 *                          vdpbf16ps of AVX512_BF16 computes, so that all kinds of registers give the same bits
 * A bf16 number is the upper half of a float (nn/bf16.h), so products are exact, and where the processor knows only
 * floats a pair is two of them, one shifted up and one with its lower half cleared. */
#ifndef NN_TILES_PAIRS_H
#define NN_TILES_PAIRS_H
#include "nn/bf16.h"

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

#endif
