/* The forms for files: DOT, SVG, JSON. Ids need no escaping: schema allows nothing that would. */
#include "plan/draw.h"

#include "base/pen.h"
#include "base/str.h"

#include <string.h>

/* Below its id, unless it is that. */
static void dot_name(struct pen *pen, const char *id, const char *name)
{
    if (strcmp(id, name) == 0)
        return;
    pen_put(pen, "\\n");
    pen_text(pen, name, pen_quoted);
}

static void dot_domain(struct pen *pen, const struct drawing *d, const struct plan_domain *dom)
{
    const struct plan *p = d->p;
    pen_put(pen, "  subgraph \"cluster_%s\" {\n    label=\"", dom->id);
    pen_text(pen, dom->name, pen_quoted);
    pen_put(pen, "\";\n    \"%s\" [shape=point, style=invis];\n", dom->id);
    for (int32_t k = 0; k < dom->workstreams.count; k++) {
        int32_t n = dom->workstreams.first + k;
        pen_put(pen, "    \"%s\" [label=\"%s", p->workstream[n].id, p->workstream[n].id);
        dot_name(pen, p->workstream[n].id, p->workstream[n].name);
        pen_put(pen, "\"%s];\n", draw_critical(d, n) ? ", penwidth=3" : "");
    }
    pen_put(pen, "  }\n");
}

/* A domain as a whole is a point in its box that nobody sees; arrows to and from it end at the box. */
static void dot_arrow(struct pen *pen, const char *from, bool from_domain, const char *to, bool to_domain)
{
    pen_put(pen, "  \"%s\" -> \"%s\"", from, to);
    if (from_domain)
        pen_put(pen, " [ltail=\"cluster_%s\"]", from);
    if (to_domain)
        pen_put(pen, " [lhead=\"cluster_%s\"]", to);
    pen_put(pen, ";\n");
}

static const char *ref_id(const struct plan *p, const struct plan_ref *ref)
{
    return ref->thing == PLAN_DOMAIN ? p->domain[ref->index].id : p->workstream[ref->index].id;
}

static void dot_gate(struct pen *pen, const struct plan *p, const struct plan_gate *g)
{
    pen_put(pen, "  \"%s\" [shape=diamond, label=\"%s", g->id, g->id);
    dot_name(pen, g->id, g->name);
    pen_put(pen, "\"];\n");
    for (int32_t k = 0; k < g->after.count; k++) {
        const struct plan_ref *ref = &p->ref[g->after.first + k];
        dot_arrow(pen, ref_id(p, ref), ref->thing == PLAN_DOMAIN, g->id, false);
    }
    for (int32_t k = 0; k < g->opens.count; k++) {
        const struct plan_ref *ref = &p->ref[g->opens.first + k];
        dot_arrow(pen, g->id, false, ref_id(p, ref), ref->thing == PLAN_DOMAIN);
    }
}

enum spr_code draw_dot(const struct drawing *d, struct buf *out, struct spr_error *err)
{
    const struct plan *p = d->p;
    struct pen pen = { .out = out, .err = err };
    pen_put(&pen, "digraph \"%s\" {\n  compound=true;\n  rankdir=LR;\n  node [shape=box];\n", p->name);
    for (int32_t i = 0; i < p->domains; i++)
        dot_domain(&pen, d, &p->domain[i]);
    for (int32_t i = 0; i < p->domains; i++)
        for (int32_t k = 0; k < p->domain[i].needs.count; k++)
            dot_arrow(&pen, p->domain[p->ref[p->domain[i].needs.first + k].index].id, true, p->domain[i].id,
                      true);
    for (int32_t w = 0; w < p->workstreams; w++)
        for (int32_t k = 0; k < p->workstream[w].needs.count; k++)
            dot_arrow(&pen, ref_id(p, &p->ref[p->workstream[w].needs.first + k]), false, p->workstream[w].id,
                      false);
    for (int32_t i = 0; i < p->gates; i++)
        dot_gate(&pen, p, &p->gate[i]);
    pen_put(&pen, "}\n");
    return pen.rc;
}

enum { ROW = 22, LEFT = 300, CHART = 900, TOP = 60, MARGIN = 20 };
static const char *const hues[] = { "#4e79a7", "#59a14f", "#b07aa1", "#f28e2b",
                                    "#76b7b2", "#9c755f", "#edc948" };

static double end_ms(const struct drawing *d)
{
    return d->f->limited[SIMULATE_EXPECTED] > 0 ? d->f->limited[SIMULATE_EXPECTED] * SIMULATE_UNIT : 1;
}

