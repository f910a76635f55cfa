#include "orchestrate/status.h"

#include "base/clock.h"
#include "orchestrate/fault.h"
#include "orchestrate/meta_inner.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of what is needed, where it will not come by itself. */
static const char *special(const struct run *r, int32_t node)
{
    if (node >= r->plan->workstreams || r->work[node].state != WORK_BLOCKED || !r->work[node].asks)
        return "";
    return r->work[node].unmerged ? ", whose branch could not be merged" : ", which is paused";
}

void status_reason(const struct run *r, int32_t w, char *text, size_t size)
{
    const struct plan *p = r->plan;
    struct run_wait x = run_waits_for(r, w);
    const char *node = x.node == PLAN_NONE ? "" : graph_node_id(p, x.node);
    static const char *const gate[] = { "is shut", "is being looked at", "did not hold", "waits for a person",
                                        "is open" };
    char span[40];
    *text = '\0';
    switch (x.kind) {
    case WAIT_NOTHING:
        break;
    case WAIT_NEEDS:
        if (x.count > 1)
            snprintf(text, size, "needs %s%s and %d more", node, special(r, x.node), x.count - 1);
        else
            snprintf(text, size, "needs %s%s", node, special(r, x.node));
        break;
    case WAIT_GATE:
        snprintf(text, size, "gate %s %s", node, gate[r->gate[x.node - graph_gate(p, 0)].state]);
        break;
    case WAIT_LOCK:
        snprintf(text, size, "%s does one thing at a time", node);
        break;
    case WAIT_AGENT:
        snprintf(text, size, "every %s is busy", p->agent[x.index].name);
        break;
    case WAIT_RESOURCE:
        snprintf(text, size, "not enough %s is free", p->resource[x.index].name);
        break;
    case WAIT_CAPACITY:
        snprintf(text, size, "%lld at once are enough", (long long)r->limit);
        break;
    case WAIT_RETRY:
        clock_span((double)(x.until_ms - r->now_ms) / 1000, span, sizeof span);
        snprintf(text, size, "tries again in %s", span);
        break;
    case WAIT_PERSON:
        snprintf(text, size, "a person has to %s",
                 r->work[w].unmerged                ? "merge its branch"
                 : r->work[w].state == WORK_BLOCKED ? "say go on"
                                                    : "say it is done");
        break;
    case WAIT_TURN:
        snprintf(text, size, "starts next");
        break;
    case WAIT_BROKEN:
        snprintf(text, size, "needs %s, which %s", node,
                 x.node < p->workstreams && r->work[x.node].state == WORK_CANCELLED ? "was cancelled"
                                                                                    : "failed");
        break;
    }
}

static void set_time(json_t *o, const char *key, int64_t ms)
{
    char text[CLOCK_ISO_BYTES];
    if (ms <= 0)
        return;
    clock_iso(ms, text);
    json_object_set_new(o, key, json_string(text));
}

/* "failed" is a word of a workstream; for people who watch, what cannot start by itself is "waiting" or "blocked". */
static const char *shown_state(const struct work *x)
{
    return x->state == WORK_READY ? "waiting" : work_state_name((enum work_state)x->state);
}

static json_t *status_work(const struct run *r, int32_t w, const struct meta_progress *progress)
{
    const struct work *x = &r->work[w];
    const struct plan_workstream *pw = &r->plan->workstream[w];
    struct run_wait wait = run_waits_for(r, w);
    char why[200];
    json_t *o = json_pack("{s:s}", "status", shown_state(x));
    if (x->attempt)
        json_object_set_new(o, "attempt", json_integer(x->attempt));
    if (x->state == WORK_RUNNING || x->state == WORK_CHECKING) {
        set_time(o, "started", x->start_ms);
        if (progress && progress[w].part >= 0) {
            json_object_set_new(o, "progress", json_real(progress[w].part));
            set_time(o, "said", progress[w].at_ms);
            if (progress[w].part > 0)
                set_time(o, "eta",
                         x->start_ms +
                             (int64_t)((double)(progress[w].at_ms - x->start_ms) / progress[w].part));
        } else if (pw->max_s) {
            set_time(o, "eta", x->start_ms + pw->max_s * 1000);
        }
        if (progress && progress[w].text[0])
            json_object_set_new(o, "message", json_string(progress[w].text));
    }
    if (x->state == WORK_DONE)
        set_time(o, "completed", x->done_ms);
    if (x->why && (x->state == WORK_FAILED || x->state == WORK_BLOCKED))
        json_object_set_new(o, "reason", json_string(x->why));
    if (wait.kind != WAIT_NOTHING) {
        status_reason(r, w, why, sizeof why);
        json_t *names = json_array();
        if (wait.node != PLAN_NONE)
            json_array_append_new(names, json_string(graph_node_id(r->plan, wait.node)));
        json_object_set_new(o, "for", names);
        json_object_set_new(o, "why", json_string(why));
    }
    return o;
}

