#include "base/mem.h"
#include "base/str.h"
#include "plan/graph.h"
#include "plan/read.h"

#include <stdio.h>
#include <string.h>

/* Ids are found by hashing (FNV-1a, linear probing). A slot holds a number over all things plus 1: workstreams first,
 * then domains, then gates. */
static uint32_t hash(const char *id)
{
    uint32_t h = 2166136261u;
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 16777619u;
    return h;
}

static const char *thing_id(const struct plan *p, int32_t number, enum plan_thing *thing, int32_t *index)
{
    *thing = PLAN_WORKSTREAM;
    *index = number;
    if (number < p->workstreams)
        return p->workstream[number].id;
    *index = number -= p->workstreams;
    *thing = PLAN_DOMAIN;
    if (number < p->domains)
        return p->domain[number].id;
    *index = number - p->domains;
    *thing = PLAN_GATE;
    return p->gate[*index].id;
}

bool plan_find(const struct plan *p, const char *id, enum plan_thing *ret_thing, int32_t *ret_index)
{
    if (!p->index)
        return false;
    for (int32_t at = (int32_t)(hash(id) & (uint32_t)p->index_mask); p->index[at];
         at = (at + 1) & p->index_mask) {
        enum plan_thing thing;
        int32_t index;
        if (strcmp(thing_id(p, p->index[at] - 1, &thing, &index), id) == 0) {
            *ret_thing = thing;
            *ret_index = index;
            return true;
        }
    }
    return false;
}

static int32_t thing_node(const struct plan *p, enum plan_thing thing, int32_t index)
{
    return thing == PLAN_WORKSTREAM ? p->workstream[index].node
           : thing == PLAN_DOMAIN   ? p->domain[index].node
                                    : p->gate[index].node;
}

static void index_ids(struct reader *r)
{
    struct plan *p = r->plan;
    int32_t things = p->workstreams + p->domains + p->gates, slots = 64;
    while (slots < things * 2)
        slots *= 2;
    p->index = mem_zalloc((size_t)slots, sizeof *p->index);
    if (!p->index) {
        r->schema.rc = SPR_FAIL(r->err, SPR_NOMEM, "no memory for %d ids", things);
        return;
    }
    p->index_mask = slots - 1;
    for (int32_t n = 0; n < things; n++) {
        enum plan_thing thing, other;
        int32_t index, first;
        const char *id = thing_id(p, n, &thing, &index);
        if (!id)
            continue;
        if (plan_find(p, id, &other, &first)) {
            schema_complain(&r->schema, thing_node(p, thing, index), "id %s is taken: line %d has it already",
                            id, p->doc.node[thing_node(p, other, first)].line);
            continue;
        }
        int32_t at = (int32_t)(hash(id) & (uint32_t)p->index_mask);
        while (p->index[at])
            at = (at + 1) & p->index_mask;
        p->index[at] = n + 1;
    }
}

/* The id that was probably meant, for plans small enough to look at all of them. */
static const char *meant(const struct plan *p, const char *id)
{
    enum { MOST = 500 };
    const char *all[MOST];
    int32_t things = p->workstreams + p->domains + p->gates;
    size_t count = 0;
    for (int32_t n = 0; n < things && n < MOST; n++) {
        enum plan_thing thing;
        int32_t index;
        const char *known = thing_id(p, n, &thing, &index);
        if (known)
            all[count++] = known;
    }
    return str_nearest(id, all, count);
}

enum allowed { WORKSTREAMS = 1, DOMAINS = 2 };