/* A line every 1, 2 or 5 times a power of ten days (or hours, or seconds), ten of them or fewer. */
static void svg_axis(struct pen *pen, const struct drawing *d, int height)
{
    double end = end_ms(d) / SIMULATE_UNIT, unit = (double)d->p->day_s;
    if (end < 2 * unit)
        unit = end < 2 * 3600 ? 1 : 3600;
    double step = unit;
    for (int i = 0; end / step > 10; i++)
        step *= i % 3 == 1 ? 2.5 : 2;
    for (int i = 0; i * step <= end; i++) {
        double at = i * step, x = LEFT + at / end * CHART;
        char label[40];
        plan_span_text(d->p, at, label, sizeof label);
        pen_put(pen, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/>\n", x, TOP - 8, x,
                height);
        pen_put(pen, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#666\">%s</text>\n", x,
                TOP - 14, at > 0 ? label : "0");
    }
}

static void svg_label(struct pen *pen, int x, int y, const char *id, const char *name, bool bold)
{
    pen_put(pen, "<text x=\"%d\" y=\"%d\"%s>%s ", x, y + 15, bold ? " font-weight=\"bold\"" : "", id);
    enum { MOST = 30 };
    char cut[MOST * 4 + 8];
    size_t n = 0;
    int columns = 0;
    for (; name[n] && columns < MOST; columns++)
        do
            cut[n] = name[n], n++;
        while (((unsigned char)name[n] & 0xC0) == 0x80 && n < MOST * 4);
    cut[n] = '\0';
    pen_text(pen, strcmp(id, name) == 0 ? "" : cut, pen_xml);
    pen_put(pen, "%s</text>\n", name[n] && strcmp(id, name) != 0 ? "…" : "");
}

static void svg_bar(struct pen *pen, const struct drawing *d, int32_t n, const char *hue, int y)
{
    double end = end_ms(d), x = LEFT + (double)d->f->start_ms[n] / end * CHART;
    double width = (double)d->f->duration_ms[n] / end * CHART;
    char label[40];
    plan_span_text(d->p, (double)d->f->duration_ms[n] / SIMULATE_UNIT, label, sizeof label);
    pen_put(pen, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\" fill=\"%s\"%s>", x, y + 3,
            width < 1 ? 1 : width, ROW - 6, hue,
            draw_critical(d, n) ? " stroke=\"#d62728\" stroke-width=\"2.5\"" : "");
    pen_put(pen, "<title>%s: %s</title></rect>\n", d->p->workstream[n].id, label);
    if (width > 44)
        pen_put(pen, "<text x=\"%.1f\" y=\"%d\" fill=\"#fff\" text-anchor=\"middle\">%s</text>\n",
                x + width / 2, y + 15, label);
}

static int svg_rows(struct pen *pen, const struct drawing *d)
{
    const struct plan *p = d->p;
    int y = TOP;
    for (int32_t i = 0; i < p->domains; i++) {
        svg_label(pen, MARGIN, y, p->domain[i].id, p->domain[i].name, true);
        y += ROW;
        for (int32_t k = 0; k < p->domain[i].workstreams.count; k++, y += ROW) {
            int32_t n = p->domain[i].workstreams.first + k;
            svg_label(pen, MARGIN + 14, y, p->workstream[n].id, p->workstream[n].name, false);
            svg_bar(pen, d, n, hues[(size_t)i % SPR_COUNT(hues)], y);
        }
    }
    for (int32_t i = 0; i < p->gates; i++, y += ROW) {
        double x = LEFT + (double)d->f->start_ms[graph_gate(p, i)] / end_ms(d) * CHART;
        svg_label(pen, MARGIN, y, p->gate[i].id, p->gate[i].name, true);
        pen_put(pen,
                "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#d62728\" stroke-dasharray=\"3 "
                "3\"/>\n",
                x, TOP, x, y + 4);
        pen_put(pen, "<path d=\"M%.1f %d l7 7 l-7 7 l-7 -7 z\" fill=\"#d62728\"/>\n", x, y + 4);
    }
    return y;
}

