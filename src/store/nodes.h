/*
 * nodes - the rows of the graph engine: runs and their nodes.
 *
 * A run is one execution of a workflow; its row holds what the engine must know
 * again after a restart.  A node is one invocation within it.  Columns are the
 * engine's; `spec`, `inputs`, `outputs` are JSON texts that belong to the
 * language and are opaque here.  Rows are written through the statements of one
 * open store, inside the turn's transaction.
 *
 * Core thread only.  Errors are the database's (ERR_IO, ERR_FULL).
 */
#ifndef STORE_NODES_H
#define STORE_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct db;
struct err;
struct json_doc;

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

struct node_row {
    int64_t run, id;               /* id counts from 1 within the run, in the order of creation */
    int64_t parent;                /* id of the node that contains this one; 0: the run itself */
    int64_t index;                 /* place among the parent's children */
    int kind, state, phase, flags; /* the engine's enumerations */
    int64_t total, gate_limit;     /* children there will be; limit of a boundary */
    struct str key;                /* unique below the parent */
    struct str name, type, template_of; /* the language's */
    struct str message, reason;
    struct str pod;                                              /* uid of the Pod of a leaf */
    int64_t queued_us, ready_us, started_us, ended_us, saved_us; /* wall time, 0: not yet */
    int64_t wake_us;                                             /* deadline or end of a pause */
    int64_t cpu_us, memory_peak_bytes;
    struct str spec, inputs, outputs; /* JSON, empty: none */
};

typedef int node_row_fn(void *arg, const struct node_row *row, struct err *e);

int node_rows_insert(struct db *db, const struct node_row *row, struct err *e);
int node_rows_update(struct db *db, const struct node_row *row, struct err *e);
/* The first `limit` of a run, and the removal of all up to an id. */
int node_rows_first(struct db *db, int64_t run, int64_t limit, node_row_fn *fn, void *arg,
                    struct err *e);
int node_rows_delete(struct db *db, int64_t run, int64_t last, struct err *e);
int node_rows_remove(struct db *db, int64_t run, int64_t id, struct err *e);
/* Opens a node again: state 0, the phase given, some flags taken away, nothing said and nothing
 * made. */
int node_rows_reopen(struct db *db, int64_t run, int64_t id, int phase, int flags_off,
                     struct err *e);
/* One node by its place; ERR_NOTFOUND if there is none. */
int node_rows_find(struct db *db, int64_t run, int64_t parent, struct str key, node_row_fn *fn,
                   void *arg, struct err *e);
/* One node by its id; ERR_NOTFOUND if there is none. */
int node_rows_get(struct db *db, int64_t run, int64_t id, node_row_fn *fn, void *arg,
                  struct err *e);
/* Those of a run that are in one of two phases, in the order of their ids. */
int node_rows_each_phase(struct db *db, int64_t run, int one, int other, node_row_fn *fn, void *arg,
                         struct err *e);
/* In the order of their ids: all of a run after `after`, those whose state is below 2 (not
 * released), or a parent's. */
int node_rows_each(struct db *db, int64_t run, int64_t after, node_row_fn *fn, void *arg,
                   struct err *e);
/* The same, at most `limit`; returns how many there were. */
int node_rows_page(struct db *db, int64_t run, int64_t after, int64_t limit, node_row_fn *fn,
                   void *arg, struct err *e);
int node_rows_each_open(struct db *db, int64_t run, node_row_fn *fn, void *arg, struct err *e);
int node_rows_each_child(struct db *db, int64_t run, int64_t parent, node_row_fn *fn, void *arg,
                         struct err *e);
/* Nodes of that kind; of them, those that ended. */
int node_rows_count_kind(struct db *db, int64_t run, int kind, int64_t *total, int64_t *done,
                         struct err *e);
/* The largest id of a run, 0 if it has no node. */
int node_rows_last_id(struct db *db, int64_t run, int64_t *ret, struct err *e);

#endif