/* Resolves the references of one list; those that cannot be are taken out of it. */
static void resolve(struct reader *r, struct plan_span *span, enum allowed allowed, const char *key)
{
    static const char *const kinds[] = { "workstream", "domain", "gate" };
    struct plan *p = r->plan;
    int32_t kept = 0;
    for (int32_t i = 0; i < span->count; i++) {
        struct plan_ref ref = p->ref[span->first + i];
        const char *id = doc_text(&p->doc, ref.node);
        if (!plan_find(p, id, &ref.thing, &ref.index)) {
            const char *near = meant(p, id);
            schema_complain(&r->schema, ref.node, "%s: nothing is called \"%.60s\"%s%.60s%s", key, id,
                            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        } else if (!(allowed & 1u << ref.thing)) {
            schema_complain(&r->schema, ref.node, "%s: \"%.60s\" is a %s; %s belongs here", key, id,
                            kinds[ref.thing],
                            allowed == WORKSTREAMS ? "a workstream"
                            : allowed == DOMAINS   ? "a domain"
                                                   : "a workstream or a domain");
        } else {
            p->ref[span->first + kept++] = ref;
        }
    }
    span->count = kept;
}

static void resolve_all(struct reader *r)
{
    struct plan *p = r->plan;
    for (int32_t i = 0; i < p->workstreams; i++)
        resolve(r, &p->workstream[i].needs, WORKSTREAMS, "needs");
    for (int32_t i = 0; i < p->domains; i++)
        resolve(r, &p->domain[i].needs, DOMAINS, "needs");
    for (int32_t i = 0; i < p->gates; i++) {
        resolve(r, &p->gate[i].after, WORKSTREAMS | DOMAINS, "after");
        resolve(r, &p->gate[i].opens, WORKSTREAMS | DOMAINS, "opens");
    }
}

/* "a -> b -> c -> a", cut in the middle when it is long. */
static void complain_cycle(struct reader *r, const int32_t *cycle, int32_t length)
{
    const struct plan *p = r->plan;
    char text[160];
    size_t n = 0;
    const char *last = NULL;
    for (int32_t i = 0; i <= length; i++) {
        const char *id = graph_node_id(p, cycle[i % length]);
        if (last && strcmp(id, last) == 0)
            continue;
        if (n + strlen(id) + 24 > sizeof text) {
            snprintf(text + n, sizeof text - n, " -> ...");
            break;
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", last ? " -> " : "", id);
        last = id;
    }
    enum plan_thing thing;
    int32_t index;
    if (plan_find(p, graph_node_id(p, cycle[0]), &thing, &index))
        schema_complain(&r->schema, thing_node(p, thing, index),
                        "this goes round in a circle and could never start; take one of the needs out: %s",
                        text);
}

/* Takes the arrows of a cycle out of the plan, which is refused anyway, so that the next one can be seen. */
static void open_cycle(struct plan *p, const int32_t *cycle, int32_t length)
{
    for (int32_t i = 0; i < length; i++) {
        enum plan_thing thing;
        int32_t index;
        if (!plan_find(p, graph_node_id(p, cycle[i]), &thing, &index))
            continue;
        if (thing == PLAN_WORKSTREAM)
            p->workstream[index].needs.count = 0;
        else if (thing == PLAN_DOMAIN)
            p->domain[index].needs.count = 0;
        else
            p->gate[index].after.count = p->gate[index].opens.count = 0;
    }
}

enum { CYCLES_MAX = 20 };

static void check_cycles(struct reader *r)
{
    for (int n = 0; n < CYCLES_MAX; n++) {
        struct plan_graph g = { 0 };
        int32_t *cycle = NULL, length = 0;
        enum spr_code rc = graph_init(&g, r->plan, &cycle, &length, r->err);
        if (rc == SPR_BADDATA && cycle) {
            complain_cycle(r, cycle, length);
            open_cycle(r->plan, cycle, length);
        } else if (rc) {
            r->schema.rc = rc == SPR_BADDATA ? SPR_FAIL(r->err, SPR_NOMEM, "no memory to name a circle") : rc;
        }
        mem_free(cycle);
        graph_fini(&g);
        if (rc != SPR_BADDATA || r->schema.rc)
            return;
    }
}

void plan_check(struct reader *r)
{
    index_ids(r);
    if (r->schema.rc)
        return;
    resolve_all(r);
    /* With an id missing there is nothing to print a circle with. */
    const struct plan *p = r->plan;
    for (int32_t n = 0; n < p->workstreams + p->domains + p->gates; n++) {
        enum plan_thing thing;
        int32_t index;
        if (!thing_id(p, n, &thing, &index))
            return;
    }
    check_cycles(r);
}
