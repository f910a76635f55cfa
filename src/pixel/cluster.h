/* cluster - weighted points in three dimensions into at most k groups with small squared distances.
 * Flow:  pixel/histogram's colours in a colour space -> [pixel/cluster] -> pixel/quantise
 * Deterministic: no random numbers, sums in double precision in the order of the points.
 * Threads: any; nothing is shared. */
#ifndef PIXEL_CLUSTER_H
#define PIXEL_CLUSTER_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

enum { CLUSTER_MAX = 256 };

struct points {
    size_t count;
    float *x, *y, *z, *weight; /* (count) each; weights > 0; one block, x is its address */
};

/* GIVES ret->x and the others (points_fini). count > 0. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code points_init(struct points *ret, size_t count, struct spr_error *err);
void points_fini(struct points *p); /* fine on a zeroed one */

struct clusters {
    int count;
    float x[CLUSTER_MAX], y[CLUSTER_MAX], z[CLUSTER_MAX]; /* centres: the weighted mean of each group */
    double weight[CLUSTER_MAX];                           /* of each group's points */
    uint8_t *member;                                      /* (points) the group of each */
};

/* 1 <= k <= CLUSTER_MAX. Groups whose centres are closer than min_distance are joined (0: none). BORROWS p.
 * GIVES ret->member (clusters_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code clusters_init(struct clusters *ret, const struct points *p, int k,
                                         float min_distance, struct spr_error *err);
void clusters_fini(struct clusters *c); /* fine on a zeroed one */

#endif
