#include "orchestrate/meta_inner.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "orchestrate/action.h"
#include "orchestrate/fresh.h"
#include "orchestrate/inbox.h"
#include "orchestrate/status.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

void meta_fail(struct meta *m, enum spr_code rc, const struct spr_error *err)
{
    if (rc && !m->rc) {
        m->rc = rc;
        m->err = *err;
    }
}

/* ---- writing down and telling ---- */

static enum spr_code keep_for_telling(struct meta *m, const struct run_event *e, struct spr_error *err)
{
    if (m->told.count == m->told.room) {
        int32_t room = m->told.room ? 2 * m->told.room : 64;
        struct told *grown = mem_resize(m->told.list, (size_t)room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for events");
        m->told.list = grown;
        m->told.room = room;
    }
    struct told *t = &m->told.list[m->told.count];
    *t = (struct told){ .event = *e, .line = mem_text(m->line.data, m->line.length) };
    t->event.data = NULL;
    t->event.text = e->text ? mem_text(e->text, strlen(e->text)) : NULL;
    m->told.count++;
    return SPR_OK;
}

enum spr_code meta_emit(void *context, const struct run_event *e, struct spr_error *err)
{
    struct meta *m = context;
    m->line.length = 0;
    enum spr_code rc =
        event_write(m->plan, e, m->journal.lines + m->journal.pending_lines + 1, &m->line, err);
    if (!rc)
        rc = journal_add(&m->journal, m->line.data, m->line.length, err);
    if (!rc)
        rc = keep_for_telling(m, e, err);
    if (!rc)
        rc = escalations_apply(&m->alarms.list, e, err);
    if (e->kind == EVENT_DONE || e->kind == EVENT_KEPT)
        fresh_changed(&m->memo, m->plan, &m->graph, e->index);
    m->changed = true;
    return rc;
}

static void forget_told(struct meta *m)
{
    for (int32_t i = 0; i < m->told.count; i++) {
        mem_free((char *)m->told.list[i].event.text);
        mem_free(m->told.list[i].line);
    }
    m->told.count = 0;
}

static void tell(struct meta *m)
{
    const struct meta_watcher *w = &m->options->watcher;
    for (int32_t i = 0; i < m->told.count; i++) {
        const char *line = m->told.list[i].line ? m->told.list[i].line : "";
        if (m->feed)
            feed_event(m->feed, line);
        if (w->told)
            w->told(w->context, &m->told.list[i].event, line);
    }
    forget_told(m);
}

/* ---- what the run asks of us ---- */

static bool is_fresh(void *context, int32_t w, const struct work *before, struct run_event *e,
                     const char **why)
{
    struct meta *m = context;
    struct spr_error err;
    char folder[TASK_PATH_BYTES + 128];
    if (fresh_made(m->plan, w, m->at, &e->made, &err)) {
        *why = "its spec cannot be read";
        return false;
    }
    fresh_took(m->plan, &m->graph, m->run.work, &m->memo, w, &e->took);
    if (!before->succeeded)
        return false;
    e->gave = before->gave;
    if (memcmp(&e->made, &before->made, sizeof e->made) != 0)
        *why = "its definition changed";
    else if (memcmp(&e->took, &before->took, sizeof e->took) != 0)
        *why = "what it needs changed";
    else if (m->plan->workstream[w].outputs.count > 0 ||
             m->plan->workstream[w].action == PLAN_ACTION_DEPLOY) {
        struct run_hash now;
        action_folder(m->plan, w, m->at, folder, sizeof folder);
        if (fresh_gave(m->plan, w, folder, before->attempt, &now, &err))
            *why = "an output is missing";
        else if (memcmp(&now, &before->gave, sizeof now) != 0)
            *why = "an output changed";
    }
    return !*why;
}

uint32_t meta_slots(struct meta *m, uint32_t count)
{
    struct spr_error err;
    uint32_t first = m->next_slot;
    enum spr_code rc = slots_reserve(m->slots, first + count, &err);
    meta_fail(m, rc, &err);
    m->next_slot += count;
    return first;
}

static uint32_t next_slot(void *context)
{
    return meta_slots(context, 1);
}

static void carry_out(struct meta *m, const struct run_order *o)
{
    if (o->kind == ORDER_LOOK)
        meta_look(m, o->index, o->attempt);
    else
        meta_send(m, o);
}

static void come_again(void *context)
{
    (void)context; /* the turn that this timer ends does what is due */
}

/* Decides, writes down, tells, acts, until nothing follows any more. */
static enum spr_code settle(struct meta *m, struct spr_error *err)
{
    int64_t next, blocked;
    for (bool more = true; more;) {
        struct run_order o;
        enum spr_code rc = run_step(&m->run, clock_wall_ms(), &next, err);
        if (!rc && m->rc) {
            *err = m->err;
            rc = m->rc;
        }
        blocked = meta_watch_long(m, clock_wall_ms(), false);
        next = blocked < next ? blocked : next;
        if (!rc)
            rc = journal_commit(&m->journal, err);
        if (rc)
            return rc;
        tell(m);
        more = false;
        while (run_order(&m->run, &o)) {
            carry_out(m, &o);
            more = true;
        }
        rc = meta_speak(m, err);
        if (rc)
            return rc;
        more = more || m->journal.pending_lines > 0;
    }
    return loop_at(m->loop, next, come_again, m, err);
}

/* ---- the past ---- */

static enum spr_code remember_order(struct meta *m, const struct run_event *e, struct spr_error *err)
{
    const char *name = json_string_value(json_object_get(e->data, "order"));
    if (!name)
        return SPR_OK;
    char **grown = mem_resize(m->seen.name, m->seen.count + 1, sizeof *grown);
    if (!grown)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for the past");
    m->seen.name = grown;
    m->seen.name[m->seen.count] = mem_text(name, strlen(name));
    m->seen.count += m->seen.name[m->seen.count] != NULL;
    return SPR_OK;
}

static enum spr_code remember(void *context, char *text, size_t length, struct spr_error *err)
{
    struct meta *m = context;
    struct run_event e;
    bool known;
    enum spr_code rc = event_read(m->plan, text, length, &e, &known, err);
    if (rc)
        return rc;
    if (known) {
        m->began = m->began || e.kind == EVENT_BEGIN;
        m->ended = e.kind == EVENT_END ? e.yes : m->ended && e.kind != EVENT_BEGIN;
        if (e.kind == EVENT_START && e.slot >= m->next_slot)
            m->next_slot = e.slot + 1;
        rc = run_replay(&m->run, &e, err);
    }
    if (!rc)
        rc = escalations_apply(&m->alarms.list, &e, err);
    if (!rc)
        rc = remember_order(m, &e, err);
    json_decref(e.data);
    return rc;
}

static void stray_ended(void *context, uint32_t slot, enum executor_fate fate, const struct task_end *end,
                        const char *text)
{
    struct meta *m = context;
    for (int32_t g = 0; g < m->plan->gates; g++)
        if (m->looking[g].judge && judge_has(m->looking[g].judge, slot)) {
            judge_ended(m->looking[g].judge, fate, end, text);
            return;
        }
    if (m->strays > 0)
        m->strays--;
}

/* Slots that an earlier orchestrator made room for: those that nobody has taken never will be, so that what is still on
 * its way to spritery-task starts nothing; criteria that are still being looked at are ended, they are looked at anew. */
static enum spr_code clear_slots(struct meta *m, struct spr_error *err)
{
    uint32_t room = slots_room(m->slots);
    bool *running = mem_zalloc((size_t)room + 1, sizeof *running);
    enum spr_code rc = running ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for %u slots", room);
    for (int32_t w = 0; !rc && w < m->plan->workstreams; w++)
        if (m->run.work[w].state == WORK_RUNNING && m->run.work[w].slot < room)
            running[m->run.work[w].slot] = true;
    for (uint32_t i = 0; !rc && i < room; i++)
        if (!running[i])
            rc = meta_clear_slot(m, i, err);
    mem_free(running);
    m->next_slot = room > m->next_slot ? room : m->next_slot;
    return rc;
}

/* ---- signals and people ---- */

static void hear_signal(void *context)
{
    struct meta *m = context;
    struct signalfd_siginfo info;
    while (read(m->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGINT && (m->signal == 0 || m->signal == SIGINT)) {
            m->run.stopping = true;
            meta_stop_all(m); /* the second time at once */
        }
        m->signal = (int)info.ssi_signo;
    }
}

static enum spr_code watch_people(struct meta *m, struct spr_error *err)
{
    char path[TASK_PATH_BYTES + 16];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &m->mask);
    m->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    m->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    snprintf(path, sizeof path, "%s/orders", m->at->folder);
    if (m->signals < 0 || m->notify < 0 || inotify_add_watch(m->notify, path, IN_MOVED_TO | IN_CREATE) < 0)
        return SPR_FAIL(err, SPR_IO, "cannot watch %.200s: %s", path, strerror(errno));
    enum spr_code rc = loop_watch(m->loop, m->signals, hear_signal, m, err);
    return rc ? rc : loop_watch(m->loop, m->notify, meta_hear_people, m, err);
}

