#include "nn/act.h"

#include "nn/clones.h"
#include "nn/exp.h"

NN_CLONES
static void silu(const float *x, size_t count, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * sigmoid_fixed(x[i]);
}

NN_CLONES
static void silu_backward(const float *x, const float *dy, size_t count, float *dx)
{
    for (size_t i = 0; i < count; i++) {
        float s = sigmoid_fixed(x[i]);
        dx[i] = dy[i] * (s + x[i] * s * (1.0f - s));
    }
}

NN_CLONES
static void add(const float *restrict x, size_t count, float *restrict y)
{
    for (size_t i = 0; i < count; i++)
        y[i] += x[i];
}

void act_silu(const float *x, size_t count, float *y)
{
    silu(x, count, y);
}

void act_silu_backward(const float *x, const float *dy, size_t count, float *dx)
{
    silu_backward(x, dy, count, dx);
}

void act_add(const float *x, size_t count, float *y)
{
    add(x, count, y);
}

enum { LANES = 8 };

/* Lane l sums the squares of elements l, l + 8, ...; the lanes are then added from the first to the last. */
NN_CLONES
static double squares(const float *y, const float *target, size_t count)
{
    double lane[LANES] = { 0 }, sum = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) {
            double d = (double)y[i + l] - target[i + l];
            lane[l] += d * d;
        }
    for (int l = 0; i < count; i++, l++) {
        double d = (double)y[i] - target[i];
        lane[l] += d * d;
    }
    for (int l = 0; l < LANES; l++)
        sum += lane[l];
    return sum;
}

NN_CLONES
static void squares_backward(const float *y, const float *target, size_t count, float factor, float *dy)
{
    for (size_t i = 0; i < count; i++)
        dy[i] = factor * (y[i] - target[i]);
}

double act_mse(const float *y, const float *target, size_t count, float scale, float *dy)
{
    double sum = squares(y, target, count);
    if (dy)
        squares_backward(y, target, count, scale * 2.0f / (float)count, dy);
    return sum / (double)count;
}
