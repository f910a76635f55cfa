#include "queue/vote.h"

#include "base/mem.h"
#include "queue/sql.h"

#include <string.h>

static enum spr_code check(const struct vote_new *v, struct spr_error *err)
{
    bool among = !*v->winner;
    if (!*v->comparison)
        return SPR_FAIL(err, SPR_BADARG, "comparison: it must have a name");
    if (v->count < 2 || v->count > VOTE_AMONG_MAX)
        return SPR_FAIL(err, SPR_BADARG, "among: %d names; a vote is among 2 to %d", v->count,
                        VOTE_AMONG_MAX);
    for (int i = 0; i < v->count; i++) {
        char shown[REQUEST_SHOWN_BYTES];
        request_shown(v->among[i], shown);
        if (!*v->among[i] || strlen(v->among[i]) > QUEUE_ID_MAX)
            return SPR_FAIL(err, SPR_BADARG, "among: \"%s\" is no name of 1 to %d bytes", shown,
                            QUEUE_ID_MAX);
        for (int k = 0; k < i; k++)
            if (strcmp(v->among[i], v->among[k]) == 0)
                return SPR_FAIL(err, SPR_BADARG, "among: \"%s\" is there twice", shown);
        among |= strcmp(v->among[i], v->winner) == 0;
    }
    char shown[REQUEST_SHOWN_BYTES];
    request_shown(v->winner, shown);
    return among ? SPR_OK : SPR_FAIL(err, SPR_BADARG, "winner: \"%s\" is not among the compared", shown);
}

static enum spr_code insert_vote(struct queue *q, const struct vote_new *v, int64_t now_ms, int64_t *ret_row,
                                 struct spr_error *err)
{
    sqlite3_stmt *forget = db_statement(&q->db, SQL_VOTE_FORGET, err), *s = NULL;
    enum spr_code rc = forget ? queue_bind_text(forget, 1, v->comparison, err) : SPR_IO;
    if (!rc)
        rc = queue_bind_text(forget, 2, v->voter, err);
    if (!rc)
        rc = db_run(&q->db, forget, err);
    if (!rc && !(s = db_statement(&q->db, SQL_VOTE, err)))
        rc = SPR_IO;
    const char *const texts[] = { v->comparison, v->voter, v->winner, v->note };
    for (int i = 0; !rc && i < 4; i++)
        rc = queue_bind_text(s, i + 1, texts[i], err);
    if (rc)
        return rc;
    sqlite3_bind_int64(s, 5, now_ms);
    rc = db_run(&q->db, s, err);
    *ret_row = sqlite3_last_insert_rowid(q->db.sqlite);
    return rc;
}

enum spr_code vote_cast(struct queue *q, const struct vote_new *v, int64_t now_ms, struct spr_error *err)
{
    int64_t row = 0;
    enum spr_code rc = check(v, err);
    if (!rc)
        rc = db_begin(&q->db, err);
    if (rc)
        return rc;
    rc = insert_vote(q, v, now_ms, &row, err);
    for (int i = 0; !rc && i < v->count; i++) {
        sqlite3_stmt *s = db_statement(&q->db, SQL_VOTE_CHOICE, err);
        rc = s ? queue_bind_text(s, 2, v->among[i], err) : SPR_IO;
        if (rc)
            break;
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_int(s, 3, i);
        rc = db_run(&q->db, s, err);
    }
    sqlite3_stmt *old = rc ? NULL : db_statement(&q->db, SQL_VOTE_OLD, err);
    if (!rc && !old)
        rc = SPR_IO;
    if (!rc) {
        sqlite3_bind_int64(old, 1, row - VOTES_KEPT);
        rc = db_run(&q->db, old, err);
    }
    return db_end(&q->db, rc, err);
}

static void vote_fini(struct vote *v)
{
    for (int i = 0; i < v->choices; i++) {
        mem_free(v->choice[i].name);
        mem_free(v->choice[i].prompt);
        mem_free(v->choice[i].model);
    }
    mem_free(v->comparison);
    mem_free(v->voter);
    mem_free(v->winner);
    mem_free(v->note);
}

