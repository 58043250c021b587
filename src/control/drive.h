/*
 * drive - runs the core's turns on an event loop.
 *
 *     struct drive *d = drive_new(loop, &e);
 *     struct core *core = core_new(&(struct core_options){.wake = drive_wake, .wake_arg = d, ...});
 *     ... modules, controllers, core_start() ...
 *     drive_attach(d, core);                     the first turn runs at the loop's next pass
 *     loop_run(loop);
 *
 * A turn runs when somebody wakes the core, and when its next deadline comes; after each one other
 * things of the loop get their chance.  Loop thread, except drive_wake().
 */
#ifndef CONTROL_DRIVE_H
#define CONTROL_DRIVE_H

#include "base/mem.h"

struct core;
struct drive;
struct err;
struct loop;

struct drive *drive_new(struct loop *l, struct err *e);
/* For core_options.wake: any thread. */
void drive_wake(void *drive);
void drive_attach(struct drive *d, struct core *core);
/* Before the core is freed.  NULL is fine. */
void drive_free(struct drive *d);
MEM_DEFINE_CLEANUP(struct drive *, drive_free)
#define cleanup_drive CLEANUP(drive_free)

#endif
