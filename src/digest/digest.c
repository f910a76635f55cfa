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

enum spr_code digest_file(const char *path, char ret[DIGEST_HEX_BYTES], uint64_t *ret_length,
                          struct spr_error *err)
{
    struct file_map m;
    enum spr_code rc = file_map(path, &m, err);
    if (rc)
        return rc;
    digest_hex(m.data, m.size, ret);
    if (ret_length)
        *ret_length = m.size;
    file_unmap(&m);
    return SPR_OK;
}
