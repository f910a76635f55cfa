/* image - the two forms of a picture in memory: RGBA pixels, and indices into a palette.
 * Flow:  files -> image -> [struct image] -> pixel, pack;  paint -> [struct image]
 * Invariants: 1 <= width, height <= IMAGE_SIDE_MAX; pixels are row by row from the top left, no padding between
 *   rows; colour is sRGB, 8 bits, straight (not premultiplied) alpha.
 * Threads: a plain value; whoever owns it says. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_SIDE_MAX = 32768 };
#define IMAGE_PIXELS_MAX ((size_t)1 << 28) /* 256 megapixels: 1 GiB */

struct rgba {
    uint8_t r, g, b, a;
};

struct image {
    int width, height;  /* pixels */
    struct rgba *pixel; /* (height, width) */
};

/* Clears to transparent black. GIVES ret->pixel (image_fini). Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code image_init(struct image *ret, int width, int height, struct spr_error *err);
SPR_MUST_USE enum spr_code image_copy(struct image *ret, const struct image *from, struct spr_error *err);
void image_fini(struct image *im); /* fine on a zeroed one */

static inline struct rgba *image_at(const struct image *im, int x, int y)
{
    return &im->pixel[(size_t)y * (size_t)im->width + (size_t)x];
}

struct palette {
    int count; /* 1..256 */
    struct rgba colour[256];
};

struct indexed {
    int width, height;
    uint8_t *index; /* (height, width), each < palette.count */
    struct palette palette;
};

void indexed_fini(struct indexed *im); /* frees index; fine on a zeroed one */

#endif
