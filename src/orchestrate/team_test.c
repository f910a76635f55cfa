/* Crews in processes of their own: real ones, killed, orphaned and taken over. */
#include "base/clock.h"
#include "base/mem.h"
#include "orchestrate/local.h"
#include "orchestrate/team.h"

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

static const char text[] =
    "plan: t\n"
    "defaults: {shell: /bin/sh}\n"
    "domains:\n"
    "  - id: a\n"
    "    workstreams:\n"
    "      - {id: seven, run: 'exit 7'}\n"
    "      - {id: slow, run: 'echo slow >> ran; while [ ! -e go ]; do sleep 0.02; done; exit 5'}\n"
    "      - {id: good, run: 'true', accept: [{name: here, command: 'echo look >> looks; while [ ! -e go ]; "
    "do sleep 0.02; done'}]}\n"
    "  - id: b\n"
    "    workstreams:\n"
    "      - {id: other, run: 'echo ::progress 0.5 half; echo ${SECRET}'}\n";
enum { SEVEN, SLOW, GOOD, OTHER };
enum { A, B };

static char folder[] = "/tmp/spritery-team.XXXXXX";

struct bench {
    struct plan plan;
    struct place at;
    struct loop *loop;
    struct wire_context *wire;
    struct teams *teams;
    struct doc_report report;
    int slots, ready, lost, news;
    struct crew_news last;
    bool evidence;
};

static void on_news(void *context, const struct crew_news *n)
{
    struct bench *b = context;
    if (n->kind == NEWS_PROGRESS)
        return;
    b->news++;
    b->last = *n;
    b->last.text = NULL;
    b->evidence = json_array_size(json_object_get(n->data, "accept")) > 0;
}

static void on_ready(void *context, int32_t domain)
{
    struct bench *b = context;
    (void)domain;
    b->ready++;
}

static void on_lost(void *context, int32_t domain, const char *why)
{
    struct bench *b = context;
    (void)domain;
    (void)why;
    b->lost++;
}

static void make_folder(void)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
}

