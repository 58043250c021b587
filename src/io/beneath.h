/*
 * beneath - paths that somebody else chose, resolved below a directory of ours.
 *
 * No link is followed and ".." never leaves: openat2 with RESOLVE_BENEATH.  Any thread.
 */
#ifndef IO_BENEATH_H
#define IO_BENEATH_H

#include <sys/types.h>

struct err;

/* Opens a path ("" or ".": the directory itself).  The descriptor, or an error naming the path. */
int beneath_open(int root, const char *path, int flags, mode_t mode, struct err *e);
/* Opens the directory that holds the path's last name, making what is missing; *ret_name points
 * into `path`. */
int beneath_parent(int root, const char *path, const char **ret_name, struct err *e);

#endif
