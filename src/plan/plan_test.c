#include "plan/plan.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct doc_report report;

static void source_path(char *path, size_t size, const char *name)
{
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    snprintf(path, size, "%s/%s", root ? root : ".", name);
}

static void read_source(const char *name, struct buf *into)
{
    char path[512];
    struct spr_error err;
    source_path(path, sizeof path, name);
    buf_init(into, 64 << 20);
    if (file_read(path, into, &err) && err.code != SPR_NOTFOUND)
        fail_msg("%s", err.text);
}

static void complaints_text(const char *name, struct buf *out)
{
    struct buf bytes;
    struct plan p;
    struct spr_error err = { 0 };
    read_source(name, &bytes);
    enum spr_code rc = plan_load(bytes.data ? bytes.data : "", bytes.length, &p, &report, &err);
    buf_fini(&bytes);
    buf_init(out, 1 << 20);
    if (rc == SPR_OK) {
        plan_free(&p);
        fail_msg("%s is no bad plan", name);
    }
    const char *file = strrchr(name, '/') + 1;
    for (int i = 0; i < report.count; i++) {
        const struct doc_complaint *c = &report.complaint[i];
        assert_int_equal(buf_addf(out, &err, "%s:%d:%d: %s\n", file, c->line, c->column, c->text), SPR_OK);
    }
    if (report.dropped)
        assert_int_equal(buf_addf(out, &err, "and %d more\n", report.dropped), SPR_OK);
}

/* SPRITERY_UPDATE=1 writes the .exact files anew: read what changed. */
static int check_bad(const char *yaml)
{
    char name[300], exact[300], path[512];
    struct buf got, want;
    snprintf(name, sizeof name, "tests/bad/plans/%s", yaml);
    snprintf(exact, sizeof exact, "%.*s.exact", (int)(strlen(name) - 5), name);
    complaints_text(name, &got);
    if (getenv("SPRITERY_UPDATE")) {
        source_path(path, sizeof path, exact);
        assert_int_equal(file_write(path, got.data, got.length, FILE_REPLACE, NULL), SPR_OK);
    }
    read_source(exact, &want);
    int differs =
        got.length == 0 || got.length != want.length || memcmp(got.data, want.data, got.length) != 0;
    if (differs)
        print_error("%s:\n%swant:\n%s\n", yaml, got.data ? got.data : "", want.data ? want.data : "nothing");
    buf_fini(&got);
    buf_fini(&want);
    return differs;
}

static void every_bad_plan_gets_its_complaints(void **state)
{
    (void)state;
    char path[512];
    int files = 0, wrong = 0;
    source_path(path, sizeof path, "tests/bad/plans");
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));) {
        size_t n = strlen(e->d_name);
        if (n > 5 && n < 200 && strcmp(e->d_name + n - 5, ".yaml") == 0) {
            files++;
            wrong += check_bad(e->d_name);
        }
    }
    closedir(folder);
    assert_true(files >= 50);
    assert_int_equal(wrong, 0);
}

static void load(const char *text, struct plan *p)
{
    struct spr_error err = { 0 };
    if (plan_load(text, strlen(text), p, &report, &err))
        fail_msg("%s; %d:%d: %s", err.text, report.complaint[0].line, report.complaint[0].column,
                 report.complaint[0].text);
}

