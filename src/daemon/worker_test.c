/* A worker around an engine of the test's own, that does what a row says. */
#include "daemon/worker.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static atomic_int woken, closed;

struct plan {
    int pictures, steps;
    bool wait; /* until it is cancelled */
    enum spr_code fail;
};

static enum spr_code do_plan(void *self, const struct request *r, const struct engine_watch *w,
                             struct spr_error *err)
{
    const struct plan *plan = self;
    enum spr_code rc = SPR_OK;
    w->understood(w->context, "gem");
    for (int s = 1; s <= plan->steps; s++)
        w->progress(w->context, &(struct engine_progress){ s, plan->steps, 0, plan->pictures });
    while (plan->wait && !atomic_load(w->cancel))
        usleep(1000);
    if (plan->wait)
        return SPR_FAIL(err, SPR_CANCELLED, "stopped");
    for (int i = 0; !rc && i < plan->pictures; i++) {
        struct engine_picture p = { .colors = i };
        rc = image_init(&p.pixels, 4, 4, err);
        if (!rc)
            memset(p.pixels.pixel, 255, 16 * sizeof *p.pixels.pixel);
        if (!rc)
            rc = engine_request_of(r, i, &p.made_by, err);
        if (!rc) {
            w->preview(w->context, &p.pixels);
            rc = w->picture(w->context, &p, err);
        }
        request_fini(&p.made_by);
        image_fini(&p.pixels);
    }
    return rc ? rc : plan->fail == SPR_OK ? SPR_OK : SPR_FAIL(err, plan->fail, "as planned");
}

static void do_close(void *self)
{
    (void)self;
    atomic_fetch_add(&closed, 1);
}

