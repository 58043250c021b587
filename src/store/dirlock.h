/*
 * dirlock - one process per data directory.
 *
 * An open file description lock on DIR/lock: the kernel drops it with the process, however it ends,
 * so there is never a stale one.  The file holds the pid for the message only.
 */
#ifndef STORE_DIRLOCK_H
#define STORE_DIRLOCK_H

struct err;

/* A descriptor that holds the lock until it is closed.  ERR_CONFLICT names the holder. */
int dirlock_take(const char *dir, struct err *e);

#endif
