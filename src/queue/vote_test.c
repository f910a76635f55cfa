#include "queue/vote.h"

#include "base/mem.h"
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
#include <sqlite3.h>

static const struct queue_options standard = { false, 3 };
static char folder[64], path[128];
static struct spr_error why;
#define OK(call)                      \
    do {                              \
        if (call)                     \
            fail_msg("%s", why.text); \
    } while (0)

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spritery-vote.XXXXXX");
    snprintf(path, sizeof path, "%s", folder);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

static int fresh(void **state)
{
    char line[160];
    (void)state;
    snprintf(line, sizeof line, "rm -f %s/q.db*", folder);
    snprintf(path, sizeof path, "%s/q.db", folder);
    return system(line);
}

static struct queue *open_it(void)
{
    struct queue *q = NULL;
    OK(queue_open(path, &standard, &q, &why));
    return q;
}

/* A job that was drawn with a model. */
static void draw(struct queue *q, const char *id, const char *prompt, const char *model)
{
    struct request r;
    struct queue_job j;
    struct queue_picture p = { .path = (char *)"/x/a.png",
                               .width = 8,
                               .height = 8,
                               .engine = (char *)"native",
                               .model = (char *)model,
                               .software = (char *)"s" };
    struct queue_new n = { id, "", "", &r, 0, true };
    int64_t row;
    bool again;
    request_init(&r);
    OK(request_set(&r, REQUEST_PROMPT, "prompt", prompt, &why));
    OK(queue_accept(q, &n, 1, &row, &again, &why));
    request_fini(&r);
    OK(queue_take(q, "native", 2, 1000, &j, &why));
    OK(queue_picture(q, j.row, 0, &p, &why));
    OK(queue_finish(q, j.row, 3, &why));
    queue_job_fini(&j);
}

static enum spr_code cast(struct queue *q, const char *comparison, const char *voter, const char *winner,
                          const char *a, const char *b, const char *c)
{
    const char *among[] = { a, b, c };
    struct vote_new v = { comparison, voter, winner, "a note", among, c ? 3 : b ? 2 : 1 };
    return vote_cast(q, &v, 77, &why);
}

/* What was visited, one line each. */
struct seen {
    char text[1024];
    int refuse;
};

static void add(struct seen *s, const char *text)
{
    size_t n = strlen(s->text);
    snprintf(s->text + n, sizeof s->text - n, "%s", text);
}

static enum spr_code see(void *context, const struct vote *v, struct spr_error *err)
{
    struct seen *s = context;
    if (s->refuse)
        return SPR_FAIL(err, SPR_LIMIT, "enough");
    add(s, v->comparison);
    add(s, "/");
    add(s, v->voter);
    add(s, ":");
    add(s, v->winner);
    add(s, " of");
    for (int i = 0; i < v->choices; i++) {
        add(s, " ");
        add(s, v->choice[i].name);
        if (*v->choice[i].model) {
            add(s, "=");
            add(s, v->choice[i].model);
        }
    }
    assert_int_equal(v->voted_ms, 77);
    assert_string_equal(v->note, "a note");
    add(s, "\n");
    return SPR_OK;
}

static void expect(struct queue *q, const struct vote_filter *f, const char *text, int64_t all)
{
    struct seen s = { 0 };
    int64_t total = -1;
    OK(vote_list(q, f, see, &s, &total, &why));
    assert_string_equal(s.text, text);
    assert_int_equal(total, all);
}

static void votes_are_kept_and_found(void **state)
{
    (void)state;
    struct queue *q = open_it();
    draw(q, "a", "red gem", "one");
    draw(q, "b", "red gem", "two");
    OK(cast(q, "c1", "", "a", "a", "b", NULL));
    OK(cast(q, "c2", "me", "", "a", "x", "b"));
    OK(cast(q, "c2", "you", "b", "a", "b", NULL));
    expect(q, &(struct vote_filter){ .limit = 10 },
           "c2/you:b of a=one b=two\nc2/me: of a=one x b=two\nc1/:a of a=one b=two\n", 3);
    expect(q, &(struct vote_filter){ .limit = 10, .comparison = "c2" },
           "c2/you:b of a=one b=two\nc2/me: of a=one x b=two\n", 2);
    expect(q, &(struct vote_filter){ .limit = 10, .name = "x" }, "c2/me: of a=one x b=two\n", 1);
    expect(q, &(struct vote_filter){ .limit = 1 }, "c2/you:b of a=one b=two\n", 3);
    expect(q, &(struct vote_filter){ .limit = 1, .before = 3 }, "c2/me: of a=one x b=two\n", 3);
    expect(q, &(struct vote_filter){ .limit = 9, .name = "nobody" }, "", 0);
    struct vote_score score;
    OK(vote_score_of(q, "a", &score, &why));
    assert_true(score.votes == 3 && score.wins == 1);
    OK(vote_score_of(q, "nobody", &score, &why));
    assert_true(score.votes == 0 && score.wins == 0);
    struct seen s = { .refuse = 1 };
    assert_int_equal(vote_list(q, &(struct vote_filter){ .limit = 10 }, see, &s, NULL, &why), SPR_LIMIT);
    OK(queue_check(q, &why));
    queue_close(q);
}

static void voting_again_takes_the_earlier_vote_s_place(void **state)
{
    (void)state;
    struct queue *q = open_it();
    OK(cast(q, "c", "me", "a", "a", "b", NULL));
    OK(cast(q, "c", "me", "b", "a", "b", NULL));
    OK(cast(q, "c", "", "a", "a", "b", NULL));
    expect(q, &(struct vote_filter){ .limit = 10 }, "c/:a of a b\nc/me:b of a b\n", 2);
    OK(queue_check(q, &why));
    queue_close(q);
    q = open_it(); /* and over a restart */
    expect(q, &(struct vote_filter){ .limit = 10 }, "c/:a of a b\nc/me:b of a b\n", 2);
    queue_close(q);
}

