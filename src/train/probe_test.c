#include "train/probe.h"

#include "base/mem.h"
#include "train/start.h"
#include "train/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/probe-XXXXXX";
static struct dataset data;
static struct unet_layout layout;
static float *params;

/* At the start these are zero, and so is the network's output. */
static void last_weights(float value)
{
    const struct unet_entry *e = unet_layout_find(&layout, "outc.weight");
    for (size_t i = 0; i < e->count; i++)
        params[e->offset + i] = value;
}

static int make(void **state)
{
    (void)state;
    if (tiny_make(folder) || tiny_open(folder, &tiny_words, 4, &data, NULL) ||
        unet_layout_init(&layout, &tiny_config, NULL))
        return -1;
    params = mem_aligned(layout.floats, sizeof *params);
    start_parameters(&layout, 3, params);
    last_weights(0.05f);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    mem_free(params);
    unet_layout_fini(&layout);
    dataset_close(&data);
    tiny_remove(folder);
    return 0;
}

static void opened(int threads, struct pool **ret_pool, struct probe **ret)
{
    assert_int_equal(pool_new(threads, ret_pool, NULL), SPR_OK);
    assert_int_equal(probe_new(&layout, params, &data, *ret_pool, ret, NULL), SPR_OK);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    struct probe_loss loss[2];
    struct image sheet[2];
    for (int i = 0; i < 2; i++) {
        struct pool *pool;
        struct probe *p;
        opened(1 + 2 * i, &pool, &p);
        loss[i] = probe_measure(p, 0);
        assert_int_equal(probe_sheet(p, &tiny_words, &sheet[i], NULL), SPR_OK);
        probe_free(p);
        pool_free(pool);
    }
    assert_true(loss[0].held == loss[1].held && loss[0].seen == loss[1].seen);
    assert_int_equal(sheet[0].width, 8 * 100 + 4);
    assert_int_equal(sheet[0].height, 4 * 100 + 4);
    assert_memory_equal(sheet[0].pixel, sheet[1].pixel, 804 * 404 * sizeof *sheet[0].pixel);
    image_fini(&sheet[0]);
    image_fini(&sheet[1]);
}

/* A network whose output is zero misses by the velocity itself: noise (1) plus the square of the picture, which here
 * is mostly -1 in every channel. */
static void the_loss_of_saying_nothing_is_known(void **state)
{
    (void)state;
    struct pool *pool;
    struct probe *p;
    last_weights(0);
    opened(2, &pool, &p);
    struct probe_loss loss = probe_measure(p, 0);
    assert_true(loss.held > 1.7 && loss.held < 2.1 && loss.seen > 1.7 && loss.seen < 2.1);
    last_weights(0.05f);
    probe_free(p);
    pool_free(pool);
}

static void new_weights_are_seen_after_refresh(void **state)
{
    (void)state;
    struct pool *pool;
    struct probe *p;
    opened(1, &pool, &p);
    struct probe_loss before = probe_measure(p, 0);
    last_weights(0.06f);
    probe_refresh(p);
    struct probe_loss after = probe_measure(p, 0);
    assert_true(before.held != after.held);
    last_weights(0.05f);
    probe_free(p);
    pool_free(pool);
}

static void without_held_tiles_there_is_no_loss(void **state)
{
    (void)state;
    struct pool *pool;
    struct probe *p;
    struct dataset none = data;
    none.helds = none.part[0].helds = 0;
    assert_int_equal(pool_new(1, &pool, NULL), SPR_OK);
    assert_int_equal(probe_new(&layout, params, &none, pool, &p, NULL), SPR_OK);
    struct probe_loss loss = probe_measure(p, 0);
    assert_true(loss.held == 0 && loss.seen == 0);
    probe_free(p);
    pool_free(pool);
}

static void no_memory_is_survived(void **state)
{
    (void)state;
    struct pool *pool;
    enum spr_code rc = SPR_NOMEM;
    assert_int_equal(pool_new(1, &pool, NULL), SPR_OK);
    for (uint64_t nth = 1; rc; nth++) {
        struct probe *p = NULL;
        mem_fail_nth(nth);
        rc = probe_new(&layout, params, &data, pool, &p, NULL);
        mem_fail_nth(0);
        assert_true(rc == SPR_NOMEM || (rc == SPR_OK && nth > 3));
        probe_free(p);
    }
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(the_loss_of_saying_nothing_is_known),
        cmocka_unit_test(new_weights_are_seen_after_refresh),
        cmocka_unit_test(without_held_tiles_there_is_no_loss),
        cmocka_unit_test(no_memory_is_survived),
    };
    return cmocka_run_group_tests_name("train/probe", tests, make, drop);
}
