/* Ten thousand random plans with random failures, delays, losses, people and crashes, against a world of its own that
 * checks every start and every gate. The world knows nothing of the run but its orders. */
#include "base/mem.h"
#include "base/random.h"
#include "orchestrate/run.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PLANS = 10000, WORK_MAX = 24, GATES_MAX = 3, STEPS_MAX = 4000 };

struct world {
    struct random random;
    uint64_t at; /* position in the stream */
    const char *plan_text;
    struct plan plan;
    struct plan_graph graph;
    struct run run;
    uint32_t slots;
    int64_t now;
    char *past[STEPS_MAX * 2]; /* the journal: lines */
    int pasts, committed;
    /* what is true out there */
    struct {
        bool running, checking, stop;
        int32_t attempt;
        int64_t end;
    } task[WORK_MAX];
    struct {
        bool looking, holds, admitted;
        int32_t look;
        int64_t end;
        int opened;
        uint32_t approved; /* bit per criterion */
    } gate[GATES_MAX];
    bool done[WORK_MAX], unmerged[WORK_MAX]; /* as committed */
    int starts, crashes, merges, refusals;
    char why[300];
};

static uint32_t below(struct world *w, uint32_t n)
{
    return random_below(w->random, w->at++, n);
}

/* ---- a random plan, as a person would write it ---- */

static void make_plan(struct world *w, struct buf *b)
{
    struct spr_error err;
    int domains = 1 + (int)below(w, 4), id = 0, gates = domains > 1 ? (int)below(w, GATES_MAX + 1) : 0;
    int first[6];
#define ADD(...) assert_int_equal(buf_addf(b, &err, __VA_ARGS__), SPR_OK)
    ADD("plan: r\ncapacity: {workstreams: %d, gpu: 2}\nagents: {ann: {limit: %d}, bob: {}}\ndomains:\n",
        1 + (int)below(w, 4), 1 + (int)below(w, 2));
    for (int d = 0; d < domains; d++) {
        int count = 1 + (int)below(w, WORK_MAX / 4);
        first[d] = id;
        ADD("  - id: d%d\n    order: %s\n", d, below(w, 4) ? "parallel" : "sequential");
        if (d > 0 && below(w, 3) == 0)
            ADD("    needs: [d%d]\n", (int)below(w, (uint32_t)d));
        ADD("    workstreams:\n");
        for (int i = 0; i < count; i++, id++) {
            static const char *const actions[] = { "run: x", "run: x",    "run: x", "run: x",
                                                   "run: x", "manual: m", "name: n" };
            ADD("      - {id: w%d, %s, estimate: %ds, priority: P%d, retries: %d, retry_delay: %ds", id,
                actions[below(w, 7)], 1 + (int)below(w, 50), (int)below(w, 4), (int)below(w, 3),
                (int)below(w, 9));
            if (below(w, 3) == 0)
                ADD(", uses: {gpu: %d}", 1 + (int)below(w, 2));
            if (below(w, 3) == 0)
                ADD(", agent: %s", below(w, 2) ? "ann" : "bob");
            if (id > 0 && below(w, 2))
                ADD(", needs: [w%d]", (int)below(w, (uint32_t)id));
            ADD("}\n");
        }
    }
    first[domains] = id;
    for (int g = 0; g < gates; g++) {
        int after = (int)below(w, (uint32_t)domains - 1),
            opens = after + 1 + (int)below(w, (uint32_t)(domains - after - 1));
        ADD("%s  - {id: g%d, after: [d%d], opens: [%c%d], criteria: [{name: c, command: x}",
            g ? "" : "gates:\n", g, after, below(w, 2) ? 'd' : 'w', 0);
        /* opens: a domain, or its first workstream */
        b->length -= strlen("0], criteria: [{name: c, command: x}");
        bool whole = b->data[b->length - 1] == 'd';
        ADD("%d], criteria: [{name: c, command: x}", whole ? opens : first[opens]);
        if (below(w, 3) == 0)
            ADD(", {name: a, approval: lead}");
        if (below(w, 4) == 0)
            ADD(", {name: b, approval: boss}");
        ADD("]}\n");
    }
#undef ADD
}

