/*
 * control - controllers of the built-in kinds, and the runtime below them.
 *
 * This folder owns Pod and PersistentVolumeClaim: it is where objects become processes.  Under a
 * server it also owns Namespace, Node and Endpoints, and what stands behind Services.  All of it
 * runs on the core's thread, inside turns, and acts outside only through effects that the core runs
 * after the commit.  It fails as objects do: with a status, a condition and an Event that say why.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct apitoken;
struct buf;
struct control;
struct controllers;
struct core;
struct err;
struct events;
struct forward;
struct loop;
struct objects;
struct runtime;
struct runtime_event;

struct control_config {
    struct loop *loop; /* of the core's thread */
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct events *events;
    const char *data;      /* the data directory, absolute; copied */
    const char *init_path; /* of sluice-init, absolute; NULL: nothing is of other ids */
    /* A server's: what the Node is called (NULL: there is no Node, every Pod runs here), how many
     * pods it takes, and the certificate authority that pods trust (PEM; NULL: none).  Borrowed. */
    const char *node;
    int64_t node_pods;
    const char *ca;
    /* Signs the tokens of pods; there if `ca` is. */
    void (*sign)(void *arg, const struct apitoken *t, struct buf *to);
    void *sign_arg;
    struct forward *forward; /* what forwards for Services; there if `node` is */
};

/* Adds the controllers; before core_start().  Everything of the configuration must outlive the
 * control.  NULL with *e filled if the machine's boot id cannot be read. */
struct control *control_setup(const struct control_config *config, struct err *e);

/* What runs the pods; after control_setup() and before core_start().  Borrowed.  Its
 * events must go to control_on_event() with the control as argument. */
void control_set_runtime(struct control *c, struct runtime *r);
void control_on_event(void *control, const struct runtime_event *event);

/* Where pods reach the API, at port 443: of the Services' network.  Before the first turn, if at
 * all. */
void control_set_api_address(struct control *c, const char *address);

/* For forward_options.on_failure, with the control as argument.  Any thread. */
void control_on_route_failure(void *control, struct str key, const struct err *why);

/* After the core and the runtime are freed.  Pods that run go on; a later process adopts them. NULL
 * is fine. */
void control_free(struct control *c);
MEM_DEFINE_CLEANUP(struct control *, control_free)
#define cleanup_control CLEANUP(control_free)

#endif
