/* Group normalisation against the plain formula in double, and its gradients against finite differences of that. */
#include "nn/norm.h"

#include "base/err.h"
#include "base/random.h"
#include "nn/conv.h"
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "cblas" has no loops of its own, and so other bits. */
static const char *const set_names[] = { "avx512bf16", "avx512", "avx2", "neon", "cblas" };
enum { OWN_SETS = SPR_COUNT(set_names) - 1 };

static void in_every_set(void (*check)(void))
{
    char before[16];
    snprintf(before, sizeof before, "%s", nn_kernels_name());
    for (size_t k = 0; k < SPR_COUNT(set_names); k++)
        if (nn_kernels_use(set_names[k]))
            check();
    assert_true(nn_kernels_use(before));
}

enum { MOST = 4096 };

static const struct row {
    const char *why;
    struct norm_shape shape;
    bool adapt, add;
    float level; /* added to x: a large mean must not cost digits */
} rows[] = {
    { "one group", { 1, 6, 4, 4, false }, false, false, 0 },
    { "groups of 16, SiLU", { 2, 19, 32, 16, true }, false, true, 0 },
    { "conditioned", { 3, 9, 24, 8, true }, true, false, 0 },
    { "conditioned, no SiLU", { 2, 5, 20, 4, false }, true, true, 0 },
    { "odd channels", { 2, 7, 15, 5, true }, true, true, 0 },
    { "one position", { 2, 1, 16, 16, true }, true, false, 0 },
    { "large mean", { 1, 16, 16, 16, false }, false, false, 1000 },
};

/* What a case works on; the gradients follow the arrays they are of. */
struct data {
    double x[MOST], weight[64], bias[64], adapt[512], r[MOST]; /* r: the gradient of y */
};

static void fill(struct random r, double low, double high, size_t count, double *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)(low + (high - low) * random_unit(r, i));
}

static void make(const struct row *row, struct data *d)
{
    const struct norm_shape *s = &row->shape;
    size_t C = (size_t)s->channels, all = (size_t)s->batch * (size_t)s->positions * C;
    fill((struct random){ 1, 1 }, row->level - 2, row->level + 2, all, d->x);
    fill((struct random){ 1, 2 }, 0.5, 1.5, C, d->weight);
    fill((struct random){ 1, 3 }, -1, 1, C, d->bias);
    fill((struct random){ 1, 4 }, -1, 1, (size_t)s->batch * 2 * C, d->adapt);
    fill((struct random){ 1, 5 }, -1, 1, all, d->r);
}

struct stats {
    double mean, rstd;
};

static struct stats stats(const struct norm_shape *s, const struct data *d, int b, int first)
{
    int C = s->channels, N = s->positions;
    double mean = 0, square = 0, count = (double)s->group * N;
    for (int n = 0; n < N; n++)
        for (int c = first; c < first + s->group; c++)
            mean += d->x[(b * N + n) * C + c] / count;
    for (int n = 0; n < N; n++)
        for (int c = first; c < first + s->group; c++)
            square += (d->x[(b * N + n) * C + c] - mean) * (d->x[(b * N + n) * C + c] - mean) / count;
    return (struct stats){ mean, 1 / sqrt(square + 1e-5) };
}

static double element(const struct row *row, const struct data *d, struct stats st, int b, int n, int c)
{
    int C = row->shape.channels, N = row->shape.positions;
    double y = (d->x[(b * N + n) * C + c] - st.mean) * st.rstd * d->weight[c] + d->bias[c];
    if (row->adapt)
        y = y * (1 + d->adapt[b * 2 * C + c]) + d->adapt[b * 2 * C + C + c];
    return row->shape.silu ? y / (1 + exp(-y)) : y;
}

static double value(const struct row *row, const struct data *d, int b, int n, int c)
{
    int group = row->shape.group;
    return element(row, d, stats(&row->shape, d, b, c / group * group), b, n, c);
}

