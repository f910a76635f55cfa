/* Real tasks under real supervisors, through the local executor. */
#include "base/clock.h"
#include "base/mem.h"
#include "orchestrate/local.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { GRACE_MS = 300 };

static char folder[] = "/tmp/spritery-task.XXXXXX";

struct bench {
    struct loop *loop;
    struct local *local;
    struct executor x;
    int slots;
    int ended;
    enum executor_fate fate;
    struct task_end end;
};

static void on_end(void *context, uint32_t slot, enum executor_fate fate, const struct task_end *end,
                   const char *text)
{
    struct bench *b = context;
    (void)slot;
    (void)text;
    b->ended++;
    b->fate = fate;
    b->end = *end;
}

static void open_bench(struct bench *b)
{
    struct spr_error err;
    *b = (struct bench){ .slots = -1 };
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(loop_new(&b->loop, &err), SPR_OK);
    assert_int_equal(slots_open(folder, &b->slots, &err), SPR_OK);
    assert_int_equal(slots_reserve(b->slots, 16, &err), SPR_OK);
    assert_int_equal(local_new(b->loop, folder, "t", on_end, b, &b->local, &err), SPR_OK);
    b->x = local_executor(b->local);
}

static void close_bench(struct bench *b)
{
    char command[100];
    local_free(b->local);
    loop_free(b->loop);
    close(b->slots);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void launch(struct bench *b, uint32_t slot, const char *script, int64_t timeout_ms)
{
    struct spr_error err;
    char out[100], errors[100];
    const char *const argv[] = { "/bin/sh", "-c", script, NULL }, *const env[] = { "PATH=/usr/bin:/bin",
                                                                                   NULL };
    snprintf(out, sizeof out, "%s/out", folder);
    snprintf(errors, sizeof errors, "%s/err", folder);
    const struct executor_job job = { .slot = slot,
                                      .owner = "t",
                                      .workdir = folder,
                                      .out = out,
                                      .err = errors,
                                      .argv = argv,
                                      .env = env,
                                      .timeout_ms = timeout_ms,
                                      .grace_ms = GRACE_MS };
    assert_int_equal(b->x.launch(b->x.self, &job, &err), SPR_OK);
}

static void wait_end(struct bench *b)
{
    struct spr_error err;
    int64_t limit = clock_steady_ns() + 20000000000;
    for (int had = b->ended; b->ended == had;) {
        assert_true(clock_steady_ns() < limit);
        assert_int_equal(loop_turn(b->loop, 1000, &err), SPR_OK);
    }
}

static bool exists(const char *name)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static int read_pid(const char *name)
{
    char path[100];
    int pid = 0;
    for (int i = 0; i < 200 && pid == 0; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *f = fopen(path, "r");
        if (!f || fscanf(f, "%d", &pid) != 1)
            usleep(20000);
        if (f)
            fclose(f);
    }
    return pid;
}

static bool lives(int pid)
{
    struct task_identity who;
    return pid > 0 && task_identify(pid, &who);
}

static void ends_are_told(void **state)
{
    static const struct {
        const char *why, *script;
        int status, signal;
    } rows[] = { { "well", "true", 0, 0 },
                 { "badly", "exit 7", 7, 0 },
                 { "by a signal", "kill -9 $$", 0, 9 } };
    struct bench b;
    (void)state;
    open_bench(&b);
    for (uint32_t i = 0; i < 3; i++) {
        launch(&b, i, rows[i].script, 0);
        wait_end(&b);
        assert_int_equal(b.fate, FATE_ENDED);
        assert_int_equal(b.end.why, TASK_EXITED);
        assert_int_equal(b.end.status, rows[i].status);
        assert_int_equal(b.end.signal, rows[i].signal);
    }
    assert_false(exists("out")); /* who says nothing needs no file */
    launch(&b, 3, "echo hello; echo oh >&2; cat; pwd > where; env > env", 0);
    wait_end(&b);
    assert_int_equal(b.end.status, 0); /* cat ended: standard input is empty */
    assert_true(exists("out") && exists("err") && exists("where"));
    /* One that has a slot already never begins. */
    launch(&b, 3, "touch again", 0);
    wait_end(&b);
    assert_false(exists("again"));
    close_bench(&b);
}

static void what_cannot_start_says_why(void **state)
{
    struct bench b;
    struct spr_error err;
    const char *const argv[] = { "no-such-program", NULL }, *const env[] = { "PATH=/usr/bin:/bin", NULL };
    (void)state;
    open_bench(&b);
    const struct executor_job job = { .slot = 0,
                                      .owner = "t",
                                      .workdir = folder,
                                      .out = "o",
                                      .err = "e",
                                      .argv = argv,
                                      .env = env,
                                      .grace_ms = GRACE_MS };
    assert_int_equal(b.x.launch(b.x.self, &job, &err), SPR_OK);
    wait_end(&b);
    assert_int_equal(b.end.why, TASK_UNBORN);
    assert_int_equal(b.end.error, 2); /* ENOENT */
    close_bench(&b);
}

/* A grandchild in a session of its own that ignores TERM, whose parent is gone. */
static const char stubborn[] =
    "setsid sh -c 'sh -c \"trap : TERM; echo \\$\\$ > pid; while :; do sleep 60; done\" & "
    "exit 0' & while [ ! -s pid ]; do sleep 0.02; done; ";

static void a_tree_goes_whole(struct bench *b)
{
    char script[400];
    int64_t began;
    /* at the end of the first process */
    snprintf(script, sizeof script, "%s exit 3", stubborn);
    launch(b, 0, script, 0);
    began = clock_steady_ns();
    wait_end(b);
    assert_int_equal(b->end.status, 3);
    assert_true(b->end.strays > 0);
    assert_false(lives(read_pid("pid")));
    /* at the time limit, when the first process ignores TERM too */
    char path[100];
    snprintf(path, sizeof path, "%s/pid", folder);
    unlink(path);
    snprintf(script, sizeof script, "trap : TERM; %s while :; do sleep 60; done", stubborn);
    launch(b, 1, script, 1500);
    began = clock_steady_ns();
    wait_end(b);
    if (b->end.why != TASK_TIMEOUT)
        fail_msg("why %d, status %d, signal %d, error %d", b->end.why, b->end.status, b->end.signal,
                 b->end.error);
    assert_true(clock_steady_ns() - began < (1500 + GRACE_MS + 5000) * 1000000ll);
    assert_false(lives(read_pid("pid")));
    /* when asked to */
    unlink(path);
    launch(b, 2, script, 0);
    int pid = read_pid("pid");
    struct spr_error err;
    while (!lives(pid) || loop_turn(b->loop, 50, &err) == SPR_OK) {
        b->x.stop(b->x.self, 2);
        break;
    }
    wait_end(b);
    assert_int_equal(b->end.why, TASK_STOPPED);
    assert_false(lives(pid));
}

static void a_tree_goes_whole_with_groups(void **state)
{
    struct bench b;
    (void)state;
    open_bench(&b);
    a_tree_goes_whole(&b);
    close_bench(&b);
}

static void a_tree_goes_whole_without_groups(void **state)
{
    struct bench b;
    (void)state;
    setenv("SPRITERY_CGROUPS", "no", 1);
    open_bench(&b);
    a_tree_goes_whole(&b);
    close_bench(&b);
    unsetenv("SPRITERY_CGROUPS");
}

/* Its supervisor is killed: the whole of it goes, and that is said. */
static void a_lost_task_leaves_nobody(void **state)
{
    (void)state;
    for (int groups = 0; groups < 2; groups++) {
        struct bench b;
        char script[400];
        if (!groups)
            setenv("SPRITERY_CGROUPS", "no", 1);
        open_bench(&b);
        snprintf(script, sizeof script, "%s while :; do sleep 60; done", stubborn);
        launch(&b, 0, script, 0);
        int pid = read_pid("pid");
        assert_true(lives(pid));
        struct task_slot *s = task_map(b.slots, 0);
        kill(s->supervisor.pid, SIGKILL);
        task_unmap(s);
        wait_end(&b);
        assert_int_equal(b.fate, FATE_LOST);
        assert_false(lives(pid));
        close_bench(&b);
        unsetenv("SPRITERY_CGROUPS");
    }
}

/* The executor goes, the task stays; another executor finds out how it ended, while it runs or afterwards. */
static void tasks_are_taken_over(void **state)
{
    struct bench b;
    struct spr_error err;
    (void)state;
    open_bench(&b);
    launch(&b, 0, "echo $$ > pid; sleep 0.7; exit 5", 0);
    launch(&b, 1, "echo $$ > pid2; exit 6", 0);
    assert_true(read_pid("pid") > 0 && read_pid("pid2") > 0);
    local_free(b.local);
    assert_int_equal(local_new(b.loop, folder, "t", on_end, &b, &b.local, &err), SPR_OK);
    b.x = local_executor(b.local);
    assert_int_equal(b.x.adopt(b.x.self, 0, &err), SPR_OK);
    assert_int_equal(b.ended, 0);
    wait_end(&b);
    assert_int_equal(b.end.status, 5);
    usleep(200000);
    assert_int_equal(b.x.adopt(b.x.self, 1, &err), SPR_OK);
    assert_int_equal(b.ended, 2);
    assert_int_equal(b.end.status, 6);
    /* One that was never started will never be. */
    assert_int_equal(b.x.adopt(b.x.self, 2, &err), SPR_OK);
    assert_int_equal(b.fate, FATE_NEVER);
    launch(&b, 2, "touch late", 0);
    wait_end(&b);
    assert_false(exists("late"));
    close_bench(&b);
}

static int supervisor_of(const struct bench *b, uint32_t slot)
{
    struct task_slot *s = task_map(b->slots, slot);
    int pid = s->supervisor.pid;
    task_unmap(s);
    return pid;
}

/* What one task was counted for is not counted for the next; one that was told to go is replaced. */
static void supervisors_take_task_after_task(void **state)
{
    struct bench b;
    struct spr_error err;
    (void)state;
    open_bench(&b);
    launch(&b, 0, "x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo ${#x} >&2", 0);
    wait_end(&b);
    struct task_end first = b.end;
    assert_int_equal(first.status, 0);
    assert_true(first.peak_kb > 30000 && first.user_us > 0);
    launch(&b, 1, "sleep 0.3; exit 4", 0);
    b.x.stop(b.x.self, 0); /* it is over: this is nobody else's stop */
    wait_end(&b);
    assert_int_equal(b.end.why, TASK_EXITED);
    assert_int_equal(b.end.status, 4);
    assert_true(b.end.peak_kb < first.peak_kb);
    assert_int_equal(supervisor_of(&b, 0), supervisor_of(&b, 1));
    /* two at once have one each */
    launch(&b, 2, "sleep 0.3", 0);
    launch(&b, 3, "exit 1", 0);
    wait_end(&b);
    wait_end(&b);
    int pid = supervisor_of(&b, 2), other = supervisor_of(&b, 3);
    assert_int_not_equal(pid, other);
    kill(pid, SIGTERM);
    kill(other, SIGTERM);
    while (lives(pid) || lives(other))
        assert_int_equal(loop_turn(b.loop, 10, &err), SPR_OK);
    launch(&b, 4, "exit 2", 0);
    wait_end(&b);
    assert_int_equal(b.end.status, 2);
    assert_int_equal(b.end.why, TASK_EXITED);
    /* and with the executor they go */
    pid = supervisor_of(&b, 4);
    assert_true(lives(pid));
    close_bench(&b);
    assert_false(lives(pid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_told),
        cmocka_unit_test(what_cannot_start_says_why),
        cmocka_unit_test(a_tree_goes_whole_with_groups),
        cmocka_unit_test(a_tree_goes_whole_without_groups),
        cmocka_unit_test(a_lost_task_leaves_nobody),
        cmocka_unit_test(tasks_are_taken_over),
        cmocka_unit_test(supervisors_take_task_after_task),
    };
    return cmocka_run_group_tests_name("orchestrate/task", tests, NULL, NULL);
}
