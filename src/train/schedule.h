/* schedule - the learning rate as a function of how many samples a run has seen: up in a straight line, level,
 * down along half a cosine. Never of wall time, so that a resumed run takes the same steps.
 * Flow:  train/trainer -> [train/schedule]
 * Threads: any; no state. */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H
#include "base/err.h"
#include <stdint.h>

struct schedule {
    double peak;     /* highest rate, > 0 */
    double hold;     /* share of `total` at which the descent begins, 0..1; 0: as soon as it is warm */
    double last;     /* rate at the end as a share of the peak, 0..1 */
    uint64_t warmup; /* samples until the peak is reached */
    uint64_t total;  /* samples in the run, > 0 */
};

/* Names the field that is out of bounds. Fails: SPR_BADARG. */
SPR_MUST_USE enum spr_code schedule_check(const struct schedule *s, struct spr_error *err);

/* The rate of a step that takes samples seen .. seen + batch - 1. Past `total` it stays at the last rate. */
double schedule_rate(const struct schedule *s, uint64_t seen, uint64_t batch);

#endif
