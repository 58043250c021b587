/*
 * db - one connection to one SQLite file, and its statements.
 *
 * Only store/ sees SQLite; the rest of the program sees this header at most.  The connection is
 * WAL with synchronous=FULL, exclusive locking (so no shared memory file) and no automatic
 * checkpoint; store.h says when one runs.
 *
 * Statements are prepared once and cached by the address of their SQL text, which therefore must
 * be a string literal.  A statement that is already being stepped is given out a second time as a
 * copy, so recursion is safe.  Errors stick to a statement until it is stepped: bind without
 * looking, then look at what stmt_step() says.
 *
 *     cleanup_stmt struct stmt *s = db_stmt(d, "SELECT rv FROM objects WHERE uid = ?1");
 *     stmt_bind_str(s, 1, uid);
 *     int row = stmt_step(s, e);              1: a row, 0: no more, < 0: an error
 *
 * Transactions follow the core's turn and open themselves: db_turn_begin() and db_mark() cost
 * nothing; the first statement that writes opens the transaction, and the savepoint if there is
 * something before the mark.  Reading opens neither.
 *
 *     CLOSED -- db_turn_begin() ------> READING
 *     READING -- a writing statement -> WRITING   (BEGIN IMMEDIATE; SAVEPOINT)
 *     WRITING -- db_mark_undo() ------> READING   (if nothing stood before the mark)
 *     WRITING -- I/O error, disk full -> BROKEN   (every write fails with the first error)
 *     any -- db_commit() -------------> CLOSED    (BROKEN: nothing is stored)
 *     any -- db_rollback() -----------> CLOSED
 *
 * Outside of a turn a writing statement commits by itself (tests, migrations, start).
 *
 * Core thread only.  A full disk is ERR_FULL, any other refusal of the system ERR_IO, a
 * constraint ERR_CONFLICT; a text that SQLite cannot compile is our own mistake and a CHECK.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct buf;
struct err;
struct db;
struct stmt;

enum db_sync {
    DB_DURABLE, /* a commit is on the platter */
    DB_FAST,    /* a commit is with the kernel: survives a kill, not a loss of power */
};

/* Opens or creates the file.  `vfs` names a registered SQLite VFS, NULL is the system's. */
int db_open(const char *path, const char *vfs, enum db_sync sync, struct db **ret, struct err *e);
/* Rolls back what is open.  NULL is fine; always returns NULL. */
struct db *db_close(struct db *d);
MEM_DEFINE_CLEANUP(struct db *, db_close)

/* While relaxed, commits are with the kernel only; the next commit after that takes them to the
 * platter along with itself.  Between transactions.  Nothing changes for DB_FAST. */
int db_relax(struct db *d, bool relaxed, struct err *e);

/* One or more statements without parameters or rows, not cached. */
int db_exec(struct db *d, const char *sql, struct err *e);

/* Statements.  `sql` must be a literal.  Never NULL. */
struct stmt *db_stmt(struct db *d, const char *sql);
/* Gives the statement back to the cache, ready for its next use.  NULL is fine. */
void stmt_done(struct stmt *s);
MEM_DEFINE_CLEANUP(struct stmt *, stmt_done)
#define cleanup_stmt CLEANUP(stmt_done)

/* Parameters count from 1.  Text and bytes are borrowed until the statement is done; a
 * struct str with p == NULL binds NULL. */
void stmt_bind_int(struct stmt *s, int at, int64_t value);
void stmt_bind_str(struct stmt *s, int at, struct str value);
void stmt_bind_cstr(struct stmt *s, int at, const char *value); /* NULL binds NULL */

/* 1: on a row, 0: at the end, < 0: an error. */
int stmt_step(struct stmt *s, struct err *e);
/* For a statement without rows: step to the end and stmt_done(), whatever the result.  Returns the
 * number of rows that it changed, or an error. */
int stmt_run(struct stmt *s, struct err *e);

/* Columns of the row, from 0.  Text is borrowed until the next step or done, and followed
 * by a NUL; NULL in the database is STR_NULL, 0. */
int64_t stmt_int(const struct stmt *s, int column);
struct str stmt_str(const struct stmt *s, int column);
bool stmt_is_null(const struct stmt *s, int column);

/* The first column of the first row; `otherwise` where there is none.  Calls stmt_done(). */
int stmt_get_int(struct stmt *s, int64_t otherwise, int64_t *ret, struct err *e);

/* Turns.  Only core/turn.c calls these. */
void db_turn_begin(struct db *d);
/* Counts db_turn_begin(). */
uint64_t db_turn_number(const struct db *d);
/* A place to come back to; at most one at a time.  db_mark_keep() accepts what was written since,
 * db_mark_undo() takes it back (ERR_IO if SQLite cannot: then the turn is broken). */
void db_mark(struct db *d);
int db_mark_keep(struct db *d, struct err *e);
int db_mark_undo(struct db *d, struct err *e);
/* Did this turn write? */
bool db_wrote(const struct db *d);
/* 0, or the code of the error that broke this turn. */
int db_broken(const struct db *d);
/* Makes the turn durable.  After an error nothing of it is, and the turn is closed. */
int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d);

/* Bytes in the write-ahead log that no checkpoint has moved yet. */
int64_t db_log_bytes(const struct db *d);
/* Lines of text about that, and about the last steps of statements that took long. */
void db_dump(const struct db *d, struct buf *to);
/* Moves the log into the file as far as it can without waiting. */
int db_checkpoint(struct db *d, struct err *e);

/* Frees the pages that are kept in memory: they are read again when they are wanted. */
void db_shrink(struct db *d);

/* Bytes of the file that hold something: what was deleted is used again, not given back. */
int db_used_bytes(struct db *d, int64_t *ret, struct err *e);

/* Writes a copy of the file (VACUUM INTO) to a path that does not exist. */
int db_backup(struct db *d, const char *path, struct err *e);

#endif
