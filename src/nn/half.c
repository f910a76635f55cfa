/* Widening moves the half's exponent and mantissa into place as a float whose exponent is 112 too small, and lets one
 * multiplication by 2^112 put it right: exact, and right for subnormals too, which a float can hold as normals.
 * Narrowing to a subnormal adds 0.5: the sum's last place is 2^-24, a half's smallest step, so that the addition
 * itself rounds to nearest even. Both need gradual underflow and the default rounding, as C programs start. */
#include "nn/half.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little-endian and are read as they lie");

static inline float from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint32_t to_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static inline float widen(uint16_t half)
{
    uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
    uint32_t finite = to_bits(from_bits(magnitude) * 0x1p112f);
    uint32_t special = magnitude | 0x7f800000; /* infinity or NaN */
    uint32_t bits = (half & 0x7c00) == 0x7c00 ? special : finite;
    return from_bits(bits | (uint32_t)(half & 0x8000) << 16);
}

float half_to_float(uint16_t half)
{
    return widen(half);
}

uint16_t half_from_float(float value)
{
    uint32_t bits = to_bits(value);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    uint32_t half;
    if (magnitude > 0x7f800000)
        half = 0x7e00 | (magnitude >> 13 & 0x3ff); /* a quiet NaN */
    else if (magnitude >= 0x477ff000)              /* 65520 and more round to infinity */
        half = 0x7c00;
    else if (magnitude < 0x38800000) /* below 2^-14: subnormal or zero */
        half = to_bits(from_bits(magnitude) + 0.5f) - to_bits(0.5f);
    else
        half = (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
    return (uint16_t)(sign | half);
}

void halves_to_floats(const void *halves, size_t count, float *ret)
{
    const unsigned char *p = halves;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, p + 2 * i, sizeof half);
        ret[i] = widen(half);
    }
}

void bfloats_to_floats(const void *bfloats, size_t count, float *ret)
{
    const unsigned char *p = bfloats;
    for (size_t i = 0; i < count; i++) {
        uint16_t bfloat;
        memcpy(&bfloat, p + 2 * i, sizeof bfloat);
        ret[i] = from_bits((uint32_t)bfloat << 16);
    }
}

void floats_to_halves(const float *value, size_t count, void *ret)
{
    unsigned char *p = ret;
    for (size_t i = 0; i < count; i++) {
        uint16_t half = half_from_float(value[i]);
        memcpy(p + 2 * i, &half, sizeof half);
    }
}
