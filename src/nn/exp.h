/* exp - e^x and the sigmoid, the same bits on every machine, in a form that compilers vectorise.
 * Flow:  nn/norm, nn/act, nn/attention -> [nn/exp]
 * Invariants: relative error below 1.2e-7 for |x| <= 64; beyond, the value at the nearer bound; NaN stays NaN.
 *   The bounds are where a float's range is far: a softmax or sigmoid is done by then, and products with subnormal
 *   numbers, which take processors a hundred cycles, are not met (compilers compute both sides of a choice).
 * Method: x = n ln 2 + r with |r| <= ln 2 / 2; e^r by a polynomial of degree 7 in r; 2^n written into the exponent
 *   bits. Adding 1.5 * 2^23 rounds to the nearest integer and leaves n in the low bits of the sum. */
#ifndef NN_EXP_H
#define NN_EXP_H
#include "nn/clones.h"
#include <stdint.h>
#include <string.h>

NN_INLINE float exp_fixed(float x)
{
    const float bound = 64, round = 0x1.8p23f;
    x = x < -bound ? -bound : x;
    x = x > bound ? bound : x;
    float shifted = x * 0x1.715476p0f + round, n = shifted - round;
    float r = x - n * 0x1.62ep-1f; /* ln 2 in two parts, the first exact times n */
    r = r - n * 0x1.0bfbe8p-15f;
    float p = 0x1.a01a02p-13f; /* 1/7! */
    p = p * r + 0x1.6c16c2p-10f;
    p = p * r + 0x1.111112p-7f;
    p = p * r + 0x1.555556p-5f;
    p = p * r + 0x1.555556p-3f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    float two_n;
    memcpy(&two_n, &bits, sizeof two_n);
    return p * two_n;
}

NN_INLINE float sigmoid_fixed(float x)
{
    return 1.0f / (1.0f + exp_fixed(-x));
}

#endif
