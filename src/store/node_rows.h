/*
 * node_rows - rows of nodes: the invocations within the runs of workflows.
 *
 * Columns are the engine's; `spec`, `inputs`, `outputs` are JSON texts that belong to the language
 * and are opaque here.  Rows are written through the statements of one open store, inside the
 * turn's transaction.
 *
 * Core thread only.  Errors are the database's (ERR_IO, ERR_FULL).
 */
#ifndef STORE_NODE_ROWS_H
#define STORE_NODE_ROWS_H

#include <stdint.h>

#include "base/str.h"

struct db;
struct err;

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

/* Called once for each row; texts are borrowed for the call.  A negative result ends the walk and
 * is returned. */
typedef int node_row_fn(void *arg, const struct node_row *row, struct err *e);

int node_rows_insert(struct db *db, const struct node_row *row, struct err *e);
int node_rows_update(struct db *db, const struct node_row *row, struct err *e);
/* Removes all of a run up to an id; or one. */
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
/* In the order of their ids, and how many there were: all of a run, at most `limit` of those after
 * `after`, those whose state is below 2 (not released), or a parent's. */
int node_rows_each(struct db *db, int64_t run, node_row_fn *fn, void *arg, struct err *e);
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
