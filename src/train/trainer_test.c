#include "train/trainer.h"

#include "base/mem.h"
#include "train/start.h"
#include "train/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { STEPS = 6 };

static char folder[] = "/tmp/trainer-XXXXXX";
static struct dataset data;
static struct unet_layout layout;

static int make(void **state)
{
    (void)state;
    return tiny_make(folder) || tiny_open(folder, &tiny_words, 4, &data, NULL) ||
           unet_layout_init(&layout, &tiny_config, NULL);
}

static int drop(void **state)
{
    (void)state;
    unet_layout_fini(&layout);
    dataset_close(&data);
    tiny_remove(folder);
    return 0;
}

struct trained {
    double loss[STEPS];
    float *param, *average; /* (floats); mem_free */
};

/* STEPS steps from the same start. */
static struct trained train_in(enum conv_precision precision, int threads, int part)
{
    struct trained r;
    struct train_options o;
    struct pool *pool = NULL;
    struct trainer *t = NULL;
    tiny_options(&o);
    o.part = part;
    o.precision = precision;
    assert_int_equal(pool_new(threads, &pool, NULL), SPR_OK);
    assert_int_equal(trainer_new(&o, &layout, &data, pool, &t, NULL), SPR_OK);
    start_parameters(&layout, 1, trainer_optimizer(t)->param);
    trainer_refresh(t);
    for (int i = 0; i < STEPS; i++) {
        struct trainer_report report;
        assert_int_equal(trainer_step(t, &report, NULL), SPR_OK);
        r.loss[i] = report.loss;
    }
    assert_int_equal(trainer_samples(t), STEPS * o.batch);
    struct optimizer *opt = trainer_optimizer(t);
    r.param = opt->param;
    r.average = opt->average;
    opt->param = opt->average = NULL; /* kept past the trainer */
    trainer_free(t);
    pool_free(pool);
    return r;
}

static struct trained train(int threads, int part)
{
    return train_in(CONV_F32, threads, part);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    struct trained one = train(1, 1);
    for (int threads = 2; threads <= 5; threads += 3) {
        struct trained more = train(threads, 1);
        assert_memory_equal(one.loss, more.loss, sizeof one.loss);
        assert_memory_equal(one.param, more.param, layout.floats * sizeof(float));
        assert_memory_equal(one.average, more.average, layout.floats * sizeof(float));
        mem_free(more.param);
        mem_free(more.average);
    }
    mem_free(one.param);
    mem_free(one.average);
}

/* Losses do not depend on the company of a sample, so the first step's is the same; gradients are added in another
 * order. */
static void parts_change_only_the_order_of_sums(void **state)
{
    (void)state;
    struct trained one = train(2, 1), two = train(2, 2);
    assert_true(one.loss[0] == two.loss[0]);
    for (int i = 0; i < STEPS; i++) {
        double off = one.loss[i] - two.loss[i];
        assert_true(off < 1e-3 && off > -1e-3);
    }
    mem_free(one.param);
    mem_free(one.average);
    mem_free(two.param);
    mem_free(two.average);
}

static void bf16_follows_f32(void **state)
{
    (void)state;
    struct trained one = train(2, 2), two = train_in(CONV_BF16, 2, 2), three = train_in(CONV_BF16, 1, 2);
    for (int i = 0; i < STEPS; i++) {
        double off = two.loss[i] / one.loss[i] - 1;
        if (!(off < 1e-2 && off > -1e-2))
            fail_msg("step %d: loss %.6f in f32, %.6f in bf16", i, one.loss[i], two.loss[i]);
    }
    assert_memory_not_equal(one.param, two.param, layout.floats * sizeof(float));
    assert_memory_equal(two.param, three.param, layout.floats * sizeof(float));
    struct trained *all[] = { &one, &two, &three };
    for (size_t i = 0; i < SPR_COUNT(all); i++) {
        mem_free(all[i]->param);
        mem_free(all[i]->average);
    }
}

static void padding_word_stays_zero(void **state)
{
    (void)state;
    struct trained one = train(1, 2);
    const struct unet_entry *e = unet_layout_find(&layout, "emb.weight");
    for (int i = 0; i < e->in; i++)
        assert_true(one.param[e->offset + (size_t)i] == 0 && one.average[e->offset + (size_t)i] == 0);
    mem_free(one.param);
    mem_free(one.average);
}

static void it_learns(void **state)
{
    (void)state;
    struct train_options o;
    struct pool *pool = NULL;
    struct trainer *t = NULL;
    double first = 0, last = 0;
    tiny_options(&o);
    o.schedule.total = 8 * 200;
    assert_int_equal(pool_new(2, &pool, NULL), SPR_OK);
    assert_int_equal(trainer_new(&o, &layout, &data, pool, &t, NULL), SPR_OK);
    start_parameters(&layout, 1, trainer_optimizer(t)->param);
    trainer_refresh(t);
    for (int i = 0; i < 200; i++) {
        struct trainer_report report;
        assert_int_equal(trainer_step(t, &report, NULL), SPR_OK);
        first += i < 20 ? report.loss / 20 : 0;
        last += i >= 180 ? report.loss / 20 : 0;
    }
    if (!(last < first * 0.5))
        fail_msg("loss %.3f at first, %.3f at last", first, last);
    trainer_free(t);
    pool_free(pool);
}

static void bad_shapes_of_a_batch_are_named(void **state)
{
    (void)state;
    static const struct {
        int batch, lanes, part;
        const char *text;
    } rows[] = {
        { 8, 0, 1, "0 lanes; 1 to 256 are possible" },
        { 9, 2, 1, "a batch of 9 is not a multiple of 2 lanes from 1 to 65536" },
        { 8, 2, 0, "parts of 0 samples; 1 to 256 are possible" },
    };
    struct pool *pool = NULL;
    assert_int_equal(pool_new(1, &pool, NULL), SPR_OK);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct train_options o;
        struct trainer *t = NULL;
        struct spr_error err = { 0 };
        tiny_options(&o);
        o.batch = rows[i].batch;
        o.lanes = rows[i].lanes;
        o.part = rows[i].part;
        assert_int_equal(trainer_new(&o, &layout, &data, pool, &t, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].text);
    }
    pool_free(pool);
}

static void no_memory_is_survived(void **state)
{
    (void)state;
    struct pool *pool = NULL;
    assert_int_equal(pool_new(1, &pool, NULL), SPR_OK);
    enum spr_code rc = SPR_NOMEM;
    for (uint64_t nth = 1; rc; nth++) {
        struct train_options o;
        struct trainer *t = NULL;
        tiny_options(&o);
        mem_fail_nth(nth);
        rc = trainer_new(&o, &layout, &data, pool, &t, NULL);
        mem_fail_nth(0);
        assert_true(rc == SPR_NOMEM || rc == SPR_OK);
        assert_true(rc || nth > 5);
        trainer_free(t);
    }
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(parts_change_only_the_order_of_sums),
        cmocka_unit_test(bf16_follows_f32),
        cmocka_unit_test(padding_word_stays_zero),
        cmocka_unit_test(it_learns),
        cmocka_unit_test(bad_shapes_of_a_batch_are_named),
        cmocka_unit_test(no_memory_is_survived),
    };
    return cmocka_run_group_tests_name("train/trainer", tests, make, drop);
}
