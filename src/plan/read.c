#include "plan/read.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum reader_array {
    ARRAY_DOMAIN,
    ARRAY_WORKSTREAM,
    ARRAY_GATE,
    ARRAY_RESOURCE,
    ARRAY_AGENT,
    ARRAY_REF,
    ARRAY_USE,
    ARRAY_PATH,
    ARRAY_CRITERION
};

#define KEY(name, type, object, field)             \
    {                                              \
        name, type, offsetof(struct object, field) \
    }

/* Makes room for one more in one of the plan's arrays; the new element is zeroed. NULL once memory has run out. */
static void *push(struct reader *r, enum reader_array which, void *array, int32_t *count, size_t size)
{
    void **at = array;
    if (r->schema.rc)
        return NULL;
    if (*count == r->room[which]) {
        int32_t room = *count ? *count + *count / 2 : 16;
        void *grown = mem_resize(*at, (size_t)room, size);
        if (!grown) {
            r->schema.rc = SPR_FAIL(r->err, SPR_NOMEM, "no memory for a plan of this size");
            return NULL;
        }
        *at = grown;
        r->room[which] = room;
    }
    void *element = (char *)*at + (size_t)(*count)++ * size;
    memset(element, 0, size);
    return element;
}

typedef void item_fn(struct reader *r, int32_t node, void *context);

/* Calls item for each element of a list; a single word counts as a list of one where `lone` allows it. */
static void each(struct reader *r, int32_t list, const char *what, bool lone, item_fn *item, void *context)
{
    const struct doc *d = r->schema.doc;
    if (list == DOC_NONE)
        return;
    if (lone && d->node[list].kind == DOC_SCALAR)
        item(r, list, context);
    else if (schema_kind(&r->schema, list, what, DOC_LIST))
        for (int32_t n = d->node[list].first; n != DOC_NONE; n = d->node[n].next)
            item(r, n, context);
}

static void read_ref(struct reader *r, int32_t node, void *context)
{
    const char *id;
    struct plan_span *span = context;
    if (!schema_id(&r->schema, node, "a reference", &id))
        return;
    struct plan_ref *ref = push(r, ARRAY_REF, &r->plan->ref, &r->refs, sizeof *ref);
    if (ref) {
        *ref = (struct plan_ref){ .index = PLAN_NONE, .node = node };
        span->count++;
    }
}

static struct plan_span read_refs(struct reader *r, int32_t list, const char *what)
{
    struct plan_span span = { r->refs, 0 };
    each(r, list, what, true, read_ref, &span);
    return span;
}

static void read_path(struct reader *r, int32_t node, void *context)
{
    const char *text;
    struct plan_span *span = context;
    if (!schema_word(&r->schema, node, "an output", &text))
        return;
    const char **path = push(r, ARRAY_PATH, &r->plan->path, &r->paths, sizeof *path);
    if (path) {
        *path = text;
        span->count++;
    }
}

static void check_criterion(struct reader *r, const struct plan_criterion *c, uint64_t seen)
{
    enum {
        NAME = 1,
        COMMAND = 2,
        FILE_KEY = 4,
        METRIC = 8,
        APPROVAL = 16,
        ABOVE = 32,
        BELOW = 64,
        MIN = 128,
        FROM = 256,
        AGE = 512
    };
    uint64_t subject = seen & (COMMAND | FILE_KEY | METRIC | APPROVAL);
    if (!(seen & NAME))
        schema_complain(&r->schema, c->node, "a criterion needs a name: what it shows, in words");
    if (subject == 0 || (subject & (subject - 1)))
        schema_complain(&r->schema, c->node,
                        "a criterion is exactly one of command, file, metric and approval; this one has %s",
                        subject ? "several" : "none");
    else if (subject == METRIC && !(seen & (ABOVE | BELOW)))
        schema_complain(&r->schema, c->node, "metric %s has no bound: give above, below or both", c->subject);
    else if (subject != METRIC && (seen & (ABOVE | BELOW | FROM | AGE)))
        schema_complain(&r->schema, c->node, "above, below, from and max_age belong to a metric only");
    if ((seen & MIN) && subject != FILE_KEY)
        schema_complain(&r->schema, c->node, "min_bytes belongs to a file only");
    if (c->above >= c->below)
        schema_complain(&r->schema, c->node, "nothing is above %g and below %g", c->above, c->below);
}