/* GIVES the texts of a row's columns first..first + count - 1; those that are there are given on failure, too. */
static enum spr_code texts_of(sqlite3_stmt *s, int first, char **const to[], int count, struct spr_error *err)
{
    for (int i = 0; i < count; i++) {
        const char *text = (const char *)sqlite3_column_text(s, first + i);
        *to[i] = text ? mem_text(text, strlen(text)) : NULL;
        if (!*to[i])
            return SPR_FAIL(err, SPR_NOMEM, "out of memory reading votes");
    }
    return SPR_OK;
}

static enum spr_code read_choices(struct queue *q, struct vote *v, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_VOTE_CHOICES, err);
    bool row = true;
    if (!s)
        return SPR_IO;
    sqlite3_bind_int64(s, 1, v->row);
    enum spr_code rc = SPR_OK;
    while (!rc && v->choices < VOTE_AMONG_MAX && !(rc = db_step(&q->db, s, &row, err)) && row) {
        struct vote_choice *c = &v->choice[v->choices++];
        rc = texts_of(s, 0, (char **const[]){ &c->name, &c->prompt, &c->model }, 3, err);
    }
    sqlite3_reset(s);
    return rc;
}

static enum spr_code bind_filter(sqlite3_stmt *s, const struct vote_filter *f, struct spr_error *err)
{
    enum spr_code rc = queue_bind_text(s, 1, f->comparison ? f->comparison : "", err);
    return rc ? rc : queue_bind_text(s, 2, f->name ? f->name : "", err);
}

enum spr_code vote_list(struct queue *q, const struct vote_filter *f,
                        enum spr_code (*visit)(void *context, const struct vote *v, struct spr_error *err),
                        void *context, int64_t *ret_total, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_VOTES, err);
    bool row = true;
    enum spr_code rc = s ? bind_filter(s, f, err) : SPR_IO;
    if (rc)
        return rc;
    sqlite3_bind_int64(s, 3, f->before > 0 ? f->before : INT64_MAX);
    sqlite3_bind_int(s, 4, f->limit);
    while (!rc && !(rc = db_step(&q->db, s, &row, err)) && row) {
        struct vote v = { .row = sqlite3_column_int64(s, 0), .voted_ms = sqlite3_column_int64(s, 1) };
        rc = texts_of(s, 2, (char **const[]){ &v.comparison, &v.voter, &v.winner, &v.note }, 4, err);
        if (!rc)
            rc = read_choices(q, &v, err);
        if (!rc)
            rc = visit(context, &v, err);
        vote_fini(&v);
    }
    sqlite3_reset(s);
    if (rc || !ret_total)
        return rc;
    s = db_statement(&q->db, SQL_COUNT_VOTES, err);
    rc = s ? bind_filter(s, f, err) : SPR_IO;
    if (!rc)
        rc = db_step(&q->db, s, &row, err);
    if (!rc)
        *ret_total = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return rc;
}

enum spr_code vote_score_of(struct queue *q, const char *name, struct vote_score *ret, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_VOTE_SCORE, err);
    bool row;
    enum spr_code rc = s ? queue_bind_text(s, 1, name, err) : SPR_IO;
    if (!rc)
        rc = db_step(&q->db, s, &row, err);
    if (!rc)
        *ret = (struct vote_score){ sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1) };
    if (s)
        sqlite3_reset(s);
    return rc;
}

enum spr_code vote_models(struct queue *q, int limit,
                          enum spr_code (*visit)(void *context, const char *model,
                                                 const struct vote_score *score, struct spr_error *err),
                          void *context, struct spr_error *err)
{
    sqlite3_stmt *s = db_statement(&q->db, SQL_VOTE_MODELS, err);
    bool row = true;
    if (!s)
        return SPR_IO;
    sqlite3_bind_int(s, 1, limit);
    enum spr_code rc = SPR_OK;
    while (!rc && !(rc = db_step(&q->db, s, &row, err)) && row) {
        struct vote_score score = { sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2) };
        char *model = NULL;
        rc = texts_of(s, 0, (char **const[]){ &model }, 1, err);
        if (!rc)
            rc = visit(context, model, &score, err);
        mem_free(model);
    }
    sqlite3_reset(s);
    return rc;
}
