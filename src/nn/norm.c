/* Statistics are column sums first: each channel's sum over the positions, which runs along the channels in memory
 * and needs no reduction across vector lanes; then the few channels of a group are added in double. Two passes (mean,
 * then squares about it), because one pass loses digits where the mean is large. The normalisation, its affine part
 * and the conditioning fold into one multiply and one add per element: y = a[c] x + b[c]. */
#include "nn/norm.h"

#include "nn/clones.h"
#include "nn/exp.h"
#include "nn/kernels.h"
#include "nn/tiles.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const float EPSILON = 1e-5f;

/* One sample's part of the state; every row is (C). */
struct rows {
    float *mean, *rstd; /* of the channel's group */
    float *a, *b;       /* y = a x + b before the SiLU */
    float *s1, *s2;     /* work of the backward pass */
};

enum { STATE_ROWS = 6 };

static struct rows sample_rows(const struct norm_shape *s, const float *state, int sample)
{
    size_t C = (size_t)s->channels;
    float *at = (float *)state + (size_t)sample * STATE_ROWS * C;
    return (struct rows){ at, at + C, at + 2 * C, at + 3 * C, at + 4 * C, at + 5 * C };
}

size_t norm_state_floats(const struct norm_shape *s)
{
    return (size_t)s->batch * STATE_ROWS * (size_t)s->channels;
}

NN_CLONES
static void column_sums(const float *restrict x, size_t N, size_t C, float *restrict sum)
{
    memset(sum, 0, C * sizeof *sum);
    size_t n = 0;
    for (; n + 8 <= N; n += 8) {
        const float *r = x + n * C, *q = r + 4 * C;
        for (size_t c = 0; c < C; c++)
            sum[c] += ((r[c] + r[c + C]) + (r[c + 2 * C] + r[c + 3 * C])) +
                      ((q[c] + q[c + C]) + (q[c + 2 * C] + q[c + 3 * C]));
    }
    for (; n < N; n++)
        for (size_t c = 0; c < C; c++)
            sum[c] += x[n * C + c];
}

NN_INLINE float square(float x)
{
    return x * x;
}

NN_CLONES
static void column_squares(const float *restrict x, size_t N, size_t C, const float *restrict mean,
                           float *restrict sum)
{
    memset(sum, 0, C * sizeof *sum);
    size_t n = 0;
    for (; n + 4 <= N; n += 4) {
        const float *r = x + n * C;
        for (size_t c = 0; c < C; c++)
            sum[c] += (square(r[c] - mean[c]) + square(r[c + C] - mean[c])) +
                      (square(r[c + 2 * C] - mean[c]) + square(r[c + 3 * C] - mean[c]));
    }
    for (; n < N; n++)
        for (size_t c = 0; c < C; c++)
            sum[c] += square(x[n * C + c] - mean[c]);
}

/* Each group's mean of `sum` over group and positions, written to all its channels. */
static void group_means(const struct norm_shape *s, const float *sum, float *mean)
{
    double count = (double)s->group * s->positions;
    for (int first = 0; first < s->channels; first += s->group) {
        double total = 0;
        for (int c = first; c < first + s->group; c++)
            total += sum[c];
        for (int c = first; c < first + s->group; c++)
            mean[c] = (float)(total / count);
    }
}

static void fold(const struct norm_shape *s, const struct norm_params *p, const float *adapt, struct rows r)
{
    int C = s->channels;
    for (int c = 0; c < C; c++) {
        float a = p->weight[c] * r.rstd[c], b = p->bias[c] - a * r.mean[c];
        if (adapt) {
            a *= 1.0f + adapt[c];
            b = b * (1.0f + adapt[c]) + adapt[C + c];
        }
        r.a[c] = a;
        r.b[c] = b;
    }
}

NN_CLONES
static void apply(const float *x, size_t N, size_t C, const float *restrict a, const float *restrict b,
                  float *y)
{
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++)
            y[n * C + c] = x[n * C + c] * a[c] + b[c];
}

NN_CLONES
static void apply_silu(const float *x, size_t N, size_t C, const float *restrict a, const float *restrict b,
                       float *y)
{
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) {
            float z = x[n * C + c] * a[c] + b[c];
            y[n * C + c] = z * sigmoid_fixed(z);
        }
}

void norm_again(const struct norm_shape *s, const float *x, const float *state, float *y)
{
    size_t N = (size_t)s->positions, C = (size_t)s->channels;
    const struct pointwise *quick = nn_pointwise();
    for (int i = 0; i < s->batch; i++) {
        struct rows r = sample_rows(s, state, i);
        (!s->silu ? apply : quick ? quick->silu : apply_silu)(x + i * N * C, N, C, r.a, r.b, y + i * N * C);
    }
}

