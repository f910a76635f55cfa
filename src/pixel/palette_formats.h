/* palette_formats - what each kind of palette file knows about itself; palette.c has the table.
 * Flow:  pixel/palette -> [pixel/palette_formats] -> bytes
 * Every reader is given bytes that its `is` said yes to, and leaves *ret alone on failure. */
#ifndef PIXEL_PALETTE_FORMATS_H
#define PIXEL_PALETTE_FORMATS_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds a colour; the 257th fails with SPR_LIMIT. */
SPR_MUST_USE enum spr_code palette_add(struct palette *p, struct rgba c, struct spr_error *err);

/* palette_text.c */
bool gpl_is(const uint8_t *data, size_t size);
bool jasc_is(const uint8_t *data, size_t size);
/* Both: the first line that is no comment is 6 (hex) or 8 digits (txt). */
bool hex_is(const uint8_t *data, size_t size);
bool txt_is(const uint8_t *data, size_t size);
enum spr_code gpl_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code jasc_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code hex_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code gpl_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err);
enum spr_code jasc_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err);
enum spr_code hex_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err);
enum spr_code txt_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err);

/* palette_binary.c */
bool riff_is(const uint8_t *data, size_t size);
bool act_is(const uint8_t *data, size_t size);
bool ase_is(const uint8_t *data, size_t size);
bool strip_is(const uint8_t *data, size_t size);
enum spr_code riff_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code act_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code ase_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code strip_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code riff_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err);
enum spr_code act_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err);
enum spr_code ase_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err);
bool sprite_is(const uint8_t *data, size_t size); /* an Aseprite file */
enum spr_code sprite_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
enum spr_code sprite_encode(const struct palette *p, const char *name, struct buf *into,
                            struct spr_error *err);
enum spr_code strip_encode(const struct palette *p, const char *name, struct buf *into,
                           struct spr_error *err);

#endif