/* ---- from beginning to end ---- */

static enum spr_code prepare(struct meta *m, struct spr_error *err)
{
    const struct plan *p = m->plan;
    const struct run_env env = {
        .context = m, .emit = meta_emit, .fresh = is_fresh, .admit = meta_admit, .slot = next_slot
    };
    int64_t limit = m->options->limit ? m->options->limit
                    : p->capacity     ? p->capacity
                                      : pool_default_threads();
    m->looking = mem_zalloc((size_t)p->gates, sizeof *m->looking);
    m->progress = mem_zalloc((size_t)p->workstreams, sizeof *m->progress);
    m->check_slot = mem_zalloc((size_t)p->workstreams, sizeof *m->check_slot);
    if (!m->looking || !m->progress || !m->check_slot)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a run of this size");
    for (int32_t w = 0; w < p->workstreams; w++)
        m->progress[w].part = -1;
    enum spr_code rc = place_make(m->at, err);
    if (!rc)
        rc = graph_init(&m->graph, p, NULL, NULL, err);
    if (!rc)
        rc = fresh_memo_init(&m->memo, p, &m->graph, err);
    if (!rc)
        rc = run_init(&m->run, p, &m->graph, limit, &env, err);
    if (!rc)
        rc = loop_new(&m->loop, err);
    return rc;
}

