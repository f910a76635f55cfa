/* histogram - which opaque colours pictures have, and how often.
 * Flow:  struct image... -> [pixel/histogram] -> pixel/quantise
 * Exact up to HISTOGRAM_EXACT colours; with more, colours that agree in the upper 6 bits of each channel are counted
 * as one, their mean. The order of the entries depends on the pictures alone.
 * Threads: one at a time. */
#ifndef PIXEL_HISTOGRAM_H
#define PIXEL_HISTOGRAM_H
#include "base/err.h"
#include "image/image.h"
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_EXACT = 32768 };

struct histogram_entry {
    struct rgba colour; /* a is 255 */
    uint32_t count;     /* pixels, at least 1 */
};

struct histogram {
    struct histogram_entry *entry; /* (count) */
    size_t count;
    uint64_t transparent; /* pixels */
    bool exact;
};

/* Counts the pixels of pictures[count] with alpha >= alpha_from; the others are transparent. BORROWS the pictures.
 * GIVES ret->entry (histogram_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code histogram_init(struct histogram *ret, const struct image *const *pictures,
                                          int count, int alpha_from, struct spr_error *err);
void histogram_fini(struct histogram *h); /* fine on a zeroed one */

#endif
