#include "queue/db.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdio.h>

enum { BUSY_MS = 250 }; /* for a backup's moment; the daemon's loop waits meanwhile */

static _Atomic uint64_t fail_at; /* for tests: 0 is off */

void db_fail_nth(uint64_t n)
{
    atomic_store(&fail_at, n);
}

static bool fails_now(void)
{
    uint64_t n = atomic_load(&fail_at);
    if (n > 0)
        atomic_store(&fail_at, n - 1);
    return n == 1;
}

static enum spr_code code_of(int result)
{
    switch (result & 0xFF) {
    case SQLITE_NOMEM:
        return SPR_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SPR_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SPR_BADDATA;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
        return SPR_INTERNAL;
    default:
        return SPR_IO;
    }
}

static enum spr_code say(struct db *d, const char *doing, int result, struct spr_error *err)
{
    return SPR_FAIL(err, code_of(result), "the queue's database: cannot %s: %s", doing,
                    d->sqlite ? sqlite3_errmsg(d->sqlite) : sqlite3_errstr(result));
}

static enum spr_code execute(struct db *d, const char *sql, struct spr_error *err)
{
    if (fails_now())
        return SPR_FAIL(err, SPR_IO, "the queue's database: cannot %.20s: disk full (a test)", sql);
    int result = sqlite3_exec(d->sqlite, sql, NULL, NULL, NULL);
    return result ? say(d, "be written", result, err) : SPR_OK;
}

static enum spr_code version_of(struct db *d, int *ret, struct spr_error *err)
{
    sqlite3_stmt *s = NULL;
    bool row = false;
    int result = sqlite3_prepare_v2(d->sqlite, "PRAGMA user_version", -1, &s, NULL);
    enum spr_code rc = result ? say(d, "be read", result, err) : db_step(d, s, &row, err);
    if (!rc && row)
        *ret = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return rc;
}

/* Each version in a transaction of its own: an upgrade that is killed goes on where it was. */
static enum spr_code migrate(struct db *d, const char *const *migrations, int versions, struct spr_error *err)
{
    int version = 0;
    enum spr_code rc = version_of(d, &version, err);
    if (!rc && version > versions)
        return SPR_FAIL(
            err, SPR_UNSUPPORTED,
            "the queue's database has version %d, made by a later spritery; this one knows up to %d", version,
            versions);
    for (; !rc && version < versions; version++) {
        char set[48];
        snprintf(set, sizeof set, "PRAGMA user_version = %d", version + 1);
        rc = db_begin(d, err);
        if (rc)
            break;
        rc = execute(d, migrations[version], err);
        if (!rc)
            rc = execute(d, set, err);
        rc = db_end(d, rc, err);
    }
    return rc;
}

enum spr_code db_open(struct db *d, const char *path, const char *const *migrations, int versions,
                      const char *const *sql, int count, bool full, struct spr_error *err)
{
    *d = (struct db){ .sql = sql, .count = count };
    d->statement = mem_zalloc((size_t)count, sizeof(sqlite3_stmt *));
    if (!d->statement)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for the queue's database");
    int result = sqlite3_open_v2(path, &d->sqlite,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    enum spr_code rc = result ? say(d, "be opened", result, err) : SPR_OK;
    if (!rc)
        sqlite3_busy_timeout(d->sqlite, BUSY_MS);
    if (!rc)
        rc = execute(d,
                     full ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
                          : "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
                     err);
    if (!rc)
        rc = migrate(d, migrations, versions, err);
    if (rc)
        db_close(d);
    return rc;
}

void db_close(struct db *d)
{
    for (int i = 0; d->statement && i < d->count; i++)
        sqlite3_finalize(d->statement[i]);
    mem_free(d->statement);
    sqlite3_close(d->sqlite);
    *d = (struct db){ 0 };
}

sqlite3_stmt *db_statement(struct db *d, int number, struct spr_error *err)
{
    sqlite3_stmt **s = &d->statement[number];
    if (!*s) {
        int result = sqlite3_prepare_v3(d->sqlite, d->sql[number], -1, SQLITE_PREPARE_PERSISTENT, s, NULL);
        if (result) {
            (void)say(d, "be asked", result, err);
            return NULL;
        }
    }
    sqlite3_reset(*s);
    sqlite3_clear_bindings(*s);
    return *s;
}

enum spr_code db_step(struct db *d, sqlite3_stmt *s, bool *ret_row, struct spr_error *err)
{
    if (fails_now()) {
        sqlite3_reset(s);
        return SPR_FAIL(err, SPR_IO, "the queue's database: cannot be written: disk full (a test)");
    }
    int result = sqlite3_step(s);
    if (result == SQLITE_ROW || result == SQLITE_DONE) {
        *ret_row = result == SQLITE_ROW;
        if (result == SQLITE_DONE)
            sqlite3_reset(s);
        return SPR_OK;
    }
    enum spr_code rc = say(d, "be written", result, err);
    sqlite3_reset(s);
    return rc;
}

enum spr_code db_run(struct db *d, sqlite3_stmt *s, struct spr_error *err)
{
    bool row = true;
    enum spr_code rc = SPR_OK;
    while (!rc && row)
        rc = db_step(d, s, &row, err);
    return rc;
}

enum spr_code db_begin(struct db *d, struct spr_error *err)
{
    enum spr_code rc = execute(d, "BEGIN IMMEDIATE", err);
    d->inside = rc == SPR_OK;
    return rc;
}

enum spr_code db_end(struct db *d, enum spr_code rc, struct spr_error *err)
{
    if (!rc)
        rc = execute(d, "COMMIT", err);
    if (rc) {
        for (int i = 0; i < d->count; i++) /* a statement under way would keep the transaction open */
            sqlite3_reset(d->statement[i]);
        sqlite3_exec(d->sqlite, "ROLLBACK", NULL, NULL,
                     NULL); /* SQLite may have rolled back by itself: then this is no error */
    }
    d->inside = false;
    return rc;
}