/* ---- what the run asks of the world ---- */

static enum spr_code emit(void *context, const struct run_event *e, struct spr_error *err)
{
    struct world *w = context;
    struct buf b;
    buf_init(&b, 65536);
    assert_true(w->pasts < (int)SPR_COUNT(w->past));
    enum spr_code rc = event_write(&w->plan, e, (uint64_t)w->pasts + 1, &b, err);
    w->past[w->pasts++] = buf_detach(&b);
    if (e->kind == EVENT_GATE && e->yes) {
        const struct plan_gate *g = &w->plan.gate[e->index];
        w->gate[e->index].opened++;
        assert_int_equal(w->gate[e->index].opened, 1);
        assert_true(w->gate[e->index].looking && w->gate[e->index].holds && w->gate[e->index].admitted);
        for (int32_t i = 0; i < g->criteria.count; i++)
            if (w->plan.criterion[g->criteria.first + i].kind == PLAN_APPROVAL)
                assert_true(w->gate[e->index].approved >> i & 1);
    }
    return rc;
}

static bool fresh(void *context, int32_t i, const struct work *before, struct run_event *e, const char **why)
{
    (void)context;
    (void)i;
    (void)before;
    (void)e;
    *why = NULL;
    return false; /* in one run nothing that is done is looked at again */
}

/* Branches of what comes before a gate, which cannot always be merged. */
static bool admit(void *context, int32_t g, char *why, size_t size)
{
    struct world *w = context;
    w->gate[g].admitted = below(w, 4) > 0;
    w->refusals += !w->gate[g].admitted;
    snprintf(why, size, "a branch clashes");
    return w->gate[g].admitted;
}

static uint32_t slot(void *context)
{
    return ((struct world *)context)->slots++;
}

static bool through(const struct world *w, int32_t i)
{
    return w->done[i] || w->plan.workstream[i].action == PLAN_ACTION_NONE;
}

static bool domain_through(const struct world *w, int32_t d)
{
    struct plan_span s = w->plan.domain[d].workstreams;
    for (int32_t i = s.first; i < s.first + s.count; i++)
        if (!through(w, i))
            return false;
    return true;
}

static bool ref_through(const struct world *w, const struct plan_ref *r)
{
    return r->thing == PLAN_DOMAIN ? domain_through(w, r->index) : through(w, r->index);
}

/* Law R1 from the plan itself, not from the graph. */
static void check_may_start(const struct world *w, int32_t i)
{
    const struct plan *p = &w->plan;
    const struct plan_workstream *x = &p->workstream[i];
    for (int32_t k = 0; k < x->needs.count; k++)
        assert_true(ref_through(w, &p->ref[x->needs.first + k]));
    for (int32_t k = 0; k < p->domain[x->domain].needs.count; k++)
        assert_true(ref_through(w, &p->ref[p->domain[x->domain].needs.first + k]));
    for (int32_t g = 0; g < p->gates; g++)
        for (int32_t k = 0; k < p->gate[g].opens.count; k++) {
            const struct plan_ref *r = &p->ref[p->gate[g].opens.first + k];
            if (r->thing == PLAN_DOMAIN ? r->index == x->domain : r->index == i) {
                assert_int_equal(w->gate[g].opened, 1);
                for (int32_t a = 0; a < p->gate[g].after.count; a++)
                    assert_true(ref_through(w, &p->ref[p->gate[g].after.first + a]));
            }
        }
}

/* Law R3: what runs at this instant. */
static void check_limits(const struct world *w)
{
    const struct plan *p = &w->plan;
    int64_t all = 0, gpu = 0;
    int32_t ann = 0, inside[8] = { 0 };
    for (int32_t i = 0; i < p->workstreams; i++) {
        const struct plan_workstream *x = &p->workstream[i];
        if (!w->task[i].running && !w->task[i].checking)
            continue;
        all++;
        ann += x->agent == 0;
        inside[x->domain]++;
        for (int32_t k = 0; k < x->uses.count; k++)
            gpu += p->use[x->uses.first + k].amount;
        assert_true(!p->domain[x->domain].sequential || inside[x->domain] == 1);
    }
    assert_true(all <= p->capacity && gpu <= p->resource[0].amount && ann <= p->agent[0].limit);
}