/* Those that are open: a domain's own, or (PLAN_NONE) all. GIVES it. */
static json_t *open_escalations(const struct run *r, const struct escalations *all, int32_t domain)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < all->count; i++) {
        const struct escalation *x = &all->list[i];
        int32_t home = x->index == PLAN_NONE || x->thing == PLAN_GATE ? PLAN_NONE
                       : x->thing == PLAN_WORKSTREAM                  ? r->plan->workstream[x->index].domain
                                                                      : x->index;
        if (x->open && (domain == PLAN_NONE || domain == home))
            json_array_append_new(list, escalation_json(r->plan, r->graph, x));
    }
    return list;
}

/* All of a domain's status but its workstreams. GIVES it. */
static json_t *domain_head(const struct run *r, const struct escalations *escalations, int32_t domain)
{
    const struct plan_domain *d = &r->plan->domain[domain];
    json_t *blockers = json_array(), *asks = json_array();
    int32_t done = 0, running = 0, bad = 0;
    for (int32_t w = d->workstreams.first; w < d->workstreams.first + d->workstreams.count; w++) {
        const struct work *x = &r->work[w];
        const char *id = r->plan->workstream[w].id;
        done += x->state == WORK_DONE || x->state == WORK_SKIPPED;
        running += x->state == WORK_RUNNING || x->state == WORK_CHECKING;
        if (x->state == WORK_FAILED || x->state == WORK_CANCELLED) {
            bad++;
            json_array_append_new(blockers, json_string(id));
        }
        if (x->asks)
            json_array_append_new(asks, json_string(id));
    }
    const char *state = done == d->workstreams.count ? "done"
                        : running                    ? "active"
                        : bad                        ? "blocked"
                                                     : "waiting";
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "orchestrator", d->id, "status", state, "blockers",
                     blockers, "decisions_needed", asks, "escalations",
                     open_escalations(r, escalations, domain));
}

static json_t *status_domain(const struct run *r, const struct escalations *escalations, int32_t domain,
                             const struct meta_progress *progress)
{
    const struct plan_domain *d = &r->plan->domain[domain];
    json_t *head = domain_head(r, escalations, domain), *work = json_object();
    for (int32_t w = d->workstreams.first; w < d->workstreams.first + d->workstreams.count; w++)
        json_object_set_new(work, r->plan->workstream[w].id, status_work(r, w, progress));
    json_object_set_new(head, "workstreams", work);
    return head;
}

/* The workstream with the longest path to the end, or PLAN_NONE. */
static int32_t longest(const struct run *r, int64_t now_ms, double *ret_left_s)
{
    int32_t first = PLAN_NONE;
    *ret_left_s = 0;
    for (int32_t w = 0; w < r->plan->workstreams; w++) {
        const struct work *x = &r->work[w];
        double rest = r->tail[w];
        if (x->state == WORK_DONE || x->state == WORK_SKIPPED || x->state == WORK_FAILED ||
            x->state == WORK_CANCELLED)
            continue;
        if (x->state == WORK_RUNNING || x->state == WORK_CHECKING) {
            double gone = (double)(now_ms - x->start_ms) / 1000, most = (double)r->plan->workstream[w].max_s;
            rest -= gone < most ? gone : most;
        }
        if (rest > *ret_left_s) {
            *ret_left_s = rest;
            first = w;
        }
    }
    return first;
}

double status_left_s(const struct run *r, int64_t now_ms)
{
    double left;
    longest(r, now_ms, &left);
    return left;
}

int32_t status_path(const struct run *r, int64_t now_ms, int32_t *nodes, int32_t room)
{
    double left;
    const struct plan_graph *g = r->graph;
    int32_t n = longest(r, now_ms, &left), count = 0;
    while (n != PLAN_NONE && count < room) {
        int32_t next = PLAN_NONE;
        if (n < r->plan->workstreams || n >= graph_gate(r->plan, 0))
            nodes[count++] = n;
        for (int32_t k = g->next_first[n]; k < g->next_first[n + 1]; k++)
            if (!r->complete[g->next[k]] && (next == PLAN_NONE || r->tail[g->next[k]] > r->tail[next]))
                next = g->next[k];
        n = next;
    }
    return count;
}

/* All of the plan's status but its domains. GIVES it. */
static json_t *plan_head(const struct run *r, const struct escalations *escalations, int64_t now_ms)
{
    const struct plan *p = r->plan;
    static const char *const moods[] = { "active", "asks", "stopped", "finished" };
    json_t *gates = json_object(), *counts = json_object();
    char text[CLOCK_ISO_BYTES];
    clock_iso(now_ms, text);
    for (int32_t g = 0; g < p->gates; g++) {
        json_t *o = json_pack("{s:s, s:s*}", "status", gate_state_name((enum gate_state)r->gate[g].state),
                              "why", r->gate[g].why);
        json_object_set_new(gates, p->gate[g].id, o);
    }
    for (int s = 0; s < WORK_STATES; s++)
        json_object_set_new(counts, work_state_name((enum work_state)s), json_integer(r->count[s]));
    return json_pack("{s:s, s:s, s:s, s:o, s:f, s:o, s:o}", "plan", p->name, "status", moods[run_mood(r)],
                     "time", text, "counts", counts, "left_s", status_left_s(r, now_ms), "gates", gates,
                     "escalations", open_escalations(r, escalations, PLAN_NONE));
}

