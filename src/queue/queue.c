/* Everything that changes a job. Each call is one transaction; `change` is the one place that writes a state. */
#include "queue/queue.h"

#include "base/mem.h"
#include "queue/sql.h"
#include "request/request_json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_BYTES_MAX = 1 << 20 };

static enum spr_code read_settings(struct queue *q, struct spr_error *err)
{
    sqlite3_stmt *paused = db_statement(&q->db, SQL_PAUSED, err),
                 *places = db_statement(&q->db, SQL_PLACES, err);
    bool row = false;
    enum spr_code rc = paused && places ? db_step(&q->db, paused, &row, err) : SPR_IO;
    if (!rc && row)
        q->paused = sqlite3_column_int(paused, 0) != 0;
    sqlite3_reset(paused);
    if (!rc)
        rc = db_step(&q->db, places, &row, err);
    if (!rc && row) {
        q->first_place = sqlite3_column_int64(places, 0);
        q->last_place = sqlite3_column_int64(places, 1);
    }
    sqlite3_reset(places);
    return rc;
}

enum spr_code queue_open(const char *path, const struct queue_options *options, struct queue **ret,
                         struct spr_error *err)
{
    struct queue *q = mem_zalloc(1, sizeof *q);
    if (!q)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for the queue");
    q->tries_max = options->tries_max > 0 ? options->tries_max : 3;
    enum spr_code rc =
        db_open(&q->db, path, queue_migrations, QUEUE_VERSION, queue_sql, SQL_COUNT, options->full, err);
    if (!rc)
        rc = read_settings(q, err);
    if (rc) {
        spr_prefix(err, "%.200s", path);
        queue_close(q);
    } else {
        *ret = q;
    }
    return rc;
}

void queue_close(struct queue *q)
{
    if (!q)
        return;
    db_close(&q->db);
    mem_free(q);
}

bool queue_paused(const struct queue *q)
{
    return q->paused;
}

/* What a change of state may set beside the state. */
struct change {
    enum job_event event;
    int64_t now_ms, lease_ms, ready_ms;
    const struct spr_error *why; /* JOB_FAIL, JOB_AGAIN */
    bool uncounted;              /* JOB_AGAIN: the try does not count */
};

/* The only writer of a job's state. */
static enum spr_code change(struct queue *q, const struct queue_job *j, const struct change *c,
                            struct spr_error *err)
{
    enum job_state to = JOB_QUEUED;
    enum spr_code rc = state_next(j->state, c->event, &to, err);
    sqlite3_stmt *s = rc ? NULL : db_statement(&q->db, SQL_CHANGE, err);
    if (!s)
        return rc ? rc : SPR_IO;
    int tries = c->event == JOB_TAKE    ? j->tries + 1
                : c->event == JOB_RETRY ? 0
                : c->uncounted          ? j->tries - 1
                                        : j->tries;
    int held = to == JOB_QUEUED ? (j->paused ? HELD_PAUSED : 0) | (c->ready_ms > 0 ? HELD_WAITING : 0) : 0;
    sqlite3_bind_int64(s, 1, j->row);
    sqlite3_bind_int(s, 2, (int)to);
    sqlite3_bind_int(s, 3, tries);
    sqlite3_bind_int(s, 4, held);
    sqlite3_bind_int64(s, 5, to == JOB_QUEUED ? c->ready_ms : 0);
    sqlite3_bind_int64(s, 6, to == JOB_RUNNING ? c->lease_ms : 0);
    sqlite3_bind_int64(s, 7, c->event == JOB_TAKE ? c->now_ms : c->event == JOB_RETRY ? 0 : j->started_ms);
    sqlite3_bind_int64(s, 8, to >= JOB_DONE ? c->now_ms : 0);
    rc = queue_bind_text(s, 9, c->why ? spr_code_name(c->why->code) : "", err);
    if (!rc)
        rc = queue_bind_text(s, 10, c->why ? c->why->text : "", err);
    return rc ? rc : db_run(&q->db, s, err);
}

static enum spr_code job_by_row(struct queue *q, int64_t row, struct queue_job *ret, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_BY_ROW, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, row);
    return queue_read_one(q, s, "(by its row)", ret, err);
}

static enum spr_code job_by_id(struct queue *q, const char *id, struct queue_job *ret, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_BY_ID, err);
    enum spr_code rc = s ? queue_bind_text(s, 1, id, err) : SPR_IO;
    return rc ? rc : queue_read_one(q, s, id, ret, err);
}

