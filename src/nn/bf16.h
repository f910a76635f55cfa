/* bf16 - numbers of 16 bits: the upper half of a float, rounded to nearest, ties to even; private to src/nn.
 * As AVX512_BF16 does it: what is too small to be a normal number becomes zero, a NaN stays one. */
#ifndef NN_BF16_H
#define NN_BF16_H
#include <stdint.h>
#include <string.h>

static inline uint32_t bf16_bits(float value)
{
    uint32_t u;
    memcpy(&u, &value, sizeof u);
    if ((u & 0x7fffffff) > 0x7f800000)
        return u >> 16 | 0x40;
    if (!(u & 0x7f800000))
        return (u & 0x80000000) >> 16;
    return (u + 0x7fff + (u >> 16 & 1)) >> 16;
}

/* Two of them in the place of a float: the first in the lower half. */
static inline float bf16_pair(float first, float second)
{
    uint32_t u = bf16_bits(first) | bf16_bits(second) << 16;
    float pair;
    memcpy(&pair, &u, sizeof pair);
    return pair;
}

static inline float bf16_round(float value)
{
    uint32_t u = bf16_bits(value) << 16;
    float rounded;
    memcpy(&rounded, &u, sizeof rounded);
    return rounded;
}

#endif