/* Law R4. */
static void check_reasons(const struct world *w)
{
    for (int32_t i = 0; i < w->plan.workstreams; i++) {
        uint8_t s = w->run.work[i].state;
        bool waits = s == WORK_WAITING || s == WORK_READY || s == WORK_BLOCKED;
        struct run_wait x = run_waits_for(&w->run, i);
        assert_true(waits == (x.kind != WAIT_NOTHING));
        assert_true((s == WORK_BLOCKED && !w->run.work[i].asks) == (x.kind == WAIT_BROKEN));
    }
}

static void carry_out(struct world *w, const struct run_order *o)
{
    int32_t i = o->index;
    switch (o->kind) {
    case ORDER_LAUNCH:
        assert_false(w->task[i].running || w->task[i].checking);
        assert_false(w->done[i]);
        assert_true(o->attempt > w->task[i].attempt);
        check_may_start(w, i);
        w->task[i].running = true;
        w->task[i].attempt = o->attempt;
        w->task[i].end = w->now + 1 + below(w, 40000);
        w->starts++;
        check_limits(w);
        break;
    case ORDER_CHECK:
        w->task[i].checking = true;
        w->task[i].end = w->now + below(w, 3000);
        break;
    case ORDER_STOP:
        w->task[i].stop = true;
        if (w->task[i].checking)
            w->task[i].checking = w->task[i].stop = false;
        else if (w->task[i].running)
            w->task[i].end = w->now + below(w, 500);
        break;
    case ORDER_LOOK:
        w->gate[i].looking = true;
        w->gate[i].look = o->attempt;
        w->gate[i].end = w->now + below(w, 5000);
        break;
    }
}

/* Everything after the last commit was never acted on: so the world need not know. */
static void commit(struct world *w)
{
    w->committed = w->pasts;
    for (int32_t i = 0; i < w->plan.workstreams; i++) {
        w->done[i] = w->run.work[i].state == WORK_DONE;
        w->unmerged[i] = w->run.work[i].unmerged;
    }
}

static void settle(struct world *w, int64_t *next)
{
    struct spr_error err;
    struct run_order o;
    assert_int_equal(run_step(&w->run, w->now, next, &err), SPR_OK);
    commit(w);
    check_reasons(w);
    while (run_order(&w->run, &o))
        carry_out(w, &o);
}

/* ---- what happens in the world ---- */

static void task_ends(struct world *w, int32_t i)
{
    struct spr_error err;
    struct task_end end = { .why = w->task[i].stop ? TASK_STOPPED : TASK_EXITED, .at_ms = w->now };
    int32_t attempt = w->task[i].attempt;
    uint32_t chance = below(w, 20);
    if (w->task[i].checking) {
        struct run_hash gave = { { 1 } };
        w->task[i].checking = false;
        if (chance == 2) {
            assert_int_equal(run_unmerged(&w->run, i, attempt, &gave, "clashes", NULL, w->now, &err), SPR_OK);
            assert_true(w->run.work[i].unmerged && w->run.work[i].asks);
            return;
        }
        assert_int_equal(run_checked(&w->run, i, attempt, chance > 1, &gave, "not good", NULL, w->now, &err),
                         SPR_OK);
        return;
    }
    w->task[i].running = w->task[i].stop = false;
    if (chance == 0 && end.why == TASK_EXITED) {
        assert_int_equal(run_lost(&w->run, i, attempt, "lost", w->now, &err), SPR_OK);
        return;
    }
    end.status = chance < 4 ? (int)chance : 0;
    assert_int_equal(run_exited(&w->run, i, attempt, &end, NULL, w->now, &err), SPR_OK);
    /* A message that comes twice changes nothing. */
    int before = w->pasts;
    assert_int_equal(run_exited(&w->run, i, attempt, &end, NULL, w->now, &err), SPR_OK);
    assert_int_equal(w->pasts, before);
}

