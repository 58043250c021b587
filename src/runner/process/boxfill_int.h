/* boxfill_int - shared by the files of boxfill. */
#ifndef RUNNER_BOXFILL_INT_H
#define RUNNER_BOXFILL_INT_H

#include "runner/env.h"
#include "runner/process/boxfill.h"

/* Everything that is mounted, outer mounts first. */
int boxfill_mounts(const struct boxfill *f, const env_vars *vars, struct arena *a,
                   struct boxspec *s, struct err *e);
/* Level none: puts links in the place of mounts and outputs. */
int boxfill_links(const struct boxfill *f, struct arena *a, struct boxspec *s, struct err *e);

#endif
