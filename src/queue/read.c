/* Rows to structs, and the questions that change nothing. */
#include "base/mem.h"
#include "queue/sql.h"
#include "request/request_json.h"

#include <stdio.h>
#include <string.h>

enum column {
    ROW,
    STATE,
    PRIORITY,
    TRIES,
    HELD,
    SEED_GIVEN,
    ID,
    TAGS,
    ENGINE,
    ERROR,
    UNDERSTOOD,
    REQUEST,
    ACCEPTED,
    STARTED,
    FINISHED,
    READY,
    PLACE,
    ERROR_CODE,
    FIRST_PICTURE
};

enum { MATCH_BYTES = 4096 };

static enum spr_code no_memory(struct spr_error *err)
{
    return SPR_FAIL(err, SPR_NOMEM, "out of memory reading the queue");
}

enum spr_code queue_bind_text(sqlite3_stmt *s, int at, const char *text, struct spr_error *err)
{
    return sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC) ? no_memory(err) : SPR_OK;
}

/* GIVES a column's text; NULL: no memory. */
static char *text_of(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? mem_text(text, (size_t)sqlite3_column_bytes(s, column)) : NULL;
}

void queue_job_fini(struct queue_job *j)
{
    for (int i = 0; i < j->pictures; i++) {
        mem_free(j->picture[i].path);
        mem_free(j->picture[i].engine);
        mem_free(j->picture[i].model);
        mem_free(j->picture[i].software);
    }
    mem_free(j->picture);
    mem_free(j->id);
    mem_free(j->tags);
    mem_free(j->engine);
    mem_free(j->error);
    mem_free(j->understood);
    request_fini(&j->request);
    *j = (struct queue_job){ 0 };
}

static enum spr_code read_request(const char *text, struct request *r, struct spr_error *err)
{
    json_error_t why;
    json_t *object = text ? json_loads(text, JSON_ALLOW_NUL, &why) : NULL;
    if (!object)
        return SPR_FAIL(err, SPR_BADDATA, "the queue's database: a request is no JSON");
    request_init(r);
    enum spr_code rc = request_from_json(object, r, err);
    const json_t *given = json_object_get(object, "given");
    r->given = 0; /* every field was written, whether somebody set it or not */
    for (size_t i = 0; i < json_array_size(given); i++) {
        const char *name = json_string_value(json_array_get(given, i));
        int f = name ? request_field_of_wire(name) : -1;
        if (f >= 0)
            r->given |= (uint32_t)1 << f;
    }
    json_decref(object);
    return rc;
}

enum spr_code queue_read_row(sqlite3_stmt *s, struct queue_job *ret, struct spr_error *err)
{
    struct queue_job j = {
        .row = sqlite3_column_int64(s, ROW),
        .state = (enum job_state)sqlite3_column_int(s, STATE),
        .priority = sqlite3_column_int(s, PRIORITY),
        .tries = sqlite3_column_int(s, TRIES),
        .paused = sqlite3_column_int(s, HELD) & HELD_PAUSED,
        .seed_given = sqlite3_column_int(s, SEED_GIVEN) != 0,
        .id = text_of(s, ID),
        .tags = text_of(s, TAGS),
        .engine = text_of(s, ENGINE),
        .error = text_of(s, ERROR),
        .understood = text_of(s, UNDERSTOOD),
        .accepted_ms = sqlite3_column_int64(s, ACCEPTED),
        .started_ms = sqlite3_column_int64(s, STARTED),
        .finished_ms = sqlite3_column_int64(s, FINISHED),
        .ready_ms = sqlite3_column_int64(s, READY),
        .error_code = spr_code_named((const char *)sqlite3_column_text(s, ERROR_CODE), SPR_OK),
    };
    enum spr_code rc = j.id && j.tags && j.engine && j.error && j.understood ? SPR_OK : no_memory(err);
    if (!rc)
        rc = read_request((const char *)sqlite3_column_text(s, REQUEST), &j.request, err);
    if (rc)
        queue_job_fini(&j);
    else
        *ret = j;
    return rc;
}

enum spr_code queue_read_one(struct queue *q, sqlite3_stmt *s, const char *shown, struct queue_job *ret,
                             struct spr_error *err)
{
    bool row;
    enum spr_code rc = db_step(&q->db, s, &row, err);
    if (rc)
        return rc;
    if (!row) {
        char name[REQUEST_SHOWN_BYTES];
        request_shown(shown, name);
        return SPR_FAIL(err, SPR_NOTFOUND, "there is no job \"%s\"", name);
    }
    rc = queue_read_row(s, ret, err);
    sqlite3_reset(s);
    return rc;
}