static void read_criterion(struct reader *r, int32_t node, void *context)
{
    struct {
        struct plan_criterion c;
        const char *command, *file, *metric, *approval;
    } read = { .c = { .above = -INFINITY, .below = INFINITY, .node = node } };
    const struct schema_key keys[] = {
        { "name", SCHEMA_WORD, offsetof(struct plan_criterion, name) },
        { "command", SCHEMA_WORD, (size_t)((char *)&read.command - (char *)&read) },
        { "file", SCHEMA_WORD, (size_t)((char *)&read.file - (char *)&read) },
        { "metric", SCHEMA_WORD, (size_t)((char *)&read.metric - (char *)&read) },
        { "approval", SCHEMA_WORD, (size_t)((char *)&read.approval - (char *)&read) },
        { "above", SCHEMA_REAL, offsetof(struct plan_criterion, above) },
        { "below", SCHEMA_REAL, offsetof(struct plan_criterion, below) },
        { "min_bytes", SCHEMA_COUNT, offsetof(struct plan_criterion, min_bytes) },
        { "from", SCHEMA_WORD, offsetof(struct plan_criterion, from) },
        { "max_age", SCHEMA_DURATION, offsetof(struct plan_criterion, max_age_s) },
    };
    uint64_t seen = schema_read(&r->schema, node, "a criterion", keys, SPR_COUNT(keys), &read);
    const char *subjects[] = { read.command, read.file, read.metric, read.approval };
    for (int kind = PLAN_COMMAND; kind <= PLAN_APPROVAL; kind++)
        if (subjects[kind]) {
            read.c.kind = (enum plan_criterion_kind)kind;
            read.c.subject = subjects[kind];
        }
    if (r->schema.doc->node[node].kind == DOC_MAP)
        check_criterion(r, &read.c, seen);
    struct plan_criterion *kept = push(r, ARRAY_CRITERION, &r->plan->criterion, &r->criteria, sizeof *kept);
    if (kept) {
        *kept = read.c;
        ((struct plan_span *)context)->count++;
    }
}

static struct plan_span read_criteria(struct reader *r, int32_t list)
{
    struct plan_span span = { r->criteria, 0 };
    each(r, list, "a list of criteria", false, read_criterion, &span);
    return span;
}

/* "3d..4d", or one duration for both ends. */
static void read_estimate(struct reader *r, int32_t node, struct plan_workstream *w)
{
    const char *text;
    if (!schema_word(&r->schema, node, "estimate", &text))
        return;
    const struct plan *p = r->plan;
    const char *dots = strstr(text, "..");
    size_t first = dots ? (size_t)(dots - text) : strlen(text);
    const char *second = dots ? dots + 2 : text;
    int64_t low, high;
    if (!schema_parse_duration(text, first, p->day_s, p->week_s, &low) ||
        !schema_parse_duration(second, strlen(second), p->day_s, p->week_s, &high))
        schema_complain(&r->schema, node,
                        "estimate \"%.40s\" must be MIN..MAX, as in 3d..4d, or one duration", text);
    else if (low > high)
        schema_complain(&r->schema, node, "estimate \"%.40s\": the smaller end comes first", text);
    else {
        w->min_s = low;
        w->max_s = high;
    }
}

static void read_priority(struct reader *r, int32_t node, struct plan_workstream *w)
{
    const char *text;
    if (!schema_word(&r->schema, node, "priority", &text))
        return;
    if (strlen(text) == 2 && text[0] == 'P' && text[1] >= '0' && text[1] < '0' + PLAN_PRIORITIES)
        w->priority = (int8_t)(text[1] - '0');
    else
        schema_complain(&r->schema, node, "priority \"%.40s\" must be P0, P1, P2 or P3", text);
}

/* One "resource: amount" of a workstream. */
static void read_use(struct reader *r, int32_t key, struct plan_workstream *w)
{
    const struct doc *d = r->schema.doc;
    struct plan *p = r->plan;
    const char *name = doc_text(d, key);
    int32_t i = 0;
    while (i < p->resources && strcmp(p->resource[i].name, name) != 0)
        i++;
    if (i == p->resources) {
        schema_complain(&r->schema, key, "resource \"%.40s\" is not under \"capacity\"", name);
        return;
    }
    int64_t amount;
    if (!schema_count(&r->schema, d->node[key].next, name, &amount))
        return;
    if (amount > p->resource[i].amount) {
        schema_complain(&r->schema, d->node[key].next,
                        "uses %s: %lld, but the plan's capacity is %lld: it could never start", name,
                        (long long)amount, (long long)p->resource[i].amount);
        return;
    }
    struct plan_use *use = push(r, ARRAY_USE, &p->use, &r->uses, sizeof *use);
    if (use) {
        *use = (struct plan_use){ i, amount };
        w->uses.count++;
    }
}

