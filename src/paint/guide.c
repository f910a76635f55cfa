#include "paint/guide.h"

#include "paint/canvas.h"

#include <string.h>

/* Pairs are numbered picture * branches + branch and go through the network in groups of neighbours, so that where
 * there are fewer threads than pairs both branches of a picture share one reading of the weights. */
static int group_size(const struct guide *g)
{
    int pairs = g->pictures * g->branches, threads = pool_threads(g->pool);
    int size = (pairs + threads - 1) / threads;
    return size < GUIDE_BATCH ? size : GUIDE_BATCH;
}

static void run_group(void *context, int index, int worker)
{
    const struct guide *g = context;
    int size = group_size(g), first = index * size, pairs = g->pictures * g->branches;
    int n = pairs - first < size ? pairs - first : size;
    size_t at = (size_t)first * g->pixels * CANVAS_CHANNELS;
    unet_forward(g->session[worker], n, g->x + at, g->t + first, g->text + first, g->v + at);
}

static float clip(float x)
{
    return x < -1 ? -1 : x > 1 ? 1 : x;
}

/* One picture: from its branches' velocities to x0. */
static void combine(const struct guide *g, float t, const float *x, const float *v, float *x0)
{
    size_t count = g->pixels * CANVAS_CHANNELS;
    const float *other = v + count;
    float guidance = (float)g->guidance;
    for (size_t i = 0; i < count; i++) {
        float velocity = g->branches == 2 ? other[i] + guidance * (v[i] - other[i]) : v[i];
        x0[i] = clip(x[i] - t * velocity);
    }
    for (size_t i = 0; g->keep && i < g->pixels; i++)
        if (g->keep[i])
            memcpy(x0 + i * CANVAS_CHANNELS, g->known + i * CANVAS_CHANNELS, CANVAS_CHANNELS * sizeof *x0);
}

void guide_predict(void *context, double t, const float *x, float *x0)
{
    struct guide *g = context;
    int pairs = g->pictures * g->branches, size = group_size(g);
    size_t count = g->pixels * CANVAS_CHANNELS;
    for (int i = 0; i < pairs; i++) {
        memcpy(g->x + (size_t)i * count, x + (size_t)(i / g->branches) * count, count * sizeof *x);
        g->t[i] = (float)t;
    }
    pool_run(g->pool, (pairs + size - 1) / size, run_group, g);
    for (int p = 0; p < g->pictures; p++)
        combine(g, (float)t, x + (size_t)p * count, g->v + (size_t)(p * g->branches) * count,
                x0 + (size_t)p * count);
}
