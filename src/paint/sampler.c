/* With a prediction x0 held fixed, x moves on the straight line from x to x0: at t' it is x0 + (t'/t) (x - x0). That
 * is Euler's step for the flow, exact at t' = 0. The others differ in what they put in the place of x0.
 *
 * Sources:
 *   Euler, and the flow itself: Liu, Gong, Liu, "Flow straight and fast" (2022), arXiv 2209.03003.
 *   Heun: the trapezoid rule on v, as Karras, Aittala, Aila, Laine, "Elucidating the design space of diffusion-based
 *     generative models" (2022), arXiv 2206.00364, algorithm 1; the last step is Euler's, since v needs t > 0.
 *   Ancestral: after each prediction half of the noise's variance is drawn anew, as Song, Meng, Ermon, "Denoising
 *     diffusion implicit models" (2020), arXiv 2010.02502, equation 12 with part of the noise fresh. The half is a
 *     constant found by eye on this program's models; it does not shrink with the step, so more steps smooth more.
 *   DPM: DPM-Solver++(2M) of Lu, Zhou, Bao, Chen, Li, Zhu (2022), arXiv 2211.01095, algorithm 2, in data prediction
 *     with alpha = 1 - t, sigma = t, so lambda = log((1 - t) / t). The first step, and the last, which goes to
 *     lambda = infinity, are of first order, which is Euler's step. */
#include "paint/sampler.h"

#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const struct sampler_row rows[SAMPLER_COUNT] = {
    [SAMPLER_EULER] = { "euler", "straight steps: fast, the same picture from 10 steps on", 1 },
    [SAMPLER_HEUN] = { "heun", "second order: twice the work of a step, for few steps", 2 },
    [SAMPLER_ANCESTRAL] = { "ancestral", "fresh noise in every step: often the more coherent object", 1 },
    [SAMPLER_DPM] = { "dpm", "DPM-Solver++(2M): second order at the work of euler", 1 },
};

const struct sampler_row *sampler_row(enum sampler sampler)
{
    assert(sampler < SAMPLER_COUNT);
    return &rows[sampler];
}

/* The run and its place in the scratch: three batches, as far as the sampler needs them. */
struct walk {
    const struct sampler_run *r;
    size_t all;   /* numbers in the batch */
    float *x0;    /* this step's prediction */
    float *other; /* heun: x at the next time; dpm: the prediction before; ancestral: one picture's noise */
    float *other_x0; /* heun: the prediction there */
};

static double time_at(const struct sampler_run *r, int i)
{
    return r->from * (1 - (double)i / r->steps);
}

size_t sampler_scratch_floats(const struct sampler_run *r)
{
    size_t all = (size_t)r->pictures * r->count;
    return r->sampler == SAMPLER_HEUN ? 3 * all : r->sampler == SAMPLER_EULER ? all : 2 * all;
}

/* to = x0 + (next / t) (x - x0) */
static void move(size_t count, double t, double next, const float *x, const float *x0, float *to)
{
    float ratio = (float)(next / t);
    for (size_t i = 0; i < count; i++)
        to[i] = x0[i] + ratio * (x[i] - x0[i]);
}

static void step_euler(const struct walk *w, int step, float *x)
{
    move(w->all, time_at(w->r, step), time_at(w->r, step + 1), x, w->x0, x);
}

static void step_heun(const struct walk *w, int step, float *x)
{
    double t = time_at(w->r, step), next = time_at(w->r, step + 1);
    if (step + 1 == w->r->steps) {
        step_euler(w, step, x);
        return;
    }
    move(w->all, t, next, x, w->x0, w->other);
    w->r->predict(w->r->context, next, w->other, w->other_x0);
    float here = (float)((next - t) / (2 * t)), there = (float)((next - t) / (2 * next));
    for (size_t i = 0; i < w->all; i++)
        x[i] += here * (x[i] - w->x0[i]) + there * (w->other[i] - w->other_x0[i]);
}

static void step_ancestral(const struct walk *w, int step, float *x)
{
    const struct sampler_run *r = w->r;
    double t = time_at(r, step), next = time_at(r, step + 1);
    if (step + 1 == r->steps) {
        step_euler(w, step, x);
        return;
    }
    float half = (float)sqrt(0.5), kept = half * (float)(next / t), signal = (float)(1 - t);
    for (int p = 0; p < r->pictures; p++) {
        size_t at = (size_t)p * r->count;
        const float *x0 = w->x0 + at;
        float *to = x + at;
        random_normals((struct random){ r->seed[p], r->stream }, (uint64_t)step * r->count, r->count,
                       w->other);
        for (size_t i = 0; i < r->count; i++)
            to[i] = (float)(1 - next) * x0[i] + kept * (to[i] - signal * x0[i]) +
                    half * (float)next * w->other[i];
    }
}

static double lambda(double t)
{
    return log((1 - t) / t);
}

static void step_dpm(const struct walk *w, int step, float *x)
{
    const struct sampler_run *r = w->r;
    double t = time_at(r, step), next = time_at(r, step + 1), ratio = next / t;
    float lean = 0; /* how far to lean away from the prediction before: h / (2 h_before) */
    if (step > 0 && step + 1 < r->steps && time_at(r, step - 1) < 1)
        lean = (float)((lambda(next) - lambda(t)) / (2 * (lambda(t) - lambda(time_at(r, step - 1)))));
    for (size_t i = 0; i < w->all; i++) {
        float x0 = w->x0[i], led = x0;
        if (step > 0)
            led += lean * (x0 - w->other[i]);
        x[i] = led + (float)ratio * (x[i] - led);
        w->other[i] = x0;
    }
}

bool sampler_walk(const struct sampler_run *r, float *x, float *scratch)
{
    static void (*const step_of[SAMPLER_COUNT])(const struct walk *, int, float *) = {
        [SAMPLER_EULER] = step_euler,
        [SAMPLER_HEUN] = step_heun,
        [SAMPLER_ANCESTRAL] = step_ancestral,
        [SAMPLER_DPM] = step_dpm,
    };
    assert(r->steps >= 1 && r->from > 0 && r->from <= 1 && r->sampler < SAMPLER_COUNT);
    size_t all = (size_t)r->pictures * r->count;
    struct walk w = { .r = r, .all = all, .x0 = scratch };
    if (r->sampler != SAMPLER_EULER)
        w.other = scratch + all;
    if (r->sampler == SAMPLER_HEUN)
        w.other_x0 = scratch + 2 * all;
    for (int step = 0; step < r->steps; step++) {
        r->predict(r->context, time_at(r, step), x, w.x0);
        step_of[r->sampler](&w, step, x);
        if (r->stepped && !r->stepped(r->context, step + 1, w.x0))
            return false;
    }
    return true;
}
