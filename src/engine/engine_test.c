#include "base/mem.h"
#include "engine/papers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int make(void **state)
{
    static struct engine_picture p;
    p = (struct engine_picture){ .papers = { .engine = "native", .model = "sprite32", .model_hash = "abc" } };
    request_init(&p.made_by);
    *state = &p;
    return request_set(&p.made_by, REQUEST_PROMPT, "prompt", "red dragon", NULL);
}

static int drop(void **state)
{
    struct engine_picture *p = *state;
    request_fini(&p->made_by);
    return 0;
}

static void papers_come_back(void **state)
{
    struct engine_picture *p = *state;
    struct spr_error err = { 0 };
    struct notes notes = { 0 };
    struct request r;
    struct engine_papers papers;
    char software[ENGINE_NAME_BYTES];
    assert_int_equal(request_set(&p->made_by, REQUEST_SEED, "--seed", "18446744073709551615", &err), SPR_OK);
    assert_int_equal(papers_write(p, &notes, &err), SPR_OK);
    assert_string_equal(notes_get(&notes, "spritery:seed"), "18446744073709551615");
    assert_string_equal(notes_get(&notes, "spritery:steps"), "20"); /* law R5: defaults too */
    assert_null(notes_get(&notes, "spritery:init"));
    assert_int_equal(papers_read(&notes, &r, &papers, software, &err), SPR_OK);
    assert_true(request_same(&r, &p->made_by));
    assert_int_equal(r.given, 1u << REQUEST_PROMPT | 1u << REQUEST_SEED); /* what is not the default */
    assert_memory_equal(&papers, &p->papers, sizeof papers);
    assert_string_equal(software, "spritery " SPRITERY_VERSION);
    request_fini(&r);
    notes_fini(&notes);
}

static void foreign_and_damaged_notes_are_refused(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    struct notes notes = { 0 };
    struct request r;
    struct engine_papers papers;
    char software[ENGINE_NAME_BYTES];
    assert_int_equal(notes_put(&notes, "Software", "another program", &err), SPR_OK);
    assert_int_equal(papers_read(&notes, &r, &papers, software, &err), SPR_NOTFOUND);
    assert_string_equal(err.text, "it does not say how it was made");
    assert_int_equal(notes_put(&notes, "spritery:steps", "1000000", &err), SPR_OK);
    assert_int_equal(papers_read(&notes, &r, &papers, software, &err), SPR_BADARG);
    assert_string_equal(err.text, "spritery:steps is \"1000000\"; it must be a whole number from 1 to 200");
    notes_fini(&notes);
}

static void each_picture_has_its_own_request(void **state)
{
    struct engine_picture *p = *state;
    struct request one;
    struct spr_error err = { 0 };
    p->made_by.seed = UINT64_MAX;
    p->made_by.count = 4;
    assert_int_equal(engine_request_of(&p->made_by, 2, &one, &err), SPR_OK);
    assert_int_equal(one.count, 1);
    assert_true(one.seed == 1);
    request_fini(&one);
    p->made_by.vary = 0.2;
    assert_int_equal(engine_request_of(&p->made_by, 2, &one, &err), SPR_OK);
    assert_true(one.seed == UINT64_MAX && one.vary_seed == 2);
    request_fini(&one);
}

/* An engine that only counts. */
static int calls, closed;

static enum spr_code count_call(void *self, const struct request *r, const struct engine_watch *watch,
                                struct spr_error *err)
{
    (void)self, (void)r, (void)watch, (void)err;
    calls++;
    return SPR_OK;
}

static void count_close(void *self)
{
    (void)self;
    closed++;
}

static void bad_and_cancelled_requests_never_reach_an_engine(void **state)
{
    static const struct engine_ops ops = { "counting", count_call, count_close };
    struct engine_picture *p = *state;
    struct engine *e = NULL;
    struct spr_error err = { 0 };
    struct request empty;
    atomic_bool cancel = false;
    struct engine_watch watch = { .cancel = &cancel };
    calls = closed = 0;
    mem_fail_nth(1);
    assert_int_equal(engine_new(&ops, NULL, &e, &err), SPR_NOMEM);
    assert_null(e);
    assert_int_equal(closed, 1); /* TAKES self even on failure */
    assert_int_equal(engine_new(&ops, NULL, &e, &err), SPR_OK);
    assert_string_equal(engine_name(e), "counting");
    request_init(&empty);
    assert_int_equal(engine_generate(e, &empty, &watch, &err), SPR_BADARG);
    assert_int_equal(engine_generate(e, &p->made_by, &watch, &err), SPR_OK);
    atomic_store(&cancel, true);
    assert_int_equal(engine_generate(e, &p->made_by, &watch, &err), SPR_CANCELLED);
    assert_int_equal(calls, 1);
    engine_close(e);
    assert_int_equal(closed, 2);
    engine_close(NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(papers_come_back),
        WITH(foreign_and_damaged_notes_are_refused),
        WITH(each_picture_has_its_own_request),
        WITH(bad_and_cancelled_requests_never_reach_an_engine),
    };
    return cmocka_run_group_tests_name("engine/engine", tests, NULL, NULL);
}
