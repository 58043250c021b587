/*
 * boxgroup_find - where a controller's hierarchy is, and this process's own group in it.
 *
 * Read from /proc/self/mountinfo and /proc/self/cgroup.  Any thread.
 */
#ifndef SANDBOX_BOXGROUP_FIND_H
#define SANDBOX_BOXGROUP_FIND_H

#include <stdbool.h>

#include "base/str.h"

enum { BOXGROUP_PATH = 1024 };

/* Both files, which take the kernel a while to write: read once for all controllers. */
struct boxgroup_files {
    char mounts[64 * 1024], groups[4096];
};
void boxgroup_read(struct boxgroup_files *f);

/* The directory of this process's own group for `controller`; `why` says what is missing. */
bool boxgroup_find(const struct boxgroup_files *f, const char *controller, char path[BOXGROUP_PATH],
                   bool *v2, char why[BOXGROUP_PATH]);
/* The same from the two files' content; controllers_of(path) is read for v2 by the above. */
bool boxgroup_find_in(struct str mountinfo, struct str cgroup, const char *controller, bool v2,
                      char path[BOXGROUP_PATH]);

#endif
