/*
 * datasize - what finished workflows take on the disk, measured for the history that bounds it.
 *
 * Blobs, logs and the used part of the database.  The folders are walked by a job, since they may
 * hold very many files; what is in use by pods that run counts as well, but comes and goes.
 *
 *   IDLE -- datasize_measure() --> WALKING -- the job is done --> TELLING -- in a turn --> IDLE
 *
 * Thread: the core's, which is the loop's.
 */
#ifndef CLI_DATASIZE_H
#define CLI_DATASIZE_H

struct core;
struct datasize;
struct history;
struct loop;

/* `data` is the data directory's path, borrowed. */
struct datasize *datasize_new(struct loop *l, struct core *c, struct history *h, const char *data);
/* After the core, which tells of a message that still waits; a job that walks is left to itself.
 * NULL is fine. */
void datasize_free(struct datasize *d);
/* Leads to history_measured(); while it is under way, asking again does nothing. */
void datasize_measure(void *datasize);

#endif
