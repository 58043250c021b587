/*
 * run_stop - ending workflows before they are done.
 *
 * In order: their objects are told to terminate, pods get SIGTERM and their grace.
 * At once: every pod is killed.  Both are messages; what follows is seen on the
 * objects.  The loop's thread.
 */
#ifndef CLI_RUN_STOP_H
#define CLI_RUN_STOP_H

#include <stddef.h>

struct core;
struct objects;

/* Terminates the workflows with these uids (copied). */
void run_stop_workflows(struct core *core, struct objects *objects, const char *const *uids,
                        size_t n);
/* Kills every pod that is not over. */
void run_stop_pods(struct core *core, struct objects *objects);

#endif
