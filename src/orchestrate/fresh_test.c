/* What a workstream takes: every change of what lies before it is seen, through domains and gates, and nothing else is;
 * and what is kept between two looks never says otherwise than a look at everything. */
#include "base/mem.h"
#include "base/random.h"
#include "orchestrate/fresh.h"
#include "orchestrate/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct bench {
    struct plan plan;
    struct plan_graph graph;
    struct work *work;
    struct fresh_memo memo;
};

static void open_bench(struct bench *b, const char *text)
{
    static struct doc_report report;
    struct spr_error err;
    *b = (struct bench){ 0 };
    if (plan_load(text, strlen(text), &b->plan, &report, &err))
        fail_msg("%s in\n%s", err.text, text);
    assert_int_equal(graph_init(&b->graph, &b->plan, NULL, NULL, &err), SPR_OK);
    b->work = mem_zalloc((size_t)b->plan.workstreams, sizeof *b->work);
    assert_non_null(b->work);
    assert_int_equal(fresh_memo_init(&b->memo, &b->plan, &b->graph, &err), SPR_OK);
}

static void close_bench(struct bench *b)
{
    fresh_memo_fini(&b->memo);
    mem_free(b->work);
    graph_fini(&b->graph);
    plan_free(&b->plan);
}

static struct run_hash took(struct bench *b, int32_t w)
{
    struct run_hash h;
    fresh_took(&b->plan, &b->graph, b->work, &b->memo, w, &h);
    return h;
}

static void gives(struct bench *b, int32_t w, uint64_t what)
{
    memcpy(b->work[w].gave.byte, &what, sizeof what);
    fresh_changed(&b->memo, &b->plan, &b->graph, w);
}

static bool same(struct run_hash a, struct run_hash b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void what_lies_before_is_seen(void **state)
{
    static const char text[] = "plan: f\n"
                               "domains:\n"
                               "  - id: a\n"
                               "    workstreams: [{id: a1, run: x}, {id: a2, run: x, needs: [a1]}]\n"
                               "  - id: b\n"
                               "    workstreams: [{id: b1, run: x}, {id: b2, run: x, needs: [b1]}]\n"
                               "  - id: c\n"
                               "    needs: [b]\n"
                               "    workstreams: [{id: c1, run: x}]\n"
                               "  - id: d\n"
                               "    workstreams: [{id: d1, run: x}]\n"
                               "gates:\n"
                               "  - {id: g, after: [a], opens: [b], criteria: [{name: x, command: x}]}\n";
    enum { A1, A2, B1, B2, C1, D1, ALL };
    static const bool sees[ALL][ALL] = {
        /* who gives: a1 a2 b1 b2 c1 d1 */
        [A2] = { 1, 0, 0, 0, 0, 0 },
        [B1] = { 1, 1, 0, 0, 0, 0 }, /* the whole of a, through the gate */
        [B2] = { 1, 1, 1, 0, 0, 0 },
        [C1] = { 0, 0, 1, 1, 0, 0 }, /* the whole of b, not what came before that */
    };
    struct bench b;
    (void)state;
    open_bench(&b, text);
    for (int32_t giver = 0; giver < ALL; giver++) {
        struct run_hash before[ALL];
        for (int32_t w = 0; w < ALL; w++)
            before[w] = took(&b, w);
        gives(&b, giver, 77 + (uint64_t)giver);
        for (int32_t w = 0; w < ALL; w++)
            if (same(before[w], took(&b, w)) == sees[w][giver])
                fail_msg("workstream %d and a change of %d", w, giver);
    }
    close_bench(&b);
}

static void memory_never_differs_from_looking(void **state)
{
    enum { PLANS = 300, CHANGES = 40 };
    struct random r = { 11, 3 };
    uint64_t at = 0;
    (void)state;
    for (int n = 0; n < PLANS; n++) {
        struct buf text;
        struct bench b;
        struct spr_error err;
        int domains = 2 + (int)random_below(r, at++, 4), id = 0;
        buf_init(&text, 65536);
#define ADD(...) assert_int_equal(buf_addf(&text, &err, __VA_ARGS__), SPR_OK)
        ADD("plan: f\ndomains:\n");
        for (int d = 0; d < domains; d++) {
            ADD("  - id: d%d\n", d);
            if (d > 0 && random_below(r, at++, 3) == 0)
                ADD("    needs: [d%u]\n", random_below(r, at++, (uint32_t)d));
            ADD("    workstreams:\n");
            for (int i = 0; i < 4; i++, id++) {
                ADD("      - {id: w%d, run: x", id);
                if (id > 0 && random_below(r, at++, 2))
                    ADD(", needs: [w%u]", random_below(r, at++, (uint32_t)id));
                ADD("}\n");
            }
        }
        ADD("gates:\n");
        for (int d = 1; d < domains; d++)
            ADD("  - {id: g%d, after: [d%u, w%d], opens: [d%d], criteria: [{name: c, command: x}]}\n", d,
                random_below(r, at++, (uint32_t)d), 4 * d - 1, d);
#undef ADD
        open_bench(&b, text.data);
        for (int c = 0; c < CHANGES; c++) {
            gives(&b, (int32_t)random_below(r, at, (uint32_t)id), random_below(r, at + 1, 1000));
            int32_t w = (int32_t)random_below(r, at + 2, (uint32_t)id);
            at += 3;
            struct run_hash kept = took(&b, w);
            memset(b.memo.known, 0, (size_t)(b.graph.nodes - b.plan.workstreams) * sizeof *b.memo.known);
            if (!same(kept, took(&b, w)))
                fail_msg("workstream %d of\n%s", w, text.data);
            for (int32_t k = 0; k < id; k++) /* and now everything is known again */
                took(&b, k);
        }
        close_bench(&b);
        buf_fini(&text);
    }
}

/* Two domains with a gate between: ten times as many in each must not take a hundred times as long. */
static void a_gate_between_many_is_linear(void **state)
{
    double time_of[2] = { 1e9, 1e9 };
    (void)state;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 2; i++) {
            struct buf text;
            struct bench b;
            struct spr_error err;
            int count = i ? 10000 : 1000;
            buf_init(&text, 4 << 20);
            assert_int_equal(buf_addf(&text, &err, "plan: f\ndomains:\n"), SPR_OK);
            for (int w = 0; w < 2 * count; w++)
                assert_int_equal(buf_addf(&text, &err, "%s      - {id: w%d, run: x}\n",
                                          w == 0       ? "  - id: a\n    workstreams:\n"
                                          : w == count ? "  - id: b\n    workstreams:\n"
                                                       : "",
                                          w),
                                 SPR_OK);
            assert_int_equal(
                buf_addf(&text, &err,
                         "gates:\n  - {id: g, after: [a], opens: [b], criteria: [{name: c, command: x}]}\n"),
                SPR_OK);
            open_bench(&b, text.data);
            clock_t began = clock();
            for (int32_t w = 0; w < 2 * count; w++) {
                took(&b, w);
                gives(&b, w, (uint64_t)w);
            }
            double took_ms = (double)(clock() - began) * 1e3 / CLOCKS_PER_SEC;
            time_of[i] = took_ms < time_of[i] ? took_ms : time_of[i];
            close_bench(&b);
            buf_fini(&text);
        }
    if (time_of[1] > 40 * time_of[0])
        fail_msg("%g ms, and %g ms for ten times as many", time_of[0], time_of[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_before_is_seen),
        cmocka_unit_test(memory_never_differs_from_looking),
        cmocka_unit_test(a_gate_between_many_is_linear),
    };
    return cmocka_run_group_tests_name("orchestrate/fresh", tests, NULL, NULL);
}
