/* The queue beside a plain array that does the same, and with everything failing that can fail. */
#include "queue/queue.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "queue/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[96];
static const struct queue_options standard = { .tries_max = 3 };

/* SQLite's memory through base/mem, so that mem_fail_nth fails it too. */
static void *sq_malloc(int size)
{
    size_t *p = mem_zalloc(1, (size_t)size + 16);
    if (p)
        *p = (size_t)size;
    return p ? (char *)p + 16 : NULL;
}
static void sq_free(void *p)
{
    if (p)
        mem_free((char *)p - 16);
}
static int sq_size(void *p)
{
    return p ? (int)*(size_t *)(void *)((char *)p - 16) : 0;
}
static void *sq_realloc(void *old, int size)
{
    size_t *p = mem_resize((char *)old - 16, 1, (size_t)size + 16);
    if (p)
        *p = (size_t)size;
    return p ? (char *)p + 16 : NULL;
}
static int sq_round(int size)
{
    return (size + 15) & ~15;
}
static int sq_init(void *context)
{
    (void)context;
    return SQLITE_OK;
}
static void sq_shutdown(void *context)
{
    (void)context;
}

static int set_up(void **state)
{
    (void)state;
    static const sqlite3_mem_methods methods = { sq_malloc, sq_free, sq_realloc,  sq_size,
                                                 sq_round,  sq_init, sq_shutdown, NULL };
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods))
        return -1;
    /* memory where there is a disk of it: thousands of databases are made */
    snprintf(folder, sizeof folder, "%s/spritery-queue.XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

static int fresh(void **state)
{
    char line[160];
    snprintf(line, sizeof line, "rm -f %s/q.db*", folder);
    if (system(line))
        return -1;
    snprintf(path, sizeof path, "%s/q.db", folder);
    *state = NULL;
    return 0;
}

static struct spr_error why;
#define OK(call)                      \
    do {                              \
        if (call)                     \
            fail_msg("%s", why.text); \
    } while (0)

static void open_it(struct queue **q)
{
    OK(queue_open(path, &standard, q, &why));
}

static enum spr_code add(struct queue *q, const char *id, const char *prompt, int priority, int64_t now,
                         bool *again)
{
    struct request r;
    int64_t row;
    bool ignored;
    request_init(&r);
    enum spr_code rc = request_set(&r, REQUEST_PROMPT, "prompt", prompt, &why);
    struct queue_new n = { id, "", "", &r, priority, true };
    if (!rc)
        rc = queue_accept(q, &n, now, &row, again ? again : &ignored, &why);
    request_fini(&r);
    return rc;
}

static void expect_next(struct queue *q, const char *id, int64_t now)
{
    struct queue_job j;
    OK(queue_take(q, "native", now, now + 1000, &j, &why));
    assert_string_equal(j.id, id);
    queue_job_fini(&j);
}

static void give_picture(struct queue *q, int64_t row)
{
    struct queue_picture p = { .path = (char *)"/x/a.png",
                               .width = 32,
                               .height = 32,
                               .colors = 9,
                               .seconds = 0.25,
                               .seed = UINT64_MAX,
                               .engine = (char *)"native",
                               .model = (char *)"m",
                               .software = (char *)"s",
                               .model_hash = "abc" };
    OK(queue_picture(q, row, 0, &p, &why));
}

static void priority_then_age(void **state)
{
    (void)state;
    struct queue *q;
    struct queue_job j;
    open_it(&q);
    OK(add(q, "a", "one", 0, 1, NULL));
    OK(add(q, "b", "two", 5, 2, NULL));
    OK(add(q, "c", "three", 0, 3, NULL));
    OK(add(q, "d", "four", 5, 4, NULL));
    expect_next(q, "b", 10);
    expect_next(q, "d", 10);
    OK(queue_move(q, "c", QUEUE_UP, &why));
    expect_next(q, "c", 10);
    expect_next(q, "a", 10);
    assert_int_equal(queue_take(q, "native", 10, 20, &j, &why), SPR_NOTFOUND);
    OK(queue_check(q, &why));
    queue_close(q);
}

static void the_same_id_again_is_the_same_job(void **state)
{
    (void)state;
    struct queue *q;
    bool again = true;
    open_it(&q);
    OK(add(q, "a", "one", 0, 1, &again));
    assert_false(again);
    OK(add(q, "a", "one", 0, 2, &again));
    assert_true(again);
    assert_int_equal(add(q, "a", "another", 0, 3, &again), SPR_EXISTS);
    assert_non_null(strstr(why.text, "\"a\""));
    struct request r;
    int64_t row;
    request_init(&r);
    r.seed = 5;
    OK(request_set(&r, REQUEST_PROMPT, "prompt", "p", &why));
    struct queue_new n = { "drawn", "", "", &r, 0, false };
    OK(queue_accept(q, &n, 1, &row, &again, &why));
    r.seed = 6; /* drawn anew for the repetition: still the same request */
    OK(queue_accept(q, &n, 1, &row, &again, &why));
    assert_true(again);
    n.seed_given = true;
    assert_int_equal(queue_accept(q, &n, 1, &row, &again, &why), SPR_EXISTS);
    request_fini(&r);
    OK(queue_check(q, &why));
    queue_close(q);
}

static void what_somebody_set_is_kept_apart_from_what_is_usual(void **state)
{
    (void)state;
    struct queue *q;
    struct queue_job j;
    struct request r;
    int64_t row;
    bool again;
    open_it(&q);
    request_init(&r);
    OK(request_set(&r, REQUEST_PROMPT, "prompt", "p", &why));
    OK(request_set(&r, REQUEST_GUIDANCE, "guidance", "3", &why)); /* as usual, but wanted */
    struct queue_new n = { "a", "", "", &r, 0, true };
    OK(queue_accept(q, &n, 1, &row, &again, &why));
    OK(queue_take(q, "native", 1, 1000, &j, &why));
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        assert_int_equal(request_given(&j.request, (enum request_field)f),
                         request_given(&r, (enum request_field)f));
    assert_true(request_given(&j.request, REQUEST_GUIDANCE) && !request_given(&j.request, REQUEST_STEPS));
    queue_job_fini(&j);
    request_fini(&r);
    queue_close(q);
}

static void a_job_is_done_once(void **state)
{
    (void)state;
    struct queue *q;
    struct queue_job j;
    bool again;
    int count;
    open_it(&q);
    OK(add(q, "a", "one", 0, 1, NULL));
    OK(queue_take(q, "native", 5, 1000, &j, &why));
    OK(queue_understood(q, j.row, "one -> ring", &why));
    give_picture(q, j.row);
    give_picture(q, j.row);
    OK(queue_finish(q, j.row, 9, &why));
    assert_int_equal(queue_finish(q, j.row, 9, &why), SPR_BADARG);
    assert_int_equal(queue_fail(q, j.row, &why, 9, 0, &again, &why), SPR_BADARG);
    OK(queue_expire(q, INT64_MAX, &count, &why));
    assert_int_equal(count, 0);
    queue_job_fini(&j);
    queue_close(q);
    open_it(&q); /* and is remembered with all that made it */
    OK(queue_get(q, "a", &j, &why));
    assert_int_equal(j.state, JOB_DONE);
    assert_int_equal(j.pictures, 1);
    assert_true(j.picture[0].seed == UINT64_MAX && j.finished_ms == 9 && j.started_ms == 5);
    assert_string_equal(j.understood, "one -> ring");
    assert_string_equal(request_text(&j.request, REQUEST_PROMPT), "one");
    queue_job_fini(&j);
    OK(queue_check(q, &why));
    queue_close(q);
}

static void what_may_pass_is_tried_again_later(void **state)
{
    (void)state;
    struct queue *q;
    struct queue_job j;
    struct spr_error disk = { SPR_IO, "disk full" };
    int64_t next, now = 100;
    bool again = true;
    open_it(&q);
    OK(add(q, "a", "one", 0, 1, NULL));
    for (int try = 1; try <= 3; try++) {
        OK(queue_wake(q, now, &next, &why));
        OK(queue_take(q, "native", now, now + 5, &j, &why));
        assert_int_equal(j.tries, try);
        OK(queue_fail(q, j.row, &disk, now, now + 1000, &again, &why));
        assert_int_equal(again, try < 3);
        queue_job_fini(&j);
        assert_int_equal(queue_take(q, "native", now, now + 5, &j, &why), SPR_NOTFOUND);
        OK(queue_wake(q, now + 999, &next, &why));
        assert_true(next == (again ? now + 1000 : INT64_MAX));
        OK(queue_check(q, &why));
        now += 1000;
    }
    OK(queue_get(q, "a", &j, &why));
    assert_int_equal(j.state, JOB_FAILED);
    assert_string_equal(j.error, "disk full");
    queue_job_fini(&j);
    OK(queue_retry(q, "a", &why));
    expect_next(q, "a", now);
    assert_int_equal(queue_retry(q, "a", &why), SPR_BADARG);
    queue_close(q);
}

static void leases_run_out(void **state)
{
    (void)state;
    struct queue *q;
    struct queue_job j;
    int count;
    open_it(&q);
    OK(add(q, "a", "one", 0, 1, NULL));
    expect_next(q, "a", 100); /* until 1100 */
    OK(queue_expire(q, 1099, &count, &why));
    assert_int_equal(count, 0);
    OK(queue_renew(q, 1, 2000, &why));
    OK(queue_expire(q, 1500, &count, &why));
    assert_int_equal(count, 0);
    OK(queue_expire(q, 2000, &count, &why));
    assert_int_equal(count, 1);
    for (int i = 0; i < 2; i++) { /* a daemon that is killed each time it has begun the job */
        OK(queue_check(q, &why));
        queue_close(q);
        open_it(&q);
        expect_next(q, "a", 3000);
        OK(queue_expire(q, INT64_MAX, &count, &why));
        assert_int_equal(count, 1);
    }
    OK(queue_get(q, "a", &j, &why));
    assert_int_equal(j.state, JOB_FAILED);
    assert_non_null(strstr(j.error, "begun 3 times"));
    queue_job_fini(&j);
    OK(queue_retry(q, "a", &why));
    expect_next(q, "a", 3000);
    OK(queue_give_back(q, 1, &why));
    OK(queue_get(q, "a", &j, &why));
    assert_int_equal(j.tries, 0);
    queue_job_fini(&j);
    OK(queue_check(q, &why));
    queue_close(q);
}

static void pause_and_resume(void **state)
{
    (void)state;
    struct queue *q;
    struct queue_job j;
    open_it(&q);
    OK(add(q, "a", "one", 0, 1, NULL));
    OK(add(q, "b", "two", 0, 2, NULL));
    OK(queue_pause(q, "a", true, &why));
    expect_next(q, "b", 10);
    assert_int_equal(queue_pause(q, "b", true, &why), SPR_BADARG);
    assert_int_equal(queue_pause(q, "nobody", true, &why), SPR_NOTFOUND);
    OK(queue_pause(q, NULL, true, &why));
    OK(queue_pause(q, "a", false, &why));
    queue_close(q);
    open_it(&q); /* is remembered */
    assert_true(queue_paused(q));
    assert_int_equal(queue_take(q, "native", 10, 20, &j, &why), SPR_NOTFOUND);
    OK(queue_pause(q, NULL, false, &why));
    expect_next(q, "a", 10);
    queue_close(q);
}

static void an_engine_gets_its_own_and_anybodys(void **state)
{
    (void)state;
    struct queue *q;
    struct queue_job j;
    struct request r;
    int64_t row;
    bool again;
    open_it(&q);
    request_init(&r);
    OK(request_set(&r, REQUEST_PROMPT, "prompt", "p", &why));
    struct queue_new n = { "c", "", "comfyui", &r, 9, true };
    OK(queue_accept(q, &n, 1, &row, &again, &why));
    n = (struct queue_new){ "n", "", "native", &r, 0, true };
    OK(queue_accept(q, &n, 1, &row, &again, &why));
    n = (struct queue_new){ "any", "", "", &r, 3, true };
    OK(queue_accept(q, &n, 1, &row, &again, &why));
    request_fini(&r);
    expect_next(q, "any", 1);
    expect_next(q, "n", 1);
    assert_int_equal(queue_take(q, "native", 10, 20, &j, &why), SPR_NOTFOUND);
    OK(queue_take(q, "comfyui", 10, 20, &j, &why));
    assert_string_equal(j.id, "c");
    queue_job_fini(&j);
    queue_close(q);
}

struct seen {
    char ids[256];
    int count;
};

static enum spr_code see(void *context, const struct queue_job *j, struct spr_error *err)
{
    struct seen *s = context;
    (void)err;
    size_t n = strlen(s->ids);
    snprintf(s->ids + n, sizeof s->ids - n, "%s ", j->id);
    s->count++;
    return SPR_OK;
}

static void listing_and_words(void **state)
{
    (void)state;
    struct queue *q;
    enum job_state was;
    int64_t row;
    int count;
    static const struct {
        const char *why;
        struct queue_filter f;
        const char *ids;
        int64_t total;
    } rows[] = {
        { "all, newest first", { -1, 0, NULL, 10 }, "e d c b a ", 5 },
        { "a page", { -1, 4, NULL, 2 }, "c b ", 5 },
        { "a state", { JOB_CANCELLED, 0, NULL, 10 }, "b ", 1 },
        { "a word", { -1, 0, "dragon", 10 }, "d b a ", 3 },
        { "its beginning, with case and accents", { -1, 0, "\xC3\x89lf", 10 }, "e ", 1 },
        { "two words", { -1, 0, "red dragon", 10 }, "b a ", 2 },
        { "an id", { -1, 0, "c", 10 }, "c ", 1 },
        { "words and a state", { JOB_QUEUED, 0, "dragon", 1 }, "d ", 2 },
        { "what FTS would take for its own words", { -1, 0, "dragon\" OR (NEAR * red", 10 }, "", 0 },
        { "nothing but signs is no filter", { -1, 0, "\"( *", 2 }, "e d ", 5 },
    };
    open_it(&q);
    OK(add(q, "a", "red dragon", 0, 1, NULL));
    OK(add(q, "b", "a dragon, red", 0, 2, NULL));
    OK(add(q, "c", "potion", 0, 3, NULL));
    OK(add(q, "d", "green dragonfly", 0, 4, NULL));
    OK(add(q, "e", "Elfen boots", 0, 5, NULL));
    OK(queue_cancel(q, "b", 7, &was, &row, &why));
    assert_int_equal(was, JOB_QUEUED);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct seen s = { "", 0 };
        int64_t total = -1;
        OK(queue_list(q, &rows[i].f, see, &s, &total, &why));
        if (strcmp(s.ids, rows[i].ids) != 0 || total != rows[i].total)
            fail_msg("%s: \"%s\" of %d", rows[i].why, s.ids, (int)total);
    }
    OK(queue_clear(q, -1, 7, 10, &count, &why));
    assert_int_equal(count, 0); /* not older than when it ended */
    OK(queue_clear(q, -1, 8, 10, &count, &why));
    assert_int_equal(count, 1);
    struct seen s = { "", 0 };
    OK(queue_list(q, &(struct queue_filter){ -1, 0, "red", 10 }, see, &s, NULL, &why));
    assert_string_equal(s.ids, "a ");
    OK(queue_check(q, &why));
    queue_close(q);
}

