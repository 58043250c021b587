/*
 * descriptors - how many descriptors the process may have, and what they are for.
 *
 * A server raises its soft limit to the hard one; its children start with what it was given, since
 * programs that use select() break with more.  What there is is divided once, so that connections
 * never take what the store, logs and pods need:
 *
 *     the rest of the server       an eighth, at least DESCRIPTORS_REST, at most half
 *     connections that it serves   three quarters of what remains
 *     connections that it passes   the last quarter, two descriptors each
 *     on (Services)
 *
 * Any thread, but for descriptors_raise(): before there are others.
 */
#ifndef IO_DESCRIPTORS_H
#define IO_DESCRIPTORS_H

#include <stddef.h>
#include <sys/types.h>

enum { DESCRIPTORS_REST = 2048 };

/* Once, early. */
void descriptors_raise(void);
/* Gives a child what it would have had. */
void descriptors_restore(pid_t child);

size_t descriptors_for_served(void);
size_t descriptors_for_passed_on(void);

#endif