static enum spr_code open_journal(struct meta *m, struct spr_error *err)
{
    struct journal_damage damage;
    enum journal_safety safety = m->options->safety;
    enum spr_code rc = journal_open(m->at->folder, safety, remember, m, &m->journal, &damage, err);
    if (rc == SPR_BADDATA && damage.found && m->options->mend) {
        const struct run_env env = m->run.env;
        int64_t limit = m->run.limit;
        run_fini(&m->run);
        escalations_fini(&m->alarms.list);
        rc = journal_mend(m->at->folder, &damage, err);
        if (!rc)
            rc = run_init(&m->run, m->plan, &m->graph, limit, &env, err);
        if (!rc)
            rc = journal_open(m->at->folder, safety, remember, m, &m->journal, &damage, err);
    }
    if (!rc && m->options->resume_only && !m->began)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "this plan was never run; begin with 'spritery plan run'");
    return rc;
}

static enum spr_code begin(struct meta *m, struct spr_error *err)
{
    bool resume = m->began && !m->ended && !m->options->force;
    enum spr_code rc = slots_open(m->at->folder, &m->slots, err);
    if (!rc)
        rc = local_new(m->loop, m->at->folder, "", stray_ended, m, &m->local, err);
    if (rc)
        return rc;
    m->executor = local_executor(m->local);
    rc = hooks_new(m->loop, m->plan, &m->graph, m->at, 0, &m->alarms.hooks, err);
    if (!rc)
        rc = watch_people(m, err);
    if (!rc)
        rc = feed_open(m->at, &m->feed, err);
    if (!rc)
        rc = meta_open_teams(m, err);
    if (!rc)
        rc = clear_slots(m, err);
    while (!rc && m->strays > 0)
        rc = loop_turn(m->loop, -1, err);
    if (!rc)
        rc = run_begin(&m->run, resume, m->options->force, clock_wall_ms(), err);
    m->under_way = true;
    if (!rc) {
        meta_merge_again(m);
        meta_adopt(m, -1);
    }
    return rc;
}

static void tick(void *context)
{
    struct meta *m = context;
    m->ticked = true; /* who watches is told after what is due has been decided and committed */
}