static void gate_seen(struct world *w, int32_t g)
{
    struct spr_error err;
    w->gate[g].holds = below(w, 3) > 0;
    assert_int_equal(run_looked(&w->run, g, w->gate[g].look - 1, true, NULL, NULL, w->now, &err),
                     SPR_OK); /* stale */
    assert_int_equal(run_looked(&w->run, g, w->gate[g].look, w->gate[g].holds, "no", NULL, w->now, &err),
                     SPR_OK);
    w->gate[g].looking = false;
}

/* A person does something, sensible or not. */
static void meddle(struct world *w)
{
    struct spr_error err;
    const struct plan *p = &w->plan;
    int32_t i = (int32_t)below(w, (uint32_t)p->workstreams),
            g = p->gates ? (int32_t)below(w, (uint32_t)p->gates) : 0;
    enum spr_code rc = SPR_OK;
    switch (below(w, 15)) {
    case 12:
    case 13:
    case 14:
        w->merges += w->run.work[i].unmerged;
        rc = run_merged(&w->run, i, w->now, &err);
        break;
    case 0:
        rc = run_cancel(&w->run, i, NULL, w->now, &err);
        break;
    case 1:
    case 2:
        rc = run_reset(&w->run, i, NULL, w->now, &err);
        break;
    case 3:
        rc = run_pause(&w->run, i, "enough", w->now, &err);
        break;
    case 4:
        if (p->gates)
            rc = run_look_again(&w->run, g, w->now, &err);
        break;
    case 5:
    case 6:
    case 7:
        if (p->gates) {
            int32_t c = (int32_t)below(w, (uint32_t)p->gate[g].criteria.count);
            if (p->criterion[p->gate[g].criteria.first + c].kind != PLAN_APPROVAL)
                break;
            rc = run_approve(&w->run, g, c, NULL, w->now, &err);
            bool ready = true; /* nobody can approve what is not done */
            for (int32_t a = 0; a < p->gate[g].after.count; a++)
                ready = ready && ref_through(w, &p->ref[p->gate[g].after.first + a]);
            assert_true(rc != SPR_OK || ready);
            if (!rc)
                w->gate[g].approved |= 1u << c;
        }
        break;
    default:
        rc = run_said(&w->run, i, NULL, w->now, &err);
        break;
    }
    assert_true(rc == SPR_OK || rc == SPR_BADARG);
}

/* kill -9: what was not committed is gone, what runs runs on; a new orchestrator reads the journal. */
static void crash(struct world *w)
{
    struct spr_error err;
    const struct run_env env = { .context = w, .emit = emit, .fresh = fresh, .admit = admit, .slot = slot };
    w->crashes++;
    while (w->pasts > w->committed)
        mem_free(w->past[--w->pasts]);
    run_fini(&w->run);
    assert_int_equal(run_init(&w->run, &w->plan, &w->graph, 0, &env, &err), SPR_OK);
    for (int32_t g = 0; g < w->plan.gates; g++)
        w->gate[g].opened = 0;
    for (int k = 0; k < w->pasts; k++) {
        struct run_event e;
        bool known;
        assert_int_equal(event_read(&w->plan, w->past[k], strlen(w->past[k]), &e, &known, &err), SPR_OK);
        assert_true(known);
        if (e.kind == EVENT_GATE && e.yes)
            assert_int_equal(++w->gate[e.index].opened, 1);
        assert_int_equal(run_replay(&w->run, &e, &err), SPR_OK);
        json_decref(e.data);
    }
    for (int32_t g = 0; g < w->plan.gates; g++)
        w->gate[g].looking = false;
    for (int32_t i = 0; i < w->plan.workstreams; i++)
        w->task[i].checking = false;
    assert_int_equal(run_begin(&w->run, true, false, w->now, &err), SPR_OK);
    for (int32_t i = 0; i < w->plan.workstreams; i++) {
        struct work *x = &w->run.work[i];
        assert_true(w->done[i] == (x->state == WORK_DONE)); /* nothing lost, nothing made up */
        assert_true(w->unmerged[i] == x->unmerged);
        if (x->state == WORK_RUNNING &&
            !w->task[i].running) /* written down, not started: or ended meanwhile */
            assert_int_equal(run_lost(&w->run, i, x->attempt, "never began", w->now, &err), SPR_OK);
        assert_true(!w->task[i].running || x->state == WORK_RUNNING);
    }
}

