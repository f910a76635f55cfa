/* sampler - ways from noise to a picture along a rectified flow, for any predictor of the finished picture.
 * Flow:  paint/paint -> [paint/sampler] -> its predictor (the denoiser, with guidance)
 * Words: a picture at time t is x = (1 - t) x0 + t eps: t = 1 is noise, t = 0 is the picture. A prediction is the x0
 *   that an x at t seems to come from; the flow's velocity is then v = (x - x0) / t.
 * Invariants: each picture's numbers depend on its own x, seed and predictions only; noise is drawn by (seed, step).
 *   Nothing is allocated.
 * Threads: one run belongs to one thread; the predictor may use others. */
#ifndef PAINT_SAMPLER_H
#define PAINT_SAMPLER_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sampler { SAMPLER_EULER, SAMPLER_HEUN, SAMPLER_ANCESTRAL, SAMPLER_DPM, SAMPLER_COUNT };

struct sampler_row {
    const char *name;
    const char *what; /* one line for a person */
    int predictions;  /* for each step but the last, which takes one */
};
const struct sampler_row *sampler_row(enum sampler sampler);

/* One run over a batch. All pictures go through the same times. */
struct sampler_run {
    enum sampler sampler;
    int steps;   /* >= 1; times are from * (1 - i / steps) */
    double from; /* the first time: 1, or less where x is a picture with some noise */
    int pictures;
    size_t count;         /* numbers in a picture */
    const uint64_t *seed; /* [pictures], and a stream of base/random.h: only SAMPLER_ANCESTRAL draws */
    uint64_t stream;
    void *context; /* of the two calls below */
    /* Writes x0 (pictures, count) as predicted from x (pictures, count) at time t, 0 < t <= 1. */
    void (*predict)(void *context, double t, const float *x, float *x0);
    /* Called after step `done` of steps with the step's first prediction; false stops the run. NULL is fine. */
    bool (*stepped)(void *context, int done, const float *x0);
};

/* The floats that sampler_walk needs as scratch. */
size_t sampler_scratch_floats(const struct sampler_run *r);

/* Takes x (pictures, count) from time r->from to 0. False where `stepped` stopped it. */
bool sampler_walk(const struct sampler_run *r, float *x, float *scratch);

#endif