/* sum of r y: what the gradients are of. */
static double loss(const struct row *row, const struct data *d)
{
    const struct norm_shape *s = &row->shape;
    double sum = 0;
    for (int b = 0; b < s->batch; b++)
        for (int first = 0; first < s->channels; first += s->group) {
            struct stats st = stats(s, d, b, first);
            for (int n = 0; n < s->positions; n++)
                for (int c = first; c < first + s->group; c++)
                    sum += d->r[(b * s->positions + n) * s->channels + c] * element(row, d, st, b, n, c);
        }
    return sum;
}

struct floats {
    float x[MOST], weight[64], bias[64], adapt[512], r[MOST], y[MOST], again[MOST], state[MOST * 6];
};

static void to_floats(const double *from, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)from[i];
}

static void check_gradient(const struct row *row, struct data *d, double *of, const float *ours, size_t count,
                           double offset, const char *name)
{
    const double h = 1e-4;
    for (size_t i = 0; i < count; i++) {
        double kept = of[i];
        of[i] = kept + h;
        double up = loss(row, d);
        of[i] = kept - h;
        double want = (up - loss(row, d)) / (2 * h) + offset;
        of[i] = kept;
        if (!(fabs(ours[i] - want) < 3e-5 * (1 + fabs(want))))
            fail_msg("%s: gradient of %s[%zu] is %.7g, not %.7g", row->why, name, i, (double)ours[i], want);
    }
}

static void check_formula(void)
{
    static struct data d;
    static struct floats f;
    for (size_t k = 0; k < SPR_COUNT(rows); k++) {
        const struct norm_shape *s = &rows[k].shape;
        size_t C = (size_t)s->channels, all = (size_t)s->batch * (size_t)s->positions * C;
        make(&rows[k], &d);
        to_floats(d.x, MOST, f.x);
        to_floats(d.weight, 64, f.weight);
        to_floats(d.bias, 64, f.bias);
        to_floats(d.adapt, 512, f.adapt);
        struct norm_params p = { f.weight, f.bias, rows[k].adapt ? f.adapt : NULL };
        assert_true(norm_state_floats(s) <= SPR_COUNT(f.state));
        norm_forward(s, f.x, &p, f.state, f.y);
        for (size_t i = 0; i < all; i++) {
            double want =
                value(&rows[k], &d, (int)(i / C) / s->positions, (int)(i / C) % s->positions, (int)(i % C));
            if (!(fabs(f.y[i] - want) < (rows[k].level != 0 ? 2e-4 : 2e-6) * (1 + fabs(want))))
                fail_msg("%s: y[%zu] is %.7g, not %.7g", rows[k].why, i, (double)f.y[i], want);
        }
        norm_again(s, f.x, f.state, f.again);
        assert_memory_equal(f.again, f.y, all * sizeof *f.y);
        memcpy(f.again, f.x, all * sizeof *f.x);
        norm_forward(s, f.again, &p, f.state, f.again);
        assert_memory_equal(f.again, f.y, all * sizeof *f.y);
    }
}

static void check_gradients(void)
{
    static struct data d;
    static struct floats f, g;
    for (size_t k = 0; k < SPR_COUNT(rows) && rows[k].level == 0; k++) {
        const struct row *row = &rows[k];
        const struct norm_shape *s = &row->shape;
        size_t C = (size_t)s->channels, all = (size_t)s->batch * (size_t)s->positions * C;
        make(row, &d);
        to_floats(d.x, MOST, f.x);
        to_floats(d.weight, 64, f.weight);
        to_floats(d.bias, 64, f.bias);
        to_floats(d.adapt, 512, f.adapt);
        to_floats(d.r, MOST, f.r);
        for (size_t i = 0; i < MOST; i++)
            g.x[i] = 0.25f;
        for (size_t i = 0; i < C; i++)
            g.weight[i] = g.bias[i] = 0.5f;
        struct norm_params p = { f.weight, f.bias, row->adapt ? f.adapt : NULL };
        struct norm_grads to = { g.x, row->add, g.weight, g.bias, row->adapt ? g.adapt : NULL };
        norm_forward(s, f.x, &p, f.state, f.y);
        norm_backward(s, f.x, &p, f.state, f.r, &to);
        check_gradient(row, &d, d.x, g.x, all, row->add ? 0.25 : 0, "x");
        check_gradient(row, &d, d.weight, g.weight, C, 0.5, "weight");
        check_gradient(row, &d, d.bias, g.bias, C, 0.5, "bias");
        if (row->adapt)
            check_gradient(row, &d, d.adapt, g.adapt, (size_t)s->batch * 2 * C, 0, "adapt");
    }
}

