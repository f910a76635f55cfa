/* Meta and its crews: what they are ordered, and what becomes of it when one of their processes is lost. */
#include "orchestrate/fresh.h"
#include "orchestrate/meta_inner.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

static void order(struct meta *m, enum crew_order_kind kind, int32_t w, int32_t attempt, uint32_t slot)
{
    const struct crew_order o = { kind, w, attempt, slot };
    struct spr_error err;
    meta_fail(m, teams_order(m->teams, &o, &err), &err);
}

/* What leaves nothing behind and has no criteria is accepted without asking anybody. */
static bool is_plain(const struct plan_workstream *x)
{
    return x->accept.count == 0 && x->outputs.count == 0 && x->action != PLAN_ACTION_DEPLOY;
}

static void accept(struct meta *m, int32_t w, int32_t attempt)
{
    struct crew_news n = { .kind = NEWS_CHECKED, .workstream = w, .attempt = attempt, .ok = true };
    struct spr_error err;
    meta_fail(m, fresh_gave(m->plan, w, "", attempt, &n.gave, &err), &err);
    meta_hear_crew(m, &n);
}

void meta_accept_plain(struct meta *m, int32_t w)
{
    if (m->run.work[w].state == WORK_CHECKING && is_plain(&m->plan->workstream[w]))
        accept(m, w, m->run.work[w].attempt);
}

static void check(struct meta *m, int32_t w, int32_t attempt)
{
    const struct plan_workstream *x = &m->plan->workstream[w];
    if (m->run.work[w].state != WORK_CHECKING || m->run.work[w].attempt != attempt)
        return; /* accepted already */
    if (is_plain(x)) {
        accept(m, w, attempt);
        return;
    }
    m->check_slot[w] = x->accept.count ? meta_slots(m, (uint32_t)x->accept.count) : 0;
    order(m, CREW_CHECK, w, attempt, m->check_slot[w]);
}

void meta_send(struct meta *m, const struct run_order *o)
{
    switch (o->kind) {
    case ORDER_LAUNCH:
        order(m, CREW_LAUNCH, o->index, o->attempt, o->slot);
        break;
    case ORDER_CHECK:
        check(m, o->index, o->attempt);
        break;
    case ORDER_STOP:
        order(m, CREW_STOP, o->index, o->attempt, o->slot);
        break;
    case ORDER_LOOK:
        break; /* gates are meta's own */
    }
}

void meta_stop_all(struct meta *m)
{
    for (int32_t w = 0; w < m->plan->workstreams; w++)
        if (m->run.work[w].state == WORK_RUNNING || m->run.work[w].state == WORK_CHECKING)
            order(m, CREW_STOP, w, m->run.work[w].attempt, 0);
}

static void tell_of(struct meta *m, int32_t domain, bool runs, const char *text)
{
    struct run_event e = { .kind = EVENT_DOMAIN,
                           .thing = PLAN_DOMAIN,
                           .index = domain,
                           .yes = runs,
                           .text = text,
                           .time_ms = clock_wall_ms() };
    struct spr_error err;
    meta_fail(m, meta_emit(m, &e, &err), &err);
}

void meta_adopt(struct meta *m, int32_t domain)
{
    for (int32_t d = 0; domain < 0 && d < m->plan->domains; d++)
        if (teams_ready(m->teams, d))
            tell_of(m, d, true, "taken over");
    for (int32_t w = 0; w < m->plan->workstreams; w++) {
        const struct work *x = &m->run.work[w];
        if (x->state != WORK_RUNNING || teams_holds(m->teams, w) ||
            (domain >= 0 && m->plan->workstream[w].domain != domain))
            continue;
        order(m, CREW_ADOPT, w, x->attempt, x->slot);
        if (domain >= 0 &&
            (x->cancel || x->pause || m->run.stopping)) /* at the beginning the run orders it */
            order(m, CREW_STOP, w, x->attempt, x->slot);
    }
}

/* ---- processes ---- */

enum spr_code meta_clear_slot(struct meta *m, uint32_t slot, struct spr_error *err)
{
    struct task_slot *s = task_map(m->slots, slot);
    enum spr_code rc = SPR_OK;
    if (!s)
        return SPR_FAIL(err, SPR_IO, "cannot read the slots in %.200s: %s", m->at->folder, strerror(errno));
    uint32_t state = atomic_load(&s->state);
    bool alive = (state == TASK_EMPTY || state == TASK_STARTED) && !task_abandon(s) &&
                 atomic_load(&s->state) == TASK_STARTED && task_alive(&s->supervisor);
    if (alive) {
        m->strays++;
        rc = m->executor.adopt(m->executor.self, slot, err);
        m->executor.stop(m->executor.self, slot);
    }
    task_unmap(s);
    return rc;
}

static void ready(void *context, int32_t domain)
{
    struct meta *m = context;
    if (m->under_way)
        tell_of(m, domain, true, NULL);
}

/* Its tasks run on under their supervisors; what was being looked at is ended, and looked at anew. */
static void lost(void *context, int32_t domain, const char *text)
{
    struct meta *m = context;
    struct spr_error err;
    const struct plan_span all = m->plan->domain[domain].workstreams;
    tell_of(m, domain, false, text);
    meta_adopt(m, domain);
    for (int32_t w = all.first; w < all.first + all.count; w++) {
        if (m->run.work[w].state != WORK_CHECKING || teams_holds(m->teams, w))
            continue;
        for (int32_t i = 0; i < m->plan->workstream[w].accept.count; i++)
            meta_fail(m, meta_clear_slot(m, m->check_slot[w] + (uint32_t)i, &err), &err);
        if (!m->run.stopping)
            check(m, w, m->run.work[w].attempt);
    }
}

enum spr_code meta_open_teams(struct meta *m, struct spr_error *err)
{
    const struct meta_options *o = m->options;
    const struct teams_options options = { .processes = o->text && !o->together && m->plan->domains > 1,
                                           .wire = feed_wire(m->feed),
                                           .text = o->text,
                                           .text_length = o->text_length,
                                           .grace_ms = m->plan->grace_s * 1000,
                                           .mask = &m->mask };
    const struct teams_hooks hooks = { .context = m, .news = meta_hear_crew, .ready = ready, .lost = lost };
    enum spr_code rc = teams_new(m->loop, m->plan, m->at, &options, &hooks, &m->teams, err);
    return rc ? rc : teams_greet(m->teams, err);
}

static void let_go(struct meta *m)
{
    m->rest = false;
    for (int32_t d = 0; d < m->plan->domains; d++)
        if (m->run.complete[graph_domain_end(m->plan, d)])
            teams_dismiss(m->teams, d);
}

enum spr_code meta_speak(struct meta *m, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int32_t d; !rc && m->strays == 0 && (d = teams_wanting(m->teams)) >= 0;)
        rc = teams_start(m->teams, d, err);
    if (!rc)
        rc = teams_flush(m->teams, err);
    if (!rc && m->rest)
        let_go(m);
    return rc;
}
