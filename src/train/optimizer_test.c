#include "train/optimizer.h"

#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A layout of one matrix and one vector, without a network behind it. */
static struct unet_layout two(struct unet_entry entry[2], size_t matrix, size_t vector)
{
    entry[0] = (struct unet_entry){ .name = "w", .kind = UNET_LINEAR, .offset = 0, .count = matrix };
    entry[1] = (struct unet_entry){ .name = "b", .kind = UNET_VECTOR, .offset = matrix, .count = vector };
    return (struct unet_layout){ .entries = 2, .floats = matrix + vector, .entry = entry };
}

static const struct optimizer_options PLAIN = {
    .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8, .decay = 0.01, .clip = 0, .average = 0.1
};

static void opened(struct optimizer *o, const struct optimizer_options *options, size_t matrix, size_t vector)
{
    struct unet_entry entry[2];
    struct unet_layout layout = two(entry, matrix, vector);
    assert_int_equal(optimizer_init(o, options, &layout, NULL), SPR_OK);
}

static struct pool *threads(int count)
{
    struct pool *pool = NULL;
    assert_int_equal(pool_new(count, &pool, NULL), SPR_OK);
    return pool;
}

/* Worked by hand: rate 0.1, gradients 0.5 and then -1, from a parameter of 1. */
static void two_steps_by_hand(void **state)
{
    (void)state;
    static const struct {
        float grad;
        float matrix, vector, average;
    } rows[] = {
        { 0.5f, 0.899f, 0.9f, 0.9f * 0.899f },
        { -1.0f, 0.93466177f, 0.93656077f, 0.1f * 0.9f * 0.899f + 0.9f * 0.93466177f },
    };
    struct optimizer o;
    opened(&o, &PLAIN, 1, 1);
    struct pool *pool = threads(1);
    o.param[0] = o.param[1] = 1;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        float grad[2] = { rows[i].grad, rows[i].grad };
        float *lane[] = { grad };
        double norm = 0;
        assert_int_equal(optimizer_step(&o, lane, 1, 0.1, pool, &norm, NULL), SPR_OK);
        assert_true(fabs(norm - fabs((double)rows[i].grad) * sqrt(2)) < 1e-6);
        assert_float_equal(o.param[0], rows[i].matrix, 2e-7f);
        assert_float_equal(o.param[1], rows[i].vector, 2e-7f);
        assert_float_equal(o.average[0], rows[i].average, 2e-7f);
        assert_true(grad[0] == 0 && grad[1] == 0);
    }
    pool_free(pool);
    optimizer_fini(&o);
}

static void clipping_scales_to_the_bound(void **state)
{
    (void)state;
    struct optimizer_options options = PLAIN;
    options.clip = 1;
    struct optimizer o;
    opened(&o, &options, 1, 1);
    struct pool *pool = threads(1);
    float a[2] = { 1, 4 }, b[2] = { 2, 0 };
    float *lane[] = { a, b };
    double norm = 0;
    assert_int_equal(optimizer_step(&o, lane, 2, 0.1, pool, &norm, NULL), SPR_OK);
    assert_true(fabs(norm - 5) < 1e-12);
    assert_float_equal(o.moment[0], 0.06f, 1e-8f);
    assert_float_equal(o.moment[1], 0.08f, 1e-8f);
    pool_free(pool);
    optimizer_fini(&o);
}

static void padding_stays_zero(void **state)
{
    (void)state;
    struct optimizer o;
    opened(&o, &PLAIN, 2, 1);
    struct pool *pool = threads(1);
    float grad[3] = { 0 };
    float *lane[] = { grad };
    for (int i = 0; i < 10; i++) {
        grad[1] = 1;
        double norm;
        assert_int_equal(optimizer_step(&o, lane, 1, 0.1, pool, &norm, NULL), SPR_OK);
    }
    assert_true(o.param[0] == 0 && o.average[0] == 0 && o.param[1] != 0);
    pool_free(pool);
    optimizer_fini(&o);
}

static void gradient_that_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    struct optimizer o;
    opened(&o, &PLAIN, 1, 1);
    struct pool *pool = threads(1);
    o.param[0] = 1;
    float grad[2] = { INFINITY, 1 };
    float *lane[] = { grad };
    double norm = -1;
    struct spr_error err = { 0 };
    assert_int_equal(optimizer_step(&o, lane, 1, 0.1, pool, &norm, &err), SPR_BADDATA);
    assert_string_equal(err.text, "the gradient of step 1 is not finite: try a lower learning rate");
    assert_true(o.param[0] == 1 && o.moment[1] == 0 && o.steps == 0 && norm == -1);
    assert_true(grad[0] == 0 && grad[1] == 0);
    pool_free(pool);
    optimizer_fini(&o);
}

/* Three steps with three lanes of random gradients; GIVES the parameters (mem_free). */
static float *trained(int thread_count, size_t matrix, size_t vector)
{
    struct optimizer_options options = PLAIN;
    options.clip = 1;
    struct optimizer o;
    opened(&o, &options, matrix, vector);
    struct pool *pool = threads(thread_count);
    float *lane[3];
    for (size_t i = 0; i < 3; i++)
        lane[i] = mem_aligned(o.floats, sizeof(float));
    random_normals((struct random){ 1, 0 }, 0, o.floats, o.param);
    for (uint64_t step = 0; step < 3; step++) {
        for (uint64_t i = 0; i < 3; i++)
            random_normals((struct random){ 2, step * 3 + i }, 0, o.floats, lane[i]);
        double norm;
        assert_int_equal(optimizer_step(&o, lane, 3, 1e-3, pool, &norm, NULL), SPR_OK);
    }
    for (size_t i = 0; i < 3; i++)
        mem_free(lane[i]);
    pool_free(pool);
    float *param = o.param;
    o.param = NULL;
    optimizer_fini(&o);
    return param;
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { MATRIX = 50001, VECTOR = 77 };
    float *one = trained(1, MATRIX, VECTOR), *three = trained(3, MATRIX, VECTOR);
    assert_memory_equal(one, three, (MATRIX + VECTOR) * sizeof *one);
    mem_free(one);
    mem_free(three);
}

static void bad_options_are_named(void **state)
{
    (void)state;
    struct unet_entry entry[2];
    struct unet_layout layout = two(entry, 1, 1);
    struct optimizer_options options = PLAIN;
    options.beta2 = 1;
    struct optimizer o;
    struct spr_error err = { 0 };
    assert_int_equal(optimizer_init(&o, &options, &layout, &err), SPR_BADARG);
    assert_string_equal(err.text, "beta2 1 is not at least 0 and below 1");
}

static void no_memory_leaves_nothing(void **state)
{
    (void)state;
    struct unet_entry entry[2];
    struct unet_layout layout = two(entry, 3, 2);
    for (uint64_t nth = 1; nth <= 5; nth++) {
        struct optimizer o;
        struct spr_error err = { 0 };
        mem_fail_nth(nth);
        assert_int_equal(optimizer_init(&o, &PLAIN, &layout, &err), SPR_NOMEM);
        assert_string_equal(err.text, "no memory to train 5 parameters");
        assert_null(o.chunk);
    }
    mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_steps_by_hand),
        cmocka_unit_test(clipping_scales_to_the_bound),
        cmocka_unit_test(padding_stays_zero),
        cmocka_unit_test(gradient_that_is_not_finite_changes_nothing),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(bad_options_are_named),
        cmocka_unit_test(no_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("train/optimizer", tests, NULL, NULL);
}