static int64_t next_happening(const struct world *w, int64_t next)
{
    for (int32_t i = 0; i < w->plan.workstreams; i++)
        if ((w->task[i].running || w->task[i].checking) && w->task[i].end < next)
            next = w->task[i].end;
    for (int32_t g = 0; g < w->plan.gates; g++)
        if (w->gate[g].looking && w->gate[g].end < next)
            next = w->gate[g].end;
    return next;
}

/* One plan from beginning to end. Returns how many tasks it started. */
static int live(uint64_t seed, int *crashes, int *merges)
{
    static struct world w;
    struct spr_error err = { 0 };
    struct doc_report *report = mem_zalloc(1, sizeof *report);
    struct buf text;
    int64_t next;
    w = (struct world){ .random = { seed, 77 }, .now = 1000000 };
    const struct run_env env = { .context = &w, .emit = emit, .fresh = fresh, .admit = admit, .slot = slot };
    buf_init(&text, 65536);
    make_plan(&w, &text);
    if (plan_load(text.data, text.length, &w.plan, report,
                  &err)) { /* gates and needs of domains may make a circle */
        buf_fini(&text);
        mem_free(report);
        return -1;
    }
    mem_free(report);
    assert_int_equal(graph_init(&w.graph, &w.plan, NULL, NULL, &err), SPR_OK);
    assert_int_equal(run_init(&w.run, &w.plan, &w.graph, 0, &env, &err), SPR_OK);
    assert_int_equal(run_begin(&w.run, false, false, w.now, &err), SPR_OK);
    settle(&w, &next);
    int steps = 0;
    for (; steps < STEPS_MAX; steps++) {
        enum run_mood mood = run_mood(&w.run);
        if (mood == RUN_FINISHED || (mood == RUN_STUCK && steps > 300))
            break;
        int64_t then = next_happening(&w, next);
        if (then == INT64_MAX || below(&w, 6) == 0) {
            meddle(&w);
        } else {
            w.now = then > w.now ? then : w.now;
            for (int32_t i = 0; i < w.plan.workstreams; i++)
                if ((w.task[i].running || w.task[i].checking) && w.task[i].end <= w.now)
                    task_ends(&w, i);
            for (int32_t g = 0; g < w.plan.gates; g++)
                if (w.gate[g].looking && w.gate[g].end <= w.now)
                    gate_seen(&w, g);
        }
        if (below(&w, 40) == 0)
            crash(&w);
        settle(&w, &next);
    }
    assert_true(steps < STEPS_MAX || run_mood(&w.run) == RUN_ASKS); /* everything ends */
    *crashes += w.crashes;
    *merges += w.merges < w.refusals ? w.merges : w.refusals;
    for (int k = 0; k < w.pasts; k++)
        mem_free(w.past[k]);
    run_fini(&w.run);
    graph_fini(&w.graph);
    plan_free(&w.plan);
    buf_fini(&text);
    return w.starts;
}

static void order_holds_whatever_happens(void **state)
{
    (void)state;
    const char *more = getenv("SPRITERY_PLANS");
    int plans = more ? atoi(more) : PLANS, lived = 0, starts = 0, crashes = 0, merges = 0;
    for (uint64_t seed = 0; lived < plans; seed++) {
        int n = live(seed, &crashes, &merges);
        lived += n >= 0;
        starts += n > 0 ? n : 0;
    }
    assert_true(starts > plans && crashes > plans / 4 && merges > plans / 100); /* the test tests something */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(order_holds_whatever_happens) };
    return cmocka_run_group_tests_name("orchestrate/run", tests, NULL, NULL);
}
