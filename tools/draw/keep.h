/* keep - a drawn tile's file and its caption.
 * Flow:  draw/main, draw/chest -> [draw/keep] -> FOLDER/x.png, lines of captions.jsonl
 * Threads: any; no state. */
#ifndef DRAW_KEEP_H
#define DRAW_KEEP_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

struct tile_words {
    const char *general, *named, *kinds; /* words with blanks between; kinds may be NULL */
    bool hue, flip;
};

/* Writes FOLDER/file and adds its line. Fails: SPR_IO, SPR_BADDATA, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code keep_tile(const char *folder, const char *file, const struct tile_words *words,
                                     const struct image *im, struct buf *lines, struct spr_error *err);

#endif