/* Goes round until nobody but people can move anything, or a signal ends it. */
static enum spr_code turn_around(struct meta *m, struct spr_error *err)
{
    const struct meta_watcher *w = &m->options->watcher;
    m->ticked = true;
    enum spr_code rc =
        settle(m, err); /* now it is known whose turn it is, and orders that lie there make sense */
    if (!rc)
        meta_hear_people(m);
    while (!rc) {
        rc = settle(m, err);
        if (rc)
            break;
        if (m->changed)
            status_due(m);
        if (w->changed && (m->changed || m->ticked))
            w->changed(w->context, &m->run, m->progress);
        if (w->tick_ms && m->ticked)
            rc = loop_at(m->loop, clock_wall_ms() + w->tick_ms, tick, m, err);
        m->ticked = false;
        m->changed = false;
        enum run_mood mood = run_mood(&m->run);
        if (m->signal == SIGTERM || m->signal == SIGHUP)
            break;
        if (m->run.stopping && !m->run.count[WORK_RUNNING])
            break;
        if (mood == RUN_FINISHED || mood == RUN_STUCK || (mood == RUN_ASKS && m->options->no_wait))
            break;
        rc = loop_turn(m->loop, -1, err);
    }
    return rc;
}

static enum spr_code leave(struct meta *m, struct spr_error *err)
{
    enum run_mood mood = run_mood(&m->run);
    struct run_event e = { .kind = EVENT_END,
                           .index = PLAN_NONE,
                           .yes = mood == RUN_FINISHED || mood == RUN_STUCK,
                           .number = mood == RUN_FINISHED ? 0 : 1,
                           .time_ms = clock_wall_ms() };
    e.yes = e.yes && !m->signal;
    (void)meta_watch_long(m, e.time_ms, true);
    enum spr_code rc = meta_emit(m, &e, err);
    if (!rc)
        rc = journal_commit(&m->journal, err);
    if (!rc)
        tell(m);
    status_write(m);
    return rc;
}

static void close_all(struct meta *m)
{
    const int fds[] = { m->signals, m->notify, m->slots };
    for (int32_t g = 0; m->looking && g < m->plan->gates; g++)
        if (m->looking[g].judge)
            judge_drop(m->looking[g].judge);
    teams_free(m->teams);
    feed_close(m->feed);
    hooks_free(m->alarms.hooks);
    local_free(m->local);
    for (size_t i = 0; i < SPR_COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (m->signals >= 0)
        sigprocmask(SIG_SETMASK, &m->mask, NULL);
    loop_free(m->loop);
    forget_told(m);
    mem_free(m->told.list);
    for (size_t i = 0; i < m->seen.count; i++)
        mem_free(m->seen.name[i]);
    mem_free(m->seen.name);
    journal_close(&m->journal);
    escalations_fini(&m->alarms.list);
    run_fini(&m->run);
    fresh_memo_fini(&m->memo);
    graph_fini(&m->graph);
    mem_free(m->check_slot);
    mem_free(m->progress);
    mem_free(m->looking);
    buf_fini(&m->line);
    mem_free(m);
}

enum spr_code meta_run(const struct plan *p, const struct place *at, const struct meta_options *o,
                       enum run_mood *ret_mood, struct spr_error *err)
{
    struct meta *m = mem_zalloc(1, sizeof *m);
    if (!m)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a run");
    *m = (struct meta){ .plan = p, .at = at, .options = o, .slots = -1, .signals = -1, .notify = -1 };
    m->journal = (struct journal){ .file = -1, .witness = -1, .lock = -1 };
    buf_init(&m->line, (size_t)64 << 20);
    enum spr_code rc = prepare(m, err);
    if (!rc)
        rc = open_journal(m, err);
    if (!rc)
        rc = begin(m, err);
    if (!rc)
        rc = turn_around(m, err);
    if (!rc) {
        *ret_mood = run_mood(&m->run);
        rc = leave(m, err);
    }
    if (m->signal && o->ret_signal)
        *o->ret_signal = m->signal;
    if (!rc && m->signal && *ret_mood != RUN_FINISHED)
        rc = SPR_FAIL(err, SPR_CANCELLED, "%s",
                      m->signal == SIGINT
                          ? "interrupted: what was running has been stopped; 'spritery plan resume' goes on"
                          : "told to leave: what runs goes on; 'spritery plan resume' takes it over");
    close_all(m);
    return rc;
}
