/* painter - the working memory of the threads; paint.c's own.
 * Threads: as struct painter in paint.h. */
#ifndef PAINT_PAINTER_H
#define PAINT_PAINTER_H
#include "paint/paint.h"

enum { PAINTER_SEATS = 2 }; /* seats: the base size, and one other */

struct painter_seat {
    struct unet_session **session; /* [pool_threads], each for GUIDE_BATCH pictures; NULLs while side is 0 */
    int side;
    bool wrap;
    enum conv_precision precision;
};

struct painter {
    struct nets *nets;
    const struct unet_layout *layout;
    const float *params;
    int base;
    struct pool *pool;
    struct painter_seat seat[PAINTER_SEATS];
};

/* The seat for this size; its sessions stay open from call to call while the other arguments are the same. Fails:
 * SPR_NOMEM, SPR_BADARG. */
SPR_MUST_USE enum spr_code painter_sit(struct painter *p, int side, bool wrap, enum conv_precision precision,
                                       struct painter_seat **ret, struct spr_error *err);

#endif
