#include "queue/sql.h"

#define JOB_COLUMNS                                                                                     \
    "job.row, state, priority, tries, held, seed_given, id, tags, engine, error, understood, request, " \
    "accepted_ms, "                                                                                     \
    "started_ms, finished_ms, ready_ms, place, error_code"
#define FIRST_PICTURE ", (SELECT path FROM picture WHERE picture.job = job.row AND number = 0)"

/* The order of the queue, as its index has it. */
#define IN_ORDER   " ORDER BY priority DESC, place ASC LIMIT 1"
#define IN_REVERSE " ORDER BY priority ASC, place DESC LIMIT 1"
#define TAKE_OF(match)                                                                                     \
    "SELECT * FROM (SELECT row, priority, place FROM job WHERE state = 0 AND held = 0 AND engine = " match \
        IN_ORDER ")"

#define VOTES_LIKE                                  \
    "(?1 = '' OR comparison = ?1) AND (?2 = '' OR " \
    "EXISTS (SELECT 1 FROM vote_choice WHERE name = ?2 AND vote = vote.row))"

/* clang-format off */
const char *const queue_sql[SQL_COUNT] = {
    [SQL_INSERT] = "INSERT INTO job (id, state, priority, place, tags, engine, seed_given, request, accepted_ms) "
                   "VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_INSERT_WORDS] = "INSERT INTO words (rowid, text) VALUES (?1, ?2)",
    [SQL_CHANGE] = "UPDATE job SET state = ?2, tries = ?3, held = ?4, ready_ms = ?5, lease_ms = ?6, started_ms = ?7, "
                   "finished_ms = ?8, error_code = ?9, error = ?10 WHERE row = ?1",
    [SQL_TAKE] = "SELECT row FROM (" TAKE_OF("''") " UNION ALL " TAKE_OF("?1") ")" IN_ORDER,
    [SQL_RENEW] = "UPDATE job SET lease_ms = ?2 WHERE row = ?1 AND state = 1",
    [SQL_PICTURE] = "INSERT OR REPLACE INTO picture (job, number, path, width, height, colors, seconds, seed, vary_seed, engine, "
                    "model, software, model_hash, init_hash, mask_hash, palette_hash) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    [SQL_UNDERSTOOD] = "UPDATE job SET understood = ?2 WHERE row = ?1",
    [SQL_EXPIRED] = "SELECT " JOB_COLUMNS " FROM job INDEXED BY job_lease WHERE state = 1 AND lease_ms <= ?1 LIMIT 1",
    [SQL_WAKE] = "UPDATE job INDEXED BY job_ready SET held = held & ~2, ready_ms = 0 WHERE state = 0 AND held >= 2 AND ready_ms <= ?1",
    [SQL_NEXT_READY] = "SELECT min(ready_ms) FROM job INDEXED BY job_ready WHERE state = 0 AND held >= 2",
    /* SQLite would rather sort all that is queued than walk this index */
    [SQL_FIRST] = "SELECT row, priority, place FROM job INDEXED BY job_order WHERE state = 0" IN_ORDER,
    [SQL_LAST] = "SELECT row, priority, place FROM job INDEXED BY job_order WHERE state = 0" IN_REVERSE,
    /* the nearest neighbours: of the same priority, or else the next priority's */
    [SQL_ABOVE] = "SELECT * FROM (SELECT row, priority, place FROM job INDEXED BY job_order WHERE state = 0 AND priority = ?1 AND place < ?2" IN_REVERSE
                  ") UNION ALL "
                  "SELECT * FROM (SELECT row, priority, place FROM job INDEXED BY job_order WHERE state = 0 AND priority > ?1" IN_REVERSE ")" IN_REVERSE,
    [SQL_BELOW] = "SELECT * FROM (SELECT row, priority, place FROM job INDEXED BY job_order WHERE state = 0 AND priority = ?1 AND place > ?2" IN_ORDER
                  ") UNION ALL "
                  "SELECT * FROM (SELECT row, priority, place FROM job INDEXED BY job_order WHERE state = 0 AND priority < ?1" IN_ORDER ")" IN_ORDER,
    [SQL_PLACE] = "UPDATE job SET priority = ?2, place = ?3 WHERE row = ?1",
    [SQL_HOLD] = "UPDATE job SET held = ?2 WHERE row = ?1",
    [SQL_SET_PAUSED] = "INSERT OR REPLACE INTO setting (name, value) VALUES ('paused', ?1)",
    [SQL_PAUSED] = "SELECT value FROM setting WHERE name = 'paused'",
    [SQL_BY_ID] = "SELECT " JOB_COLUMNS " FROM job WHERE id = ?1",
    [SQL_BY_ROW] = "SELECT " JOB_COLUMNS " FROM job WHERE row = ?1",
    [SQL_PICTURES] = "SELECT path, width, height, colors, seconds, seed, vary_seed, engine, model, software, model_hash, init_hash, "
                     "mask_hash, palette_hash FROM picture WHERE job = ?1 ORDER BY number",
    [SQL_AHEAD] = "SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 0 AND (priority > ?1 OR (priority = ?1 AND place < ?2)) "
                  "LIMIT 10000)",
    [SQL_LIST] = "SELECT " JOB_COLUMNS FIRST_PICTURE " FROM job WHERE row < ?1 ORDER BY row DESC LIMIT ?2",
    [SQL_LIST_STATE] = "SELECT " JOB_COLUMNS FIRST_PICTURE " FROM job WHERE state = ?3 AND row < ?1 ORDER BY row DESC LIMIT ?2",
    [SQL_LIST_TEXT] = "SELECT " JOB_COLUMNS FIRST_PICTURE " FROM words JOIN job ON job.row = words.rowid "
                      "WHERE words MATCH ?4 AND words.rowid < ?1 ORDER BY words.rowid DESC LIMIT ?2",
    [SQL_LIST_TEXT_STATE] = "SELECT " JOB_COLUMNS FIRST_PICTURE " FROM words JOIN job ON job.row = words.rowid "
                            "WHERE words MATCH ?4 AND state = ?3 AND words.rowid < ?1 ORDER BY words.rowid DESC LIMIT ?2",
    [SQL_COUNT_TEXT] = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ?4 LIMIT 10000)",
    [SQL_COUNT_TEXT_STATE] = "SELECT count(*) FROM (SELECT 1 FROM words JOIN job ON job.row = words.rowid "
                             "WHERE words MATCH ?4 AND state = ?3 LIMIT 10000)",
    [SQL_TALLY] = "SELECT state, count FROM tally",
    [SQL_OLDEST] = "SELECT accepted_ms FROM job WHERE state = 0 ORDER BY row LIMIT 1",
    [SQL_PLACES] = "SELECT (SELECT min(place) FROM job), (SELECT max(place) FROM job)",
    [SQL_FORGET_WORDS] = "INSERT INTO words (words, rowid, text) VALUES ('delete', ?1, ?2)",
    [SQL_FORGET] = "DELETE FROM job WHERE row = ?1",
    [SQL_OLD] = "SELECT " JOB_COLUMNS " FROM job WHERE state >= 2 AND finished_ms < ?1 AND (?2 < 0 OR state = ?2) "
                "ORDER BY finished_ms LIMIT 1",
    [SQL_VOTE_FORGET] = "DELETE FROM vote WHERE comparison = ?1 AND voter = ?2",
    [SQL_VOTE] = "INSERT INTO vote (comparison, voter, winner, note, voted_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_VOTE_CHOICE] = "INSERT INTO vote_choice (vote, name, place, prompt, model) VALUES (?1, ?2, ?3,"
                        " coalesce((SELECT json_extract(request, '$.prompt') FROM job WHERE id = ?2), ''),"
                        " coalesce((SELECT picture.model || coalesce(' + ' || nullif(json_extract(request, '$.lora'), ''), '')"
                        " FROM job JOIN picture ON picture.job = job.row WHERE id = ?2 AND number = 0), ''))",
    [SQL_VOTE_OLD] = "DELETE FROM vote WHERE row <= ?1",
    [SQL_VOTES] = "SELECT row, voted_ms, comparison, voter, winner, note FROM vote WHERE " VOTES_LIKE
                  " AND row < ?3 ORDER BY row DESC LIMIT ?4",
    [SQL_VOTE_CHOICES] = "SELECT name, prompt, model FROM vote_choice WHERE vote = ?1 ORDER BY place",
    [SQL_COUNT_VOTES] = "SELECT count(*) FROM vote WHERE " VOTES_LIKE,
    [SQL_VOTE_SCORE] = "SELECT count(*), coalesce(sum(vote.winner = ?1), 0) FROM vote_choice JOIN vote ON vote.row = vote_choice.vote "
                       "WHERE name = ?1",
    [SQL_VOTE_MODELS] = "SELECT one.model, count(*), sum(one.name = vote.winner) FROM vote_choice one JOIN vote ON vote.row = one.vote "
                        "WHERE one.model <> '' AND EXISTS (SELECT 1 FROM vote_choice other WHERE other.vote = one.vote "
                        "AND other.model NOT IN ('', one.model)) "
                        "GROUP BY one.model ORDER BY 1.0 * sum(one.name = vote.winner) / count(*) DESC, count(*) DESC, one.model LIMIT ?1",
};

