#include "plan/graph.h"

#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NODES_MAX = 40 };

static void load(const char *text, struct plan *p, struct plan_graph *g)
{
    static struct doc_report report;
    struct spr_error err = { 0 };
    if (plan_load(text, strlen(text), p, &report, &err))
        fail_msg("%s: %s", err.text, report.complaint[0].text);
    assert_int_equal(graph_init(g, p, NULL, NULL, &err), SPR_OK);
}

static const char gated[] =
    "plan: x\n"
    "domains:\n"
    "  - id: d\n"
    "    order: sequential\n"
    "    workstreams: [{id: a, estimate: 1h}, {id: b, estimate: 2h}]\n"
    "  - id: e\n"
    "    workstreams: [{id: c, estimate: 3h}, {id: f, estimate: 5h, needs: [c]}]\n"
    "  - id: h\n"
    "    needs: [d]\n"
    "    workstreams: [{id: i, estimate: 1h}]\n"
    "gates: [{id: g, after: [d], opens: [e], criteria: [{name: seen, approval: lead}]}]\n";

static void durations(const struct plan *p, double *duration)
{
    for (int32_t w = 0; w < p->workstreams; w++)
        duration[w] = (double)p->workstream[w].max_s;
}

static void gates_and_domains_hold_back(void **state)
{
    (void)state;
    struct plan p;
    struct plan_graph g;
    load(gated, &p, &g);
    double duration[NODES_MAX] = { 0 }, early[NODES_MAX], slack[NODES_MAX];
    int32_t path[NODES_MAX];
    durations(&p, duration);
    assert_true(graph_critical(&g, duration, early, slack) == 10 * 3600.0);
    static const struct {
        const char *id;
        double early_h, slack_h;
    } rows[] = { { "a", 0, 1 }, { "b", 0, 0 }, { "c", 2, 0 }, { "f", 5, 0 }, { "i", 2, 7 } };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        enum plan_thing thing;
        int32_t n;
        assert_true(plan_find(&p, rows[i].id, &thing, &n));
        assert_true(early[n] == rows[i].early_h * 3600);
        assert_true(slack[n] == rows[i].slack_h * 3600);
    }
    assert_int_equal(graph_critical_path(&p, &g, duration, early, slack, path), 3);
    assert_string_equal(p.workstream[path[0]].id, "b");
    assert_string_equal(p.workstream[path[1]].id, "c");
    assert_string_equal(p.workstream[path[2]].id, "f");
    assert_string_equal(graph_node_id(&p, graph_domain_end(&p, 1)), "e");
    assert_string_equal(graph_node_id(&p, graph_gate(&p, 0)), "g");
    graph_fini(&g);
    plan_free(&p);
}

/* The longest path by trying every path. */
static double longest_from(const struct plan_graph *g, const double *duration, int32_t n)
{
    double best = 0;
    for (int32_t e = g->next_first[n]; e < g->next_first[n + 1]; e++) {
        double rest = longest_from(g, duration, g->next[e]);
        if (rest > best)
            best = rest;
    }
    return best + duration[n];
}

static double longest(const struct plan_graph *g, const double *duration)
{
    double best = 0;
    for (int32_t n = 0; n < g->nodes; n++) {
        double here = longest_from(g, duration, n);
        if (here > best)
            best = here;
    }
    return best;
}

static uint32_t draw(struct random r, uint64_t *at, uint32_t bound)
{
    return random_below(r, (*at)++, bound);
}

/* Random plans: 1 to 3 domains, up to 9 workstreams, needs that go back, perhaps a gate from domain 1 to domain 2. */
static void random_plan(uint64_t seed, char *text, size_t size)
{
    struct random r = { seed, 7 };
    uint64_t at = 0;
    uint32_t domains = 1 + draw(r, &at, 3), made = 0;
    size_t n = (size_t)snprintf(text, size, "plan: x\ndomains:\n");
    for (uint32_t d = 0; d < domains; d++) {
        n += (size_t)snprintf(text + n, size - n, "  - {id: d%u, workstreams: [", d);
        for (uint32_t k = draw(r, &at, 3) + 1; k > 0; k--, made++) {
            n += (size_t)snprintf(text + n, size - n, "{id: w%u, estimate: %uh, needs: [", made,
                                  1 + draw(r, &at, 9));
            for (uint32_t other = 0, any = 0; other < made; other++)
                if (draw(r, &at, 3) == 0)
                    n += (size_t)snprintf(text + n, size - n, "%sw%u", any++ ? ", " : "", other);
            n += (size_t)snprintf(text + n, size - n, "]}%s", k > 1 ? ", " : "");
        }
        n += (size_t)snprintf(text + n, size - n, "]%s}\n", d > 0 && draw(r, &at, 2) ? ", needs: d0" : "");
    }
    if (domains > 1 && draw(r, &at, 2))
        snprintf(text + n, size - n,
                 "gates: [{id: g, after: [d0], opens: [d1], criteria: [{name: s, approval: lead}]}]\n");
}

/* Slack of n: how much longer n may take before the whole does, found by asking the brute force. */
static void critical_path_equals_brute_force(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 400; seed++) {
        char text[4096];
        struct plan p;
        struct plan_graph g;
        random_plan(seed, text, sizeof text);
        load(text, &p, &g);
        double duration[NODES_MAX] = { 0 }, early[NODES_MAX], slack[NODES_MAX];
        int32_t path[NODES_MAX];
        durations(&p, duration);
        double end = graph_critical(&g, duration, early, slack), want = longest(&g, duration);
        assert_true(end == want);
        for (int32_t w = 0; w < p.workstreams; w++) {
            double kept = duration[w];
            duration[w] = kept + slack[w];
            assert_true(longest(&g, duration) == end);
            duration[w] = kept + slack[w] + 1;
            assert_true(longest(&g, duration) == end + 1);
            duration[w] = kept;
        }
        double sum = 0;
        int32_t length = graph_critical_path(&p, &g, duration, early, slack, path);
        for (int32_t i = 0; i < length; i++) {
            sum += duration[path[i]];
            assert_true(slack[path[i]] == 0);
        }
        assert_true(sum == end);
        graph_fini(&g);
        plan_free(&p);
    }
}

static void order_puts_needs_first(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        char text[4096];
        int32_t place[NODES_MAX];
        struct plan p;
        struct plan_graph g;
        random_plan(seed, text, sizeof text);
        load(text, &p, &g);
        for (int32_t i = 0; i < g.nodes; i++)
            place[g.order[i]] = i;
        for (int32_t n = 0; n < g.nodes; n++)
            for (int32_t e = g.need_first[n]; e < g.need_first[n + 1]; e++)
                assert_true(place[g.need[e]] < place[n]);
        graph_fini(&g);
        plan_free(&p);
    }
}

static void lack_of_memory_is_said(void **state)
{
    (void)state;
    struct plan p;
    struct plan_graph g;
    load(gated, &p, &g);
    graph_fini(&g);
    for (uint64_t n = 1; n <= 6; n++) {
        struct spr_error err;
        mem_fail_nth(n);
        enum spr_code rc = graph_init(&g, &p, NULL, NULL, &err);
        mem_fail_nth(0);
        assert_int_equal(rc, SPR_NOMEM);
        assert_null(g.order);
    }
    plan_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_and_domains_hold_back),
        cmocka_unit_test(critical_path_equals_brute_force),
        cmocka_unit_test(order_puts_needs_first),
        cmocka_unit_test(lack_of_memory_is_said),
    };
    return cmocka_run_group_tests_name("plan/graph", tests, NULL, NULL);
}
