/* arena - places many things in one block: a first pass measures, one allocation follows, a second pass places.
 * Flow:  nn, paint, train -> [base/arena] -> base/mem
 * Invariants: the same sequence of calls gives the same offsets in both passes; every piece is 64-byte aligned.
 * Threads: one arena belongs to one thread at a time.
 *
 *     struct arena a = { 0 };          pass 1: base is NULL, pieces come back NULL, a.used grows
 *     place(&a, &things);
 *     arena_open(&a, &err);            one block of a.used bytes; used goes back to 0
 *     place(&a, &things);              pass 2: the same function, real pointers
 *     arena_close(&a); */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct arena {
    unsigned char *block;
    unsigned char *base; /* the block's first aligned byte; NULL while measuring */
    size_t size;         /* bytes in the block */
    size_t used;         /* bytes taken so far */
    bool overflow;       /* a size did not fit in size_t: arena_open refuses */
};

/* Allocates what was measured (cleared to zero) and starts the placing pass. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code arena_open(struct arena *a, struct spr_error *err);
void arena_close(struct arena *a); /* frees the block; fine on a zeroed arena */

/* count * size bytes; NULL while measuring. Asserts that a placing pass never asks for more than was measured. */
void *arena_take(struct arena *a, size_t count, size_t size);
float *arena_floats(struct arena *a, size_t count);

/* Everything taken after arena_mark goes back at arena_reset: scratch inside a step. While measuring, `size` keeps
 * the high-water mark that arena_open allocates. */
size_t arena_mark(const struct arena *a);
void arena_reset(struct arena *a, size_t mark);

#endif