/* The model: an array in the queue's order. */
enum { MODEL_MAX = 40 };
struct model {
    int id[MODEL_MAX], priority[MODEL_MAX];
    int count;
};

static void model_add(struct model *m, int id, int priority)
{
    int at = m->count++;
    for (; at > 0 && m->priority[at - 1] < priority; at--) {
        m->id[at] = m->id[at - 1];
        m->priority[at] = m->priority[at - 1];
    }
    m->id[at] = id;
    m->priority[at] = priority;
}

/* A job takes its neighbour's priority with its place. */
static void model_move(struct model *m, int at, enum queue_move to)
{
    int id = m->id[at];
    int end = to == QUEUE_TOP ? 0 : to == QUEUE_BOTTOM ? m->count - 1 : to == QUEUE_UP ? at - 1 : at + 1;
    if (end < 0 || end >= m->count)
        return;
    if (to == QUEUE_UP || to == QUEUE_DOWN) {
        m->id[at] = m->id[end];
        m->id[end] = id;
        return;
    }
    int priority = m->priority[end], step = end < at ? -1 : 1;
    for (; at != end; at += step) {
        m->id[at] = m->id[at + step];
        m->priority[at] = m->priority[at + step];
    }
    m->id[end] = id;
    m->priority[end] = priority;
}