/* The row's job changed in a transaction of its own. */
static enum spr_code change_row(struct queue *q, int64_t row, const struct change *c, struct spr_error *err)
{
    struct queue_job j = { 0 };
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = job_by_row(q, row, &j, err);
    if (!rc)
        rc = change(q, &j, c, err);
    queue_job_fini(&j);
    return db_end(&q->db, rc, err);
}

/* GIVES the request's JSON (free). */
/* With the names of what somebody set: some fields mean something else where nobody did. */
static enum spr_code request_text_of(const struct request *r, char **ret, struct spr_error *err)
{
    json_t *object = NULL, *given;
    enum spr_code rc = request_to_json(r, &object, err);
    if (rc)
        return rc;
    bool lost = json_object_set_new(object, "given", given = json_array());
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        if (request_given(r, (enum request_field)f))
            lost |= json_array_append_new(given, json_string(request_row((enum request_field)f)->wire));
    *ret = lost ? NULL : request_json_line(object);
    json_decref(object);
    return *ret ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory writing a request");
}

/* What a job is found by. */
static enum spr_code words_of(const struct request *r, const char *id, const char *tags, struct buf *out,
                              struct spr_error *err)
{
    return buf_addf(out, err, "%s %s %s %s", request_text(r, REQUEST_PROMPT),
                    request_text(r, REQUEST_NEGATIVE), id, tags);
}

static enum spr_code insert_words(struct queue *q, enum queue_sql which, int64_t row, const struct request *r,
                                  const char *id, const char *tags, struct spr_error *err)
{
    struct buf words;
    buf_init(&words, WORDS_BYTES_MAX);
    sqlite3_stmt *s = db_statement(&q->db, which, err);
    enum spr_code rc = s ? words_of(r, id, tags, &words, err) : SPR_IO;
    if (!rc) {
        sqlite3_bind_int64(s, 1, row);
        rc = queue_bind_text(s, 2, words.data, err);
    }
    if (!rc)
        rc = db_run(&q->db, s, err);
    if (s)
        sqlite3_clear_bindings(s);
    buf_fini(&words);
    return rc;
}

static enum spr_code insert(struct queue *q, const struct queue_new *n, int64_t now_ms, int64_t *ret_row,
                            struct spr_error *err)
{
    char *request = NULL;
    sqlite3_stmt *s = db_statement(&q->db, SQL_INSERT, err);
    enum spr_code rc = s ? request_text_of(n->request, &request, err) : SPR_IO;
    if (rc)
        return rc;
    sqlite3_bind_int(s, 2, n->priority);
    sqlite3_bind_int64(s, 3, q->last_place + 1);
    sqlite3_bind_int(s, 6, n->seed_given);
    sqlite3_bind_int64(s, 8, now_ms);
    rc = queue_bind_text(s, 1, n->id, err);
    if (!rc)
        rc = queue_bind_text(s, 4, n->tags, err);
    if (!rc)
        rc = queue_bind_text(s, 5, n->engine, err);
    if (!rc)
        rc = queue_bind_text(s, 7, request, err);
    if (!rc)
        rc = db_run(&q->db, s, err);
    sqlite3_clear_bindings(s);
    free(request);
    if (!rc) {
        *ret_row = sqlite3_last_insert_rowid(q->db.sqlite);
        rc = insert_words(q, SQL_INSERT_WORDS, *ret_row, n->request, n->id, n->tags, err);
    }
    return rc;
}

/* Whether a repetition asks for the same: a seed that was drawn for the first may differ. */
static bool same_job(const struct queue_job *j, const struct queue_new *n)
{
    struct request asked = *n->request;
    if (!n->seed_given)
        asked.seed = j->request.seed;
    return j->seed_given == n->seed_given && request_same(&asked, &j->request) &&
           strcmp(j->tags, n->tags) == 0 && strcmp(j->engine, n->engine) == 0;
}

enum spr_code queue_accept(struct queue *q, const struct queue_new *n, int64_t now_ms, int64_t *ret_row,
                           bool *ret_again, struct spr_error *err)
{
    struct queue_job known = { 0 };
    struct spr_error none;
    int64_t row = 0;
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = job_by_id(q, n->id, &known, &none);
    bool again = rc == SPR_OK;
    if (again && !same_job(&known, n))
        rc = SPR_FAIL(err, SPR_EXISTS, "id \"%.*s\" names another request already; use a fresh one", 60,
                      n->id);
    else if (again)
        row = known.row;
    else if (rc == SPR_NOTFOUND)
        rc = insert(q, n, now_ms, &row, err);
    else if (err)
        *err = none;
    queue_job_fini(&known);
    rc = db_end(&q->db, rc, err);
    if (rc)
        return rc;
    if (!again)
        q->last_place++;
    *ret_row = row;
    *ret_again = again;
    return SPR_OK;
}

