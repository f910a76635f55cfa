/* png_chunk - walks the chunks of a PNG in memory: for what libpng does not give us with clear limits and places.
 * Flow:  bytes -> [image/png_chunk] -> image/png
 *
 *     8 bytes signature, then chunks:  length(4) type(4) data(length) crc(4), all numbers big-endian */
#ifndef IMAGE_PNG_CHUNK_H
#define IMAGE_PNG_CHUNK_H
#include "image/notes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PNG_SIGNATURE_BYTES = 8 };

struct png_chunk {
    size_t offset; /* of the length field, from the start of the file */
    char type[5];  /* as "tEXt", 0-terminated */
    const uint8_t *data;
    uint32_t length;
    bool crc_good;
};

/* The chunk at *offset, which moves to the next one; false at the end or where the rest is too short for it. */
bool png_chunk_next(const uint8_t *file, size_t size, size_t *offset, struct png_chunk *ret);

/* Adds the text of a tEXt, zTXt or iTXt chunk to *n; anything wrong with it counts as skipped. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code png_chunk_note(const struct png_chunk *c, struct notes *n, struct spr_error *err);

#endif