/* What queue_count remembers is what another connection finds in the file. */
static void counts_are_true(struct queue *q)
{
    sqlite3 *other;
    sqlite3_stmt *s;
    struct queue_counts n;
    OK(queue_count(q, &n, &why));
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(other,
                                        "SELECT (SELECT count(*) FROM job WHERE state = ?1),"
                                        "(SELECT ifnull(min(accepted_ms), 0) FROM job WHERE state = 0)",
                                        -1, &s, NULL),
                     SQLITE_OK);
    for (int state = 0; state < JOB_STATE_COUNT; state++) {
        sqlite3_bind_int(s, 1, state);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int64(s, 0), n.of[state]);
        assert_int_equal(sqlite3_column_int64(s, 1), n.oldest_ms);
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    sqlite3_close(other);
}

static void a_random_life_is_that_of_the_model(void **state)
{
    (void)state;
    struct queue *q;
    struct model m = { .count = 0 };
    struct queue_counts n;
    struct random r = { .seed = 3 };
    char id[16];
    int made = 0, taken = 0;
    open_it(&q);
    for (uint64_t i = 0; i < 4000; i++) {
        uint32_t what = random_below(r, 4 * i, 10), which = random_u32(r, 4 * i + 1);
        if (m.count == 0 || (what < 4 && m.count < MODEL_MAX)) {
            int priority = (int)(which % 3) - 1;
            snprintf(id, sizeof id, "%d", made);
            OK(add(q, id, "p", priority, 1, NULL));
            model_add(&m, made++, priority);
        } else if (what < 8) {
            int at = (int)(which % (uint32_t)m.count);
            enum queue_move to = (enum queue_move)random_below(r, 4 * i + 2, 4);
            snprintf(id, sizeof id, "%d", m.id[at]);
            OK(queue_move(q, id, to, &why));
            model_move(&m, at, to);
        } else {
            snprintf(id, sizeof id, "%d", m.id[0]);
            expect_next(q, id, 10);
            memmove(m.id, m.id + 1, sizeof m.id - sizeof *m.id);
            memmove(m.priority, m.priority + 1, sizeof m.priority - sizeof *m.priority);
            m.count--;
            taken++;
        }
        OK(queue_count(q, &n, &why));
        assert_int_equal(n.of[JOB_QUEUED], m.count);
        assert_int_equal(n.of[JOB_RUNNING], taken);
        if (i % 500 == 0) {
            counts_are_true(q);
            OK(queue_check(q, &why));
            queue_close(q);
            open_it(&q);
        }
    }
    assert_true(taken > 200);
    queue_close(q);
}

