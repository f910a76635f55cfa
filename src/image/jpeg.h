/* jpeg - JPEG files -> pixels, turned upright as their EXIF orientation says.
 * Flow:  bytes -> [image/jpeg] -> struct image (opaque)
 * Grey, YCbCr, RGB and CMYK, baseline and progressive. Colour profiles are not applied.
 * A file that ends too early is refused; small damage inside is read as far as libjpeg repairs it.
 * Limits are checked before pixels are allocated, and a progressive file may have 100 scans. Threads: any.
 * Not here: writing; JPEG is never right for pixel art. */
#ifndef IMAGE_JPEG_H
#define IMAGE_JPEG_H
#include "base/err.h"
#include "image/image.h"

bool jpeg_is(const void *data, size_t size);

/* BORROWS data. limits NULL: the default. GIVES ret->pixel. Fails: SPR_BADDATA, SPR_LIMIT, SPR_NOMEM,
 * SPR_UNSUPPORTED. */
SPR_MUST_USE enum spr_code jpeg_decode(const void *data, size_t size, const struct image_limits *limits,
                                       struct image *ret, struct spr_error *err);

#endif
