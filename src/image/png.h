/* png - PNG files <-> pixels and notes.
 * Flow:  a file or bytes -> [image/png] -> struct image;  struct image or indexed + notes -> [image/png] -> a file
 * Reads every kind of PNG: grey, RGB, palette, with or without alpha or tRNS, 1..16 bits, interlaced. The result is
 *   8-bit sRGB: 16 bits are rounded, and a gAMA chunk (without sRGB or iCCP beside it) is applied. ICC profiles and
 *   cHRM are not. Of an APNG the default picture is read (apng.h reads its frames).
 * Writes the same bytes for the same input and the same zlib: fixed settings, no time.
 * Limits are checked before memory is taken; a file too short to hold its pixels even at deflate's best ratio is
 *   refused before that too.
 * Threads: any; nothing is shared.
 * Not here: choosing colours (pixel/quantise.h); exact conversion to a palette is indexed_from_image. */
#ifndef IMAGE_PNG_H
#define IMAGE_PNG_H
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "image/image.h"
#include "image/notes.h"

/* BORROWS data. limits NULL: the default. ret_notes may be NULL; else it gets the texts (notes_fini), whose damage is
 * counted in ret_notes->skipped and does not fail the picture. GIVES ret->pixel (image_fini).
 * Fails: SPR_BADDATA, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code png_decode(const void *data, size_t size, const struct image_limits *limits,
                                      struct image *ret, struct notes *ret_notes, struct spr_error *err);

/* The same from a file ("-" is standard input); the path stands before the sentence. Fails: as above, and SPR_IO,
 * SPR_NOTFOUND. */
SPR_MUST_USE enum spr_code png_read(const char *path, const struct image_limits *limits, struct image *ret,
                                    struct notes *ret_notes, struct spr_error *err);

/* Only the texts, without decoding a pixel. Fails: SPR_BADDATA (no PNG at all), SPR_NOMEM. */
SPR_MUST_USE enum spr_code png_decode_notes(const void *data, size_t size, struct notes *ret,
                                            struct spr_error *err);

/* The colour table of a palette PNG with its transparency, unused entries too. Fails: SPR_NOTFOUND (a PNG of another
 * kind), SPR_BADDATA. */
SPR_MUST_USE enum spr_code png_decode_palette(const void *data, size_t size, struct palette *ret,
                                              struct spr_error *err);

/* True if the bytes begin as a PNG does. */
bool png_is(const void *data, size_t size);

/* Appends a PNG to *into: RGB if every pixel is opaque, else RGBA. notes may be NULL; a note's key must be 1..79
 * printable ASCII characters without blanks at its ends or two in a row. ASCII text goes into tEXt (zTXt where long),
 * other text into iTXt. Fails: SPR_BADARG (a note's key), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code png_encode(const struct image *im, const struct notes *notes, struct buf *into,
                                      struct spr_error *err);

/* The same, RGBA even if every pixel is opaque. */
SPR_MUST_USE enum spr_code png_encode_rgba(const struct image *im, const struct notes *notes,
                                           struct buf *into, struct spr_error *err);

/* A palette PNG with 1, 2, 4 or 8 bits per pixel, the fewest that hold palette.count colours. */
SPR_MUST_USE enum spr_code png_encode_indexed(const struct indexed *im, const struct notes *notes,
                                              struct buf *into, struct spr_error *err);

/* Indexed if the picture has at most 256 colours, else RGB or RGBA. */
SPR_MUST_USE enum spr_code png_encode_best(const struct image *im, const struct notes *notes,
                                           struct buf *into, struct spr_error *err);

/* Each publishes a whole file (base/file.h). */
SPR_MUST_USE enum spr_code png_write(const char *path, const struct image *im, const struct notes *notes,
                                     enum file_mode mode, struct spr_error *err);
SPR_MUST_USE enum spr_code png_write_indexed(const char *path, const struct indexed *im,
                                             const struct notes *notes, enum file_mode mode,
                                             struct spr_error *err);

#endif