static void read_uses(struct reader *r, int32_t map, struct plan_workstream *w)
{
    const struct doc *d = r->schema.doc;
    w->uses = (struct plan_span){ r->uses, 0 };
    if (map != DOC_NONE)
        for (int32_t k = d->node[map].first; k != DOC_NONE; k = d->node[d->node[k].next].next)
            read_use(r, k, w);
}

/* The limits of a workstream, or of `defaults`. */
static const struct schema_key limit_keys[] = {
    KEY("timeout", SCHEMA_DURATION, plan_limits, timeout_s),
    KEY("retries", SCHEMA_INT32, plan_limits, retries),
    KEY("retry_delay", SCHEMA_DURATION, plan_limits, retry_delay_s),
    KEY("status_every", SCHEMA_DURATION, plan_limits, status_every_s),
    KEY("stall_after", SCHEMA_DURATION, plan_limits, stall_after_s),
    KEY("blocker_after", SCHEMA_DURATION, plan_limits, blocker_after_s),
    KEY("overrun", SCHEMA_REAL, plan_limits, overrun),
};

static const struct schema_key budget_keys[] = {
    KEY("time", SCHEMA_DURATION, plan_budget, time_s),
    KEY("turns", SCHEMA_COUNT, plan_budget, turns),
    KEY("tokens", SCHEMA_COUNT, plan_budget, tokens),
    KEY("cost", SCHEMA_REAL, plan_budget, cost),
};

/* A workstream's map as read, before it is sorted into struct plan_workstream. */
struct raw_workstream {
    struct plan_workstream w;
    const char *agent;
    int32_t priority, estimate, needs, uses, outputs, accept, budget;
    int32_t action[PLAN_ACTION_COUNT];
};

static const char *const action_names[PLAN_ACTION_COUNT] = {
    [PLAN_ACTION_NONE] = "none",         [PLAN_ACTION_RUN] = "run",     [PLAN_ACTION_GENERATE] = "generate",
    [PLAN_ACTION_PIXELIZE] = "pixelize", [PLAN_ACTION_TRAIN] = "train", [PLAN_ACTION_PACK] = "pack",
    [PLAN_ACTION_DEPLOY] = "deploy",     [PLAN_ACTION_AGENT] = "task",  [PLAN_ACTION_MANUAL] = "manual",
};

const char *plan_action_name(enum plan_action action)
{
    return action_names[action];
}

static const struct schema_key workstream_keys[] = {
    KEY("id", SCHEMA_ID, raw_workstream, w.id),
    KEY("name", SCHEMA_WORD, raw_workstream, w.name),
    KEY("milestone", SCHEMA_WORD, raw_workstream, w.milestone),
    KEY("agent", SCHEMA_WORD, raw_workstream, agent),
    KEY("branch", SCHEMA_BOOL, raw_workstream, w.branch),
    KEY("priority", SCHEMA_NODE, raw_workstream, priority),
    KEY("estimate", SCHEMA_NODE, raw_workstream, estimate),
    KEY("needs", SCHEMA_NODE, raw_workstream, needs),
    KEY("spec", SCHEMA_WORD, raw_workstream, w.spec),
    KEY("workdir", SCHEMA_WORD, raw_workstream, w.workdir),
    KEY("env", SCHEMA_MAP, raw_workstream, w.env),
    KEY("uses", SCHEMA_MAP, raw_workstream, uses),
    KEY("outputs", SCHEMA_NODE, raw_workstream, outputs),
    KEY("accept", SCHEMA_LIST, raw_workstream, accept),
    KEY("budget", SCHEMA_MAP, raw_workstream, budget),
    KEY("timeout", SCHEMA_DURATION, raw_workstream, w.limits.timeout_s),
    KEY("retries", SCHEMA_INT32, raw_workstream, w.limits.retries),
    KEY("retry_delay", SCHEMA_DURATION, raw_workstream, w.limits.retry_delay_s),
    KEY("status_every", SCHEMA_DURATION, raw_workstream, w.limits.status_every_s),
    KEY("stall_after", SCHEMA_DURATION, raw_workstream, w.limits.stall_after_s),
    KEY("blocker_after", SCHEMA_DURATION, raw_workstream, w.limits.blocker_after_s),
    KEY("overrun", SCHEMA_REAL, raw_workstream, w.limits.overrun),
    KEY("run", SCHEMA_NODE, raw_workstream, action[PLAN_ACTION_RUN]),
    KEY("generate", SCHEMA_MAP, raw_workstream, action[PLAN_ACTION_GENERATE]),
    KEY("pixelize", SCHEMA_MAP, raw_workstream, action[PLAN_ACTION_PIXELIZE]),
    KEY("train", SCHEMA_MAP, raw_workstream, action[PLAN_ACTION_TRAIN]),
    KEY("pack", SCHEMA_MAP, raw_workstream, action[PLAN_ACTION_PACK]),
    KEY("deploy", SCHEMA_MAP, raw_workstream, action[PLAN_ACTION_DEPLOY]),
    KEY("task", SCHEMA_WORD, raw_workstream, w.task),
    KEY("manual", SCHEMA_WORD, raw_workstream, w.manual),
};

