/* image - the two forms of a picture in memory: RGBA pixels, and indices into a palette.
 * Flow:  files -> image -> [struct image] -> pixel, pack;  paint -> [struct image]
 * Invariants: 1 <= width, height <= IMAGE_SIDE_MAX; pixels are row by row from the top left, no padding between
 *   rows; colour is sRGB, 8 bits, straight (not premultiplied) alpha.
 * Threads: a plain value; whoever owns it says. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_SIDE_MAX = 32768 };
#define IMAGE_PIXELS_MAX ((size_t)1 << 28) /* 256 megapixels: 1 GiB */

struct rgba {
    uint8_t r, g, b, a;
};

/* What a reader accepts before it allocates anything. NULL in a call means image_limits_default. */
struct image_limits {
    size_t file_bytes; /* length of the file */
    size_t pixels;     /* width * height, all frames together */
    int side;          /* width and height, 1..IMAGE_SIDE_MAX */
};
extern const struct image_limits image_limits_default; /* 256 MiB, 64 megapixels, IMAGE_SIDE_MAX */

/* SPR_LIMIT, with `kind` in the sentence ("PNG"), where a picture of that size is over the limits; SPR_BADDATA where
 * a side is 0. */
SPR_MUST_USE enum spr_code image_limits_check(const struct image_limits *limits, const char *kind,
                                              uint64_t width, uint64_t height, struct spr_error *err);

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

static inline bool rgba_equal(struct rgba p, struct rgba q)
{
    return p.r == q.r && p.g == q.g && p.b == q.b && p.a == q.a;
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

/* All indices 0; palette empty. GIVES ret->index (indexed_fini). Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code indexed_init(struct indexed *ret, int width, int height, struct spr_error *err);
void indexed_fini(struct indexed *im); /* frees index; fine on a zeroed one */

/* The same picture as indices, every colour kept exactly. Colours that are not opaque come first, then the others,
 * each group in order of first appearance. GIVES ret->index. Fails: SPR_LIMIT (over 256 colours), SPR_NOMEM. */
SPR_MUST_USE enum spr_code indexed_from_image(struct indexed *ret, const struct image *im,
                                              struct spr_error *err);

/* The same for several pictures with one palette. BORROWS im[images]; GIVES ret[images] (each by indexed_fini). */
SPR_MUST_USE enum spr_code indexed_from_images(struct indexed *ret, const struct image **im, int images,
                                               struct spr_error *err);
/* The same with the colours of p, in its order. Fails: SPR_LIMIT (a colour that p lacks), SPR_NOMEM. */
SPR_MUST_USE enum spr_code indexed_by_palette(struct indexed *ret, const struct image **im, int images,
                                              const struct palette *p, struct spr_error *err);

/* The same picture as pixels. GIVES ret->pixel. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code image_from_indexed(struct image *ret, const struct indexed *im,
                                              struct spr_error *err);

#endif
