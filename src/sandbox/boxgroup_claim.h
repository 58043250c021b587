/*
 * boxgroup_claim - which control groups have an owner, and what becomes of those that have none.
 *
 * A spawner's directory of groups is called `sluice-<its pid>-<random>` and is locked (flock) as
 * long as the spawner lives.  The pid alone would not tell: a spawner in another pid namespace that
 * sees the same hierarchy cannot be asked for by its number.  The lock alone would not, either:
 * it is not seen through the mount of another cgroup namespace.  So a directory is an orphan if
 * both say so.
 *
 * A slot of an orphan is in use while it has processes, and while an init whose command has not
 * entered it yet holds the descriptor for that.  The spawner's thread.
 */
#ifndef SANDBOX_BOXGROUP_CLAIM_H
#define SANDBOX_BOXGROUP_CLAIM_H

#include <stddef.h>

/* The name for a directory of this process's own. */
void boxgroup_claim_name(char *to, size_t size);
/* Makes the directory below `base`, or opens it where it is this process's own already (v2: one for
 * all controllers), and claims it.  The descriptor, whose closing gives the claim up; -1 and errno.
 */
int boxgroup_claim(int base, const char *name);
/* Keeps the slot of this descriptor, which is open for entering, from being swept until the last
 * copy of it is closed: an attempt may outlive its spawner before it has entered. */
void boxgroup_hold(int enter);
/* Removes the orphans of the directory, except for those that have processes or will. */
void boxgroup_sweep(const char *path);

#endif
