/* Any bytes as a plan: read or refused with complaints that have places; what is read keeps its promises. */
#include "base/utf8.h"
#include "plan/graph.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool what)
{
    if (!what)
        abort();
}

static void check_report(const struct plan_report *r, enum spr_code rc, const struct spr_error *err)
{
    need(err->text[0] != '\0');
    need(rc != SPR_BADDATA || r->count > 0);
    for (int i = 0; i < r->count; i++) {
        const struct plan_complaint *c = &r->complaint[i];
        need(c->text[0] && utf8_valid(c->text, strlen(c->text), NULL));
        need(c->line >= 1 && c->column >= 1);
        need(i == 0 || r->complaint[i - 1].line <= c->line);
    }
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
    graph_fini(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct plan_report report;
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
