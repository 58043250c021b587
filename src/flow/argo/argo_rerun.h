/*
 * argo_rerun - a workflow that is over runs again: `argo retry` and `argo resubmit`.
 *
 * A retry goes on with the same object: what failed and what came after it is done again
 * (flow/flow_reopen.h).  A resubmission is a new object with the same spec.
 *
 * Checked first, as argo_command.h says: what is refused has changed nothing.  Core thread.
 */
#ifndef FLOW_ARGO_ARGO_RERUN_H
#define FLOW_ARGO_ARGO_RERUN_H

#include <stdbool.h>

#include "base/str.h"

struct err;
struct flow;
struct flow_run;
struct json;
struct json_build;
struct map;
struct object;
struct turn;

struct argo_rerun {
    bool restart_successful;       /* retry: nodes that the selector chooses run again, too */
    struct str selector;           /* of nodes; STR_NULL: none */
    const struct json *parameters; /* a map of names and values that replace the arguments' */
    const struct json *priority;   /* resubmit: a number, in place of the old one; or NULL */
    const struct map *redo;        /* retry: nodes of these names run again, too; NULL: none */
};

int argo_rerun_retry(struct flow *f, struct turn *t, const struct object *o,
                     const struct argo_rerun *how, struct err *e);
/* *ret is the new workflow; the caller unrefs. */
int argo_rerun_resubmit(struct flow *f, struct turn *t, const struct object *o,
                        const struct argo_rerun *how, struct object **ret, struct err *e);

/* struct flow_language's reopen. */
int argo_rerun_reopen(struct turn *t, struct flow_run *run, struct err *e);

/* Adds the list "parameters" of arguments: `own` with the values of a map in place of its own, and
 * what it lacked at its end. */
void argo_rerun_add_parameters(struct json_build *b, const struct json *own,
                               const struct json *values);

#endif