static bool copy_hash(sqlite3_stmt *s, int column, char ret[QUEUE_HASH_BYTES])
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(ret, QUEUE_HASH_BYTES, "%s", text ? text : "");
    return text != NULL;
}

static enum spr_code read_picture(sqlite3_stmt *s, struct queue_picture *p, struct spr_error *err)
{
    p->path = text_of(s, 0);
    p->width = sqlite3_column_int(s, 1);
    p->height = sqlite3_column_int(s, 2);
    p->colors = sqlite3_column_int(s, 3);
    p->seconds = sqlite3_column_double(s, 4);
    p->seed = (uint64_t)sqlite3_column_int64(s, 5);
    p->vary_seed = (uint64_t)sqlite3_column_int64(s, 6);
    p->engine = text_of(s, 7);
    p->model = text_of(s, 8);
    p->software = text_of(s, 9);
    bool ok = copy_hash(s, 10, p->model_hash) && copy_hash(s, 11, p->init_hash) &&
              copy_hash(s, 12, p->mask_hash) && copy_hash(s, 13, p->palette_hash);
    return ok && p->path && p->engine && p->model && p->software ? SPR_OK : no_memory(err);
}

static enum spr_code read_pictures(struct queue *q, struct queue_job *j, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_PICTURES, err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, j->row);
    bool row = true;
    enum spr_code rc = SPR_OK;
    while (!rc && !(rc = db_step(&q->db, s, &row, err)) && row) {
        struct queue_picture *grown = mem_resize(j->picture, (size_t)j->pictures + 1, sizeof *grown);
        if (!grown) {
            rc = no_memory(err);
            break;
        }
        j->picture = grown;
        grown[j->pictures] = (struct queue_picture){ 0 };
        rc = read_picture(s, &grown[j->pictures++], err);
    }
    sqlite3_reset(s);
    return rc;
}

enum spr_code queue_get(struct queue *q, const char *id, struct queue_job *ret, struct spr_error *err)
{
    struct queue_job j;
    sqlite3_stmt *s = db_statement(&q->db, SQL_BY_ID, err);
    if (!s)
        return SPR_IO;
    enum spr_code rc = queue_bind_text(s, 1, id, err);
    if (!rc)
        rc = queue_read_one(q, s, id, &j, err);
    if (rc)
        return rc;
    rc = read_pictures(q, &j, err);
    if (rc)
        queue_job_fini(&j);
    else
        *ret = j;
    return rc;
}

/* One number from a statement; *ret is `none` where there is no row or it is NULL. */
static enum spr_code one_number(struct queue *q, sqlite3_stmt *s, int64_t none, int64_t *ret,
                                struct spr_error *err)
{
    bool row;
    enum spr_code rc = db_step(&q->db, s, &row, err);
    if (rc)
        return rc;
    *ret = row && sqlite3_column_type(s, 0) != SQLITE_NULL ? sqlite3_column_int64(s, 0) : none;
    sqlite3_reset(s);
    return SPR_OK;
}

enum spr_code queue_ahead(struct queue *q, const char *id, int64_t *ret, struct spr_error *err)
{
    sqlite3_stmt *one = db_statement(&q->db, SQL_BY_ID, err), *s = db_statement(&q->db, SQL_AHEAD, err);
    bool row;
    if (!one || !s)
        return SPR_IO;
    enum spr_code rc = queue_bind_text(one, 1, id, err);
    if (!rc)
        rc = db_step(&q->db, one, &row, err);
    if (rc)
        return rc;
    if (!row || sqlite3_column_int(one, STATE) != JOB_QUEUED) {
        sqlite3_reset(one);
        *ret = 0;
        return SPR_OK;
    }
    sqlite3_bind_int64(s, 1, sqlite3_column_int64(one, PRIORITY));
    sqlite3_bind_int64(s, 2, sqlite3_column_int64(one, PLACE));
    sqlite3_reset(one);
    return one_number(q, s, 0, ret, err);
}

/* A person's words as an FTS5 query: each quoted, as a prefix; all must be there. False if nothing is left of it. */
static bool match_of(const char *text, char ret[MATCH_BYTES])
{
    size_t n = 0;
    bool inside = false;
    for (const char *c = text; *c && n < MATCH_BYTES - 16; c++) {
        bool blank = strchr(" \t\r\n\"'()*", *c) != NULL;
        if (!blank && !inside)
            n += (size_t)snprintf(ret + n, 4, "%s\"", n ? " " : "");
        if (blank && inside)
            n += (size_t)snprintf(ret + n, 4, "\"*");
        inside = !blank;
        if (inside)
            ret[n++] = *c;
    }
    if (inside)
        n += (size_t)snprintf(ret + n, 4, "\"*");
    ret[n] = '\0';
    return n > 0;
}

