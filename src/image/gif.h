/* gif - GIF files: the first frame or all of them read, one or more frames written with one palette.
 * Flow:  bytes -> [image/gif] -> struct image;  struct indexed frames -> [image/gif] -> bytes
 * A GIF has 256 colours and transparency that is on or off: colours of the palette with alpha under 128 become the
 *   one transparent colour, the others lose their alpha.
 * Limits are checked before pixels are allocated. Threads: any. */
#ifndef IMAGE_GIF_H
#define IMAGE_GIF_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"

struct animation;

bool gif_is(const void *data, size_t size);

/* The first frame on its canvas. BORROWS data. limits NULL: the default. GIVES ret->pixel.
 * Fails: SPR_BADDATA, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code gif_decode(const void *data, size_t size, const struct image_limits *limits,
                                      struct image *ret, struct spr_error *err);

/* All frames as they are seen, disposal and transparency resolved: a frame that says 0 or 10 ms lasts 100, as in
 * browsers; without a loop count it plays once. GIVES *ret (animation_fini). Fails: as above. */
SPR_MUST_USE enum spr_code gif_decode_all(const void *data, size_t size, const struct image_limits *limits,
                                          struct animation *ret, struct spr_error *err);

/* Appends a GIF to *into. BORROWS frame[count] and delay_ms[count] (NULL for a still picture; delays are rounded to
 * 10 ms so that their sum stays right, and are at least 20, which players honour). Frames have one size and one palette. plays 0: for ever. Each frame
 * holds the box that changes; where something opaque becomes transparent, frames are cleared away after their time.
 * Fails: SPR_BADARG (sizes or palettes differ), SPR_LIMIT (a side over 65535), SPR_NOMEM. */
SPR_MUST_USE enum spr_code gif_encode(const struct indexed *frame, int count, const int *delay_ms, int plays,
                                      struct buf *into, struct spr_error *err);

/* The same for an animation; alpha is cut at 128. Fails: also SPR_LIMIT for more than 256 colours. */
SPR_MUST_USE enum spr_code gif_encode_all(const struct animation *a, struct buf *into, struct spr_error *err);

#endif
