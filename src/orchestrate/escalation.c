#include "orchestrate/escalation.h"

#include "base/clock.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static struct escalation *numbered(struct escalations *s, int32_t number)
{
    if (number > 0 && number <= s->count && s->list[number - 1].number == number)
        return &s->list[number - 1]; /* as it is, but where a journal was mended */
    for (int32_t i = s->count; i-- > 0;)
        if (s->list[i].number == number)
            return &s->list[i];
    return NULL;
}

static const char *word_of(const struct run_event *e, const char *key)
{
    const char *word = json_string_value(json_object_get(e->data, key));
    return word ? word : "";
}

static enum spr_code raise_one(struct escalations *s, const struct run_event *e, struct spr_error *err)
{
    if (s->count == s->room) {
        int32_t room = s->room ? 2 * s->room : 16;
        struct escalation *grown = mem_resize(s->list, (size_t)room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for an escalation");
        s->list = grown;
        s->room = room;
    }
    struct escalation x = { .number = e->number,
                            .thing = e->thing,
                            .index = e->index,
                            .attempts = (int32_t)json_integer_value(json_object_get(e->data, "attempts")),
                            .meta = strcmp(word_of(e, "level"), "meta") == 0,
                            .open = true,
                            .since_ms = e->time_ms };
    snprintf(x.type, sizeof x.type, "%.15s", word_of(e, "type"));
    snprintf(x.severity, sizeof x.severity, "%.11s", word_of(e, "severity"));
    x.issue = e->text ? mem_text(e->text, strlen(e->text)) : NULL;
    if (e->text && !x.issue)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for an escalation");
    s->list[s->count++] = x;
    s->open++;
    return SPR_OK;
}

enum spr_code escalations_apply(struct escalations *s, const struct run_event *e, struct spr_error *err)
{
    if (e->kind != EVENT_ESCALATE && e->kind != EVENT_RESOLVED)
        return SPR_OK;
    struct escalation *x = numbered(s, e->number);
    if (e->kind == EVENT_ESCALATE && !x)
        return raise_one(s, e, err);
    if (e->kind == EVENT_ESCALATE)
        x->meta = true; /* it rose */
    else if (x && x->open) {
        s->open--;
        x->open = false;
        x->until_ms = e->time_ms;
    }
    return SPR_OK;
}

const struct escalation *escalations_find(const struct escalations *s, const char *type,
                                          enum plan_thing thing, int32_t index)
{
    for (int32_t i = s->count; i-- > 0;)
        if (s->list[i].open && s->list[i].thing == thing && s->list[i].index == index &&
            strcmp(s->list[i].type, type) == 0)
            return &s->list[i];
    return NULL;
}

int32_t escalations_open(const struct escalations *s)
{
    return s->open;
}

void escalations_fini(struct escalations *s)
{
    for (int32_t i = 0; i < s->count; i++)
        mem_free(s->list[i].issue);
    mem_free(s->list);
    *s = (struct escalations){ 0 };
}

/* ---- what people get ---- */

const char *escalation_orchestrator(const struct plan *p, enum plan_thing thing, int32_t index)
{
    if (index == PLAN_NONE || thing == PLAN_GATE)
        return "meta";
    return p->domain[thing == PLAN_WORKSTREAM ? p->workstream[index].domain : index].id;
}

const char *escalation_help(const char *type)
{
    static const struct {
        const char *type, *help;
    } rows[] = {
        { "blocker", "mend or cancel what it waits for; 'plan retry' has it tried again" },
        { "failed", "mend what it says, then 'plan retry'" },
        { "gate", "mend what the criterion says, then 'plan gate'" },
        { "lost", "nothing, while it is tried again by itself; if it goes on, see whether memory runs out" },
        { "merge",
          "merge its branch by hand, then 'plan retry' of the workstream, or 'plan gate' of its gate" },
        { "overrun", "see what it does; 'plan cancel' stops it, or let it go on" },
        { "paused", "see what it did; raise its budget or change its task, then 'plan retry'" },
        { "stall", "see what it does; 'plan cancel' stops it, or let it go on" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (strcmp(rows[i].type, type) == 0)
            return rows[i].help;
    return "";
}

static int32_t node_of(const struct plan *p, enum plan_thing thing, int32_t index)
{
    return thing == PLAN_WORKSTREAM ? index
           : thing == PLAN_GATE     ? graph_gate(p, index)
                                    : graph_domain_end(p, index);
}

/* Breadth first, and never far: what is seen fits into a list that is looked through. */
int32_t escalation_affects(const struct plan *p, const struct plan_graph *g, enum plan_thing thing,
                           int32_t index, int32_t ret_workstream[ESCALATION_AFFECTED_MAX])
{
    enum { SEEN_MAX = 200 };
    int32_t seen[SEEN_MAX], count = 0, at = 0, found = 0;
    if (index == PLAN_NONE)
        return 0;
    seen[count++] = node_of(p, thing, index);
    for (; at < count && found < ESCALATION_AFFECTED_MAX; at++)
        for (int32_t k = g->next_first[seen[at]]; k < g->next_first[seen[at] + 1]; k++) {
            int32_t n = g->next[k], i = 0;
            while (i < count && seen[i] != n)
                i++;
            if (i < count || count == SEEN_MAX || found == ESCALATION_AFFECTED_MAX)
                continue;
            seen[count++] = n;
            if (n < p->workstreams)
                ret_workstream[found++] = n;
        }
    return found;
}

bool escalation_leaves_domain(const struct plan *p, const struct plan_graph *g, enum plan_thing thing,
                              int32_t index)
{
    if (index == PLAN_NONE || thing != PLAN_WORKSTREAM)
        return true;
    int32_t home = p->workstream[index].domain, from[] = { index, graph_domain_end(p, home) };
    for (size_t i = 0; i < SPR_COUNT(from); i++)
        for (int32_t k = g->next_first[from[i]]; k < g->next_first[from[i] + 1]; k++) {
            int32_t n = g->next[k];
            if (n >= p->workstreams ? n != from[1] : p->workstream[n].domain != home)
                return true;
        }
    return false;
}

static const char *subject(const struct plan *p, const struct escalation *x)
{
    return x->index == PLAN_NONE         ? p->name
           : x->thing == PLAN_WORKSTREAM ? p->workstream[x->index].id
           : x->thing == PLAN_GATE       ? p->gate[x->index].id
                                         : p->domain[x->index].id;
}

struct json_t *escalation_json(const struct plan *p, const struct plan_graph *g, const struct escalation *x)
{
    int32_t waiting[ESCALATION_AFFECTED_MAX];
    int32_t count = escalation_affects(p, g, x->thing, x->index, waiting);
    char since[CLOCK_ISO_BYTES];
    json_t *affected = json_array();
    for (int32_t i = 0; i < count; i++)
        json_array_append_new(affected, json_string(p->workstream[waiting[i]].id));
    clock_iso(x->since_ms, since);
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:s}", "number", x->number, "type",
                     x->type, "severity", x->severity, "level", x->meta ? "meta" : "domain", "orchestrator",
                     escalation_orchestrator(p, x->thing, x->index), "on", subject(p, x), "since", since,
                     "issue", x->issue ? x->issue : "", "attempts", x->attempts, "affected", affected, "help",
                     escalation_help(x->type));
}
