/* finishing - from what was painted to what is handed out: few colours, alpha 0 or 255, enlarged by a whole factor.
 * Flow:  paint's pixels -> [engine/finishing] -> pixel/ -> struct engine_picture
 * Threads: any; nothing is shared. */
#ifndef ENGINE_FINISHING_H
#define ENGINE_FINISHING_H
#include "engine/engine.h"
#include "engine/material.h"

/* So many pixels of a tile set's tiles are border: the same in all of them, where the engine painted them so. */
static inline int finishing_border(int side)
{
    return side / 10;
}

/* One picture, or the cells of request_sheet, all of one size: then they share one palette, and p->pixels is the sheet.
 * BORROWS painted[count]. GIVES p->pixels (image_fini) and sets p->colors. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code finishing(const struct image *painted, int count, const struct request *r,
                                     const struct material *m, struct engine_picture *p,
                                     struct spr_error *err);

/* The same for a picture from elsewhere, of any size: made pixel art of size x size first, by its own grid if it has one
 * of that many cells, else by reduction. Cells of a sheet share their grid, too. BORROWS made[count]. GIVES p->pixels and sets p->colors. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code finishing_found(const struct image *made, int count, const struct request *r,
                                           const struct material *m, struct engine_picture *p,
                                           struct spr_error *err);

#endif
