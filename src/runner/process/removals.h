/*
 * removals - what pods leave behind: trees, removed by jobs one after another.
 *
 * Several pods that end within a moment go with one job.  Where the whole data directory goes with
 * the server, removing waits a little, so that what the last pods leave goes with the directory and
 * nobody waits for it.  A removal that a kill cuts short is begun again when the rows are read.
 *
 * Owned by the runtime; loop thread.  What cannot be removed is logged.
 */
#ifndef RUNNER_REMOVALS_H
#define RUNNER_REMOVALS_H

#include <stdbool.h>

struct loop;
struct removals;

/* The strings are borrowed for its life. */
struct removals *removals_new(struct loop *l, const char *data_dir, const char *init_path,
                              bool temporary);
/* `all`: the pod's whole directory; else its layers, volumes and inputs, so that logs stay. */
void removals_add(struct removals *r, const char *uid, bool all);
/* The data directory is about to go: only what lies elsewhere is removed, at once. */
void removals_leave(struct removals *r);
/* Begins what was put off.  The caller lets the jobs end, which need nothing of this.  NULL is
 * fine. */
void removals_free(struct removals *r);

#endif
