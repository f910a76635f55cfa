/* Attention against the plain formula in double, and its gradients against finite differences of that. */
#include "nn/attention.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "nn/conv.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const set_names[] = { "avx512bf16", "avx512", "avx2", "neon", "cblas" };

static void in_every_set(void (*check)(void))
{
    char before[16];
    snprintf(before, sizeof before, "%s", nn_kernels_name());
    for (size_t k = 0; k < SPR_COUNT(set_names); k++)
        if (nn_kernels_use(set_names[k]))
            check();
    assert_true(nn_kernels_use(before));
}

enum { MOST = 30000, BATCH = 3 };

static const struct row {
    const char *why;
    struct attention_shape shape;
    int words[BATCH];
    int step; /* every how many elements the gradient is checked */
} rows[] = {
    { "one head", { 1, 4, 8, 1, 17 }, { 1 }, 1 },
    { "heads of 5, different prompts", { 3, 6, 10, 2, 17 }, { 1, 9, 4 }, 1 },
    { "no words", { 2, 9, 12, 3, 17 }, { 0, 2 }, 1 },
    { "heads of 40, as published", { 1, 16, 80, 2, 9 }, { 9 }, 37 },
    { "more positions than a tile", { 2, 90, 8, 1, 3 }, { 3, 2 }, 41 },
};

struct data {
    double qkv[MOST], tkv[MOST], r[MOST];
};

static void make(const struct row *row, struct data *d)
{
    for (size_t i = 0; i < MOST; i++) {
        d->qkv[i] = (float)(4 * random_unit((struct random){ 5, 1 }, i) - 2);
        d->tkv[i] = (float)(4 * random_unit((struct random){ 5, 2 }, i) - 2);
        d->r[i] = (float)(2 * random_unit((struct random){ 5, 3 }, i) - 1);
    }
    (void)row;
}

/* out (N, C) of sample b */
static void plain(const struct row *row, const struct data *d, int b, double *out)
{
    const struct attention_shape *s = &row->shape;
    int N = s->positions, C = s->channels, w = C / s->heads, L = N + row->words[b], first = 0;
    for (int i = 0; i < b; i++)
        first += row->words[i];
    for (int n = 0; n < N; n++)
        for (int head = 0; head < C; head += w) {
            double p[256], sum = 0;
            const double *q = d->qkv + (b * N + n) * 3 * C + head;
            for (int l = 0; l < L; l++) {
                const double *k =
                    l < N ? d->qkv + (b * N + l) * 3 * C + C + head : d->tkv + (first + l - N) * 2 * C + head;
                double dot = 0;
                for (int c = 0; c < w; c++)
                    dot += q[c] * k[c];
                sum += p[l] = exp(dot / sqrt(w));
            }
            for (int c = 0; c < w; c++) {
                double y = 0;
                for (int l = 0; l < L; l++)
                    y += p[l] / sum *
                         (l < N ? d->qkv[(b * N + l) * 3 * C + 2 * C + head + c]
                                : d->tkv[(first + l - N) * 2 * C + C + head + c]);
                out[n * C + head + c] = y;
            }
        }
}

static double loss(const struct row *row, const struct data *d)
{
    static double out[MOST];
    const struct attention_shape *s = &row->shape;
    double sum = 0;
    for (int b = 0; b < s->batch; b++) {
        plain(row, d, b, out);
        for (int i = 0; i < s->positions * s->channels; i++)
            sum += out[i] * d->r[b * s->positions * s->channels + i];
    }
    return sum;
}

struct floats {
    float qkv[MOST], tkv[MOST], r[MOST], out[MOST], dqkv[MOST], dtkv[MOST];
    float *scratch;
};

static void load(const struct row *row, const struct data *d, struct floats *f)
{
    for (size_t i = 0; i < MOST; i++) {
        f->qkv[i] = (float)d->qkv[i];
        f->tkv[i] = (float)d->tkv[i];
        f->r[i] = (float)d->r[i];
    }
    f->scratch = mem_aligned(attention_scratch_floats(&row->shape, true), sizeof(float));
    assert_non_null(f->scratch);
}

static void check_formula(void)
{
    static struct data d;
    static struct floats f;
    static double want[MOST];
    for (size_t k = 0; k < SPR_COUNT(rows); k++) {
        const struct attention_shape *s = &rows[k].shape;
        make(&rows[k], &d);
        load(&rows[k], &d, &f);
        struct attention_input in = { f.qkv, f.tkv, rows[k].words };
        attention_forward(s, &in, f.out, f.scratch);
        for (int b = 0; b < s->batch; b++) {
            int sample = s->positions * s->channels;
            plain(&rows[k], &d, b, want);
            for (int i = 0; i < sample; i++)
                if (!(fabs(f.out[b * sample + i] - want[i]) < 3e-6))
                    fail_msg("%s: out[%d] of %d is %.7g, not %.7g", rows[k].why, i, b,
                             (double)f.out[b * sample + i], want[i]);
        }
        mem_free(f.scratch);
    }
}

static void check_gradient(const struct row *row, struct data *d, double *of, const float *ours, size_t count,
                           const char *name)
{
    const double h = 1e-4;
    for (size_t i = 0; i < count; i += (size_t)row->step) {
        double kept = of[i];
        of[i] = kept + h;
        double up = loss(row, d);
        of[i] = kept - h;
        double want = (up - loss(row, d)) / (2 * h);
        of[i] = kept;
        if (!(fabs(ours[i] - want) < 1e-5 * (1 + fabs(want))))
            fail_msg("%s: gradient of %s[%zu] is %.7g, not %.7g", row->why, name, i, (double)ours[i], want);
    }
}

static void check_gradients(void)
{
    static struct data d;
    static struct floats f;
    for (size_t k = 0; k < SPR_COUNT(rows); k++) {
        const struct attention_shape *s = &rows[k].shape;
        size_t words = 0, C = (size_t)s->channels;
        for (int b = 0; b < s->batch; b++)
            words += (size_t)rows[k].words[b];
        make(&rows[k], &d);
        load(&rows[k], &d, &f);
        struct attention_input in = { f.qkv, f.tkv, rows[k].words };
        attention_backward(s, &in, f.r, f.dqkv, f.dtkv, f.scratch);
        check_gradient(&rows[k], &d, d.qkv, f.dqkv, (size_t)s->batch * (size_t)s->positions * 3 * C, "qkv");
        check_gradient(&rows[k], &d, d.tkv, f.dtkv, words * 2 * C, "tkv");
        mem_free(f.scratch);
    }
}

static void check_samples(void)
{
    static struct data d;
    static struct floats f;
    static float alone[MOST];
    const struct row *row = &rows[1];
    struct attention_shape s = row->shape;
    size_t C = (size_t)s.channels, N = (size_t)s.positions, first = 0;
    make(row, &d);
    load(row, &d, &f);
    struct attention_input in = { f.qkv, f.tkv, row->words };
    attention_forward(&s, &in, f.out, f.scratch);
    s.batch = 1;
    for (size_t b = 0; b < 3; b++) {
        struct attention_input one = { f.qkv + b * N * 3 * C, f.tkv + first * 2 * C, row->words + b };
        attention_forward(&s, &one, alone, f.scratch);
        assert_memory_equal(alone, f.out + b * N * C, N * C * sizeof *alone);
        first += (size_t)row->words[b];
    }
    mem_free(f.scratch);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_formula),
        cmocka_unit_test(gradients_match_differences),
        cmocka_unit_test(samples_do_not_meet),
    };
    return cmocka_run_group_tests_name("nn/attention", tests, NULL, NULL);
}