enum spr_code queue_take(struct queue *q, const char *engine, int64_t now_ms, int64_t lease_ms,
                         struct queue_job *ret, struct spr_error *err)
{
    struct queue_job j = { 0 };
    bool row = false;
    if (q->paused)
        return SPR_FAIL(err, SPR_NOTFOUND, "the queue is paused");
    sqlite3_stmt *s = db_statement(&q->db, SQL_TAKE, err);
    enum spr_code rc = s ? queue_bind_text(s, 1, engine, err) : SPR_IO;
    if (!rc)
        rc = db_step(&q->db, s, &row, err);
    if (rc)
        return rc;
    if (!row)
        return SPR_FAIL(err, SPR_NOTFOUND, "no job waits");
    int64_t which = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    struct change c = { .event = JOB_TAKE, .now_ms = now_ms, .lease_ms = lease_ms };
    rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = job_by_row(q, which, &j, err);
    if (!rc)
        rc = change(q, &j, &c, err);
    rc = db_end(&q->db, rc, err);
    if (rc) {
        queue_job_fini(&j);
        return rc;
    }
    j.state = JOB_RUNNING;
    j.tries++;
    j.started_ms = now_ms;
    *ret = j;
    return SPR_OK;
}

enum spr_code queue_renew(struct queue *q, int64_t row, int64_t lease_ms, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_RENEW, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, row);
    sqlite3_bind_int64(s, 2, lease_ms);
    return db_run(&q->db, s, err);
}

enum spr_code queue_picture(struct queue *q, int64_t row, int number, const struct queue_picture *p,
                            struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_PICTURE, err);
    if (!s)
        return SPR_IO;
    const struct {
        int at;
        const char *text;
    } texts[] = {
        { 3, p->path },        { 10, p->engine },    { 11, p->model },     { 12, p->software },
        { 13, p->model_hash }, { 14, p->init_hash }, { 15, p->mask_hash }, { 16, p->palette_hash }
    };
    sqlite3_bind_int64(s, 1, row);
    sqlite3_bind_int(s, 2, number);
    sqlite3_bind_int(s, 4, p->width);
    sqlite3_bind_int(s, 5, p->height);
    sqlite3_bind_int(s, 6, p->colors);
    sqlite3_bind_double(s, 7, p->seconds);
    sqlite3_bind_int64(s, 8, (int64_t)p->seed); /* all 64 bits, as SQLite's signed number */
    sqlite3_bind_int64(s, 9, (int64_t)p->vary_seed);
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < SPR_COUNT(texts); i++)
        rc = queue_bind_text(s, texts[i].at, texts[i].text, err);
    return rc ? rc : db_run(&q->db, s, err);
}

enum spr_code queue_understood(struct queue *q, int64_t row, const char *sentence, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_UNDERSTOOD, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, row);
    enum spr_code rc = queue_bind_text(s, 2, sentence, err);
    return rc ? rc : db_run(&q->db, s, err);
}

enum spr_code queue_finish(struct queue *q, int64_t row, int64_t now_ms, struct spr_error *err)
{
    return change_row(q, row, &(struct change){ .event = JOB_FINISH, .now_ms = now_ms }, err);
}

enum spr_code queue_fail(struct queue *q, int64_t row, const struct spr_error *why, int64_t now_ms,
                         int64_t again_ms, bool *ret_again, struct spr_error *err)
{
    struct queue_job j = { 0 };
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = job_by_row(q, row, &j, err);
    bool again = !rc && again_ms > 0 && j.tries < q->tries_max;
    struct change c = { again ? JOB_AGAIN : JOB_FAIL, now_ms, 0, again ? again_ms : 0, why, false };
    if (!rc)
        rc = change(q, &j, &c, err);
    queue_job_fini(&j);
    rc = db_end(&q->db, rc, err);
    if (!rc)
        *ret_again = again;
    return rc;
}

enum spr_code queue_give_back(struct queue *q, int64_t row, struct spr_error *err)
{
    return change_row(q, row, &(struct change){ .event = JOB_AGAIN, .uncounted = true }, err);
}

