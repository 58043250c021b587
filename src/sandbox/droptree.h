/*
 * droptree - removing a data directory whose server is gone.
 *
 * Steps may have made what is in it deep and locked it: each level is entered through its parent's
 * descriptor, never through a path or a link, and a directory gets its owner bits first.  For the
 * caller alone: nobody reads what it would say, so it says nothing, and tries again for a while
 * when something is still being written there.
 */
#ifndef SANDBOX_DROPTREE_H
#define SANDBOX_DROPTREE_H

#include <stdbool.h>

/* True if nothing is there any more.  Mounts below it stay with what they show, and so does what is
 * more than 512 levels deep. */
bool droptree(const char *path);

#endif
