/* The forms for a terminal. Widths count code points: names in scripts of double width stand out of line. */
#include "plan/draw.h"

#include "base/pen.h"

#include <stdio.h>
#include <string.h>

static const double tight_s = 1e-3;

static int columns_of(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* Text in exactly so many columns: cut with an ellipsis, or filled with blanks. */
static void put_cell(struct pen *pen, const char *text, int columns)
{
    int have = columns_of(text), at = 0;
    const char *end = text;
    while (*end && at < (have > columns ? columns - 1 : columns)) {
        end++;
        while (((unsigned char)*end & 0xC0) == 0x80)
            end++;
        at++;
    }
    pen_put(pen, "%.*s%s%*s", (int)(end - text), text, have > columns ? "…" : "",
            have < columns ? columns - have : 0, "");
}

static void put_refs(struct pen *pen, const struct plan *p, const char *word, struct plan_span span)
{
    enum { SHOWN = 6 };
    for (int32_t i = 0; i < span.count && i < SHOWN; i++) {
        const struct plan_ref *ref = &p->ref[span.first + i];
        pen_put(pen, "%s%.64s", i ? ", " : word,
                ref->thing == PLAN_DOMAIN ? p->domain[ref->index].id : p->workstream[ref->index].id);
    }
    if (span.count > SHOWN)
        pen_put(pen, " and %d more", span.count - SHOWN);
}

/* "3 d to 4 d", "3 d", or "" without an estimate. */
static void estimate_text(const struct plan *p, const struct plan_workstream *w, char *text, size_t size)
{
    char low[32], high[32];
    plan_span_text(p, (double)w->min_s, low, sizeof low);
    plan_span_text(p, (double)w->max_s, high, sizeof high);
    if (w->max_s == 0)
        snprintf(text, size, "-");
    else if (w->min_s == w->max_s)
        snprintf(text, size, "%s", low);
    else
        snprintf(text, size, "%s to %s", low, high);
}

bool draw_critical(const struct drawing *d, int32_t n)
{
    return d->f->slack_s[n] < tight_s && d->f->limited[SIMULATE_EXPECTED] > 0;
}

/* Columns that ids and names take at most, so that they stand below each other. */
struct widths {
    int id, name;
};

static struct widths widths_of(const struct plan *p, int name_max)
{
    struct widths w = { 4, 4 };
    for (int32_t i = 0; i < p->workstreams; i++) {
        int id = columns_of(p->workstream[i].id), name = columns_of(p->workstream[i].name);
        w.id = id > w.id ? id : w.id;
        w.name = name > w.name ? name : w.name;
    }
    for (int32_t i = 0; i < p->gates; i++) {
        int id = columns_of(p->gate[i].id);
        w.id = id > w.id ? id : w.id;
    }
    w.id = w.id > 24 ? 24 : w.id;
    w.name = w.name > name_max ? name_max : w.name;
    return w;
}

static void tree_workstream(struct pen *pen, const struct drawing *d, int32_t n, bool last_domain, bool last,
                            struct widths widths)
{
    const struct plan_workstream *w = &d->p->workstream[n];
    char estimate[80];
    estimate_text(d->p, w, estimate, sizeof estimate);
    pen_put(pen, "%s  %s %s ", last_domain ? " " : "│", last ? "└─" : "├─", draw_critical(d, n) ? "●" : "○");
    put_cell(pen, w->id, widths.id);
    pen_put(pen, "  ");
    put_cell(pen, w->name, widths.name);
    pen_put(pen, "  P%d  ", w->priority);
    put_cell(pen, estimate, 14);
    if (w->agent != PLAN_NONE)
        pen_put(pen, "  %.64s", d->p->agent[w->agent].name);
    put_refs(pen, d->p, "  needs ", w->needs);
    pen_put(pen, "\n");
}

static void tree_gate(struct pen *pen, const struct plan *p, const struct plan_gate *g, bool last)
{
    pen_put(pen, "%s◆ %.64s  %.200s  (%d criteri%s)", last ? "└─" : "├─", g->id, g->name, g->criteria.count,
            g->criteria.count == 1 ? "on" : "a");
    put_refs(pen, p, "  after ", g->after);
    put_refs(pen, p, ", opens ", g->opens);
    pen_put(pen, "\n");
}

enum spr_code draw_tree(const struct drawing *d, struct buf *out, struct spr_error *err)
{
    const struct plan *p = d->p;
    struct pen pen = { .out = out, .err = err };
    struct widths widths = widths_of(p, 36);
    pen_put(&pen, "%.64s; %s\n", p->name,
            d->f->limited[SIMULATE_EXPECTED] > 0 ? "● is on a longest path" : "nothing is estimated");
    for (int32_t i = 0; i < p->domains; i++) {
        const struct plan_domain *dom = &p->domain[i];
        bool last = i == p->domains - 1 && p->gates == 0;
        pen_put(&pen, "%s %.64s  %.200s%s", last ? "└─" : "├─", dom->id, dom->name,
                dom->sequential ? "  (one at a time)" : "");
        put_refs(&pen, p, "  needs ", dom->needs);
        pen_put(&pen, "\n");
        for (int32_t k = 0; k < dom->workstreams.count; k++)
            tree_workstream(&pen, d, dom->workstreams.first + k, last, k == dom->workstreams.count - 1,
                            widths);
    }
    for (int32_t i = 0; i < p->gates; i++)
        tree_gate(&pen, p, &p->gate[i], i == p->gates - 1);
    return pen.rc;
}

static void bar(struct pen *pen, double from, double to, int columns, bool critical)
{
    int begin = (int)(from * columns + 0.5), end = (int)(to * columns + 0.5);
    begin = begin >= columns ? columns - 1 : begin;
    end = end <= begin ? begin + 1 : end;
    for (int i = 0; i < columns; i++)
        pen_put(pen, "%s", i < begin || i >= end ? i % 10 ? " " : "·" : critical ? "█" : "▒");
}

static double makespan_ms(const struct drawing *d)
{
    return d->f->limited[SIMULATE_EXPECTED] > 0 ? d->f->limited[SIMULATE_EXPECTED] * SIMULATE_UNIT : 1;
}

enum spr_code draw_gantt(const struct drawing *d, int columns, struct buf *out, struct spr_error *err)
{
    const struct plan *p = d->p;
    struct pen pen = { .out = out, .err = err };
    struct widths widths = widths_of(p, 28);
    char length[40];
    int room = columns - widths.id - widths.name - 16;
    room = room < 20 ? 20 : room > 400 ? 400 : room;
    double end = makespan_ms(d);
    plan_span_text(p, d->f->limited[SIMULATE_EXPECTED], length, sizeof length);
    pen_put(&pen,
            "%.64s: %s by priority under the plan's limits, expected durations; █ is on a longest path\n",
            p->name, length);
    for (int32_t i = 0; i < p->domains; i++) {
        const struct plan_domain *dom = &p->domain[i];
        pen_put(&pen, "%.64s  %.200s\n", dom->id, dom->name);
        for (int32_t k = 0; k < dom->workstreams.count; k++) {
            int32_t n = dom->workstreams.first + k;
            plan_span_text(p, (double)d->f->duration_ms[n] / SIMULATE_UNIT, length, sizeof length);
            pen_put(&pen, "  ");
            put_cell(&pen, p->workstream[n].id, widths.id);
            pen_put(&pen, " ");
            put_cell(&pen, p->workstream[n].name, widths.name);
            pen_put(&pen, " ");
            bar(&pen, (double)d->f->start_ms[n] / end,
                (double)(d->f->start_ms[n] + d->f->duration_ms[n]) / end, room, draw_critical(d, n));
            pen_put(&pen, " %s\n", length);
        }
    }
    for (int32_t i = 0; i < p->gates; i++) {
        double at = (double)d->f->start_ms[graph_gate(p, i)];
        int begin = (int)(at / end * room + 0.5);
        plan_span_text(p, at / SIMULATE_UNIT, length, sizeof length);
        pen_put(&pen, "  ");
        put_cell(&pen, p->gate[i].id, widths.id);
        pen_put(&pen, " ");
        put_cell(&pen, p->gate[i].name, widths.name);
        pen_put(&pen, " %*s◆ %s\n", begin >= room ? room - 1 : begin, "", length);
    }
    return pen.rc;
}
