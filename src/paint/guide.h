/* guide - one prediction for a batch of pictures: the network with its words and without, pushed apart.
 * Flow:  paint/paint -> [paint/guide] -> paint/unet on the pool's threads
 * v = v_negative + guidance * (v_prompt - v_negative); x0 = clip(x - t v) to -1..1; kept pixels are known.
 * Invariants: every (picture, branch) pair is computed on its own, so neither the number of threads nor the batch
 *   changes a bit. Nothing is allocated.
 * Threads: a struct guide belongs to one caller at a time. */
#ifndef PAINT_GUIDE_H
#define PAINT_GUIDE_H
#include "base/pool.h"
#include "paint/unet.h"
#include <stddef.h>
#include <stdint.h>

enum { GUIDE_BATCH = 2 }; /* most pairs that go through the network at once: the sessions' batch */

struct guide {
    struct pool *pool;
    struct unet_session **session; /* [pool_threads], each for GUIDE_BATCH pictures */
    int pictures;
    int branches;  /* 2: prompt and negative; 1: prompt alone */
    size_t pixels; /* in a picture */
    double guidance;
    const struct unet_text *text; /* [pictures * branches]: prompt, negative, prompt, negative... */
    const float *known;           /* (pixels, 4): what x0 is where keep is 1; NULL without a mask */
    const uint8_t *keep;          /* [pixels] */
    float *x, *v, *t;             /* scratch: (pictures * branches, pixels, 4) twice, [pictures * branches] */
};

/* Writes x0 (pictures, pixels, 4) from x at time t. A predictor of paint/sampler.h; context is the guide. */
void guide_predict(void *context, double t, const float *x, float *x0);

#endif
