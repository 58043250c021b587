/*
 * run_rows - rows of runs: the executions of workflows.
 *
 * A row holds what the engine must know again after a restart; the run's nodes have rows of their
 * own (store/node_rows.h).  Rows are written inside the turn's transaction.
 *
 * Core thread only.  Errors are the database's (ERR_IO, ERR_FULL).
 */
#ifndef STORE_RUN_ROWS_H
#define STORE_RUN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct db;
struct err;

struct run_row {
    int64_t run; /* number, assigned by run_rows_insert */
    struct str uid, language;
    bool live;
    bool gone;          /* and so is its object: thrown away piece by piece */
    struct str frozen;  /* JSON, the language's: what the run is; written once */
    struct str state;   /* JSON, the engine's and the language's: how far it is */
    int64_t expires_us; /* its object goes then; 0: never.  Not read, but by its functions below */
};

/* Called once for each row; texts are borrowed for the call.  A negative result ends the walk and
 * is returned. */
typedef int run_row_fn(void *arg, const struct run_row *row, struct err *e);

int run_rows_insert(struct db *db, struct run_row *row, struct err *e);
int run_rows_update(struct db *db, const struct run_row *row, struct err *e);
/* All of it, `frozen` too. */
int run_rows_replace(struct db *db, const struct run_row *row, struct err *e);
int run_rows_delete(struct db *db, int64_t run, struct err *e); /* and all of its nodes */
/* ERR_NOTFOUND if there is none. */
int run_rows_find(struct db *db, struct str uid, run_row_fn *fn, void *arg, struct err *e);
/* One of those that are gone; the number of rows. */
int run_rows_first_gone(struct db *db, run_row_fn *fn, void *arg, struct err *e);
/* When the next one expires, 0: none does; those that have, the earliest first, with what is
 * frozen; and another time, 0: never. */
int run_rows_next_expiry(struct db *db, int64_t *ret, struct err *e);
int run_rows_each_expired(struct db *db, int64_t now_us, int64_t limit, run_row_fn *fn, void *arg,
                          struct err *e);
int run_rows_expire_at(struct db *db, int64_t run, int64_t at_us, struct err *e);
int run_rows_each_live(struct db *db, run_row_fn *fn, void *arg, struct err *e);

#endif
