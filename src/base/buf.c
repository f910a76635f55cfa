#include "base/buf.h"

#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void buf_init(struct buf *b, size_t limit_bytes)
{
    assert(limit_bytes < SIZE_MAX);
    *b = (struct buf){ .limit = limit_bytes };
}

void buf_fini(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){ 0 };
}

enum spr_code buf_reserve(struct buf *b, size_t more, struct spr_error *err)
{
    if (more > b->limit - b->length)
        return SPR_FAIL(err, SPR_LIMIT, "%zu bytes are over the limit of %zu", b->length + more, b->limit);
    size_t need = b->length + more + 1;
    if (need <= b->room)
        return SPR_OK;
    size_t room = b->room < 64 ? 64 : b->room;
    while (room < need)
        room = room > SIZE_MAX / 2 ? need : room * 2;
    if (room > b->limit + 1)
        room = b->limit + 1;
    char *data = mem_resize(b->data, room, 1);
    if (!data)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu bytes", room);
    b->data = data;
    b->room = room;
    b->data[b->length] = '\0';
    return SPR_OK;
}

enum spr_code buf_add(struct buf *b, const void *bytes, size_t length, struct spr_error *err)
{
    enum spr_code rc = buf_reserve(b, length, err);
    if (rc)
        return rc;
    if (length > 0)
        memcpy(b->data + b->length, bytes, length);
    b->length += length;
    b->data[b->length] = '\0';
    return SPR_OK;
}

enum spr_code buf_addv(struct buf *b, struct spr_error *err, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0)
        return SPR_FAIL(err, SPR_INTERNAL, "cannot format \"%s\"", format);
    enum spr_code rc = buf_reserve(b, (size_t)n, err);
    if (!rc) {
        vsnprintf(b->data + b->length, (size_t)n + 1, format, args);
        b->length += (size_t)n;
    }
    return rc;
}

enum spr_code buf_addf(struct buf *b, struct spr_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum spr_code rc = buf_addv(b, err, format, args);
    va_end(args);
    return rc;
}

char *buf_detach(struct buf *b)
{
    char *data = b->data;
    *b = (struct buf){ .limit = b->limit };
    return data;
}
