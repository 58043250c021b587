/*
 * boxlink - level none: paths that a specification fixes, as links into the attempt's directory.
 *
 * There is one file system for all, so /tmp/outputs becomes a link for as long as the attempt runs.
 * Init makes the links when its start is published and removes them when the command is over.  An
 * init that was killed leaves them: the same link again is no error, another is.  Any thread.
 */
#ifndef SANDBOX_BOXLINK_H
#define SANDBOX_BOXLINK_H

#include <stddef.h>

struct box_link;
struct err;

/* All or none.  ERR_EXISTS naming the path that has other content; an empty directory in the way is
 * other content too. */
int boxlink_make(const struct box_link *links, size_t n, struct err *e);
/* Removes those that still point to their targets.  Parent directories that were made stay. */
void boxlink_remove(const struct box_link *links, size_t n);

#endif
