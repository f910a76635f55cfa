/* vec - one vector register of floats, or of pairs of bf16 numbers, by the flags that a file is compiled with; private to
 * the files of src/nn that are compiled once for each kind (meson.build).
 * Flow:  nn/tiles, nn/transforms -> [nn/vec]
 * Invariants: every operation gives each lane the same bits whatever the kind. */
#ifndef NN_VEC_H
#define NN_VEC_H
#include "nn/bf16.h"
#include <stddef.h>

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
#define vec_div   _mm512_div_ps
#define vec_zero  _mm512_setzero_ps
#define vec_least _mm512_min_ps /* of two; b where one is NaN */
#define vec_most  _mm512_max_ps
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
#define vec_div   _mm256_div_ps
#define vec_zero  _mm256_setzero_ps
#define vec_least _mm256_min_ps
#define vec_most  _mm256_max_ps
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
#define vec_div          vdivq_f32
#define vec_fma(a, b, c) vfmaq_f32(c, a, b)
#define vec_zero()       vdupq_n_f32(0.0f)
#define vec_least        vminq_f32
#define vec_most         vmaxq_f32
#else /* no kind of register: enough for the header to stand alone, and for no kernel */
typedef float vec;
enum { LANES = 4 };
#endif

typedef uint32_t vec_bits __attribute__((vector_size(LANES * 4)));

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

/* to (LANES halves of floats) = each lane, rounded: neighbouring lanes become pairs. */
INLINE void vec_store_halves(float *to, vec a)
{
#if defined(__AVX512BF16__)
    _mm256_storeu_si256((__m256i *)(void *)to, (__m256i)_mm512_cvtneps_pbh(a));
#else
    typedef uint16_t halves __attribute__((vector_size(LANES * 2)));
    halves h = __builtin_convertvector(vec_round(a) >> 16, halves);
    memcpy(to, &h, sizeof h);
#endif
}
#else
#define vec_multiply vec_fma
#endif

#endif