/* A life in short. Each step may fail; what was said to be done must be. */
static enum spr_code short_life(void (*fail_nth)(uint64_t))
{
    struct queue *q = NULL;
    struct queue_counts n;
    struct queue_job j = { 0 };
    struct spr_error disk = { SPR_IO, "disk full" };
    struct seen s = { "", 0 };
    enum job_state was;
    int64_t row, next;
    bool again;
    int count;
    enum spr_code rc = queue_open(path, &standard, &q, &why);
    if (!rc)
        rc = add(q, "a", "red dragon", 0, 1, NULL);
    if (!rc)
        rc = add(q, "b", "potion", 1, 2, NULL);
    if (!rc)
        rc = queue_count(q, &n, &why);
    if (!rc)
        rc = queue_move(q, "a", QUEUE_TOP, &why);
    if (!rc)
        rc = queue_pause(q, "b", true, &why);
    if (!rc && !(rc = queue_take(q, "native", 10, 20, &j, &why))) {
        rc = queue_understood(q, j.row, "x", &why);
        struct queue_picture p = {
            .path = (char *)"p", .engine = (char *)"", .model = (char *)"", .software = (char *)""
        };
        if (!rc)
            rc = queue_picture(q, j.row, 0, &p, &why);
        if (!rc)
            rc = queue_fail(q, j.row, &disk, 11, 12, &again, &why);
        if (!rc)
            rc = queue_wake(q, 30, &next, &why);
        queue_job_fini(&j);
    }
    if (!rc && !(rc = queue_take(q, "native", 31, 40, &j, &why))) {
        rc = queue_finish(q, j.row, 32, &why);
        queue_job_fini(&j);
    }
    if (!rc)
        rc = queue_cancel(q, "b", 33, &was, &row, &why);
    if (!rc)
        rc = queue_list(q, &(struct queue_filter){ -1, 0, "dragon", 5 }, see, &s, &next, &why);
    if (!rc)
        rc = queue_expire(q, INT64_MAX, &count, &why);
    if (!rc)
        rc = queue_clear(q, -1, 1000, 10, &count, &why);
    fail_nth(0);
    struct spr_error first = why;
    if (q)
        counts_are_true(q);
    why = first;
    queue_close(q);
    return rc;
}

