/* pen - writes text into a buffer and keeps the first failure, so that what writes a page reads as the page.
 * Flow:  plan's drawings, orchestrate's reports, pack's metadata, the daemon's metrics -> [base/pen] -> base/buf
 * Threads: one pen belongs to one thread. */
#ifndef BASE_PEN_H
#define BASE_PEN_H
#include "base/buf.h"

struct pen {
    struct buf *out;
    struct spr_error *err;
    enum spr_code rc; /* once set nothing more is written */
};

void pen_put(struct pen *pen, const char *format, ...) SPR_PRINTF(2, 3);
void pen_add(struct pen *pen, const void *bytes, size_t length);

/* Text, with what `names` has for a byte in place of it; other control characters become
 * blanks. */
void pen_text(struct pen *pen, const char *text, const char *const names[128]);
extern const char *const pen_quoted[128], *const pen_xml[128], *const pen_json[128];

#endif
