/* webp - WebP files <-> pixels.
 * Flow:  bytes -> [image/webp] -> struct image -> [image/webp] -> bytes (lossless, colour under alpha 0 kept)
 * webp_decode reads the first frame of an animation, on its canvas; webp_decode_all (webp_motion.c) all of them. Profiles and EXIF are not read.
 * Limits are checked before pixels are allocated. Threads: any. */
#ifndef IMAGE_WEBP_H
#define IMAGE_WEBP_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"

struct animation;

bool webp_is(const void *data, size_t size);
bool webp_is_animation(const void *data, size_t size);

/* BORROWS data. limits NULL: the default. GIVES ret->pixel. Fails: SPR_BADDATA, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code webp_decode(const void *data, size_t size, const struct image_limits *limits,
                                       struct image *ret, struct spr_error *err);

/* Appends a lossless WebP to *into; the same picture gives the same bytes. Sides up to 16383. Fails: SPR_LIMIT,
 * SPR_NOMEM. */
SPR_MUST_USE enum spr_code webp_encode(const struct image *im, struct buf *into, struct spr_error *err);

/* All frames, blending and disposal resolved; a frame that says 0 lasts 100 ms. GIVES *ret (animation_fini). Fails: as
 * webp_decode. */
SPR_MUST_USE enum spr_code webp_decode_all(const void *data, size_t size, const struct image_limits *limits,
                                           struct animation *ret, struct spr_error *err);

/* Appends a lossless animation; frames after the first hold the box that changes. Sides up to 16383. Fails: SPR_LIMIT,
 * SPR_NOMEM. */
SPR_MUST_USE enum spr_code webp_encode_all(const struct animation *a, struct buf *into,
                                           struct spr_error *err);

#endif
