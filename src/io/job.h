/*
 * job - blocking work on a few threads, with its completion back on the loop.
 *
 * A job gets its inputs by value (in memory that it owns until it is done), and shares nothing with
 * the loop thread meanwhile; so no lock is needed anywhere above io/.  On a fake loop both
 * functions run on the loop's own thread at its next turn.
 */
#ifndef IO_JOB_H
#define IO_JOB_H

#include "io/loop.h"

typedef void job_work_fn(void *arg); /* on a worker thread */
typedef void job_done_fn(void *arg); /* on the loop's thread */

/* Runs work(arg) on a worker, then done(arg).  Cannot be cancelled: `arg` must live until done. */
void job_run(struct loop *l, job_work_fn *work, job_done_fn *done, void *arg);

/* Jobs that are not done yet. */
size_t job_count(const struct loop *l);

#endif
