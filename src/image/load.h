/* load - any picture file that we read, by what is in it rather than by its name; and the same in the other direction.
 * Flow:  a file or bytes -> [image/load] -> struct image (+ notes);  struct image -> [image/load] -> a file
 * Threads: any.
 * Not here: what each format can and cannot do (png.h, jpeg.h, webp.h, gif.h, aseprite.h); frames (animation.h). */
#ifndef IMAGE_LOAD_H
#define IMAGE_LOAD_H
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "image/image.h"
#include "image/notes.h"

enum image_kind { IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP, IMAGE_GIF, IMAGE_ASEPRITE, IMAGE_KIND_COUNT };

const char *image_kind_name(enum image_kind kind);             /* "png", "jpeg", "webp", "gif", "aseprite" */
bool image_kind_named(const char *name, enum image_kind *ret); /* also "jpg", "apng", "ase"; any case */
bool image_kind_of_path(const char *path, enum image_kind *ret); /* by its ending; false for ".png" */

/* BORROWS data. limits NULL: the default. ret_notes may be NULL; it stays empty for other kinds than PNG. Of what moves,
 * the first frame (animation.h reads all).
 * GIVES ret->pixel. Fails: SPR_BADDATA, SPR_UNSUPPORTED (a kind that we know but do not read), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code image_decode(const void *data, size_t size, const struct image_limits *limits,
                                        struct image *ret, struct notes *ret_notes, struct spr_error *err);

/* The same from a file ("-" is standard input), whose name stands before the sentence. */
SPR_MUST_USE enum spr_code image_load(const char *path, const struct image_limits *limits, struct image *ret,
                                      struct notes *ret_notes, struct spr_error *err);

/* Appends the picture as PNG (indexed if it can be, with notes), lossless WebP, GIF or Aseprite (GIF: at most 256 colours, alpha cut
 * at 128; notes are left out of all but PNG). Fails: SPR_UNSUPPORTED (JPEG), SPR_LIMIT, SPR_BADARG (a note), SPR_NOMEM. */
SPR_MUST_USE enum spr_code image_encode(enum image_kind kind, const struct image *im,
                                        const struct notes *notes, struct buf *into, struct spr_error *err);

/* Publishes that as a whole file. */
SPR_MUST_USE enum spr_code image_save(const char *path, enum image_kind kind, const struct image *im,
                                      const struct notes *notes, enum file_mode mode, struct spr_error *err);

#endif
