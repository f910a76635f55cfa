/* chest - tiles of chests and bows, drawn pixel by pixel.
 * Flow:  draw/main -> [draw/chest] -> draw/keep
 * Threads: any; no state. */
#ifndef DRAW_CHEST_H
#define DRAW_CHEST_H
#include "base/buf.h"
#include "base/err.h"

/* All chests, all bows. Fails as keep_tile. */
SPR_MUST_USE enum spr_code draw_chests(const char *folder, struct buf *lines, struct spr_error *err);

#endif