static void on_wake(void *context)
{
    (void)context;
    atomic_fetch_add(&woken, 1);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/worker.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

static struct worker *start(struct plan *plan)
{
    static const struct engine_ops ops = { "planned", do_plan, do_close };
    struct worker_options o = { "planned", folder, folder, on_wake, NULL };
    struct engine *e = NULL;
    struct worker *w = NULL;
    struct spr_error err;
    assert_int_equal(engine_new(&ops, plan, &e, &err), SPR_OK);
    assert_int_equal(worker_start(&o, e, &w, &err), SPR_OK);
    return w;
}

static void give(struct worker *w, const char *id)
{
    struct queue_job j = { .id = mem_text(id, strlen(id)) };
    struct spr_error err;
    request_init(&j.request);
    assert_int_equal(request_set(&j.request, REQUEST_PROMPT, "prompt", "gem", &err), SPR_OK);
    worker_give(w, &j);
    assert_null(j.id); /* transferred */
}

/* The next report, waited for. */
static struct worker_report *next(struct worker *w)
{
    int64_t end = clock_steady_ns() + 20000000000LL;
    struct worker_report *r;
    while (!(r = worker_next(w)) && clock_steady_ns() < end)
        usleep(500);
    assert_non_null(r);
    return r;
}

/* Reads until the end; counts pictures; returns the end's code. */
static enum spr_code finish(struct worker *w, int *ret_pictures, char *kinds, size_t size)
{
    static const char letters[] = "uprPE"; /* understood, progress, preview, Picture, End */
    size_t n = 0;
    *ret_pictures = 0;
    for (;;) {
        struct worker_report *r = next(w);
        enum worker_report_kind kind = r->kind;
        enum spr_code rc = r->error.code;
        if (n + 1 < size)
            kinds[n++] = letters[kind];
        if (kind == WORKER_PICTURE) {
            assert_int_equal(r->number, *ret_pictures);
            assert_int_equal(access(r->picture.path, R_OK), 0); /* on disk before it is told */
            assert_int_equal(r->picture.colors, *ret_pictures);
            (*ret_pictures)++;
        }
        worker_report_free(r);
        if (kind == WORKER_ENDED) {
            kinds[n] = '\0';
            assert_null(worker_next(w)); /* nothing after the end */
            return rc;
        }
    }
}

static void reports_come_in_order_and_end_once(void **state)
{
    (void)state;
    struct plan plan = { .pictures = 3, .steps = 50 };
    struct worker *w = start(&plan);
    for (int round = 0; round < 3; round++) { /* one job after another */
        char kinds[128];
        int pictures;
        int before = atomic_load(&woken);
        give(w, "a");
        assert_int_equal(finish(w, &pictures, kinds, sizeof kinds), SPR_OK);
        assert_int_equal(pictures, 3);
        assert_true(atomic_load(&woken) > before);
        assert_true(strchr(kinds, 'u') < strchr(kinds, 'P')); /* understood before the first picture */
        assert_ptr_equal(strchr(kinds, 'E'), kinds + strlen(kinds) - 1);
        size_t progress = 0;
        for (const char *k = kinds; *k; k++)
            progress += *k == 'p';
        assert_true(progress >= 1 && progress <= 50); /* only the newest is kept */
    }
    int was = atomic_load(&closed);
    worker_stop(w);
    assert_int_equal(atomic_load(&closed), was + 1);
    worker_stop(NULL);
}

static void an_engine_s_failure_is_told_with_its_words(void **state)
{
    (void)state;
    struct plan plan = { .pictures = 1, .fail = SPR_IO };
    struct worker *w = start(&plan);
    give(w, "b");
    struct worker_report *r;
    enum worker_report_kind kind;
    do {
        r = next(w);
        kind = r->kind;
        if (kind == WORKER_ENDED) {
            assert_int_equal(r->error.code, SPR_IO);
            assert_string_equal(r->error.text, "as planned");
        }
        worker_report_free(r);
    } while (kind != WORKER_ENDED);
    worker_stop(w);
}

static void cancelling_ends_it_between_steps(void **state)
{
    (void)state;
    struct plan plan = { .wait = true, .steps = 1 };
    struct worker *w = start(&plan);
    char kinds[64];
    int pictures;
    worker_cancel(w); /* idle: nothing happens, and the next job is not met by it */
    give(w, "c");
    struct worker_report *r = next(w); /* it has begun */
    worker_report_free(r);
    worker_cancel(w);
    assert_int_equal(finish(w, &pictures, kinds, sizeof kinds), SPR_CANCELLED);
    give(w, "d"); /* and it is stopped while it works, without anybody reading */
    worker_stop(w);
}

static void a_gallery_that_cannot_be_written_fails_the_job(void **state)
{
    (void)state;
    static const struct engine_ops ops = { "planned", do_plan, do_close };
    struct plan plan = { .pictures = 2 };
    struct worker_options o = { "planned", "/proc/no-such-folder", folder, on_wake, NULL };
    struct engine *e = NULL;
    struct worker *w = NULL;
    struct spr_error err;
    char kinds[64];
    int pictures;
    assert_int_equal(engine_new(&ops, &plan, &e, &err), SPR_OK);
    assert_int_equal(worker_start(&o, e, &w, &err), SPR_OK);
    give(w, "e");
    assert_int_not_equal(finish(w, &pictures, kinds, sizeof kinds), SPR_OK);
    assert_int_equal(pictures, 0);
    worker_stop(w);
}

/* Whatever allocation fails, the job's end is told, and exactly once. */
static void lack_of_memory_never_hides_the_end(void **state)
{
    (void)state;
    struct plan plan = { .pictures = 1, .steps = 2 };
    struct worker *w = start(&plan);
    int failed = 0;
    for (uint64_t n = 1; n < 60; n++) {
        char kinds[64];
        int pictures;
        give(w, "m");
        mem_fail_nth(n);
        failed += finish(w, &pictures, kinds, sizeof kinds) != SPR_OK;
        mem_fail_nth(0);
    }
    assert_true(failed > 3);
    worker_stop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_come_in_order_and_end_once),
        cmocka_unit_test(an_engine_s_failure_is_told_with_its_words),
        cmocka_unit_test(cancelling_ends_it_between_steps),
        cmocka_unit_test(a_gallery_that_cannot_be_written_fails_the_job),
        cmocka_unit_test(lack_of_memory_never_hides_the_end),
    };
    return cmocka_run_group_tests_name("daemon/worker", tests, set_up, tear_down);
}