static void every_key_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "plan: all\n"
        "metrics: http://127.0.0.1:9100/metrics\n"
        "hook: ./tell.sh\n"
        "calendar: {day: 6h, week: 4d}\n"
        "capacity: {workstreams: 3, gpu: 1, memory_gb: 96}\n"
        "defaults: {timeout: 90s, retries: 2, retry_delay: 15m, status_every: 1h, stall_after: 2h,\n"
        "           overrun: 2, blocker_after: 3h, grace: 30s, shell: /bin/bash}\n"
        "agents:\n"
        "  painter: {limit: 2, command: \"paint {spec}\", env: {A: b}}\n"
        "domains:\n"
        "  - {id: d, name: First, order: sequential, workstreams: [{id: a, run: [make, all]}]}\n"
        "  - id: e\n"
        "    needs: d\n"
        "    workstreams:\n"
        "      - {id: b, name: B, milestone: M1, agent: painter, branch: true, priority: P0, estimate: "
        "1d..2w,\n"
        "         needs: [a], spec: b.md, workdir: w, env: {X: y}, uses: {memory_gb: 64, gpu: 1}, task: "
        "draw,\n"
        "         timeout: 4h, retries: 1, outputs: [x.png, y.png], overrun: 3,\n"
        "         budget: {time: 1h, turns: 20, tokens: 1000000, cost: 2.5},\n"
        "         accept: [{name: there, file: x.png, min_bytes: 100}]}\n"
        "gates:\n"
        "  - id: g\n"
        "    name: G\n"
        "    after: [d, a]\n"
        "    opens: e\n"
        "    criteria:\n"
        "      - {name: fast, metric: seconds, above: 0, below: 3.5, from: m.json, max_age: 10m}\n"
        "      - {name: good, approval: lead}\n"
        "      - {name: runs, command: \"true\"}\n";
    struct plan p;
    load(text, &p);
    assert_string_equal(p.name, "all");
    assert_string_equal(p.shell, "/bin/bash");
    assert_int_equal(p.grace_s, 30);
    assert_int_equal(p.status_every_s, 3600);
    assert_int_equal(p.day_s, 6 * 3600);
    assert_int_equal(p.week_s, 24 * 3600);
    assert_int_equal(p.capacity, 3);
    assert_int_equal(p.resources, 2);
    assert_string_equal(p.resource[1].name, "memory_gb");
    assert_int_equal(p.agent[0].limit, 2);
    assert_true(p.domain[0].sequential);
    assert_int_equal(p.domain[1].needs.count, 1);
    const struct plan_workstream *a = &p.workstream[0], *b = &p.workstream[1];
    assert_string_equal(a->name, "a");
    assert_int_equal(a->action, PLAN_ACTION_RUN);
    assert_int_equal(a->limits.timeout_s, 90);
    assert_int_equal(a->limits.retries, 2);
    assert_int_equal(a->priority, 2);
    assert_int_equal(b->action, PLAN_ACTION_AGENT);
    assert_int_equal(b->priority, 0);
    assert_int_equal(b->min_s, 6 * 3600);
    assert_int_equal(b->max_s, 2 * 24 * 3600);
    assert_int_equal(b->limits.timeout_s, 4 * 3600);
    assert_int_equal(b->limits.retry_delay_s, 15 * 60);
    assert_int_equal(b->uses.count, 2);
    assert_int_equal(p.use[b->uses.first].resource, 1);
    assert_int_equal(p.use[b->uses.first].amount, 64);
    assert_int_equal(b->outputs.count, 2);
    assert_string_equal(p.path[b->outputs.first + 1], "y.png");
    assert_int_equal(b->budget.tokens, 1000000);
    assert_int_equal(p.criterion[b->accept.first].min_bytes, 100);
    const struct plan_gate *g = &p.gate[0];
    assert_int_equal(g->after.count, 2);
    assert_int_equal(p.ref[g->after.first].thing, PLAN_DOMAIN);
    assert_int_equal(p.ref[g->after.first + 1].thing, PLAN_WORKSTREAM);
    const struct plan_criterion *fast = &p.criterion[g->criteria.first];
    assert_int_equal(fast->kind, PLAN_METRIC);
    assert_true(fast->above == 0 && fast->below == 3.5);
    assert_int_equal(fast->max_age_s, 600);
    enum plan_thing thing;
    int32_t index;
    assert_true(plan_find(&p, "g", &thing, &index) && thing == PLAN_GATE && index == 0);
    assert_true(plan_find(&p, "e", &thing, &index) && thing == PLAN_DOMAIN && index == 1);
    assert_false(plan_find(&p, "none", &thing, &index));
    plan_free(&p);
}

static void the_example_plan_is_sound(void **state)
{
    (void)state;
    struct buf bytes;
    struct plan p;
    read_source("examples/plans/dgx-pixels.yaml", &bytes);
    load(bytes.data, &p);
    buf_fini(&bytes);
    assert_int_equal(p.domains, 4);
    assert_int_equal(p.workstreams, 18);
    assert_int_equal(p.gates, 3);
    plan_free(&p);
}

static void spans_are_written_in_the_plans_units(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *want;
    } rows[] = {
        { 0, "0 s" },      { 59.94, "59.9 s" }, { 120, "2 min" },       { 3600, "1 h" },
        { 5400, "1.5 h" }, { 8 * 3600, "1 d" }, { 20 * 3600, "2.5 d" }, { 106 * 8 * 3600, "106 d" },
    };
    struct plan p = { .day_s = 8 * 3600 };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char text[40];
        plan_span_text(&p, rows[i].seconds, text, sizeof text);
        assert_string_equal(text, rows[i].want);
    }
}

/* Wherever memory runs out, loading says so, gives nothing and loses nothing (under the address sanitizer). */
static void lack_of_memory_is_said(void **state)
{
    (void)state;
    struct buf bytes;
    read_source("examples/plans/dgx-pixels.yaml", &bytes);
    uint64_t n = 1;
    for (;; n++) {
        struct plan p = { .workstreams = 77 };
        struct spr_error err = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = plan_load(bytes.data, bytes.length, &p, &report, &err);
        mem_fail_nth(0);
        if (rc == SPR_OK) {
            plan_free(&p);
            break;
        }
        assert_int_equal(rc, SPR_NOMEM);
        assert_int_equal(p.workstreams, 77);
        assert_true(err.text[0]);
    }
    assert_true(n > 15);
    buf_fini(&bytes);
}

static void too_large_is_refused_unread(void **state)
{
    (void)state;
    struct plan p;
    struct spr_error err = { 0 };
    char *blank = mem_zalloc(DOC_BYTES_MAX + 1, 1);
    assert_non_null(blank);
    assert_int_equal(plan_load(blank, DOC_BYTES_MAX + 1, &p, &report, &err), SPR_LIMIT);
    assert_string_equal(err.text, "the file has 67108865 bytes; 67108864 are allowed");
    mem_free(blank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_plan_gets_its_complaints),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(the_example_plan_is_sound),
        cmocka_unit_test(spans_are_written_in_the_plans_units),
        cmocka_unit_test(lack_of_memory_is_said),
        cmocka_unit_test(too_large_is_refused_unread),
    };
    return cmocka_run_group_tests_name("plan/plan", tests, NULL, NULL);
}
