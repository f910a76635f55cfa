/* aseprite - Aseprite files (.ase, .aseprite) <-> frames, by the format's public description.
 * Flow:  bytes -> [image/aseprite] -> struct animation -> [image/aseprite] -> bytes
 * Reads RGBA, grey and indexed files: layers, groups, visibility, opacity, all 19 blend modes, raw, linked, compressed
 *   and tilemap cels, the order of z-index, old and new palettes (also one that changes from frame to frame), tags,
 *   slices, tilesets. Reference layers are left out, as Aseprite leaves them out of what it exports.
 * Writes one layer: indexed where 256 colours are enough, else RGBA; equal frames become linked cels.
 * Not read: user data, cel extras, colour profiles, tilesets in other files (refused).
 * Limits: pixels of all frames, and of all cels, each under limits->pixels; drawing at most 16 times that. Threads: any. */
#ifndef IMAGE_ASEPRITE_H
#define IMAGE_ASEPRITE_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"

struct animation;

bool aseprite_is(const void *data, size_t size);

/* The first frame. BORROWS data. limits NULL: the default. GIVES ret->pixel (image_fini).
 * Fails: SPR_BADDATA, SPR_UNSUPPORTED, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code aseprite_decode(const void *data, size_t size, const struct image_limits *limits,
                                           struct image *ret, struct spr_error *err);

/* All frames, with tags, slices and the first palette; an indexed file's transparent colour is {0,0,0,0} there. layer
 * NULL: what is visible; else the layer or group of that name alone, visible or not. GIVES *ret (animation_fini).
 * Fails: as above, SPR_NOTFOUND (no such layer: names what there is). */
SPR_MUST_USE enum spr_code aseprite_decode_all(const void *data, size_t size,
                                               const struct image_limits *limits, const char *layer,
                                               struct animation *ret, struct spr_error *err);

/* The file's palette without its pixels: the first frame's. Fails: SPR_NOTFOUND (it has none), SPR_BADDATA. */
SPR_MUST_USE enum spr_code aseprite_decode_palette(const void *data, size_t size, struct palette *ret,
                                                   struct spr_error *err);

/* Appends a file to *into. Fails: SPR_LIMIT (more than 65535 frames or pixels a side), SPR_NOMEM. */
SPR_MUST_USE enum spr_code aseprite_encode(const struct animation *a, struct buf *into,
                                           struct spr_error *err);

#endif
