/* db - SQLite as this program uses it: one connection, prepared once, every failure a sentence.
 * Flow:  queue -> [queue/db] -> SQLite (WAL)
 * Invariants: a transaction that fails anywhere is rolled back whole; the file's user_version is the schema's.
 * Threads: one database belongs to one thread at a time. */
#ifndef QUEUE_DB_H
#define QUEUE_DB_H
#include "base/err.h"
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct db {
    sqlite3 *sqlite;
    sqlite3_stmt **statement; /* (count) prepared at first use */
    const char *const *sql;
    int count;
    bool inside; /* a transaction */
};

/* sql[count]: the statements that will be used, by number; constant. migrations[versions]: SQL that brings version i to
 * i + 1. full: every commit waits for the disk. Fails: SPR_IO, SPR_BADDATA (no such database), SPR_UNSUPPORTED (made by
 * a later version), SPR_BUSY, SPR_NOMEM. */
SPR_MUST_USE enum spr_code db_open(struct db *d, const char *path, const char *const *migrations,
                                   int versions, const char *const *sql, int count, bool full,
                                   struct spr_error *err);
void db_close(struct db *d); /* fine on a zeroed one */

/* The statement, reset and without values. NULL after a failure, which is said. */
sqlite3_stmt *db_statement(struct db *d, int number, struct spr_error *err);

/* One step: *ret_row says whether there is a row. After the last row, or a failure, the statement is reset. */
SPR_MUST_USE enum spr_code db_step(struct db *d, sqlite3_stmt *s, bool *ret_row, struct spr_error *err);
/* Steps to the end, without looking at rows. */
SPR_MUST_USE enum spr_code db_run(struct db *d, sqlite3_stmt *s, struct spr_error *err);

SPR_MUST_USE enum spr_code db_begin(struct db *d, struct spr_error *err);
/* Commits if rc is SPR_OK, else rolls back; returns rc, or the commit's failure. */
SPR_MUST_USE enum spr_code db_end(struct db *d, enum spr_code rc, struct spr_error *err);

/* For tests: the n-th step from now fails as a full disk does; 0 turns it off. */
void db_fail_nth(uint64_t n);

#endif