static void check_run(struct reader *r, int32_t node)
{
    const struct doc *d = r->schema.doc;
    const char *word;
    if (d->node[node].kind == DOC_MAP)
        schema_complain(&r->schema, node, "run must be shell text or a list of words, not a map");
    else if (d->node[node].kind == DOC_SCALAR)
        schema_word(&r->schema, node, "run", &word);
    else if (d->node[node].count == 0)
        schema_complain(&r->schema, node, "run is an empty list; the first word is the program");
    else
        for (int32_t n = d->node[node].first; n != DOC_NONE; n = d->node[n].next)
            schema_kind(&r->schema, n, "a word of run", DOC_SCALAR);
}

/* Which of the actions is there; more than one is a complaint. */
static void settle_action(struct reader *r, struct raw_workstream *raw)
{
    if (raw->w.task)
        raw->action[PLAN_ACTION_AGENT] = raw->w.node;
    if (raw->w.manual)
        raw->action[PLAN_ACTION_MANUAL] = raw->w.node;
    for (int a = PLAN_ACTION_RUN; a < PLAN_ACTION_COUNT; a++) {
        if (raw->action[a] == DOC_NONE)
            continue;
        if (raw->w.action != PLAN_ACTION_NONE) {
            schema_complain(&r->schema, raw->action[a], "%s has both %s and %s; a workstream does one thing",
                            raw->w.id ? raw->w.id : "a workstream", action_names[raw->w.action],
                            action_names[a]);
            continue;
        }
        raw->w.action = (enum plan_action)a;
        raw->w.detail = raw->action[a];
    }
    if (raw->w.action == PLAN_ACTION_RUN)
        check_run(r, raw->w.detail);
    if (raw->w.action == PLAN_ACTION_AGENT && !raw->agent)
        schema_complain(&r->schema, raw->w.node, "%s has a task but no agent to give it to",
                        raw->w.id ? raw->w.id : "a workstream");
}

static int32_t find_agent(const struct plan *p, const char *name)
{
    for (int32_t i = 0; i < p->agents; i++)
        if (strcmp(p->agent[i].name, name) == 0)
            return i;
    return PLAN_NONE;
}

static void settle_agent(struct reader *r, struct raw_workstream *raw, int32_t node)
{
    if (!raw->agent)
        return;
    raw->w.agent = find_agent(r->plan, raw->agent);
    if (raw->w.agent == PLAN_NONE)
        schema_complain(&r->schema, node, "agent \"%.40s\" is not under \"agents\"", raw->agent);
    else if (raw->w.action == PLAN_ACTION_AGENT && !r->plan->agent[raw->w.agent].command)
        schema_complain(&r->schema, node, "agent \"%.40s\" has no command, so it cannot be given a task",
                        raw->agent);
}