/* Whatever set was chosen: these change only if the arithmetic does. */
static void check_bits(void)
{
    static struct data d;
    static struct floats f, g;
    const struct row *row = &rows[2];
    const struct norm_shape *s = &row->shape;
    size_t all = (size_t)s->batch * (size_t)s->positions * (size_t)s->channels;
    make(row, &d);
    to_floats(d.x, MOST, f.x);
    to_floats(d.weight, 64, f.weight);
    to_floats(d.bias, 64, f.bias);
    to_floats(d.adapt, 512, f.adapt);
    to_floats(d.r, MOST, f.r);
    struct norm_params p = { f.weight, f.bias, f.adapt };
    struct norm_grads to = { g.x, false, g.weight, g.bias, g.adapt };
    for (size_t k = 0; k < OWN_SETS; k++) {
        if (!nn_kernels_use(set_names[k]))
            continue;
        to_floats(d.r, MOST, f.r);
        norm_forward(s, f.x, &p, f.state, f.y);
        norm_backward(s, f.x, &p, f.state, f.r, &to);
        uint64_t hash = 0;
        for (size_t i = 0; i < all; i++) {
            uint32_t bits[2];
            memcpy(&bits[0], &f.y[i], 4);
            memcpy(&bits[1], &g.x[i], 4);
            hash = random_mix(hash ^ bits[0] ^ (uint64_t)bits[1] << 32);
        }
        if (hash != UINT64_C(0x6287d9da7f2f8091))
            fail_msg("%s gives 0x%016" PRIx64, nn_kernels_name(), hash);
    }
}

static void check_samples(void)
{
    static struct data d;
    static struct floats f;
    const struct row *row = &rows[2];
    struct norm_shape one = row->shape;
    size_t C = (size_t)one.channels, sample = (size_t)one.positions * C;
    make(row, &d);
    to_floats(d.x, MOST, f.x);
    to_floats(d.weight, 64, f.weight);
    to_floats(d.bias, 64, f.bias);
    to_floats(d.adapt, 512, f.adapt);
    struct norm_params p = { f.weight, f.bias, f.adapt };
    norm_forward(&one, f.x, &p, f.state, f.y);
    one.batch = 1;
    for (size_t i = 0; i < 3; i++) {
        p.adapt = f.adapt + i * 2 * C;
        norm_forward(&one, f.x + i * sample, &p, f.state, f.again);
        assert_memory_equal(f.again, f.y + i * sample, sample * sizeof *f.y);
    }
}

static void matches_the_formula(void **state)
{
    (void)state;
    in_every_set(check_formula);
}

static void gradients_match_differences(void **state)
{
    (void)state;
    in_every_set(check_gradients);
}

static void samples_do_not_meet(void **state)
{
    (void)state;
    in_every_set(check_samples);
}

static void bits_are_fixed(void **state)
{
    (void)state;
    char before[16];
    snprintf(before, sizeof before, "%s", nn_kernels_name());
    check_bits();
    assert_true(nn_kernels_use(before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_formula),
        cmocka_unit_test(gradients_match_differences),
        cmocka_unit_test(bits_are_fixed),
        cmocka_unit_test(samples_do_not_meet),
    };
    return cmocka_run_group_tests_name("nn/norm", tests, NULL, NULL);
}
