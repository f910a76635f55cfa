/* The invariants as questions to the database: each must find nothing. */
#include "queue/sql.h"

#include <stdio.h>

static const struct {
    const char *law, *sql;
} laws[] = {
    { "a state is one of five", "SELECT id FROM job WHERE state NOT BETWEEN 0 AND 4" },
    { "a running job, and no other, has a lease", "SELECT id FROM job WHERE (state = 1) <> (lease_ms > 0)" },
    { "a finished job, and no other, has the time it finished",
      "SELECT id FROM job WHERE (state >= 2) <> (finished_ms > 0)" },
    { "only a queued job is held", "SELECT id FROM job WHERE held <> 0 AND state <> 0" },
    { "a job that waits says until when", "SELECT id FROM job WHERE (held >= 2) <> (ready_ms > 0)" },
    { "what ran was begun", "SELECT id FROM job WHERE state IN (1, 2) AND (tries < 1 OR started_ms = 0)" },
    { "a failed job says why", "SELECT id FROM job WHERE state = 3 AND error = ''" },
    { "a done job has all its pictures",
      "SELECT id FROM job WHERE state = 2 AND json_extract(request, '$.batch_size') <> "
      "(SELECT count(*) FROM picture WHERE picture.job = job.row)" },
    { "no two jobs share a place", "SELECT max(id) FROM job GROUP BY place HAVING count(*) > 1" },
    { "a picture belongs to a job", "SELECT path FROM picture WHERE job NOT IN (SELECT row FROM job)" },
    { "counts are true",
      "SELECT state FROM tally WHERE count <> (SELECT count(*) FROM job WHERE job.state = tally.state)" },
    { "a vote is among two or more",
      "SELECT comparison FROM vote WHERE (SELECT count(*) FROM vote_choice WHERE vote = vote.row) < 2" },
    { "a vote's winner is one of them", "SELECT comparison FROM vote WHERE winner <> '' AND winner NOT IN "
                                        "(SELECT name FROM vote_choice WHERE vote = vote.row)" },
    { "a choice belongs to a vote", "SELECT name FROM vote_choice WHERE vote NOT IN (SELECT row FROM vote)" },
    { "every job can be found by its words",
      "SELECT count(*) FROM job HAVING count(*) <> (SELECT count(*) FROM words_docsize)" },
};

static enum spr_code check_one(struct queue *q, size_t i, struct spr_error *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(q->db.sqlite, laws[i].sql, -1, &s, NULL))
        return SPR_FAIL(err, SPR_IO, "the queue's database: cannot check that %s: %s", laws[i].law,
                        sqlite3_errmsg(q->db.sqlite));
    int result = sqlite3_step(s);
    enum spr_code rc = SPR_OK;
    if (result == SQLITE_ROW)
        rc = SPR_FAIL(err, SPR_INTERNAL, "the queue breaks its law that %s: %.80s", laws[i].law,
                      (const char *)sqlite3_column_text(s, 0));
    else if (result != SQLITE_DONE)
        rc = SPR_FAIL(err, SPR_IO, "the queue's database: cannot check that %s: %s", laws[i].law,
                      sqlite3_errmsg(q->db.sqlite));
    sqlite3_finalize(s);
    return rc;
}

enum spr_code queue_check(struct queue *q, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < SPR_COUNT(laws); i++)
        rc = check_one(q, i, err);
    return rc;
}
