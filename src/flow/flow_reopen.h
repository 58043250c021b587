/*
 * flow_reopen - a run that is over goes on: what failed, and what came after it, is done once more.
 *
 *   node that ended badly, or that the caller chooses  --> its row goes, its place is opened again
 *   those that depend on it, directly or not           --> the same
 *   groups, loops and retries around it                --> open again, with what ended well in them
 *   hooks of the run                                   --> go, and run again when their time comes
 *
 * A retry that failed forgets its attempts; one that succeeded in the end is left alone.  A node
 * that held locks is done again as a whole.  Pods of nodes that go are deleted.
 *
 * The rows are changed, and the run is read from them as after a restart: so it does not matter
 * what dies in between.  Core thread.
 */
#ifndef FLOW_FLOW_REOPEN_H
#define FLOW_FLOW_REOPEN_H

#include <stdbool.h>

#include "base/str.h"

struct err;
struct flow;
struct json;
struct json_doc;
struct node_row;
struct turn;

struct flow_reopening {
    /* This node is to be done again though it ended well; `boundary` is the name of the node around
     * it (STR_NULL: none).  NULL: no node. */
    bool (*chooses)(void *arg, const struct node_row *row, struct str boundary);
    /* What the language froze and saves, changed: *frozen and *state are made anew.  NULL: as they
     * are. */
    int (*revise)(void *arg, const struct json *frozen, const struct json *state,
                  struct json_doc **ret_frozen, struct json_doc **ret_state, struct err *e);
    void *arg;
};

/* A run of that object is stored, over or not. */
bool flow_has_run(struct turn *t, struct str uid);
/* ERR_NOTFOUND: the engine has no such run; ERR_BADREQUEST: it is not over. */
int flow_reopen(struct turn *t, struct flow *f, struct str uid, const struct flow_reopening *how,
                struct err *e);

#endif