static void read_workstream(struct reader *r, int32_t node, void *context)
{
    struct plan_domain *domain = context;
    struct plan *p = r->plan;
    struct raw_workstream raw = {
        .w = { .agent = PLAN_NONE,
               .priority = 2,
               .detail = DOC_NONE,
               .env = DOC_NONE,
               .limits = r->defaults,
               .domain = p->domains,
               .node = node },
        .priority = DOC_NONE,
        .estimate = DOC_NONE,
        .needs = DOC_NONE,
        .uses = DOC_NONE,
        .outputs = DOC_NONE,
        .accept = DOC_NONE,
        .budget = DOC_NONE,
    };
    for (int a = 0; a < PLAN_ACTION_COUNT; a++)
        raw.action[a] = DOC_NONE;
    uint64_t seen =
        schema_read(&r->schema, node, "a workstream", workstream_keys, SPR_COUNT(workstream_keys), &raw);
    if (r->schema.doc->node[node].kind != DOC_MAP)
        return;
    if (!(seen & 1))
        schema_complain(&r->schema, node, "a workstream needs an id");
    if (!raw.w.name)
        raw.w.name = raw.w.id;
    if (raw.priority != DOC_NONE)
        read_priority(r, raw.priority, &raw.w);
    if (raw.estimate != DOC_NONE)
        read_estimate(r, raw.estimate, &raw.w);
    if (raw.budget != DOC_NONE)
        schema_read(&r->schema, raw.budget, "a budget", budget_keys, SPR_COUNT(budget_keys), &raw.w.budget);
    raw.w.needs = read_refs(r, raw.needs, "needs");
    read_uses(r, raw.uses, &raw.w);
    raw.w.outputs = (struct plan_span){ r->paths, 0 };
    each(r, raw.outputs, "outputs", true, read_path, &raw.w.outputs);
    raw.w.accept = read_criteria(r, raw.accept);
    settle_action(r, &raw);
    settle_agent(r, &raw, node);
    struct plan_workstream *w = push(r, ARRAY_WORKSTREAM, &p->workstream, &p->workstreams, sizeof *w);
    if (w) {
        *w = raw.w;
        domain->workstreams.count++;
    }
}

static void read_domain(struct reader *r, int32_t node, void *context)
{
    (void)context;
    struct {
        struct plan_domain d;
        const char *order;
        int32_t workstreams, needs;
    } raw = { .d = { .node = node, .workstreams = { r->plan->workstreams, 0 } },
              .workstreams = DOC_NONE,
              .needs = DOC_NONE };
    const struct schema_key keys[] = {
        { "id", SCHEMA_ID, offsetof(struct plan_domain, id) },
        { "name", SCHEMA_WORD, offsetof(struct plan_domain, name) },
        { "order", SCHEMA_WORD, (size_t)((char *)&raw.order - (char *)&raw) },
        { "needs", SCHEMA_NODE, (size_t)((char *)&raw.needs - (char *)&raw) },
        { "workstreams", SCHEMA_LIST, (size_t)((char *)&raw.workstreams - (char *)&raw) },
    };
    uint64_t seen = schema_read(&r->schema, node, "a domain", keys, SPR_COUNT(keys), &raw);
    if (r->schema.doc->node[node].kind != DOC_MAP)
        return;
    if (!(seen & 1))
        schema_complain(&r->schema, node, "a domain needs an id");
    if (!raw.d.name)
        raw.d.name = raw.d.id;
    if (raw.order && strcmp(raw.order, "sequential") == 0)
        raw.d.sequential = true;
    else if (raw.order && strcmp(raw.order, "parallel") != 0)
        schema_complain(&r->schema, doc_get(r->schema.doc, node, "order"),
                        "order \"%.40s\" must be sequential or parallel", raw.order);
    raw.d.needs = read_refs(r, raw.needs, "needs");
    if (raw.workstreams == DOC_NONE)
        schema_complain(&r->schema, node, "domain %s has no workstreams", raw.d.id ? raw.d.id : "without id");
    each(r, raw.workstreams, "workstreams", false, read_workstream, &raw.d);
    struct plan_domain *d = push(r, ARRAY_DOMAIN, &r->plan->domain, &r->plan->domains, sizeof *d);
    if (d)
        *d = raw.d;
}

