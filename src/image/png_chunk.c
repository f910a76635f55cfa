/* The three text chunks:
 *     tEXt  key 0 text                                             Latin-1
 *     zTXt  key 0 method(0) deflated text                          Latin-1
 *     iTXt  key 0 compressed(0|1) method(0) language 0 key' 0 text UTF-8
 * Many programs put UTF-8 into tEXt; bytes that are valid UTF-8 are taken as that, anything else as Latin-1. */
#include "image/png_chunk.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool png_chunk_next(const uint8_t *file, size_t size, size_t *offset, struct png_chunk *ret)
{
    if (*offset > size || size - *offset < 12)
        return false;
    const uint8_t *p = file + *offset;
    uint32_t length = be32(p);
    if (length > size - *offset - 12)
        return false;
    *ret = (struct png_chunk){ .offset = *offset, .data = p + 8, .length = length };
    memcpy(ret->type, p + 4, 4);
    ret->crc_good = crc32_z(crc32_z(0, NULL, 0), p + 4, (z_size_t)length + 4) == be32(p + 8 + length);
    *offset += (size_t)length + 12;
    return true;
}

static void skip(struct notes *n, const struct png_chunk *c, const char *why)
{
    if (n->skipped++ == 0)
        snprintf(n->why, sizeof n->why, "%s at byte %zu: %.110s", c->type, c->offset, why);
}

/* Appends the inflated bytes to *into. Fails: SPR_BADDATA, SPR_LIMIT (into's), SPR_NOMEM. */
static enum spr_code inflate_all(const uint8_t *data, size_t length, struct buf *into, struct spr_error *err)
{
    z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)length };
    if (inflateInit(&z) != Z_OK)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to decompress a text");
    enum spr_code rc = SPR_OK;
    int state = Z_OK;
    while (!rc && state == Z_OK) {
        size_t room = into->limit - into->length;
        size_t chunk = room < 16384 ? room : 16384;
        char extra[1]; /* one byte more than the limit tells "just fits" from "too long" */
        if (chunk && (rc = buf_reserve(into, chunk, err)))
            break;
        z.next_out = chunk ? (Bytef *)into->data + into->length : (Bytef *)extra;
        z.avail_out = chunk ? (uInt)chunk : 1;
        state = inflate(&z, Z_NO_FLUSH);
        if (chunk)
            into->length += chunk - z.avail_out;
        else if (z.avail_out == 0)
            rc = SPR_FAIL(err, SPR_LIMIT, "the text is over the limit of %zu bytes", into->limit);
    }
    inflateEnd(&z);
    if (!rc && state != Z_STREAM_END)
        rc = SPR_FAIL(err, SPR_BADDATA, "the compressed text is damaged");
    return rc;
}

/* Latin-1 (or what is UTF-8 already) appended as UTF-8. */
static enum spr_code add_utf8(struct buf *b, const uint8_t *text, size_t length, struct spr_error *err)
{
    if (utf8_valid((const char *)text, length, NULL))
        return buf_add(b, text, length, err);
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < length && !rc; i++) {
        char point[4];
        rc = buf_add(b, point, utf8_encode(text[i], point), err);
    }
    return rc;
}

/* Steps over a 0-terminated piece; false where there is no 0. */
static bool piece(const uint8_t **p, size_t *left)
{
    const uint8_t *end = *left ? memchr(*p, 0, *left) : NULL;
    if (!end)
        return false;
    *left -= (size_t)(end - *p) + 1;
    *p = end + 1;
    return true;
}

/* Finds where the text begins and whether it is compressed; false where the chunk's form is wrong. */
static bool find_text(const struct png_chunk *c, const uint8_t **p, size_t *left, bool *deflated)
{
    if (!piece(p, left))
        return false;
    if (c->type[0] == 'z') {
        if (*left < 1 || (*p)[0] != 0)
            return false;
        *p += 1, *left -= 1;
        *deflated = true;
    } else if (c->type[0] == 'i') {
        if (*left < 2 || (*p)[0] > 1 || ((*p)[0] == 1 && (*p)[1] != 0))
            return false;
        *deflated = (*p)[0] == 1;
        *p += 2, *left -= 2;
        bool language = piece(p, left);
        return language && piece(p, left);
    }
    return true;
}

enum spr_code png_chunk_note(const struct png_chunk *c, struct notes *n, struct spr_error *err)
{
    const uint8_t *p = c->data;
    size_t left = c->length;
    bool deflated = false;
    if (!c->crc_good || !find_text(c, &p, &left, &deflated)) {
        skip(n, c, c->crc_good ? "not in the form of a text chunk" : "wrong checksum");
        return SPR_OK;
    }
    struct spr_error why = { 0 };
    struct buf key, raw, text;
    buf_init(&key, 4 * 80);
    buf_init(&raw, NOTES_BYTES_MAX - n->bytes);
    buf_init(&text, NOTES_BYTES_MAX - n->bytes);
    enum spr_code rc = add_utf8(&key, c->data, strlen((const char *)c->data), &why);
    if (!rc && deflated) {
        rc = inflate_all(p, left, &raw, &why);
        p = raw.data ? (const uint8_t *)raw.data : p;
        left = raw.length;
    }
    if (!rc)
        rc = c->type[0] == 'i' ? buf_add(&text, p, left, &why) : add_utf8(&text, p, left, &why);
    if (!rc)
        rc =
            notes_add(n, key.data ? key.data : "", key.length, text.data ? text.data : "", text.length, &why);
    buf_fini(&text);
    buf_fini(&raw);
    buf_fini(&key);
    if (rc == SPR_NOMEM)
        return SPR_FAIL(err, SPR_NOMEM, "%s", why.text);
    if (rc)
        skip(n, c, why.text);
    return SPR_OK;
}