static void stays_sound_whatever_fails(void **state, void (*fail_nth)(uint64_t))
{
    enum spr_code rc = SPR_IO;
    int failures = 0;
    for (uint64_t n = 1; rc; n += n < 400 ? 1 : 37) { /* the first of every kind, then a sample */
        struct queue *q;
        fresh(state);
        fail_nth(n);
        rc = short_life(fail_nth);
        if (rc && rc != SPR_IO && rc != SPR_NOMEM)
            fail_msg("failure %d: code %s: %s", (int)n, spr_code_name(rc), why.text);
        failures += rc != SPR_OK;
        open_it(&q);
        OK(queue_check(q, &why));
        queue_close(q);
        if (n > 100000)
            fail_msg("never got through");
    }
    assert_true(failures > 20);
}

static void every_step_of_sql_may_fail(void **state)
{
    stays_sound_whatever_fails(state, db_fail_nth);
}

static void every_allocation_may_fail(void **state)
{
    stays_sound_whatever_fails(state, mem_fail_nth);
}

static void strange_files_are_refused(void **state)
{
    (void)state;
    struct queue *q = NULL;
    sqlite3 *later;
    static char noise[8192];
    memset(noise, 'x', sizeof noise);
    OK(file_write(path, noise, sizeof noise, FILE_REPLACE, &why));
    assert_int_equal(queue_open(path, &standard, &q, &why), SPR_BADDATA);
    assert_non_null(strstr(why.text, path));
    unlink(path);
    open_it(&q);
    queue_close(q);
    q = NULL;
    assert_int_equal(sqlite3_open(path, &later), SQLITE_OK);
    assert_int_equal(sqlite3_exec(later, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(later);
    assert_int_equal(queue_open(path, &standard, &q, &why), SPR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "version 99"));
    assert_null(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(priority_then_age, fresh),
        cmocka_unit_test_setup(the_same_id_again_is_the_same_job, fresh),
        cmocka_unit_test_setup(what_somebody_set_is_kept_apart_from_what_is_usual, fresh),
        cmocka_unit_test_setup(a_job_is_done_once, fresh),
        cmocka_unit_test_setup(what_may_pass_is_tried_again_later, fresh),
        cmocka_unit_test_setup(leases_run_out, fresh),
        cmocka_unit_test_setup(pause_and_resume, fresh),
        cmocka_unit_test_setup(an_engine_gets_its_own_and_anybodys, fresh),
        cmocka_unit_test_setup(listing_and_words, fresh),
        cmocka_unit_test_setup(a_random_life_is_that_of_the_model, fresh),
        cmocka_unit_test_setup(every_step_of_sql_may_fail, fresh),
        cmocka_unit_test_setup(every_allocation_may_fail, fresh),
        cmocka_unit_test_setup(strange_files_are_refused, fresh),
    };
    return cmocka_run_group_tests_name("queue/queue", tests, set_up, tear_down);
}
