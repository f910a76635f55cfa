/* sheet - many sprites on one picture, to look at.
 * Flow:  struct image... -> [pixel/sheet] -> struct image -> a file or the terminal
 * Threads: any; nothing is shared.
 * Not here: atlases that games load (pack). */
#ifndef PIXEL_SHEET_H
#define PIXEL_SHEET_H
#include "base/err.h"
#include "image/image.h"

struct sheet_options {
    int columns;  /* 0: as square as it gets */
    int scale;    /* every pixel becomes a square of that side; 0 means 1 */
    int gap;      /* pixels between sprites and around them, not scaled */
    bool checker; /* grey squares behind transparent pixels; else transparent */
};

/* Every sprite in the middle of a cell as large as the largest one. count >= 1. BORROWS sprite[count].
 * GIVES ret->pixel (image_fini). Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code sheet_make(const struct image *const *sprite, int count,
                                      const struct sheet_options *o, struct image *ret,
                                      struct spr_error *err);

#endif
