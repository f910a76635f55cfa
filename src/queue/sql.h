/* sql - every statement of the queue in one place, and the schema's versions.
 * For queue.c, read.c and check.c only. */
#ifndef QUEUE_SQL_H
#define QUEUE_SQL_H
#include "queue/db.h"
#include "queue/queue.h"

enum queue_sql {
    SQL_INSERT,
    SQL_INSERT_WORDS,
    SQL_CHANGE,
    SQL_TAKE,
    SQL_RENEW,
    SQL_PICTURE,
    SQL_UNDERSTOOD,
    SQL_EXPIRED,
    SQL_WAKE,
    SQL_NEXT_READY,
    SQL_FIRST,
    SQL_LAST,
    SQL_ABOVE,
    SQL_BELOW,
    SQL_PLACE,
    SQL_HOLD,
    SQL_SET_PAUSED,
    SQL_PAUSED,
    SQL_BY_ID,
    SQL_BY_ROW,
    SQL_PICTURES,
    SQL_AHEAD,
    SQL_LIST,
    SQL_LIST_STATE,
    SQL_LIST_TEXT,
    SQL_LIST_TEXT_STATE,
    SQL_COUNT_TEXT,
    SQL_COUNT_TEXT_STATE,
    SQL_TALLY,
    SQL_OLDEST,
    SQL_PLACES,
    SQL_FORGET_WORDS,
    SQL_FORGET,
    SQL_OLD,
    SQL_VOTE_FORGET,
    SQL_VOTE,
    SQL_VOTE_CHOICE,
    SQL_VOTE_OLD,
    SQL_VOTES,
    SQL_VOTE_CHOICES,
    SQL_COUNT_VOTES,
    SQL_VOTE_SCORE,
    SQL_VOTE_MODELS,
    SQL_COUNT
};

extern const char *const queue_sql[SQL_COUNT];
extern const char *const queue_migrations[];
enum { QUEUE_VERSION = 2 };

/* held: why a queued job is not taken */
enum { HELD_PAUSED = 1, HELD_WAITING = 2 };

struct queue {
    struct db db;
    int tries_max;
    bool paused;
    struct queue_counts
        counts; /* true while has_counts and the connection has changed so many rows: counted_at */
    bool has_counts;
    sqlite3_int64 counted_at;
    int64_t first_place, last_place; /* the lowest and highest that were given: no two jobs share one */
};

/* One job by SQL_BY_ID or SQL_BY_ROW (a statement whose values are bound). GIVES *ret. Fails: SPR_NOTFOUND. */
SPR_MUST_USE enum spr_code queue_read_one(struct queue *q, sqlite3_stmt *s, const char *shown,
                                          struct queue_job *ret, struct spr_error *err);
/* The statement's current row, in the columns of JOB_COLUMNS. GIVES *ret. */
SPR_MUST_USE enum spr_code queue_read_row(sqlite3_stmt *s, struct queue_job *ret, struct spr_error *err);
SPR_MUST_USE enum spr_code queue_bind_text(sqlite3_stmt *s, int at, const char *text, struct spr_error *err);

#endif