enum spr_code draw_svg(const struct drawing *d, struct buf *out, struct spr_error *err)
{
    const struct plan *p = d->p;
    struct pen pen = { .out = out, .err = err };
    char length[40];
    int64_t height = TOP + (int64_t)ROW * (p->domains + p->workstreams + p->gates) + MARGIN;
    plan_span_text(p, d->f->limited[SIMULATE_EXPECTED], length, sizeof length);
    pen_put(
        &pen,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%lld\" font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
        LEFT + CHART + 2 * MARGIN, (long long)height);
    pen_put(&pen,
            "<text x=\"%d\" y=\"22\" font-size=\"16\" font-weight=\"bold\">%s: %s by priority under the "
            "plan's limits, "
            "expected durations</text>\n<text x=\"%d\" y=\"40\" fill=\"#d62728\">red: on a longest path; "
            "diamonds: gates"
            "</text>\n",
            MARGIN, p->name, length, MARGIN);
    svg_axis(&pen, d, (int)(height - MARGIN));
    svg_rows(&pen, d);
    pen_put(&pen, "</svg>\n");
    return pen.rc;
}

static void json_word(struct pen *pen, const char *key, const char *text)
{
    pen_put(pen, "\"%s\":\"", key);
    pen_text(pen, text, pen_json);
    pen_put(pen, "\"");
}

static void json_ids(struct pen *pen, const struct plan *p, const char *key, struct plan_span span)
{
    pen_put(pen, ",\"%s\":[", key);
    for (int32_t k = 0; k < span.count; k++)
        pen_put(pen, "%s\"%s\"", k ? "," : "", ref_id(p, &p->ref[span.first + k]));
    pen_put(pen, "]");
}

static void json_real(struct pen *pen, const char *key, double value)
{
    char number[32];
    str_from_double(value, number, sizeof number);
    pen_put(pen, ",\"%s\":%s", key, number);
}

static void json_workstream(struct pen *pen, const struct drawing *d, int32_t n)
{
    const struct plan_workstream *w = &d->p->workstream[n];
    pen_put(pen, "{");
    json_word(pen, "id", w->id);
    pen_put(pen, ",");
    json_word(pen, "name", w->name);
    pen_put(pen, ",");
    json_word(pen, "action", plan_action_name(w->action));
    if (w->milestone) {
        pen_put(pen, ",");
        json_word(pen, "milestone", w->milestone);
    }
    if (w->agent != PLAN_NONE) {
        pen_put(pen, ",");
        json_word(pen, "agent", d->p->agent[w->agent].name);
    }
    pen_put(pen, ",\"priority\":%d,\"min_s\":%lld,\"max_s\":%lld", w->priority, (long long)w->min_s,
            (long long)w->max_s);
    json_ids(pen, d->p, "needs", w->needs);
    json_real(pen, "early_s", d->f->early_s[n]);
    json_real(pen, "slack_s", d->f->slack_s[n]);
    json_real(pen, "start_s", (double)d->f->start_ms[n] / SIMULATE_UNIT);
    json_real(pen, "duration_s", (double)d->f->duration_ms[n] / SIMULATE_UNIT);
    pen_put(pen, ",\"critical\":%s}", draw_critical(d, n) ? "true" : "false");
}

enum spr_code draw_json(const struct drawing *d, struct buf *out, struct spr_error *err)
{
    const struct plan *p = d->p;
    struct pen pen = { .out = out, .err = err };
    pen_put(&pen, "{\"plan\":\"%s\",\"day_s\":%lld,\"domains\":[", p->name, (long long)p->day_s);
    for (int32_t i = 0; i < p->domains; i++) {
        const struct plan_domain *dom = &p->domain[i];
        pen_put(&pen, "%s{", i ? "," : "");
        json_word(&pen, "id", dom->id);
        pen_put(&pen, ",");
        json_word(&pen, "name", dom->name);
        pen_put(&pen, ",\"order\":\"%s\"", dom->sequential ? "sequential" : "parallel");
        json_ids(&pen, p, "needs", dom->needs);
        pen_put(&pen, ",\"workstreams\":[");
        for (int32_t k = 0; k < dom->workstreams.count; k++) {
            pen_put(&pen, "%s", k ? "," : "");
            json_workstream(&pen, d, dom->workstreams.first + k);
        }
        pen_put(&pen, "]}");
    }
    pen_put(&pen, "],\"gates\":[");
    for (int32_t i = 0; i < p->gates; i++) {
        pen_put(&pen, "%s{", i ? "," : "");
        json_word(&pen, "id", p->gate[i].id);
        pen_put(&pen, ",");
        json_word(&pen, "name", p->gate[i].name);
        json_ids(&pen, p, "after", p->gate[i].after);
        json_ids(&pen, p, "opens", p->gate[i].opens);
        json_real(&pen, "opens_s", (double)d->f->start_ms[graph_gate(p, i)] / SIMULATE_UNIT);
        pen_put(&pen, "}");
    }
    pen_put(&pen, "]}\n");
    return pen.rc;
}