void norm_forward(const struct norm_shape *s, const float *x, const struct norm_params *p, float *state,
                  float *y)
{
    assert(s->group > 0 && s->channels % s->group == 0);
    size_t N = (size_t)s->positions, C = (size_t)s->channels;
    for (int i = 0; i < s->batch; i++) {
        struct rows r = sample_rows(s, state, i);
        column_sums(x + i * N * C, N, C, r.s1);
        group_means(s, r.s1, r.mean);
        column_squares(x + i * N * C, N, C, r.mean, r.s1);
        group_means(s, r.s1, r.rstd);
        for (size_t c = 0; c < C; c++)
            r.rstd[c] = 1.0f / sqrtf(r.rstd[c] + EPSILON);
        fold(s, p, p->adapt ? p->adapt + i * 2 * C : NULL, r);
    }
    norm_again(s, x, state, y);
}

/* dy becomes the gradient before the SiLU; s1 and s2 its column sums, plain and times (x - mean). */
NN_CLONES
static void back_plain(const float *restrict x, size_t N, size_t C, bool silu, struct rows r,
                       float *restrict dy)
{
    const float *restrict a = r.a, *restrict b = r.b, *restrict mean = r.mean;
    float *restrict s1 = r.s1, *restrict s2 = r.s2;
    memset(s1, 0, C * sizeof *s1);
    memset(s2, 0, C * sizeof *s2);
    for (size_t n = 0; n < N; n++, x += C, dy += C) {
        if (silu)
            for (size_t c = 0; c < C; c++) {
                float z = x[c] * a[c] + b[c], g = sigmoid_fixed(z);
                dy[c] *= g + z * g * (1.0f - g);
            }
        for (size_t c = 0; c < C; c++) {
            s1[c] += dy[c];
            s2[c] += dy[c] * (x[c] - mean[c]);
        }
    }
}

static void back_params(const struct norm_shape *s, const struct norm_params *p, const float *adapt,
                        struct rows r, const struct norm_grads *g, float *dadapt)
{
    int C = s->channels;
    for (int c = 0; c < C; c++) {
        float along = r.s2[c] * r.rstd[c], one = adapt ? 1.0f + adapt[c] : 1.0f;
        g->weight[c] += one * along;
        g->bias[c] += one * r.s1[c];
        if (dadapt) {
            dadapt[c] = p->weight[c] * along + p->bias[c] * r.s1[c];
            dadapt[C + c] = r.s1[c];
        }
    }
}

/* dx = a dz + s2 x + s1: turns the sums in s1 and s2 into those coefficients. With a = weight (1 + scale) rstd,
 *   dx = a dz - rstd mean(a dz / rstd) - (x - mean) rstd^2 mean(a dz (x - mean)), means over group and positions. */
static void back_coefficients(const struct norm_shape *s, struct rows r)
{
    double count = (double)s->group * s->positions;
    for (int first = 0; first < s->channels; first += s->group) {
        double plain = 0, along = 0, mean = r.mean[first], rstd = r.rstd[first];
        for (int c = first; c < first + s->group; c++) {
            plain += (double)r.a[c] * r.s1[c];
            along += (double)r.a[c] * r.s2[c];
        }
        double slope = -along * rstd * rstd / count, level = -plain / count - slope * mean;
        for (int c = first; c < first + s->group; c++) {
            r.s1[c] = (float)level;
            r.s2[c] = (float)slope;
        }
    }
}

NN_CLONES
static void back_apply(const float *restrict x, const float *restrict dz, size_t N, size_t C, struct rows r,
                       bool add, float *restrict dx)
{
    const float *restrict a = r.a, *restrict level = r.s1, *restrict slope = r.s2;
    for (size_t n = 0; n < N; n++, x += C, dz += C, dx += C) {
        if (add)
            for (size_t c = 0; c < C; c++)
                dx[c] += a[c] * dz[c] + (slope[c] * x[c] + level[c]);
        else
            for (size_t c = 0; c < C; c++)
                dx[c] = a[c] * dz[c] + (slope[c] * x[c] + level[c]);
    }
}

static void back_silu(const float *x, size_t N, size_t C, bool silu, struct rows r, float *dy)
{
    const struct pointwise *quick = nn_pointwise();
    const struct affine of = { r.a, r.b, r.mean };
    if (silu && quick)
        quick->silu_back(x, N, C, &of, dy, r.s1, r.s2);
    else
        back_plain(x, N, C, silu, r, dy);
}

void norm_backward(const struct norm_shape *s, const float *x, const struct norm_params *p, float *state,
                   float *dy, const struct norm_grads *g)
{
    size_t N = (size_t)s->positions, C = (size_t)s->channels;
    for (int i = 0; i < s->batch; i++) {
        size_t at = (size_t)i * N * C;
        struct rows r = sample_rows(s, state, i);
        back_silu(x + at, N, C, s->silu, r, dy + at);
        back_params(s, p, p->adapt ? p->adapt + i * 2 * C : NULL, r, g,
                    g->adapt ? g->adapt + i * 2 * C : NULL);
        back_coefficients(s, r);
        back_apply(x + at, dy + at, N, C, r, g->add_x, g->x + at);
    }
}