static enum spr_code total_of(struct queue *q, const struct queue_filter *f, const char *match, int64_t *ret,
                              struct spr_error *err)
{
    if (!match) {
        struct queue_counts counts;
        enum spr_code rc = queue_count(q, &counts, err);
        if (rc)
            return rc;
        *ret = f->state >= 0 ? counts.of[f->state] : 0;
        for (int i = 0; f->state < 0 && i < JOB_STATE_COUNT; i++)
            *ret += counts.of[i];
        return SPR_OK;
    }
    sqlite3_stmt *s = db_statement(&q->db, f->state >= 0 ? SQL_COUNT_TEXT_STATE : SQL_COUNT_TEXT, err);
    enum spr_code rc = s ? queue_bind_text(s, 4, match, err) : SPR_IO;
    if (!rc && f->state >= 0)
        sqlite3_bind_int(s, 3, f->state);
    return rc ? rc : one_number(q, s, 0, ret, err);
}

static enum spr_code visit_row(sqlite3_stmt *s,
                               enum spr_code (*visit)(void *context, const struct queue_job *j,
                                                      struct spr_error *err),
                               void *context, struct spr_error *err)
{
    struct queue_job j;
    struct queue_picture first = { 0 };
    enum spr_code rc = queue_read_row(s, &j, err);
    if (rc)
        return rc;
    if (sqlite3_column_type(s, FIRST_PICTURE) != SQLITE_NULL) {
        first.path = (char *)sqlite3_column_text(s, FIRST_PICTURE);
        j.picture = &first;
        j.pictures = first.path ? 1 : 0;
    }
    rc = visit(context, &j, err);
    j.picture = NULL;
    j.pictures = 0;
    queue_job_fini(&j);
    return rc;
}

enum spr_code queue_list(struct queue *q, const struct queue_filter *f,
                         enum spr_code (*visit)(void *context, const struct queue_job *j,
                                                struct spr_error *err),
                         void *context, int64_t *ret_total, struct spr_error *err)
{
    char match[MATCH_BYTES];
    bool text = f->text && match_of(f->text, match), row = true;
    sqlite3_stmt *s = db_statement(&q->db,
                                   text ? (f->state >= 0 ? SQL_LIST_TEXT_STATE : SQL_LIST_TEXT)
                                        : (f->state >= 0 ? SQL_LIST_STATE : SQL_LIST),
                                   err);
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, f->before > 0 ? f->before : INT64_MAX);
    sqlite3_bind_int(s, 2, f->limit);
    if (f->state >= 0)
        sqlite3_bind_int(s, 3, f->state);
    enum spr_code rc = text ? queue_bind_text(s, 4, match, err) : SPR_OK;
    while (!rc && !(rc = db_step(&q->db, s, &row, err)) && row)
        rc = visit_row(s, visit, context, err);
    sqlite3_reset(s);
    return rc || !ret_total ? rc : total_of(q, f, text ? match : NULL, ret_total, err);
}

/* Counted anew only after this connection, which alone writes, changed anything: 'status' is what clients ask most. */
enum spr_code queue_count(struct queue *q, struct queue_counts *ret, struct spr_error *err)
{
    sqlite3_int64 changes = sqlite3_total_changes64(q->db.sqlite);
    if (q->has_counts && q->counted_at == changes) {
        *ret = q->counts;
        return SPR_OK;
    }
    sqlite3_stmt *s = db_statement(&q->db, SQL_TALLY, err), *oldest = db_statement(&q->db, SQL_OLDEST, err);
    bool row = true;
    enum spr_code rc = s && oldest ? SPR_OK : SPR_IO;
    struct queue_counts n = { 0 };
    while (!rc && !(rc = db_step(&q->db, s, &row, err)) && row) {
        int state = sqlite3_column_int(s, 0);
        if (state >= 0 && state < JOB_STATE_COUNT)
            n.of[state] = sqlite3_column_int64(s, 1);
    }
    if (!rc)
        rc = one_number(q, oldest, 0, &n.oldest_ms, err);
    if (rc)
        return rc;
    q->has_counts = !q->db.inside; /* what a transaction has not committed may be undone */
    q->counted_at = changes;
    q->counts = *ret = n;
    return SPR_OK;
}

enum spr_code queue_wake(struct queue *q, int64_t now_ms, int64_t *ret_next_ms, struct spr_error *err)
{
    sqlite3_stmt *wake = db_statement(&q->db, SQL_WAKE, err),
                 *next = db_statement(&q->db, SQL_NEXT_READY, err);
    if (!wake || !next)
        return SPR_IO;
    sqlite3_bind_int64(wake, 1, now_ms);
    enum spr_code rc = db_run(&q->db, wake, err);
    return rc ? rc : one_number(q, next, INT64_MAX, ret_next_ms, err);
}
