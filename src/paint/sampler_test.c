/* Each sampler against a flow whose answer is known: data normal with mean M and deviation S. There the best
 * prediction is x0 = M + (1-t) S^2 / ((1-t)^2 S^2 + t^2) (x - (1-t) M), and noise z ends at M + S z exactly. */
#include "paint/sampler.h"

#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 64, PICTURES = 2, ALL = COUNT * PICTURES };

static const double MEAN = 0.3, SPREAD = 0.5;

static int predictions;

static void predict(void *context, double t, const float *x, float *x0)
{
    (void)context;
    double a = 1 - t, share = a * SPREAD * SPREAD / (a * a * SPREAD * SPREAD + t * t);
    for (size_t i = 0; i < ALL; i++)
        x0[i] = (float)(MEAN + share * ((double)x[i] - a * MEAN));
    predictions++;
}

static const uint64_t SEEDS[PICTURES] = { 7, 8 };

static struct sampler_run run_of(enum sampler sampler, int steps)
{
    return (struct sampler_run){ .sampler = sampler,
                                 .steps = steps,
                                 .from = 1,
                                 .pictures = PICTURES,
                                 .count = COUNT,
                                 .seed = SEEDS,
                                 .stream = 2,
                                 .predict = predict };
}

static void noise(float *x)
{
    for (int p = 0; p < PICTURES; p++)
        random_normals((struct random){ SEEDS[p], 1 }, 0, COUNT, x + (size_t)p * COUNT);
}

/* Root mean square distance from the exact end. */
static double error_of(enum sampler sampler, int steps)
{
    float x[ALL], z[ALL], scratch[3 * ALL];
    struct sampler_run r = run_of(sampler, steps);
    double sum = 0;
    noise(z);
    noise(x);
    assert_true(sampler_scratch_floats(&r) <= 3 * ALL);
    assert_true(sampler_walk(&r, x, scratch));
    for (size_t i = 0; i < ALL; i++)
        sum += pow((double)x[i] - (MEAN + SPREAD * (double)z[i]), 2);
    return sqrt(sum / ALL);
}

static void errors_shrink_with_the_samplers_order(void **state)
{
    (void)state;
    static const struct {
        enum sampler sampler;
        double low, high; /* halving the step divides the error by 2 to this */
        double at_20;     /* the most error with 20 steps */
    } rows[] = {
        { SAMPLER_EULER, 0.95, 1.05, 0.04 },
        { SAMPLER_HEUN, 1.95, 2.05, 0.003 },
        { SAMPLER_DPM, 1.70, 2.05, 0.006 }, /* with equal times its lambdas crowd: h^2 log(1/h) */
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        double e20 = error_of(rows[i].sampler, 20), e80 = error_of(rows[i].sampler, 80),
               e160 = error_of(rows[i].sampler, 160);
        double order = log2(e80 / e160);
        print_message("# %s: %.5f %.5f %.5f, order %.2f\n", sampler_row(rows[i].sampler)->name, e20, e80,
                      e160, order);
        if (order < rows[i].low || order > rows[i].high || e20 > rows[i].at_20)
            fail_msg("%s: errors %g %g %g, order %g", sampler_row(rows[i].sampler)->name, e20, e80, e160,
                     order);
    }
}

/* The ancestral sampler follows no one path; its pictures' mean is still the data's, and its spread near it. */
static void ancestral_keeps_the_mean(void **state)
{
    (void)state;
    float x[ALL], scratch[3 * ALL];
    uint64_t seeds[PICTURES];
    struct sampler_run r = run_of(SAMPLER_ANCESTRAL, 20);
    double sum = 0, square = 0;
    r.seed = seeds;
    enum { ROUNDS = 200 };
    for (uint64_t k = 0; k < ROUNDS; k++) {
        for (size_t p = 0; p < PICTURES; p++) {
            seeds[p] = k * PICTURES + p;
            random_normals((struct random){ seeds[p], 1 }, 0, COUNT, x + p * COUNT);
        }
        assert_true(sampler_walk(&r, x, scratch));
        for (size_t i = 0; i < ALL; i++) {
            sum += (double)x[i];
            square += (double)x[i] * (double)x[i];
        }
    }
    double mean = sum / ROUNDS / ALL, spread = sqrt(square / ROUNDS / ALL - mean * mean);
    print_message("# mean %.4f, spread %.4f\n", mean, spread);
    assert_true(fabs(mean - MEAN) < 0.01);        /* 4 standard errors of 25,600 numbers */
    assert_true(spread < SPREAD && spread > 0.2); /* it smooths: sampler.c says so */
}

static void one_step_is_the_prediction(void **state)
{
    (void)state;
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        float x[ALL], want[ALL], scratch[3 * ALL];
        struct sampler_run r = run_of((enum sampler)s, 1);
        noise(x);
        predict(NULL, 1, x, want);
        assert_true(sampler_walk(&r, x, scratch));
        assert_memory_equal(x, want, sizeof want);
    }
}

static void predictions_are_as_the_table_says(void **state)
{
    (void)state;
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        float x[ALL], scratch[3 * ALL];
        struct sampler_run r = run_of((enum sampler)s, 5);
        noise(x);
        predictions = 0;
        assert_true(sampler_walk(&r, x, scratch));
        assert_int_equal(predictions, 4 * sampler_row((enum sampler)s)->predictions + 1);
    }
}

/* A picture is the same whoever is in the batch, and in whatever place. */
static void company_does_not_matter(void **state)
{
    (void)state;
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        float both[ALL], turned[ALL], scratch[3 * ALL];
        static const uint64_t turned_seeds[PICTURES] = { 8, 7 };
        struct sampler_run r = run_of((enum sampler)s, 6);
        noise(both);
        memcpy(turned, both + COUNT, COUNT * sizeof *both);
        memcpy(turned + COUNT, both, COUNT * sizeof *both);
        assert_true(sampler_walk(&r, both, scratch));
        r.seed = turned_seeds;
        assert_true(sampler_walk(&r, turned, scratch));
        assert_memory_equal(both, turned + COUNT, COUNT * sizeof *both);
        assert_memory_equal(both + COUNT, turned, COUNT * sizeof *both);
    }
}

static bool stop_at_two(void *context, int done, const float *x0)
{
    int *last = context;
    assert_int_equal(done, *last + 1);
    assert_true(isfinite(x0[0]));
    *last = done;
    return done < 2;
}

static void stops_when_told(void **state)
{
    (void)state;
    for (int s = 0; s < SAMPLER_COUNT; s++) {
        float x[ALL], scratch[3 * ALL];
        int last = 0;
        struct sampler_run r = run_of((enum sampler)s, 5);
        r.context = &last;
        r.stepped = stop_at_two;
        noise(x);
        assert_false(sampler_walk(&r, x, scratch));
        assert_int_equal(last, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_shrink_with_the_samplers_order),
        cmocka_unit_test(ancestral_keeps_the_mean),
        cmocka_unit_test(one_step_is_the_prediction),
        cmocka_unit_test(predictions_are_as_the_table_says),
        cmocka_unit_test(company_does_not_matter),
        cmocka_unit_test(stops_when_told),
    };
    return cmocka_run_group_tests_name("paint/sampler", tests, NULL, NULL);
}
