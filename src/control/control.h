/*
 * control - controllers of the built-in kinds, and the runtime below them.
 *
 * This folder owns Pod and PersistentVolumeClaim: it is where objects become processes.  All of it
 * runs on the core's thread, inside turns, and acts outside only through effects that the core runs
 * after the commit.  It fails as objects do: with a status, a condition and an Event that say why.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "base/mem.h"

struct control;
struct core;
struct err;
struct loop;
struct runtime;

struct control_config {
    struct loop *loop; /* of the core's thread */
    struct core *core; /* must outlive the control */
    const char *data;  /* the data directory, absolute */
    /* Made with the events of control_on_event(); NULL: none yet (control_set_runtime). */
    struct runtime *runtime;
};

/* Registers the controllers with the core; they look at every object at the core's next turn.
 * Call it before the core's first turn.  NULL with *e filled if the store cannot be read. */
struct control *control_setup(const struct control_config *config, struct err *e);
/* Pods that run go on; a later process adopts them.  NULL is fine. */
void control_free(struct control *c);
MEM_DEFINE_CLEANUP(struct control *, control_free)
#define cleanup_control CLEANUP(control_free)

#endif
