/* Any bytes as a plan: read or refused with complaints that have places; what is read keeps its promises. */
#include "base/utf8.h"
#include "plan/diff.h"
#include "plan/draw.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool what)
{
    if (!what)
        abort();
}

static void check_report(const struct doc_report *r, enum spr_code rc, const struct spr_error *err)
{
    need(err->text[0] != '\0');
    need(rc != SPR_BADDATA || r->count > 0);
    for (int i = 0; i < r->count; i++) {
        const struct doc_complaint *c = &r->complaint[i];
        need(c->text[0] && utf8_valid(c->text, strlen(c->text), NULL));
        need(c->line >= 1 && c->column >= 1);
        need(i == 0 || r->complaint[i - 1].line <= c->line);
    }
}

static void check_drawings(const struct drawing *d)
{
    struct buf out;
    int lines;
    buf_init(&out, (size_t)1 << 28);
    need(draw_tree(d, &out, NULL) == SPR_OK && draw_gantt(d, 90, &out, NULL) == SPR_OK &&
         draw_dot(d, &out, NULL) == SPR_OK && draw_svg(d, &out, NULL) == SPR_OK &&
         draw_json(d, &out, NULL) == SPR_OK);
    need(utf8_valid(out.data, out.length, NULL));
    need(plan_diff(d->p, d->p, &out, &lines, NULL) == SPR_OK && lines == 0);
    buf_fini(&out);
}

static void check_schedule(const struct plan *p, const struct plan_graph *g)
{
    struct schedule_problem s;
    struct plan_figures f;
    struct spr_error err;
    need(schedule_init(&s, p, g, &err) == SPR_OK && figures_init(&f, p, g, &s, false, &err) == SPR_OK);
    need(schedule_verify(&s, f.duration_ms, f.start_ms, &err) == SPR_OK);
    need(f.unlimited[SIMULATE_EXPECTED] <= f.bound && f.bound <= f.best);
    check_drawings(&(struct drawing){ p, g, &f });
    figures_fini(&f);
    schedule_fini(&s);
}

static void check_plan(const struct plan *p)
{
    struct plan_graph g = { 0 };
    struct spr_error err;
    for (int32_t w = 0; w < p->workstreams; w++) {
        enum plan_thing thing;
        int32_t index;
        need(plan_find(p, p->workstream[w].id, &thing, &index) && thing == PLAN_WORKSTREAM && index == w);
        need(p->workstream[w].min_s <= p->workstream[w].max_s);
        need(p->workstream[w].domain >= 0 && p->workstream[w].domain < p->domains);
    }
    need(graph_init(&g, p, NULL, NULL, &err) == SPR_OK);
    for (int32_t n = 0; n < g.nodes; n++)
        need(g.order[n] >= 0 && g.order[n] < g.nodes);
    check_schedule(p, &g);
    graph_fini(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct doc_report report;
    struct plan p;
    struct spr_error err = { 0 };
    enum spr_code rc = plan_load((const char *)data, size, &p, &report, &err);
    if (rc) {
        check_report(&report, rc, &err);
        return 0;
    }
    check_plan(&p);
    plan_free(&p);
    return 0;
}
