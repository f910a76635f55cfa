/* What a thing says is compared as text, one field at a time: fields rendered by one function from either plan. */
#include "plan/diff.h"

#include "base/pen.h"

#include <stdio.h>
#include <string.h>

struct differ {
    const struct plan *from, *to;
    struct pen pen;
    int lines;
};

enum { FIELD_BYTES = 400 };

static const char *or_none(const char *text)
{
    return text ? text : "none";
}

static void refs_text(const struct plan *p, struct plan_span span, char *text)
{
    size_t n = 0;
    text[0] = '\0';
    for (int32_t k = 0; k < span.count && n + 80 < FIELD_BYTES; k++) {
        const struct plan_ref *ref = &p->ref[span.first + k];
        n += (size_t)snprintf(text + n, FIELD_BYTES - n, "%s%s", k ? ", " : "",
                              ref->thing == PLAN_DOMAIN ? p->domain[ref->index].id
                                                        : p->workstream[ref->index].id);
    }
    if (span.count == 0)
        snprintf(text, FIELD_BYTES, "none");
}

/* The value of a YAML node, in one line. */
static void node_text(const struct doc *d, int32_t node, char *text, size_t *n)
{
    if (node == DOC_NONE || *n + 8 >= FIELD_BYTES)
        return;
    const struct doc_node *at = &d->node[node];
    if (at->kind == DOC_SCALAR) {
        *n += (size_t)snprintf(text + *n, FIELD_BYTES - *n, "%s", doc_text(d, node));
        *n = *n < FIELD_BYTES ? *n : FIELD_BYTES - 1;
        return;
    }
    for (int32_t k = at->first; k != DOC_NONE; k = d->node[k].next) {
        node_text(d, k, text, n);
        if (d->node[k].next != DOC_NONE && *n + 2 < FIELD_BYTES)
            *n += (size_t)snprintf(text + *n, FIELD_BYTES - *n, " ");
    }
}

/* Each says field number `field` of thing `index`; the name of the field, or NULL after the last. */
static const char *workstream_field(const struct plan *p, int32_t index, int field, char *text)
{
    static const char *const names[] = { "name",     "domain", "milestone", "agent",   "priority",
                                         "estimate", "needs",  "action",    "outputs", "uses" };
    const struct plan_workstream *w = &p->workstream[index];
    char low[32], high[32];
    size_t n = 0;
    switch (field) {
    case 0:
        snprintf(text, FIELD_BYTES, "%s", w->name);
        break;
    case 1:
        snprintf(text, FIELD_BYTES, "%s", p->domain[w->domain].id);
        break;
    case 2:
        snprintf(text, FIELD_BYTES, "%s", or_none(w->milestone));
        break;
    case 3:
        snprintf(text, FIELD_BYTES, "%s", w->agent == PLAN_NONE ? "none" : p->agent[w->agent].name);
        break;
    case 4:
        snprintf(text, FIELD_BYTES, "P%d", w->priority);
        break;
    case 5:
        plan_span_text(p, (double)w->min_s, low, sizeof low);
        plan_span_text(p, (double)w->max_s, high, sizeof high);
        snprintf(text, FIELD_BYTES, "%s to %s", low, high);
        break;
    case 6:
        refs_text(p, w->needs, text);
        break;
    case 7:
        n = (size_t)snprintf(text, FIELD_BYTES, "%s ", plan_action_name(w->action));
        if (w->action == PLAN_ACTION_AGENT || w->action == PLAN_ACTION_MANUAL)
            snprintf(text + n, FIELD_BYTES - n, "%s", w->task ? w->task : w->manual);
        else
            node_text(&p->doc, w->detail, text, &n);
        break;
    case 8:
        text[0] = '\0';
        node_text(&p->doc, doc_get(&p->doc, w->node, "outputs"), text, &n);
        break;
    case 9:
        text[0] = '\0';
        node_text(&p->doc, doc_get(&p->doc, w->node, "uses"), text, &n);
        break;
    default:
        return NULL;
    }
    return names[field];
}

static const char *domain_field(const struct plan *p, int32_t index, int field, char *text)
{
    const struct plan_domain *d = &p->domain[index];
    switch (field) {
    case 0:
        snprintf(text, FIELD_BYTES, "%s", d->name);
        return "name";
    case 1:
        snprintf(text, FIELD_BYTES, "%s", d->sequential ? "sequential" : "parallel");
        return "order";
    case 2:
        refs_text(p, d->needs, text);
        return "needs";
    default:
        return NULL;
    }
}

