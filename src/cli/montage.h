/* montage - several pictures on one, in rows: contact sheets, and rows of sprites in the terminal.
 * Flow:  struct image... -> [cli/montage] -> cli/output, cli/term_picture
 * Threads: any. */
#ifndef CLI_MONTAGE_H
#define CLI_MONTAGE_H
#include "image/image.h"

/* Places im[count] from left to right and top to bottom in cells as large as the largest of them, `gap` transparent
 * pixels between. columns 0: as many as make it about square. count > 0. BORROWS im. GIVES ret->pixel (image_fini).
 * Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code montage(const struct image *im, int count, int columns, int gap, struct image *ret,
                                   struct spr_error *err);

#endif