static enum spr_code expire_one(struct queue *q, int64_t now_ms, bool *ret_any, struct spr_error *err)
{
    struct queue_job j = { 0 };
    sqlite3_stmt *s = db_statement(&q->db, SQL_EXPIRED, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, now_ms);
    enum spr_code rc = db_step(&q->db, s, ret_any, err);
    if (rc || !*ret_any)
        return rc;
    rc = queue_read_row(s, &j, err);
    sqlite3_reset(s);
    if (rc)
        return rc;
    struct spr_error why = { 0 };
    bool spent = j.tries >= q->tries_max;
    if (spent)
        (void)SPR_FAIL(&why, SPR_INTERNAL,
                       "begun %d times, and each time whoever ran it was gone before the end", j.tries);
    struct change c = { .event = spent ? JOB_FAIL : JOB_AGAIN,
                        .now_ms = now_ms == INT64_MAX ? j.started_ms : now_ms,
                        .why = spent ? &why : NULL };
    rc = change(q, &j, &c, err);
    queue_job_fini(&j);
    return rc;
}

enum spr_code queue_expire(struct queue *q, int64_t now_ms, int *ret_count, struct spr_error *err)
{
    int count = 0;
    bool any = true;
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    while (!rc && !(rc = expire_one(q, now_ms, &any, err)) && any)
        count++;
    rc = db_end(&q->db, rc, err);
    if (!rc)
        *ret_count = count;
    return rc;
}

enum spr_code queue_cancel(struct queue *q, const char *id, int64_t now_ms, enum job_state *ret_was,
                           int64_t *ret_row, struct spr_error *err)
{
    struct queue_job j = { 0 };
    struct change c = { .event = JOB_CANCEL, .now_ms = now_ms };
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = job_by_id(q, id, &j, err);
    if (!rc)
        rc = change(q, &j, &c, err);
    enum job_state was = j.state;
    int64_t row = j.row;
    queue_job_fini(&j);
    rc = db_end(&q->db, rc, err);
    if (!rc) {
        *ret_was = was;
        *ret_row = row;
    }
    return rc;
}

enum spr_code queue_retry(struct queue *q, const char *id, struct spr_error *err)
{
    struct queue_job j = { 0 };
    struct change c = { .event = JOB_RETRY };
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = job_by_id(q, id, &j, err);
    if (!rc)
        rc = change(q, &j, &c, err);
    queue_job_fini(&j);
    return db_end(&q->db, rc, err);
}

struct place {
    int64_t row, priority, place;
};

/* The place that a statement finds; false in *ret_any where there is none. */
static enum spr_code find_place(struct queue *q, sqlite3_stmt *s, struct place *ret, bool *ret_any,
                                struct spr_error *err)
{
    enum spr_code rc = s ? db_step(&q->db, s, ret_any, err) : SPR_IO;
    if (!rc && *ret_any)
        *ret = (struct place){ sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
                               sqlite3_column_int64(s, 2) };
    if (s)
        sqlite3_reset(s);
    return rc;
}

static enum spr_code set_place(struct queue *q, int64_t row, int64_t priority, int64_t place,
                               struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_PLACE, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, row);
    sqlite3_bind_int64(s, 2, priority);
    sqlite3_bind_int64(s, 3, place);
    return db_run(&q->db, s, err);
}

/* Changes places with the nearest neighbour. */
static enum spr_code swap(struct queue *q, const struct place *me, bool up, struct spr_error *err)
{
    struct place other = { 0 };
    bool any = false;
    sqlite3_stmt *s = db_statement(&q->db, up ? SQL_ABOVE : SQL_BELOW, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, me->priority);
    sqlite3_bind_int64(s, 2, me->place);
    enum spr_code rc = find_place(q, s, &other, &any, err);
    if (rc || !any)
        return rc;
    rc = set_place(q, me->row, other.priority, other.place, err);
    return rc ? rc : set_place(q, other.row, me->priority, me->place, err);
}

static enum spr_code to_end(struct queue *q, const struct place *me, bool top, struct spr_error *err)
{
    struct place end = { 0 };
    bool any = false;
    enum spr_code rc = find_place(q, db_statement(&q->db, top ? SQL_FIRST : SQL_LAST, err), &end, &any, err);
    if (rc || !any || end.row == me->row)
        return rc;
    return set_place(q, me->row, end.priority, top ? q->first_place - 1 : q->last_place + 1, err);
}