static void a_vote_outlives_its_jobs(void **state)
{
    (void)state;
    struct queue *q = open_it();
    int count;
    draw(q, "a", "red gem", "one");
    draw(q, "b", "red gem", "two");
    OK(cast(q, "c", "", "b", "a", "b", NULL));
    OK(queue_clear(q, -1, INT64_MAX, 10, &count, &why));
    assert_int_equal(count, 2);
    expect(q, &(struct vote_filter){ .limit = 10 }, "c/:b of a=one b=two\n", 1);
    queue_close(q);
}

static enum spr_code see_model(void *context, const char *model, const struct vote_score *score,
                               struct spr_error *err)
{
    char line[64];
    (void)err;
    snprintf(line, sizeof line, "%s %d/%d\n", model, (int)score->wins, (int)score->votes);
    add(context, line);
    return SPR_OK;
}

static void models_are_ranked(void **state)
{
    (void)state;
    struct queue *q = open_it();
    struct seen s = { 0 };
    draw(q, "a", "red gem", "one");
    draw(q, "b", "red gem", "two");
    draw(q, "c", "red gem", "two");
    OK(cast(q, "1", "", "b", "a", "b", NULL));
    OK(cast(q, "2", "", "b", "a", "b", NULL));
    OK(cast(q, "3", "", "a", "a", "c", NULL));
    OK(cast(q, "4", "", "b", "b", "c", NULL)); /* the same model on both sides says nothing */
    OK(cast(q, "5", "", "b", "b", "nobody", NULL));
    OK(vote_models(q, 10, see_model, &s, &why));
    assert_string_equal(s.text, "two 2/3\none 1/3\n");
    queue_close(q);
}

static void what_is_no_vote_is_refused(void **state)
{
    (void)state;
    static char long_name[QUEUE_ID_MAX + 2];
    memset(long_name, 'x', sizeof long_name - 1);
    struct queue *q = open_it();
    static const struct {
        const char *why, *comparison, *winner, *a, *b, *says;
    } rows[] = {
        { "no name", "", "a", "a", "b", "comparison:" },
        { "alone", "c", "a", "a", NULL, "a vote is among 2 to 16" },
        { "a stranger wins", "c", "z", "a", "b", "\"z\" is not among" },
        { "twice the same", "c", "a", "a", "a", "there twice" },
        { "an empty name", "c", "a", "a", "", "is no name" },
        { "a long name", "c", "a", "a", long_name, "is no name" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        why.text[0] = '\0';
        if (cast(q, rows[i].comparison, "", rows[i].winner, rows[i].a, rows[i].b, NULL) != SPR_BADARG ||
            !strstr(why.text, rows[i].says))
            fail_msg("%s: %s", rows[i].why, why.text);
    }
    expect(q, &(struct vote_filter){ .limit = 10 }, "", 0);
    queue_close(q);
}

/* A file of the first version, with a job in it, is brought to this one. */
static void an_older_file_is_brought_up(void **state)
{
    (void)state;
    sqlite3 *old;
    struct queue *q = open_it();
    draw(q, "a", "red gem", "one");
    queue_close(q);
    assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
    assert_int_equal(sqlite3_exec(old, "DROP TABLE vote_choice; DROP TABLE vote; PRAGMA user_version = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(old);
    q = open_it();
    OK(cast(q, "c", "", "a", "a", "b", NULL));
    expect(q, &(struct vote_filter){ .limit = 10 }, "c/:a of a=one b\n", 1);
    OK(queue_check(q, &why));
    queue_close(q);
}

static void a_failure_leaves_the_earlier_vote(void (*fail_nth)(uint64_t))
{
    enum spr_code rc = SPR_IO;
    int failures = 0;
    struct queue *q = open_it();
    OK(cast(q, "c", "", "a", "a", "b", NULL));
    for (uint64_t n = 1; rc; n++) {
        fail_nth(n);
        rc = cast(q, "c", "", "b", "a", "b", NULL);
        fail_nth(0);
        failures += rc != SPR_OK;
        if (rc)
            expect(q, &(struct vote_filter){ .limit = 10 }, "c/:a of a b\n", 1);
        OK(queue_check(q, &why));
    }
    assert_true(failures > 3);
    expect(q, &(struct vote_filter){ .limit = 10 }, "c/:b of a b\n", 1);
    for (uint64_t n = 1; n < 40; n++) {
        struct seen s = { 0 };
        int64_t total;
        fail_nth(n);
        rc = vote_list(q, &(struct vote_filter){ .limit = 10 }, see, &s, &total, &why);
        fail_nth(0);
        assert_true(rc == SPR_OK || rc == SPR_IO || rc == SPR_NOMEM);
    }
    queue_close(q);
}

static void a_full_disk(void **state)
{
    (void)state;
    a_failure_leaves_the_earlier_vote(db_fail_nth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(votes_are_kept_and_found, fresh),
        cmocka_unit_test_setup(voting_again_takes_the_earlier_vote_s_place, fresh),
        cmocka_unit_test_setup(a_vote_outlives_its_jobs, fresh),
        cmocka_unit_test_setup(models_are_ranked, fresh),
        cmocka_unit_test_setup(what_is_no_vote_is_refused, fresh),
        cmocka_unit_test_setup(an_older_file_is_brought_up, fresh),
        cmocka_unit_test_setup(a_full_disk, fresh),
    };
    return cmocka_run_group_tests_name("queue/vote", tests, set_up, tear_down);
}
