/*
 * descent - every process below this one, where no pid namespace bounds them (level none).
 *
 * Orphans of the step become init's own children, since it is their subreaper: what is below it is
 * the step, however its processes have changed groups and sessions.  One at a time they cannot be
 * caught when they fork faster than they are found, so they are stopped first, round by round,
 * until none is left that runs: a stopped process forks no more, and keeps its place in the user's
 * number of processes.
 *
 * Init's one thread; nothing fails: what has gone meanwhile is no matter.
 */
#ifndef INIT_DESCENT_H
#define INIT_DESCENT_H

/* A signal to each that is there now. */
void descent_signal(int sig);
/* SIGKILL to all, for good. */
void descent_kill(void);

#endif