/* Its place, by id: of a queued job. */
static enum spr_code place_of(struct queue *q, const char *id, struct place *ret, struct spr_error *err)
{
    enum { ROW = 0, STATE = 1, PRIORITY = 2, PLACE = 16 };
    char shown[REQUEST_SHOWN_BYTES];
    bool any = false;
    sqlite3_stmt *s = db_statement(&q->db, SQL_BY_ID, err);
    enum spr_code rc = s ? queue_bind_text(s, 1, id, err) : SPR_IO;
    if (!rc)
        rc = db_step(&q->db, s, &any, err);
    if (rc)
        return rc;
    request_shown(id, shown);
    if (!any)
        return SPR_FAIL(err, SPR_NOTFOUND, "there is no job \"%s\"", shown);
    enum job_state state = (enum job_state)sqlite3_column_int(s, STATE);
    *ret = (struct place){ sqlite3_column_int64(s, ROW), sqlite3_column_int64(s, PRIORITY),
                           sqlite3_column_int64(s, PLACE) };
    sqlite3_reset(s);
    if (state != JOB_QUEUED)
        return SPR_FAIL(err, SPR_BADARG, "the job is %s: only a queued one has a place", state_name(state));
    return SPR_OK;
}

enum spr_code queue_move(struct queue *q, const char *id, enum queue_move to, struct spr_error *err)
{
    struct place me = { 0 };
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = place_of(q, id, &me, err);
    if (!rc)
        rc = to == QUEUE_UP || to == QUEUE_DOWN ? swap(q, &me, to == QUEUE_UP, err)
                                                : to_end(q, &me, to == QUEUE_TOP, err);
    rc = db_end(&q->db, rc, err);
    if (!rc) { /* more than is used where nothing moved: places need not be dense */
        q->last_place += to == QUEUE_BOTTOM;
        q->first_place -= to == QUEUE_TOP;
    }
    return rc;
}

static enum spr_code pause_job(struct queue *q, const char *id, bool paused, struct spr_error *err)
{
    struct queue_job j;
    enum spr_code rc = job_by_id(q, id, &j, err);
    if (rc)
        return rc;
    sqlite3_stmt *s = db_statement(&q->db, SQL_HOLD, err);
    int held = (paused ? HELD_PAUSED : 0) | (j.ready_ms > 0 ? HELD_WAITING : 0);
    if (!s)
        rc = SPR_IO;
    else if (j.state != JOB_QUEUED)
        rc = SPR_FAIL(err, SPR_BADARG, "the job is %s: only a queued one can be paused or resumed",
                      state_name(j.state));
    if (!rc) {
        sqlite3_bind_int64(s, 1, j.row);
        sqlite3_bind_int(s, 2, held);
        rc = db_run(&q->db, s, err);
    }
    queue_job_fini(&j);
    return rc;
}

enum spr_code queue_pause(struct queue *q, const char *id, bool paused, struct spr_error *err)
{
    if (id) {
        enum spr_code rc = db_begin(&q->db, err);
        return rc ? rc : db_end(&q->db, pause_job(q, id, paused, err), err);
    }
    sqlite3_stmt *s = db_statement(&q->db, SQL_SET_PAUSED, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int(s, 1, paused);
    enum spr_code rc = db_run(&q->db, s, err);
    if (!rc)
        q->paused = paused;
    return rc;
}

static enum spr_code forget_one(struct queue *q, int state, int64_t before_ms, bool *ret_any,
                                struct spr_error *err)
{
    struct queue_job j = { 0 };
    sqlite3_stmt *s = db_statement(&q->db, SQL_OLD, err), *forget = db_statement(&q->db, SQL_FORGET, err);
    if (!s || !forget)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, before_ms);
    sqlite3_bind_int(s, 2, state);
    enum spr_code rc = db_step(&q->db, s, ret_any, err);
    if (rc || !*ret_any)
        return rc;
    rc = queue_read_row(s, &j, err);
    sqlite3_reset(s);
    if (rc)
        return rc;
    rc = insert_words(q, SQL_FORGET_WORDS, j.row, &j.request, j.id, j.tags, err);
    sqlite3_bind_int64(forget, 1, j.row);
    if (!rc)
        rc = db_run(&q->db, forget, err);
    queue_job_fini(&j);
    return rc;
}

enum spr_code queue_clear(struct queue *q, int state, int64_t before_ms, int most, int *ret_count,
                          struct spr_error *err)
{
    int count = 0;
    bool any = true;
    enum spr_code rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    while (!rc && count < most && !(rc = forget_one(q, state, before_ms, &any, err)) && any)
        count++;
    rc = db_end(&q->db, rc, err);
    if (!rc)
        *ret_count = count;
    return rc;
}
