/* colour - sRGB, linear light and OkLab, the same on every machine.
 * Flow:  struct rgba -> [image/colour] -> light (for mixing, dithering), OkLab (for telling colours apart) -> back
 * Invariants: tables and correctly rounded IEEE 754 operations only, no libm, so no machine rounds another way; every
 *   sRGB colour comes back from OkLab as itself.
 * Threads: any.
 * Sources: IEC 61966-2-1; B. Ottosson, "A perceptual color space for image processing" (2020), with the matrices of
 *   its 2021 revision.
 * Not here: alpha; callers decide what a transparent pixel means. */
#ifndef IMAGE_COLOUR_H
#define IMAGE_COLOUR_H
#include "image/image.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "rrggbb" or "#rrggbb", in either case; alpha 255. False for other text: then *ret is untouched. */
bool rgba_from_hex(const char *text, struct rgba *ret);

/* Light 0..1 of each 8-bit sRGB value. */
extern const float srgb_linear[256];

/* The 8-bit value whose light is nearest; below 0 is 0, above 1 is 255, not a number is 0. */
uint8_t srgb_from_linear(float light);

/* v 0..1 as the nearest of 0..255; what lies outside is cut, not a number is 0. */
uint8_t byte_from_unit(float v);

/* L 0..1 is lightness; a (green to red) and b (blue to yellow) lie within -0.4..0.4 for sRGB. A distance of 0.02 is
 * about what an eye tells apart side by side. */
struct oklab {
    float L, a, b;
};

struct oklab oklab_from(struct rgba c);

/* The nearest sRGB colour by cutting each channel's light to 0..1; alpha 255. */
struct rgba oklab_to(struct oklab c);

/* Squared distance. */
static inline float oklab_distance2(struct oklab p, struct oklab q)
{
    float L = p.L - q.L, a = p.a - q.a, b = p.b - q.b;
    return L * L + a * a + b * b;
}

/* The same numbers as oklab_from gives, many at once: BORROWS from[count], writes L[count], a[count], b[count]. */
void oklab_from_many(const struct rgba *from, size_t count, float *L, float *a, float *b);

#endif