struct json_t *status_plan(const struct run *r, const struct meta_progress *progress,
                           const struct escalations *escalations, int64_t now_ms)
{
    json_t *head = plan_head(r, escalations, now_ms), *domains = json_array();
    for (int32_t d = 0; d < r->plan->domains; d++)
        json_array_append_new(domains, status_domain(r, escalations, d, progress));
    json_object_set_new(head, "domains", domains);
    return head;
}

/* The files are put together as text, a line for each workstream: as a tree, a plan of a hundred thousand would take a
 * hundred megabytes, once a second. TAKES o; cut: bytes left out at its end. */
static enum spr_code add_json(struct buf *b, json_t *o, size_t cut, struct spr_error *err)
{
    char *text = o ? json_dumps(o, JSON_REAL_PRECISION(6)) : NULL;
    enum spr_code rc =
        text ? buf_add(b, text, strlen(text) - cut, err) : SPR_FAIL(err, SPR_NOMEM, "no memory for a status");
    free(text);
    json_decref(o);
    return rc;
}

static enum spr_code add_domain(struct buf *b, const struct meta *m, int32_t domain, struct spr_error *err)
{
    const struct plan_span all = m->plan->domain[domain].workstreams;
    enum spr_code rc = add_json(b, domain_head(&m->run, &m->alarms.list, domain), 1, err);
    if (!rc)
        rc = buf_addf(b, err, ", \"workstreams\": {");
    for (int32_t w = all.first; !rc && w < all.first + all.count; w++) {
        rc = buf_addf(b, err, "%s\n  \"%s\": ", w == all.first ? "" : ",", m->plan->workstream[w].id);
        if (!rc)
            rc = add_json(b, status_work(&m->run, w, m->progress), 0, err);
    }
    return rc ? rc : buf_addf(b, err, "}}");
}

/* Whole or not at all, but not flushed to disk: it can be made again from the journal. */
static void put_down(const struct meta *m, const char *name, const struct buf *text)
{
    char path[TASK_PATH_BYTES + 128], part[TASK_PATH_BYTES + 160];
    snprintf(path, sizeof path, "%s/%s.json", m->at->folder, name);
    snprintf(part, sizeof part, "%s.part", path);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    fault_point("status");
    if (fd >= 0) {
        bool whole = write(fd, text->data, text->length) == (ssize_t)text->length;
        close(fd);
        if (!whole || rename(part, path))
            unlink(part);
    }
}

/* The same on one line. */
static void publish(const struct meta *m, struct buf *text)
{
    for (char *at = text->data; m->feed && (at = strchr(at, '\n'));)
        *at = ' ';
    if (m->feed)
        feed_status(m->feed, text->data);
}

/* One that cannot be written is not worth a run. */
static enum spr_code write_all(struct meta *m, int64_t now_ms, struct buf *whole, struct buf *part,
                               struct spr_error *err)
{
    char name[100];
    enum spr_code rc = add_json(whole, plan_head(&m->run, &m->alarms.list, now_ms), 1, err);
    if (!rc)
        rc = buf_addf(whole, err, ",\n\"domains\": [");
    for (int32_t d = 0; !rc && d < m->plan->domains; d++) {
        snprintf(name, sizeof name, "status/%s", m->plan->domain[d].id);
        part->length = 0;
        rc = add_domain(part, m, d, err);
        if (rc)
            break;
        put_down(m, name, part);
        rc = buf_addf(whole, err, "%s\n ", d ? "," : "");
        if (!rc)
            rc = buf_add(whole, part->data, part->length, err);
        publish(m, part);
    }
    if (!rc)
        rc = buf_addf(whole, err, "]}\n");
    if (!rc)
        put_down(m, "status", whole);
    return rc;
}

static void write_now(void *context)
{
    status_write(context);
}

void status_write(struct meta *m)
{
    struct spr_error err;
    enum { EVERY_MS = 1000, SHARE = 20 }; /* a large plan's status takes at most a twentieth of the time */
    struct buf whole, part;
    int64_t now = clock_wall_ms();
    buf_init(&whole, (size_t)1 << 30);
    buf_init(&part, (size_t)1 << 30);
    (void)write_all(m, now, &whole, &part, &err);
    buf_fini(&part);
    buf_fini(&whole);
    int64_t pause = SHARE * (clock_wall_ms() - now);
    m->status_ms = now + (pause > EVERY_MS ? pause : EVERY_MS);
    if (m->plan->status_every_s > 0)
        meta_fail(m, loop_at(m->loop, now + m->plan->status_every_s * 1000, write_now, m, &err), &err);
}

void status_due(struct meta *m)
{
    struct spr_error err;
    int64_t soonest = m->status_ms, now = clock_wall_ms();
    meta_fail(m, loop_at(m->loop, soonest > now ? soonest : now, write_now, m, &err), &err);
}
