#include "digest/digest.h"

#include "base/file.h"
#include "base/str.h"

void digest_init(struct digest *d)
{
    sha256_init(&d->sha);
}

void digest_add(struct digest *d, const void *bytes, size_t length)
{
    if (length)
        sha256_update(&d->sha, length, bytes);
}

void digest_end(struct digest *d, uint8_t ret[DIGEST_BYTES])
{
    sha256_digest(&d->sha, DIGEST_BYTES, ret);
}

void digest_hex(const void *bytes, size_t length, char ret[DIGEST_HEX_BYTES])
{
    struct digest d;
    uint8_t whole[DIGEST_BYTES];
    digest_init(&d);
    digest_add(&d, bytes, length);
    digest_end(&d, whole);
    str_hex(whole, sizeof whole, ret);
}

static enum spr_code take(void *context, const void *bytes, size_t length, struct spr_error *err)
{
    (void)err;
    digest_add(context, bytes, length);
    return SPR_OK;
}

struct counted {
    struct digest digest;
    uint64_t length;
};

static enum spr_code take_counted(void *context, const void *bytes, size_t length, struct spr_error *err)
{
    struct counted *c = context;
    c->length += length;
    return take(&c->digest, bytes, length, err);
}

enum spr_code digest_add_file(struct digest *d, const char *path, struct spr_error *err)
{
    return file_stream(path, take, d, err);
}

enum spr_code digest_file(const char *path, char ret[DIGEST_HEX_BYTES], uint64_t *ret_length,
                          struct spr_error *err)
{
    struct counted c = { 0 };
    uint8_t whole[DIGEST_BYTES];
    digest_init(&c.digest);
    enum spr_code rc = file_stream(path, take_counted, &c, err);
    if (rc)
        return rc;
    digest_end(&c.digest, whole);
    str_hex(whole, sizeof whole, ret);
    if (ret_length)
        *ret_length = c.length;
    return SPR_OK;
}
