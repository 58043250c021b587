/*
 * reserve - room on the disk that is given back when it is full.
 *
 * Deleting needs room too: the log grows before anything shrinks.  So a file of some MB stands
 * beside the database; when a commit meets a full disk it is removed, and deletions go through.
 *
 * It is made through the database's own VFS, so that the simulation's disk fills up the same way;
 * on the system's VFS the room is allocated, not written.
 */
#ifndef STORE_RESERVE_H
#define STORE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* Makes the file, if it has not its size already.  On an error there is none. */
int reserve_take(const char *path, const char *vfs, int64_t bytes, struct err *e);
/* Removes it; harmless if there is none. */
void reserve_release(const char *path, const char *vfs);

#endif