static void read_gate(struct reader *r, int32_t node, void *context)
{
    (void)context;
    struct {
        struct plan_gate g;
        int32_t after, opens, criteria;
    } raw = { .g = { .node = node }, .after = DOC_NONE, .opens = DOC_NONE, .criteria = DOC_NONE };
    const struct schema_key keys[] = {
        { "id", SCHEMA_ID, offsetof(struct plan_gate, id) },
        { "name", SCHEMA_WORD, offsetof(struct plan_gate, name) },
        { "after", SCHEMA_NODE, (size_t)((char *)&raw.after - (char *)&raw) },
        { "opens", SCHEMA_NODE, (size_t)((char *)&raw.opens - (char *)&raw) },
        { "criteria", SCHEMA_LIST, (size_t)((char *)&raw.criteria - (char *)&raw) },
    };
    uint64_t seen = schema_read(&r->schema, node, "a gate", keys, SPR_COUNT(keys), &raw);
    if (r->schema.doc->node[node].kind != DOC_MAP)
        return;
    if (!(seen & 1))
        schema_complain(&r->schema, node, "a gate needs an id");
    if (!raw.g.name)
        raw.g.name = raw.g.id;
    raw.g.after = read_refs(r, raw.after, "after");
    raw.g.opens = read_refs(r, raw.opens, "opens");
    raw.g.criteria = read_criteria(r, raw.criteria);
    if (raw.g.after.count == 0)
        schema_complain(&r->schema, node,
                        "gate %s comes after nothing; name domains or workstreams under \"after\"",
                        raw.g.id ? raw.g.id : "without id");
    if (raw.g.criteria.count == 0)
        schema_complain(&r->schema, node, "gate %s has no criteria, so it would show nothing",
                        raw.g.id ? raw.g.id : "without id");
    struct plan_gate *g = push(r, ARRAY_GATE, &r->plan->gate, &r->plan->gates, sizeof *g);
    if (g)
        *g = raw.g;
}

/* What a day and a week of work mean; a day may be written in hours, a week in days. */
static void read_calendar(struct reader *r, int32_t node)
{
    struct plan *p = r->plan;
    const struct schema_key keys[] = { KEY("day", SCHEMA_DURATION, plan, day_s),
                                       KEY("week", SCHEMA_NODE, plan, week_s) };
    struct schema *s = &r->schema;
    if (!schema_kind(s, node, "calendar", DOC_MAP))
        return;
    int32_t day = doc_get(s->doc, node, "day"), week = doc_get(s->doc, node, "week");
    for (int32_t k = s->doc->node[node].first; k != DOC_NONE; k = s->doc->node[s->doc->node[k].next].next)
        if (s->doc->node[k].next != day && s->doc->node[k].next != week)
            schema_complain(s, k, "calendar has no key \"%.40s\"; it has %s and %s", doc_text(s->doc, k),
                            keys[0].name, keys[1].name);
    if (day != DOC_NONE && schema_duration(s, day, "day", &p->day_s) && (p->day_s < 60 || p->day_s > 86400))
        schema_complain(s, day, "a day of work is between 1m and 24h");
    s->day_s = p->day_s;
    p->week_s = 5 * p->day_s;
    if (week != DOC_NONE && schema_duration(s, week, "week", &p->week_s) &&
        (p->week_s < p->day_s || p->week_s > 7 * 86400))
        schema_complain(s, week, "a week of work is between one day and 7 full days");
    s->week_s = p->week_s;
}

static void read_capacity(struct reader *r, int32_t node)
{
    const struct doc *d = r->schema.doc;
    struct plan *p = r->plan;
    if (!schema_kind(&r->schema, node, "capacity", DOC_MAP))
        return;
    for (int32_t k = d->node[node].first; k != DOC_NONE; k = d->node[d->node[k].next].next) {
        int64_t amount;
        const char *name;
        if (!schema_id(&r->schema, k, "a resource", &name) ||
            !schema_count(&r->schema, d->node[k].next, name, &amount))
            continue;
        if (amount == 0)
            schema_complain(&r->schema, d->node[k].next, "a capacity of 0 %s lets nothing run", name);
        if (strcmp(name, "workstreams") == 0) {
            p->capacity = amount;
            continue;
        }
        struct plan_resource *res = push(r, ARRAY_RESOURCE, &p->resource, &p->resources, sizeof *res);
        if (res)
            *res = (struct plan_resource){ name, amount };
    }
}

static void read_agents(struct reader *r, int32_t node)
{
    static const struct schema_key keys[] = {
        KEY("limit", SCHEMA_INT32, plan_agent, limit),
        KEY("command", SCHEMA_WORD, plan_agent, command),
        KEY("env", SCHEMA_MAP, plan_agent, env),
    };
    const struct doc *d = r->schema.doc;
    if (!schema_kind(&r->schema, node, "agents", DOC_MAP))
        return;
    for (int32_t k = d->node[node].first; k != DOC_NONE; k = d->node[d->node[k].next].next) {
        struct plan_agent read = { .env = DOC_NONE };
        if (!schema_id(&r->schema, k, "an agent", &read.name))
            continue;
        schema_read(&r->schema, d->node[k].next, "an agent", keys, SPR_COUNT(keys), &read);
        struct plan_agent *a = push(r, ARRAY_AGENT, &r->plan->agent, &r->plan->agents, sizeof *a);
        if (a)
            *a = read;
    }
}

