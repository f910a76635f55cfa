#include "plan/simulate.h"

#include "base/file.h"
#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double day = 8 * 3600;

struct loaded {
    struct plan p;
    struct plan_graph g;
    struct schedule_problem s;
};

static void load(const char *text, size_t length, struct loaded *l)
{
    static struct doc_report report;
    struct spr_error err = { 0 };
    if (plan_load(text, length, &l->p, &report, &err))
        fail_msg("%s: %s", err.text, report.complaint[0].text);
    assert_int_equal(graph_init(&l->g, &l->p, NULL, NULL, &err), SPR_OK);
    assert_int_equal(schedule_init(&l->s, &l->p, &l->g, &err), SPR_OK);
}

static void unload(struct loaded *l)
{
    schedule_fini(&l->s);
    graph_fini(&l->g);
    plan_free(&l->p);
}

static void load_example(struct loaded *l)
{
    char path[512];
    struct buf bytes;
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    buf_init(&bytes, 1 << 20);
    snprintf(path, sizeof path, "%s/examples/plans/dgx-pixels.yaml", root ? root : ".");
    assert_int_equal(file_read(path, &bytes, NULL), SPR_OK);
    load(bytes.data, bytes.length, l);
    buf_fini(&bytes);
}

static void simulated(const struct loaded *l, int runs, uint64_t seed, int threads, struct simulation *ret)
{
    struct pool *pool;
    struct spr_error err;
    assert_int_equal(pool_new(threads, &pool, &err), SPR_OK);
    assert_int_equal(simulation_init(ret, &l->p, &l->g, &l->s, runs, seed, true, pool, &err), SPR_OK);
    pool_free(pool);
}

static void the_examples_figures(void **state)
{
    (void)state;
    struct loaded l;
    struct plan_figures f;
    struct spr_error err;
    load_example(&l);
    assert_int_equal(figures_init(&f, &l.p, &l.g, &l.s, true, &err), SPR_OK);
    assert_true(f.effort[SIMULATE_MIN] == 83 * day && f.effort[SIMULATE_MAX] == 106 * day);
    assert_true(f.unlimited[SIMULATE_MIN] == 44 * day && f.unlimited[SIMULATE_MAX] == 56 * day);
    assert_true(f.effort[SIMULATE_EXPECTED] == 94.5 * day && f.unlimited[SIMULATE_EXPECTED] == f.pert_mean);
    assert_true(f.bound >= f.unlimited[SIMULATE_EXPECTED] && f.best >= f.bound);
    assert_true(f.limited[SIMULATE_EXPECTED] >= f.best);
    if (schedule_verify(&l.s, f.duration_ms, f.start_ms, &err))
        fail_msg("%s", err.text);
    double sum = 0;
    for (int32_t i = 0; i < f.path_length; i++)
        sum += (double)f.duration_ms[f.path[i]] / SIMULATE_UNIT;
    assert_true(sum == f.pert_mean);
    figures_fini(&f);
    unload(&l);
}

static void same_seed_same_bytes_on_any_threads(void **state)
{
    (void)state;
    struct loaded l;
    struct simulation one, three, other;
    load_example(&l);
    simulated(&l, 500, 7, 1, &one);
    simulated(&l, 500, 7, 3, &three);
    simulated(&l, 500, 8, 2, &other);
    size_t counts = (size_t)l.p.workstreams * sizeof *one.critical;
    assert_memory_equal(&one.unlimited, &three.unlimited, sizeof one.unlimited);
    assert_memory_equal(&one.limited, &three.limited, sizeof one.limited);
    assert_memory_equal(one.critical, three.critical, counts);
    assert_memory_equal(one.critical_chain, three.critical_chain, counts);
    assert_memory_not_equal(&one.limited, &other.limited, sizeof one.limited);
    simulation_fini(&one);
    simulation_fini(&three);
    simulation_fini(&other);
    unload(&l);
}

static void spreads_lie_where_they_must(void **state)
{
    (void)state;
    struct loaded l;
    struct simulation s;
    load_example(&l);
    simulated(&l, 2000, 1, 2, &s);
    const struct simulate_spread *u = &s.unlimited, *c = &s.limited;
    assert_true(44 * day <= u->least && u->least <= u->p50 && u->p50 <= u->p80 && u->p80 <= u->p95 &&
                u->p95 <= u->most && u->most <= 56 * day);
    assert_true(c->least <= c->p50 && c->p50 <= c->p80 && c->p80 <= c->p95 && c->p95 <= c->most);
    assert_true(c->mean >= u->mean);
    enum plan_thing thing;
    int32_t w;
    assert_true(plan_find(&l.p, "WS-01", &thing, &w));
    assert_int_equal(s.critical[w], 2000); /* everything waits for it */
    assert_true(plan_find(&l.p, "WS-07", &thing, &w));
    assert_int_equal(s.critical[w], 0); /* never longer than WS-06 beside it */
    simulation_fini(&s);
    unload(&l);
}

/* One workstream of 0..1 h: the makespan is the drawn duration itself, and Beta(3, 3) is known: mean 1/2, deviation
 * 1/sqrt(28), quantiles 0.5, 0.6734 and 0.8107 (regularised incomplete beta function inverted). */
static void durations_follow_beta_3_3(void **state)
{
    (void)state;
    static const char text[] = "plan: x\ndomains: [{id: d, workstreams: [{id: a, estimate: 0s..1h}]}]\n";
    struct loaded l;
    struct simulation s;
    load(text, sizeof text - 1, &l);
    simulated(&l, 40000, 3, 2, &s);
    assert_true(fabs(s.unlimited.mean / 3600 - 0.5) < 0.004);
    assert_true(fabs(s.unlimited.p50 / 3600 - 0.5) < 0.006);
    assert_true(fabs(s.unlimited.p80 / 3600 - 0.6734) < 0.008);
    assert_true(fabs(s.unlimited.p95 / 3600 - 0.8107) < 0.006);
    assert_true(s.unlimited.least >= 0 && s.unlimited.most <= 3600);
    simulation_fini(&s);
    unload(&l);
}

static void lack_of_memory_is_said(void **state)
{
    (void)state;
    struct loaded l;
    struct pool *pool;
    struct spr_error err;
    load_example(&l);
    assert_int_equal(pool_new(1, &pool, &err), SPR_OK);
    for (uint64_t n = 1;; n++) {
        struct plan_figures f = { 0 };
        struct simulation s = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = figures_init(&f, &l.p, &l.g, &l.s, true, &err);
        if (!rc)
            rc = simulation_init(&s, &l.p, &l.g, &l.s, 3, 1, true, pool, &err);
        mem_fail_nth(0);
        figures_fini(&f);
        simulation_fini(&s);
        if (!rc)
            break;
        assert_int_equal(rc, SPR_NOMEM);
        assert_true(n < 200);
    }
    pool_free(pool);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_figures),        cmocka_unit_test(same_seed_same_bytes_on_any_threads),
        cmocka_unit_test(spreads_lie_where_they_must), cmocka_unit_test(durations_follow_beta_3_3),
        cmocka_unit_test(lack_of_memory_is_said),
    };
    return cmocka_run_group_tests_name("plan/simulate", tests, NULL, NULL);
}
