/*
 * db_int - what db.c and db_stmt.c share.  Included by them only.
 */
#ifndef STORE_DB_INT_H
#define STORE_DB_INT_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/map.h"
#include "store/db.h"

struct walvfs;

enum { DB_SLOW_US = 20 * 1000, DB_SLOW_KEPT = 16 };

/* A step that took long. */
struct db_slow {
    const char *sql;
    int64_t took_us, at_us; /* at: wall */
};

enum db_state { DB_CLOSED, DB_READING, DB_WRITING, DB_BROKEN };

struct db {
    sqlite3 *h;
    struct walvfs *vfs;
    bool durable;
    struct map statements; /* address of the SQL text -> first struct stmt of its kind */
    enum db_state state;
    bool marked;      /* db_mark() was called */
    bool mark_open;   /* and something was written since */
    bool mark_is_all; /* which is all that the transaction holds: there is no savepoint */
    bool wrote;       /* something that was kept */
    struct err why;   /* what broke the turn */
    int64_t page_bytes, log_frames;
    uint64_t turns;
    struct db_slow slow[DB_SLOW_KEPT]; /* the last ones, a ring */
    uint64_t slow_n;                   /* since the start */
};

struct stmt {
    struct db *d;
    sqlite3_stmt *h;
    struct stmt *next; /* another copy of the same text */
    bool taken, stepped, writes;
    int error; /* the first failed bind */
};

/* Fills *e from SQLite's last error; one that SQLite may have answered by rolling back breaks the
 * turn. */
int db_fail(struct db *d, int rc, const char *doing, struct err *e);
/* Opens transaction and savepoint before the first statement that writes. */
int db_open_for_writing(struct db *d, struct err *e);
/* Steps one of the transaction's own statements. */
int db_run_plain(struct db *d, const char *sql, const char *doing, struct err *e);
void db_free_statements(struct db *d);

#endif