static void read_defaults(struct reader *r, int32_t node)
{
    struct {
        struct plan_limits limits;
        const char *shell;
        int64_t grace_s;
    } raw = { .limits = r->defaults, .grace_s = r->plan->grace_s };
    struct schema_key keys[SPR_COUNT(limit_keys) + 2];
    memcpy(keys, limit_keys, sizeof limit_keys);
    keys[SPR_COUNT(limit_keys)] =
        (struct schema_key){ "shell", SCHEMA_WORD, (size_t)((char *)&raw.shell - (char *)&raw) };
    keys[SPR_COUNT(limit_keys) + 1] =
        (struct schema_key){ "grace", SCHEMA_DURATION, (size_t)((char *)&raw.grace_s - (char *)&raw) };
    schema_read(&r->schema, node, "defaults", keys, SPR_COUNT(keys), &raw);
    r->defaults = raw.limits;
    r->plan->shell = raw.shell;
    r->plan->grace_s = raw.grace_s;
    r->plan->status_every_s = raw.limits.status_every_s;
}

void plan_read(struct reader *r)
{
    struct {
        const char *name, *metrics, *hook;
        int32_t calendar, capacity, defaults, agents, domains, gates;
    } raw = { .calendar = DOC_NONE,
              .capacity = DOC_NONE,
              .defaults = DOC_NONE,
              .agents = DOC_NONE,
              .domains = DOC_NONE,
              .gates = DOC_NONE };
    const char *base = (const char *)&raw;
    const struct schema_key keys[] = {
        { "plan", SCHEMA_ID, (size_t)((const char *)&raw.name - base) },
        { "metrics", SCHEMA_WORD, (size_t)((const char *)&raw.metrics - base) },
        { "hook", SCHEMA_WORD, (size_t)((const char *)&raw.hook - base) },
        { "calendar", SCHEMA_NODE, (size_t)((const char *)&raw.calendar - base) },
        { "capacity", SCHEMA_NODE, (size_t)((const char *)&raw.capacity - base) },
        { "defaults", SCHEMA_NODE, (size_t)((const char *)&raw.defaults - base) },
        { "agents", SCHEMA_NODE, (size_t)((const char *)&raw.agents - base) },
        { "domains", SCHEMA_LIST, (size_t)((const char *)&raw.domains - base) },
        { "gates", SCHEMA_LIST, (size_t)((const char *)&raw.gates - base) },
    };
    struct plan *p = r->plan;
    p->day_s = r->schema.day_s = 8 * 3600;
    p->week_s = r->schema.week_s = 5 * p->day_s;
    r->defaults = (struct plan_limits){
        .status_every_s = 4 * 3600, .stall_after_s = 24 * 3600, .blocker_after_s = 24 * 3600, .overrun = 1.5
    };
    p->grace_s = 60;
    p->status_every_s = r->defaults.status_every_s;
    uint64_t seen = schema_read(&r->schema, 0, "a plan", keys, SPR_COUNT(keys), &raw);
    p->name = raw.name;
    p->metrics = raw.metrics;
    p->hook = raw.hook;
    if (r->schema.doc->node[0].kind != DOC_MAP)
        return;
    if (!(seen & 1))
        schema_complain(&r->schema, 0, "the plan needs a name: \"plan: my-game\" at the top");
    if (raw.domains == DOC_NONE)
        schema_complain(&r->schema, 0, "the plan has no domains");
    /* Order matters: units before durations, capacities and agents before who refers to them. */
    if (raw.calendar != DOC_NONE)
        read_calendar(r, raw.calendar);
    if (raw.capacity != DOC_NONE)
        read_capacity(r, raw.capacity);
    if (raw.defaults != DOC_NONE)
        read_defaults(r, raw.defaults);
    if (raw.agents != DOC_NONE)
        read_agents(r, raw.agents);
    each(r, raw.domains, "domains", false, read_domain, NULL);
    each(r, raw.gates, "gates", false, read_gate, NULL);
}
