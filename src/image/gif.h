/* gif - GIF files: the first frame read, one or more frames written with one palette.
 * Flow:  bytes -> [image/gif] -> struct image;  struct indexed frames -> [image/gif] -> bytes
 * A GIF has 256 colours and transparency that is on or off: colours of the palette with alpha under 128 become the
 *   one transparent colour, the others lose their alpha.
 * Limits are checked before pixels are allocated. Threads: any. */
#ifndef IMAGE_GIF_H
#define IMAGE_GIF_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"

bool gif_is(const void *data, size_t size);

/* The first frame on its canvas. BORROWS data. limits NULL: the default. GIVES ret->pixel.
 * Fails: SPR_BADDATA, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code gif_decode(const void *data, size_t size, const struct image_limits *limits,
                                      struct image *ret, struct spr_error *err);

/* Appends a GIF to *into. BORROWS frame[count] and delay_ms[count] (NULL for a still picture; a delay is rounded to
 * 10 ms and at least 20, which players honour). Frames have one size and one palette. More than one frame: shown in a
 * loop without end. Fails: SPR_BADARG (sizes or palettes differ), SPR_LIMIT (a side over 65535), SPR_NOMEM. */
SPR_MUST_USE enum spr_code gif_encode(const struct indexed *frame, int count, const int *delay_ms,
                                      struct buf *into, struct spr_error *err);

#endif
