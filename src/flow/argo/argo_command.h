/*
 * argo_command - what people tell workflows that go on: the verbs of Argo's command line.
 *
 * Each acts in the turn it is given, on the object and on the engine's memory of its run.  First it
 * is checked that everything can be done; what is refused (ERR_INVALID, ERR_BADREQUEST) has changed
 * nothing, and the message is one for people.  Any other negative result is the store's.
 *
 * The same can be asked by writing the object: spec.suspend, spec.shutdown,
 * spec.activeDeadlineSeconds.
 *
 * `o` is the workflow as it is now.  Core thread.
 */
#ifndef FLOW_ARGO_ARGO_COMMAND_H
#define FLOW_ARGO_ARGO_COMMAND_H

#include <stddef.h>

#include "base/str.h"

struct err;
struct flow;
struct json;
struct object;
struct turn;

/* Starts nothing new until it is resumed. */
int argo_command_suspend(struct flow *f, struct turn *t, const struct object *o, struct err *e);
/* Goes on; all suspended nodes end well.  With a node field selector (STR_NULL: none) only the
 * suspended nodes that it chooses end, and there must be one. */
int argo_command_resume(struct flow *f, struct turn *t, const struct object *o, struct str selector,
                        struct err *e);
/* Ends it; exit handlers run.  With a selector only the chosen suspended nodes fail, with that
 * message. */
int argo_command_stop(struct flow *f, struct turn *t, const struct object *o, struct str selector,
                      struct str message, struct err *e);
/* Ends it; exit handlers do not run. */
int argo_command_terminate(struct flow *f, struct turn *t, const struct object *o, struct err *e);

/* What is to be set on suspended nodes. */
struct argo_set {
    struct str selector;        /* of nodes */
    struct str phase;           /* a final one; STR_NULL: it goes on waiting */
    struct str message;         /* STR_NULL: as it is */
    const struct json *outputs; /* a map of parameters' names and values; NULL: none */
};
int argo_command_set(struct flow *f, struct turn *t, const struct object *o,
                     const struct argo_set *set, struct err *e);

/* The same for single suspended nodes, each by its name; all or none.  ERR_CONFLICT: one of them
 * does not wait any more. */
struct argo_set_one {
    struct str node;
    struct argo_set set; /* without selector */
};
int argo_command_set_each(struct flow *f, struct turn *t, const struct object *o,
                          const struct argo_set_one *each, size_t n, struct err *e);

#endif
