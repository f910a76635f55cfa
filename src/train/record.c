#include "train/record.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 30, ROW_BYTES = 256 };

/* Length of the header and the whole rows up to step `last`; 0 where the header is another. */
static size_t kept(const struct buf *b, const char *header, uint64_t last)
{
    size_t at = strlen(header);
    if (b->length < at || memcmp(b->data, header, at))
        return 0;
    while (at < b->length) {
        const char *end = memchr(b->data + at, '\n', b->length - at);
        if (!end || strtoull(b->data + at, NULL, 10) > last)
            break;
        at = (size_t)(end - b->data) + 1;
    }
    return at;
}

enum spr_code record_open(struct record *r, const char *path, const char *header, uint64_t last,
                          struct spr_error *err)
{
    struct buf b;
    size_t length = strlen(header);
    enum spr_code rc = SPR_OK;
    buf_init(&b, FILE_BYTES_MAX);
    r->fd = -1;
    if (file_exists(path)) {
        rc = file_read(path, &b, err);
        length = rc ? 0 : kept(&b, header, last);
        if (rc == SPR_OK && length == 0)
            rc = SPR_FAIL(err, SPR_BADDATA, "%s does not begin with '%.*s'", path, (int)strcspn(header, "\n"),
                          header);
    }
    if (rc == SPR_OK && length != b.length)
        rc = file_write(path, b.data ? b.data : header, length, FILE_REPLACE, err);
    if (rc == SPR_OK) {
        r->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (r->fd < 0)
            rc = SPR_FAIL(err, SPR_IO, "open %s: %s", path, strerror(errno));
    }
    buf_fini(&b);
    return rc;
}

void record_close(struct record *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

enum spr_code record_add(struct record *r, struct spr_error *err, const char *format, ...)
{
    char row[ROW_BYTES];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(row, sizeof row, format, args);
    va_end(args);
    if (n < 0 || n >= ROW_BYTES)
        return SPR_FAIL(err, SPR_INTERNAL, "a row of the log is too long");
    if (write(r->fd, row, (size_t)n) != n)
        return SPR_FAIL(err, SPR_IO, "write a row of the log: %s", strerror(errno));
    return SPR_OK;
}
