#include "plan/draw.h"

#include "base/mem.h"
#include "plan/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "plan: x\n"
    "domains:\n"
    "  - {id: d, name: \"a \\\"b\\\" <c> & \\\\ \\x1b[31m\\n\", workstreams: [{id: a, estimate: 1h},\n"
    "      {id: b, name: \"<b>\", needs: [a], estimate: 2h}]}\n"
    "gates: [{id: g, name: \"\\\"&\", after: [d], criteria: [{name: s, approval: lead}]}]\n";

typedef enum spr_code draw_fn(const struct drawing *d, struct buf *out, struct spr_error *err);

static enum spr_code gantt(const struct drawing *d, struct buf *out, struct spr_error *err)
{
    return draw_gantt(d, 80, out, err);
}

static enum spr_code diff(const struct drawing *d, struct buf *out, struct spr_error *err)
{
    static struct doc_report report;
    static const char other[] = "plan: y\ndomains: [{id: d, workstreams: [{id: a}]}]\n";
    struct plan p;
    int lines;
    enum spr_code rc = plan_load(other, sizeof other - 1, &p, &report, err);
    if (rc)
        return rc;
    rc = plan_diff(d->p, &p, out, &lines, err);
    plan_free(&p);
    return rc;
}

/* What a form must and must not contain when names hold quotes, marks and control characters; and lack of memory at
 * every request is said. */
static void names_cannot_break_a_form(void **state)
{
    (void)state;
    static const struct {
        draw_fn *draw;
        const char *has, *lacks;
    } rows[] = {
        { draw_dot, "label=\"a \\\"b\\\" <c> & \\\\  [31m \"", "\x1b" },
        { draw_svg, "d a &quot;b&quot; &lt;c&gt; &amp; \\  [31m </text>", "\x1b" },
        { draw_json, "\"name\":\"a \\\"b\\\" <c> & \\\\  [31m\\n\"", "\x1b" },
        { draw_tree, "needs a", NULL },
        { gantt, "2 h", NULL },
        { diff, "- workstream b: <b>\n- gate g: \"&\n", NULL },
    };
    static struct doc_report report;
    struct spr_error err = { 0 };
    struct plan p;
    struct plan_graph g;
    struct schedule_problem s;
    struct plan_figures f;
    assert_int_equal(plan_load(text, sizeof text - 1, &p, &report, &err), SPR_OK);
    assert_int_equal(graph_init(&g, &p, NULL, NULL, &err), SPR_OK);
    assert_int_equal(schedule_init(&s, &p, &g, &err), SPR_OK);
    assert_int_equal(figures_init(&f, &p, &g, &s, true, &err), SPR_OK);
    const struct drawing d = { &p, &g, &f };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        for (uint64_t n = 1;; n++) {
            struct buf out;
            buf_init(&out, 1 << 20);
            mem_fail_nth(n);
            enum spr_code rc = rows[i].draw(&d, &out, &err);
            mem_fail_nth(0);
            if (rc == SPR_OK) {
                if (!strstr(out.data, rows[i].has) || (rows[i].lacks && strstr(out.data, rows[i].lacks)))
                    fail_msg("row %zu:\n%s", i, out.data);
                buf_fini(&out);
                break;
            }
            assert_int_equal(rc, SPR_NOMEM);
            buf_fini(&out);
        }
    figures_fini(&f);
    schedule_fini(&s);
    graph_fini(&g);
    plan_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names_cannot_break_a_form) };
    return cmocka_run_group_tests_name("plan/draw", tests, NULL, NULL);
}
