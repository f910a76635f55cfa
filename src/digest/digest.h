/* digest - bytes and files -> their SHA-256, by which models, inputs, pages and deployed files are known.
 * Flow:  paint, engine, pack, deploy, orchestrate, daemon -> [digest] -> Nettle
 * Threads: any; one struct digest belongs to one thread at a time. */
#ifndef DIGEST_DIGEST_H
#define DIGEST_DIGEST_H
#include "base/err.h"

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DIGEST_BYTES = SHA256_DIGEST_SIZE,
    DIGEST_HEX_BYTES = 2 * DIGEST_BYTES + 1 /* lower-case hexadecimal and a 0 byte */
};

/* Of pieces, one after the other: digest_init, digest_add..., digest_end. Owns nothing. */
struct digest {
    struct sha256_ctx sha;
};
void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t length); /* NULL is fine for none */
void digest_end(struct digest *d, uint8_t ret[DIGEST_BYTES]);

/* Of length bytes. */
void digest_hex(const void *bytes, size_t length, char ret[DIGEST_HEX_BYTES]);

/* A whole file's bytes, of which few are in memory at a time. Fails as file_stream does. */
SPR_MUST_USE enum spr_code digest_add_file(struct digest *d, const char *path, struct spr_error *err);

/* Of a whole file; *ret_length (NULL is fine) is how many bytes that were. Fails as file_stream does. */
SPR_MUST_USE enum spr_code digest_file(const char *path, char ret[DIGEST_HEX_BYTES], uint64_t *ret_length,
                                       struct spr_error *err);

#endif