const char *const queue_migrations[QUEUE_VERSION] = {
    "CREATE TABLE job ("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  state INTEGER NOT NULL,"
    "  priority INTEGER NOT NULL,"
    "  place INTEGER NOT NULL,"                 /* within a priority: lower first */
    "  held INTEGER NOT NULL DEFAULT 0,"        /* 1 paused, 2 waiting until ready_ms */
    "  tries INTEGER NOT NULL DEFAULT 0,"
    "  tags TEXT NOT NULL, engine TEXT NOT NULL, seed_given INTEGER NOT NULL,"
    "  request TEXT NOT NULL,"                  /* JSON, by request/ */
    "  accepted_ms INTEGER NOT NULL,"
    "  ready_ms INTEGER NOT NULL DEFAULT 0, lease_ms INTEGER NOT NULL DEFAULT 0,"
    "  started_ms INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER NOT NULL DEFAULT 0,"
    "  error_code TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', understood TEXT NOT NULL DEFAULT '');"
    "CREATE INDEX job_next ON job (engine, held, priority DESC, place) WHERE state = 0;"
    "CREATE INDEX job_order ON job (priority DESC, place) WHERE state = 0;"
    "CREATE INDEX job_ready ON job (ready_ms) WHERE state = 0 AND held >= 2;"
    "CREATE INDEX job_lease ON job (lease_ms) WHERE state = 1;"
    "CREATE INDEX job_finished ON job (finished_ms) WHERE state >= 2;"
    "CREATE INDEX job_state ON job (state, row);"
    "CREATE INDEX job_place ON job (place);"
    "CREATE TABLE picture ("
    "  job INTEGER NOT NULL REFERENCES job (row) ON DELETE CASCADE, number INTEGER NOT NULL,"
    "  path TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, colors INTEGER NOT NULL, seconds REAL NOT NULL,"
    "  seed INTEGER NOT NULL, vary_seed INTEGER NOT NULL, engine TEXT NOT NULL, model TEXT NOT NULL, software TEXT NOT NULL,"
    "  model_hash TEXT NOT NULL, init_hash TEXT NOT NULL, mask_hash TEXT NOT NULL, palette_hash TEXT NOT NULL,"
    "  PRIMARY KEY (job, number)) WITHOUT ROWID;"
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE tally (state INTEGER PRIMARY KEY, count INTEGER NOT NULL);"
    "INSERT INTO tally VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0);"
    "CREATE TRIGGER job_new AFTER INSERT ON job BEGIN UPDATE tally SET count = count + 1 WHERE state = new.state; END;"
    "CREATE TRIGGER job_gone AFTER DELETE ON job BEGIN UPDATE tally SET count = count - 1 WHERE state = old.state; END;"
    "CREATE TRIGGER job_changed AFTER UPDATE OF state ON job WHEN new.state <> old.state BEGIN"
    "  UPDATE tally SET count = count + 1 WHERE state = new.state;"
    "  UPDATE tally SET count = count - 1 WHERE state = old.state; END;"
    "CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');",
    "CREATE TABLE vote ("
    "  row INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  comparison TEXT NOT NULL, voter TEXT NOT NULL, winner TEXT NOT NULL, note TEXT NOT NULL, voted_ms INTEGER NOT NULL,"
    "  UNIQUE (comparison, voter));"
    "CREATE TABLE vote_choice ("
    "  vote INTEGER NOT NULL REFERENCES vote (row) ON DELETE CASCADE, place INTEGER NOT NULL, name TEXT NOT NULL,"
    "  prompt TEXT NOT NULL, model TEXT NOT NULL,"
    "  PRIMARY KEY (vote, place)) WITHOUT ROWID;"
    "CREATE INDEX vote_choice_name ON vote_choice (name, vote);",
};
/* clang-format on */
