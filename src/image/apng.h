/* apng - animated PNG files <-> frames.
 * Flow:  bytes -> [image/apng] -> struct animation -> [image/apng] -> bytes
 * An APNG is a PNG with further chunks (APNG 1.0, now part of PNG 3):
 *     acTL  frames(4) plays(4)                                                 before IDAT
 *     fcTL  number(4) width(4) height(4) x(4) y(4) delay(2) per(2) dispose(1) blend(1)   before each frame's data
 *     fdAT  number(4) data                                                     as IDAT, for frames after the default one
 * Each frame is put together as a PNG of its own and read by png.h, so that every kind of PNG can be animated.
 * A default picture without an fcTL is no frame. Limits are checked before pixels are allocated. Threads: any. */
#ifndef IMAGE_APNG_H
#define IMAGE_APNG_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"
#include "image/notes.h"

struct animation;

/* A PNG with a sound acTL chunk before its pixels. */
bool apng_is(const void *data, size_t size);

/* BORROWS data. limits NULL: the default. ret_notes may be NULL. GIVES *ret (animation_fini). A frame that says 0 lasts
 * 100 ms. Fails: SPR_BADDATA (frames missing, out of order or outside the canvas, a damaged chunk), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code apng_decode(const void *data, size_t size, const struct image_limits *limits,
                                       struct animation *ret, struct notes *ret_notes, struct spr_error *err);

/* Appends an APNG to *into: with a palette where all frames together have at most 256 colours, else RGB or RGBA; frames
 * after the first hold the box that changes. notes may be NULL. Fails: SPR_BADARG (a note's key), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code apng_encode(const struct animation *a, const struct notes *notes, struct buf *into,
                                       struct spr_error *err);

#endif
