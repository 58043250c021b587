/*
 * level - how far a step is kept from the machine.
 *
 *   full   root with id-mapped mounts: a user namespace with ids of its own, a root file system of
 *          its own, cgroups
 *   user   the same from an ordinary user's namespaces (or as root without id-mapped mounts): the
 *          host's files belong to nobody, memory is limited only where a cgroup can be had
 *   none   a plain child process: its own directory, process group and rlimits
 *
 * Pure; any thread.
 */
#ifndef SANDBOX_LEVEL_H
#define SANDBOX_LEVEL_H

#include <stdbool.h>

#define LEVELS(X) \
    X(LEVEL_NONE, "none") \
    X(LEVEL_USER, "user") \
    X(LEVEL_FULL, "full") \
    X(LEVEL_BEST, "best") /* only as a wish */
#define LEVEL_ID_(id, name) id,
enum level { LEVELS(LEVEL_ID_) LEVEL_COUNT };

const char *level_name(enum level level);
/* "none", "user", "full", "best". */
bool level_from_name(const char *name, enum level *ret);

#endif