static const char *gate_field(const struct plan *p, int32_t index, int field, char *text)
{
    const struct plan_gate *g = &p->gate[index];
    size_t n = 0;
    switch (field) {
    case 0:
        snprintf(text, FIELD_BYTES, "%s", g->name);
        return "name";
    case 1:
        refs_text(p, g->after, text);
        return "after";
    case 2:
        refs_text(p, g->opens, text);
        return "opens";
    case 3:
        text[0] = '\0';
        node_text(&p->doc, doc_get(&p->doc, g->node, "criteria"), text, &n);
        return "criteria";
    default:
        return NULL;
    }
}

/* What the plan says as a whole: keys whose values are compared as they are written. */
static const char *plan_field(const struct plan *p, int32_t index, int field, char *text)
{
    static const char *const names[] = { "plan",   "calendar", "capacity", "defaults",
                                         "agents", "metrics",  "hook" };
    (void)index;
    size_t n = 0;
    if (field >= (int)SPR_COUNT(names))
        return NULL;
    text[0] = '\0';
    node_text(&p->doc, doc_get(&p->doc, 0, names[field]), text, &n);
    return names[field];
}

typedef const char *field_fn(const struct plan *p, int32_t index, int field, char *text);

static const struct {
    const char *name;
    field_fn *field;
} things[] = {
    [PLAN_WORKSTREAM] = { "workstream", workstream_field },
    [PLAN_DOMAIN] = { "domain", domain_field },
    [PLAN_GATE] = { "gate", gate_field },
};

static void compare(struct differ *d, field_fn *fields, const char *what, const char *id, int32_t from,
                    int32_t to)
{
    char old[FIELD_BYTES], new[FIELD_BYTES];
    const char *name;
    for (int field = 0; (name = fields(d->to, to, field, new)); field++) {
        fields(d->from, from, field, old);
        if (strcmp(old, new) == 0)
            continue;
        pen_put(&d->pen, "~ %s%s%s: %s: %s -> %s\n", what, *id ? " " : "", id, name, *old ? old : "none",
                *new ? new : "none");
        d->lines++;
    }
}

static int32_t count_of(const struct plan *p, enum plan_thing thing)
{
    return thing == PLAN_WORKSTREAM ? p->workstreams : thing == PLAN_DOMAIN ? p->domains : p->gates;
}

static const char *id_of(const struct plan *p, enum plan_thing thing, int32_t index)
{
    return thing == PLAN_WORKSTREAM ? p->workstream[index].id
           : thing == PLAN_DOMAIN   ? p->domain[index].id
                                    : p->gate[index].id;
}

static void one_sided(struct differ *d, const struct plan *p, const char *sign, enum plan_thing thing,
                      int32_t index)
{
    char name[FIELD_BYTES];
    things[thing].field(p, index, 0, name);
    pen_put(&d->pen, "%s %s %s: %s\n", sign, things[thing].name, id_of(p, thing, index), name);
    d->lines++;
}

enum spr_code plan_diff(const struct plan *from, const struct plan *to, struct buf *out, int *ret_lines,
                        struct spr_error *err)
{
    static const enum plan_thing order[] = { PLAN_DOMAIN, PLAN_WORKSTREAM, PLAN_GATE };
    struct differ d = { .from = from, .to = to, .pen = { .out = out, .err = err } };
    enum plan_thing thing;
    int32_t other;
    compare(&d, plan_field, "plan", "", 0, 0);
    for (size_t t = 0; t < SPR_COUNT(order); t++) {
        for (int32_t i = 0; i < count_of(to, order[t]); i++) {
            const char *id = id_of(to, order[t], i);
            if (plan_find(from, id, &thing, &other) && thing == order[t])
                compare(&d, things[thing].field, things[thing].name, id, other, i);
            else
                one_sided(&d, to, "+", order[t], i);
        }
        for (int32_t i = 0; i < count_of(from, order[t]); i++)
            if (!plan_find(to, id_of(from, order[t], i), &thing, &other) || thing != order[t])
                one_sided(&d, from, "-", order[t], i);
    }
    *ret_lines = d.lines;
    return d.pen.rc;
}
