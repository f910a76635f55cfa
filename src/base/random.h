/* random - numbers that depend only on (seed, stream, position): Philox4x32-10.
 * Flow:  paint, pixel, train -> [base/random]
 * Invariants: no state. Any part of a stream can be computed by any thread in any order, and is the same on every
 *   machine: integer arithmetic, and for normals only correctly rounded IEEE 754 double operations.
 * Threads: any.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), and its published
 *   known-answer vectors. Normals: Wichura, algorithm AS 241 (1988), the inverse of the normal distribution. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H
#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t seed;
    uint64_t stream; /* one per purpose, so that purposes do not disturb each other */
};

/* The four 32-bit words at block `block` of the stream. */
void random_block(struct random r, uint64_t block, uint32_t ret[4]);

uint32_t random_u32(struct random r, uint64_t position);

/* 0 <= x < 1, 24 bits. */
float random_unit(struct random r, uint64_t position);

/* 0 <= x < bound, unbiased to 2^-32; bound > 0. */
uint32_t random_below(struct random r, uint64_t position, uint32_t bound);

/* Fills ret[count] with standard normals number first .. first + count - 1 of the stream. */
void random_normals(struct random r, uint64_t first, size_t count, float *ret);

/* The x below which a standard normal falls with probability p, 0 < p < 1. */
double random_quantile(double p);

/* A well mixed 64-bit hash, for making streams or seeds of seeds (Steele's splitmix64 finaliser). */
uint64_t random_mix(uint64_t x);

/* A fresh seed from the operating system, below 2^53 so that JSON numbers carry it exactly. */
uint64_t random_fresh_seed(void);

#endif
