/* half - 16-bit floats to 32 bits and back: IEEE 754 binary16 (F16) and bfloat16 (BF16).
 * Flow:  nn/safetensors, paint/model -> [nn/half]
 * Invariants: widening is exact for every value (subnormals, infinities, payloads of NaNs); narrowing rounds to
 *   nearest, ties to even, and overflows to infinity above 65504 as IEEE 754 says.
 * The 16-bit side is bytes in little-endian order and needs no alignment, as in a file.
 * Threads: any. */
#ifndef NN_HALF_H
#define NN_HALF_H
#include <stddef.h>
#include <stdint.h>

#define HALF_MAX 65504.0f /* the largest finite F16 */

float half_to_float(uint16_t half);
uint16_t half_from_float(float value);

void halves_to_floats(const void *halves, size_t count, float *ret);
void bfloats_to_floats(const void *bfloats, size_t count, float *ret);
void floats_to_halves(const float *value, size_t count, void *ret);

#endif
