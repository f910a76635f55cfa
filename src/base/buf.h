/* buf - growable bytes with a maximum: text being built, a file being read, a message being encoded.
 * Flow:  every folder -> [base/buf] -> base/mem
 * Invariants: length <= limit; data[length] is a 0 byte whenever data is not NULL, so that text can be printed.
 *   A failed call leaves the buffer as it was.
 * Threads: one buffer belongs to one thread at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H
#include "base/err.h"
#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data;    /* NULL until something is added */
    size_t length; /* bytes in use */
    size_t room;   /* bytes allocated, the final 0 byte included */
    size_t limit;  /* the most that length may become */
};

void buf_init(struct buf *b, size_t limit_bytes);
void buf_fini(struct buf *b); /* frees; fine on a zeroed one */

/* Each fails with SPR_LIMIT or SPR_NOMEM. */
SPR_MUST_USE enum spr_code buf_add(struct buf *b, const void *bytes, size_t length, struct spr_error *err);
SPR_MUST_USE enum spr_code buf_addf(struct buf *b, struct spr_error *err, const char *format, ...)
    SPR_PRINTF(3, 4);
SPR_MUST_USE enum spr_code buf_addv(struct buf *b, struct spr_error *err, const char *format, va_list args)
    SPR_PRINTF(3, 0);
/* Makes room for at least `more` bytes after length, to be written by the caller, who then raises length. */
SPR_MUST_USE enum spr_code buf_reserve(struct buf *b, size_t more, struct spr_error *err);

/* GIVES the bytes (mem_free) and empties the buffer; "" rather than NULL only if something was ever added. */
char *buf_detach(struct buf *b);

#endif
