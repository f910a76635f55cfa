/* The plan's own command, told of escalations: what it is told, that it is reaped, that one that hangs is ended. */
#include "base/clock.h"
#include "orchestrate/hook.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
    struct plan plan;
    struct plan_graph graph;
    struct place at;
    struct loop *loop;
    struct hooks *hooks;
    struct doc_report report;
    char folder[40];
};

static void open_bench(struct bench *b, const char *hook, int64_t limit_ms)
{
    struct spr_error err;
    char text[700];
    *b = (struct bench){ .folder = "/tmp/spritery-hook.XXXXXX" };
    snprintf(text, sizeof text,
             "plan: t\nhook: '%s'\ndomains:\n"
             "  - id: a\n    workstreams:\n"
             "      - {id: one, run: 'true'}\n      - {id: two, run: 'true', needs: [one]}\n"
             "  - id: b\n    workstreams: [{id: far, run: 'true', needs: [two]}]\n",
             hook);
    assert_non_null(mkdtemp(b->folder));
    assert_int_equal(chdir(b->folder), 0);
    FILE *f = fopen("t.yaml", "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(plan_load(text, strlen(text), &b->plan, &b->report, &err), SPR_OK);
    assert_int_equal(graph_init(&b->graph, &b->plan, NULL, NULL, &err), SPR_OK);
    assert_int_equal(place_init(&b->at, "t.yaml", &b->plan, &err), SPR_OK);
    assert_int_equal(place_make(&b->at, &err), SPR_OK);
    assert_int_equal(loop_new(&b->loop, &err), SPR_OK);
    assert_int_equal(hooks_new(b->loop, &b->plan, &b->graph, &b->at, limit_ms, &b->hooks, &err), SPR_OK);
}

static void close_bench(struct bench *b)
{
    char command[60];
    hooks_free(b->hooks);
    loop_free(b->loop);
    graph_fini(&b->graph);
    plan_free(&b->plan);
    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf %s", b->folder);
    assert_int_equal(system(command), 0);
}

static struct escalation about(int32_t w, bool meta)
{
    struct escalation x = { .number = 3, .type = "failed", .severity = "high", .index = w, .attempts = 2 };
    x.thing = PLAN_WORKSTREAM;
    x.open = true;
    x.meta = meta;
    x.issue = (char *)"exit status 3";
    return x;
}

/* Turns until none of ours is left, which is what "reaped" means; returns the ms it took. */
static int64_t until_reaped(struct bench *b)
{
    struct spr_error err;
    siginfo_t info;
    int64_t begun = clock_wall_ms();
    while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && clock_wall_ms() < begun + 20000)
        assert_int_equal(loop_turn(b->loop, 100, &err), SPR_OK);
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return clock_wall_ms() - begun;
}

static int lines_of(const char *path)
{
    int lines = 0;
    FILE *f = fopen(path, "r");
    for (int c; f && (c = fgetc(f)) != EOF;)
        lines += c == '\n';
    if (f)
        fclose(f);
    return lines;
}

static void it_is_told_everything(void **state)
{
    struct bench b;
    (void)state;
    open_bench(&b,
               "echo \"$SPRITERY_ESCALATION $SPRITERY_SEVERITY $SPRITERY_LEVEL $SPRITERY_SUBJECT: "
               "$SPRITERY_ISSUE\" > words; echo \"$SPRITERY_RECORD\" > record",
               0);
    const struct escalation x = about(0, false);
    hooks_call(b.hooks, &x);
    until_reaped(&b);
    char line[200] = "";
    FILE *f = fopen("words", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_string_equal(line, "failed high domain one: exit status 3\n");
    json_t *o = json_load_file("record", 0, NULL), *want;
    want = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:[s,s], s:s}", "number", 3, "type",
                     "failed", "severity", "high", "level", "domain", "orchestrator", "a", "on", "one",
                     "since", "1970-01-01T00:00:00.000Z", "issue", "exit status 3", "attempts", 2, "affected",
                     "two", "far", "help", escalation_help("failed"));
    assert_true(json_equal(o, want));
    json_decref(o);
    json_decref(want);
    close_bench(&b);
}

static void those_that_end_are_reaped_while_it_runs(void **state)
{
    struct bench b;
    (void)state;
    open_bench(&b, "echo told >> told; exit 3", 0);
    const struct escalation x = about(1, true);
    for (int i = 0; i < 3 * HOOK_AT_ONCE; i++)
        hooks_call(b.hooks, &x);
    until_reaped(&b);
    assert_int_equal(lines_of("told"), 3 * HOOK_AT_ONCE);
    close_bench(&b);
}

static void one_that_hangs_is_ended(void **state)
{
    struct bench b;
    (void)state;
    open_bench(&b, "trap \"\" TERM; echo told >> told; sleep 1000", 300);
    const struct escalation x = about(1, true);
    hooks_call(b.hooks, &x);
    int64_t took = until_reaped(&b);
    assert_true(took >= 200 && took < 15000);
    assert_int_equal(lines_of("told"), 1);
    close_bench(&b);
}

static void at_the_end_nobody_is_forgotten(void **state)
{
    struct bench b;
    (void)state;
    open_bench(&b, "sleep 0.1; echo told >> told", 0);
    const struct escalation x = about(1, true);
    for (int i = 0; i < 2 * HOOK_AT_ONCE; i++)
        hooks_call(b.hooks, &x);
    struct hooks *h = b.hooks;
    b.hooks = NULL;
    hooks_free(h);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    assert_int_equal(lines_of("told"), 2 * HOOK_AT_ONCE);
    close_bench(&b);
}

static void who_has_to_know(void **state)
{
    struct bench b;
    int32_t affected[ESCALATION_AFFECTED_MAX];
    (void)state;
    open_bench(&b, "true", 0);
    assert_false(escalation_leaves_domain(&b.plan, &b.graph, PLAN_WORKSTREAM, 0));
    assert_true(escalation_leaves_domain(&b.plan, &b.graph, PLAN_WORKSTREAM, 1)); /* far waits for it */
    assert_false(escalation_leaves_domain(&b.plan, &b.graph, PLAN_WORKSTREAM, 2));
    assert_int_equal(escalation_affects(&b.plan, &b.graph, PLAN_WORKSTREAM, 0, affected), 2);
    assert_int_equal(affected[0], 1);
    assert_int_equal(affected[1], 2);
    assert_string_equal(escalation_orchestrator(&b.plan, PLAN_WORKSTREAM, 2), "b");
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_everything),   cmocka_unit_test(those_that_end_are_reaped_while_it_runs),
        cmocka_unit_test(one_that_hangs_is_ended), cmocka_unit_test(at_the_end_nobody_is_forgotten),
        cmocka_unit_test(who_has_to_know),
    };
    return cmocka_run_group_tests_name("orchestrate/hook", tests, NULL, NULL);
}