static void remove_folder(void)
{
    char command[100];
    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void open_bench(struct bench *b, bool processes, int64_t grace_ms, const char *plan)
{
    struct spr_error err;
    *b = (struct bench){ .slots = -1 };
    FILE *f = fopen("t.yaml", "w");
    assert_non_null(f);
    fputs(plan, f);
    fclose(f);
    assert_int_equal(plan_load(plan, strlen(plan), &b->plan, &b->report, &err), SPR_OK);
    assert_int_equal(place_init(&b->at, "t.yaml", &b->plan, &err), SPR_OK);
    assert_int_equal(place_make(&b->at, &err), SPR_OK);
    assert_int_equal(loop_new(&b->loop, &err), SPR_OK);
    assert_int_equal(slots_open(b->at.folder, &b->slots, &err), SPR_OK);
    assert_int_equal(slots_reserve(b->slots, 16, &err), SPR_OK);
    assert_int_equal(wire_context_new(&b->wire, &err), SPR_OK);
    const struct teams_options o = { .processes = processes,
                                     .wire = b->wire,
                                     .text = plan,
                                     .text_length = strlen(plan),
                                     .grace_ms = grace_ms };
    const struct teams_hooks hooks = { .context = b, .news = on_news, .ready = on_ready, .lost = on_lost };
    assert_int_equal(teams_new(b->loop, &b->plan, &b->at, &o, &hooks, &b->teams, &err), SPR_OK);
    assert_int_equal(teams_greet(b->teams, &err), SPR_OK);
}

static void close_bench(struct bench *b)
{
    teams_free(b->teams);
    wire_context_free(b->wire);
    loop_free(b->loop);
    close(b->slots);
    plan_free(&b->plan);
}

static void turn(struct bench *b)
{
    struct spr_error err;
    for (int32_t d; (d = teams_wanting(b->teams)) >= 0;)
        assert_int_equal(teams_start(b->teams, d, &err), SPR_OK);
    assert_int_equal(teams_flush(b->teams, &err), SPR_OK);
    assert_int_equal(loop_turn(b->loop, 50, &err), SPR_OK);
    assert_int_equal(teams_flush(b->teams, &err), SPR_OK);
}

static void order(struct bench *b, enum crew_order_kind kind, int32_t w, int32_t attempt, uint32_t slot)
{
    struct spr_error err;
    const struct crew_order o = { kind, w, attempt, slot };
    assert_int_equal(teams_order(b->teams, &o, &err), SPR_OK);
}

/* Turns until the counter moves. */
static void await(struct bench *b, const int *counter, int value)
{
    int64_t limit = clock_steady_ns() + 30000000000;
    while (*counter < value) {
        assert_true(clock_steady_ns() < limit);
        turn(b);
    }
}

static int lines(const char *name)
{
    int n = 0;
    FILE *f = fopen(name, "r");
    for (int c; f && (c = fgetc(f)) != EOF;)
        n += c == '\n';
    if (f)
        fclose(f);
    return n;
}

static void await_lines(struct bench *b, const char *name, int count)
{
    int64_t limit = clock_steady_ns() + 30000000000;
    while (lines(name) < count) {
        assert_true(clock_steady_ns() < limit);
        if (b)
            turn(b);
        else
            usleep(10000);
    }
}

static void go(void)
{
    FILE *f = fopen("go", "w");
    assert_non_null(f);
    fclose(f);
}

/* The process of a domain, as its file says. */
static struct task_identity process_of(const char *domain)
{
    struct task_identity who = { 0 };
    char path[100];
    snprintf(path, sizeof path, ".spritery/t/domain/%s", domain);
    FILE *f = fopen(path, "r");
    if (f && fread(&who, sizeof who, 1, f) != 1)
        who.pid = 0;
    if (f)
        fclose(f);
    return who;
}

/* A pid of 0 would be ourselves and all that started us. */
static void signal_it(const struct task_identity *who, int sig)
{
    assert_true(who->pid > 1);
    kill(who->pid, sig);
}

static void await_end(const struct task_identity *who)
{
    int64_t limit = clock_steady_ns() + 30000000000;
    while (task_alive(who)) {
        assert_true(clock_steady_ns() < limit);
        usleep(10000);
    }
}

static void orders_are_done(bool processes)
{
    struct bench b;
    make_folder();
    open_bench(&b, processes, 1000, text);
    order(&b, CREW_LAUNCH, SEVEN, 1, 0);
    assert_true(teams_holds(b.teams, SEVEN));
    order(&b, CREW_LAUNCH, OTHER, 1, 1);
    await(&b, &b.news, 2);
    assert_false(teams_holds(b.teams, SEVEN));
    order(&b, CREW_CHECK, GOOD, 1, 2);
    go();
    await(&b, &b.news, 3);
    assert_true(b.last.kind == NEWS_CHECKED && b.last.ok && b.evidence);
    order(&b, CREW_LAUNCH, SEVEN, 2, 3);
    await(&b, &b.news, 4);
    assert_true(b.last.kind == NEWS_EXITED && b.last.end.status == 7 && b.last.attempt == 2);
    assert_int_equal(b.ready, processes ? 2 : 0);
    teams_dismiss(b.teams, B); /* and when there is work again, it comes again */
    order(&b, CREW_LAUNCH, OTHER, 2, 4);
    await(&b, &b.news, 5);
    assert_int_equal(b.ready, processes ? 3 : 0);
    assert_int_equal(b.lost, 0);
    const struct task_identity a = process_of("a"), other = process_of("b");
    assert_true(task_alive(&a) == processes && task_alive(&other) == processes);
    close_bench(&b);
    assert_false(task_alive(&a) || task_alive(&other));
    remove_folder();
}

static void orders_are_done_by_processes(void **state)
{
    (void)state;
    orders_are_done(true);
}

static void orders_are_done_here(void **state)
{
    (void)state;
    orders_are_done(false);
}

static void a_killed_process_comes_again(void **state)
{
    struct bench b;
    (void)state;
    make_folder();
    open_bench(&b, true, 1000, text);
    order(&b, CREW_LAUNCH, SLOW, 1, 0);
    await_lines(&b, "ran", 1);
    const struct task_identity first = process_of("a");
    assert_true(task_alive(&first));
    signal_it(&first, SIGKILL);
    order(&b, CREW_LAUNCH, SEVEN, 1, 1); /* it may be on its way to the dead */
    await(&b, &b.lost, 1);
    order(&b, CREW_ADOPT, SLOW, 1, 0);
    if (!teams_holds(b.teams, SEVEN))
        order(&b, CREW_ADOPT, SEVEN, 1, 1);
    await(&b, &b.ready, 2);
    await(&b, &b.news, 1);
    assert_true(b.last.workstream == SEVEN);
    assert_true(b.last.kind == NEWS_LOST || (b.last.kind == NEWS_EXITED && b.last.end.status == 7));
    go();
    await(&b, &b.news, 2);
    assert_true(b.last.kind == NEWS_EXITED && b.last.workstream == SLOW && b.last.end.status == 5);
    assert_int_equal(lines("ran"), 1);
    close_bench(&b);
    remove_folder();
}

/* Another process is the first meta: it has SLOW started and GOOD looked at, and is killed. */
static void first_meta(int64_t grace_ms)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct bench b;
        open_bench(&b, true, grace_ms, text);
        order(&b, CREW_LAUNCH, SLOW, 1, 0);
        order(&b, CREW_CHECK, GOOD, 1, 1);
        await_lines(&b, "ran", 1);
        await_lines(&b, "looks", 1);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void another_meta_takes_over(void **state)
{
    struct bench b;
    (void)state;
    make_folder();
    first_meta(60000);
    const struct task_identity first = process_of("a");
    assert_true(task_alive(&first));
    open_bench(&b, true, 1000, text);
    const struct task_identity now = process_of("a");
    assert_int_equal(now.pid, first.pid);
    assert_true(b.ready == 1 && teams_ready(b.teams, A) && !teams_ready(b.teams, B));
    order(&b, CREW_ADOPT, SLOW, 1, 0);
    order(&b, CREW_CHECK, GOOD, 1, 2); /* the first meta's look was dropped, and nothing is told of it */
    await_lines(&b, "looks", 2);
    assert_int_equal(b.news, 0);
    go();
    await(&b, &b.news, 2);
    turn(&b);
    assert_int_equal(b.news, 2);
    assert_int_equal(lines("ran"), 1);
    close_bench(&b);
    assert_false(task_alive(&first));
    remove_folder();
}

static void one_with_another_plan_is_replaced(void **state)
{
    struct bench b;
    char other[sizeof text + 16];
    (void)state;
    make_folder();
    first_meta(60000);
    const struct task_identity first = process_of("a");
    snprintf(other, sizeof other, "# changed\n%s", text);
    open_bench(&b, true, 1000, other);
    assert_int_equal(b.ready + b.lost, 0);
    assert_false(task_alive(&first));
    order(&b, CREW_ADOPT, SLOW, 1, 0);
    go();
    await(&b, &b.news, 1);
    assert_true(b.last.kind == NEWS_EXITED && b.last.end.status == 5);
    close_bench(&b);
    remove_folder();
}

static void one_that_does_not_answer_is_ended(void **state)
{
    struct bench b;
    (void)state;
    make_folder();
    first_meta(60000);
    const struct task_identity first = process_of("a");
    signal_it(&first, SIGSTOP);
    open_bench(&b, true, 1000, text);
    assert_false(task_alive(&first));
    order(&b, CREW_ADOPT, SLOW, 1, 0);
    go();
    await(&b, &b.news, 1);
    assert_true(b.last.kind == NEWS_EXITED && b.last.end.status == 5);
    close_bench(&b);
    remove_folder();
}

static void alone_it_leaves_after_the_grace_time(void **state)
{
    struct bench b;
    (void)state;
    make_folder();
    first_meta(300);
    const struct task_identity first = process_of("a");
    await_end(&first);
    open_bench(&b, true, 1000, text); /* what it had under way goes on */
    assert_int_equal(b.ready, 0);
    order(&b, CREW_ADOPT, SLOW, 1, 0);
    await(&b, &b.ready, 1);
    assert_int_equal(b.news, 0);
    go();
    await(&b, &b.news, 1);
    assert_true(b.last.kind == NEWS_EXITED && b.last.end.status == 5);
    assert_int_equal(lines("ran"), 1);
    close_bench(&b);
    remove_folder();
}

static void one_that_never_lives_is_given_up(void **state)
{
    struct bench b;
    struct spr_error err;
    enum spr_code rc = SPR_OK;
    (void)state;
    make_folder();
    open_bench(&b, true, 1000, text);
    setenv("SPRITERY_TASK_PROGRAM", "/no/such/program", 1); /* each launch fails, and that is news */
    order(&b, CREW_LAUNCH, SEVEN, 1, 0);
    await(&b, &b.news, 1);
    assert_true(b.last.kind == NEWS_EXITED && b.last.end.why == TASK_UNBORN);
    teams_dismiss(b.teams, A);
    for (int i = 0; i < 50 && !rc; i++) { /* one that is killed whenever it comes */
        if (!teams_holds(b.teams, SEVEN))
            order(&b, CREW_LAUNCH, SEVEN, 2, 1);
        for (int32_t d; !rc && (d = teams_wanting(b.teams)) >= 0;) {
            rc = teams_start(b.teams, d, &err);
            const struct task_identity it = process_of("a");
            signal_it(&it, SIGKILL);
        }
        assert_int_equal(loop_turn(b.loop, 50, &err), SPR_OK);
        rc = teams_flush(b.teams, &err);
    }
    assert_int_equal(rc, SPR_IO);
    assert_non_null(strstr(err.text, "domain a does not stay alive: its process was ended by signal 9"));
    close_bench(&b);
    remove_folder();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_are_done_by_processes),
        cmocka_unit_test(orders_are_done_here),
        cmocka_unit_test(a_killed_process_comes_again),
        cmocka_unit_test(another_meta_takes_over),
        cmocka_unit_test(one_with_another_plan_is_replaced),
        cmocka_unit_test(one_that_does_not_answer_is_ended),
        cmocka_unit_test(alone_it_leaves_after_the_grace_time),
        cmocka_unit_test(one_that_never_lives_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
