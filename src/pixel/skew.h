/* skew - pictures that were turned by a degree or less: how far, and turning them back.
 * Flow:  pixel/edges -> [pixel/skew] -> the picture upright -> pixel/edges again
 * The bands of an edge map are moved against each other as each angle would have it; at the right angle the lines of all
 * bands fall together and the profile's variance is highest (the projection profile of document scanning).
 * Threads: any; nothing is shared. */
#ifndef PIXEL_SKEW_H
#define PIXEL_SKEW_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/edges.h"

/* tan of the angle by which the picture was turned clockwise, within 1.3 degrees; 0 where turning it back would not
 * move any line by half a pixel or not make the lines clearly sharper. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code skew_find(const struct edge_map *m, double *ret_tangent, struct spr_error *err);

/* The picture turned back by that angle around its middle, same size, bilinear in premultiplied colours; what comes
 * from outside is the nearest border pixel. GIVES ret->pixel. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code skew_straighten(const struct image *im, double tangent, struct image *ret,
                                           struct spr_error *err);

#endif
