/*
 * reclaim - removing trees in which steps may have files of other ids.
 *
 * An ordinary user cannot remove what a step made under one of the ids that newuidmap gave; a
 * child, sluice-init, can give it back (init/reclaim_main.h).  Blocks; any thread, or none but the
 * caller's.
 */
#ifndef RUNNER_RECLAIM_H
#define RUNNER_RECLAIM_H

struct err;

/* Makes all below the directory this process's own. */
int reclaim_directory(const char *init_path, const char *directory, struct err *e);
/* Removes the tree, if need be after that.  Nothing there is no error. */
int reclaim_and_remove(const char *init_path, const char *path, struct err *e);

#endif
