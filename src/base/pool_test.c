#include "base/pool.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 1000 };

struct tally {
    atomic_int runs[TASKS];
    atomic_int worst_worker;
};

static void count(void *context, int index, int worker)
{
    struct tally *t = context;
    atomic_fetch_add(&t->runs[index], 1);
    int worst = atomic_load(&t->worst_worker);
    while (worker > worst && !atomic_compare_exchange_weak(&t->worst_worker, &worst, worker))
        ;
}

static void each_task_runs_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        struct pool *p;
        struct spr_error err;
        assert_int_equal(pool_new(threads, &p, &err), SPR_OK);
        assert_int_equal(pool_threads(p), threads);
        static struct tally t;
        memset(&t, 0, sizeof t);
        for (int round = 1; round <= 50; round++) {
            pool_run(p, round == 7 ? 0 : TASKS, count, &t);
            int want = round < 7 ? round : round - 1;
            for (int i = 0; i < TASKS; i++)
                assert_int_equal(t.runs[i], want);
        }
        assert_true(t.worst_worker < threads);
        pool_free(p);
    }
}

static void impossible_sizes_are_refused(void **state)
{
    (void)state;
    struct pool *p = NULL;
    struct spr_error err;
    assert_int_equal(pool_new(0, &p, &err), SPR_BADARG);
    assert_string_equal(err.text, "0 threads asked for; 1 to 256 are possible");
    assert_int_equal(pool_new(257, &p, &err), SPR_BADARG);
    mem_fail_nth(1);
    assert_int_equal(pool_new(2, &p, &err), SPR_NOMEM);
    mem_fail_nth(0);
    assert_null(p);
}

static void environment_sets_the_budget(void **state)
{
    (void)state;
    setenv("SPRITERY_THREADS", "3", 1);
    assert_int_equal(pool_default_threads(), 3);
    setenv("SPRITERY_THREADS", "none", 1);
    assert_true(pool_default_threads() >= 1);
    unsetenv("SPRITERY_THREADS");
    assert_true(pool_default_threads() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_runs_once),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(environment_sets_the_budget),
    };
    return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}
