/*
 * subids - the ids that an ordinary user may give away: newuidmap(1), subuid(5).
 *
 * An unprivileged process may map its own id only.  The set-user-id programs newuidmap and
 * newgidmap map a range as well, if /etc/subuid and /etc/subgid give the user one.  They have to be
 * called from outside the new namespace.
 *
 * The spawner's thread; forks.
 */
#ifndef SANDBOX_SUBIDS_H
#define SANDBOX_SUBIDS_H

#include <stdint.h>

#include <sys/types.h>

struct err;

/* A child that stays outside, to call the programs. */
struct subids {
    pid_t pid;
    int sync;
};

/* Outside.  ERR_NOTFOUND: this user has no ranges, or there are no programs. */
int subids_open(struct subids *s, struct err *e);
/* Inside the new namespace: this process's own ids become 0, those of its first range follow.  Ends
 * the child.  ERR_IO: a program refuses, and one of the two maps may be written. */
int subids_map(struct subids *s, struct err *e);
/* How many ids, from 0 on, this process's namespace has; both kinds. */
uint32_t subids_count(void);

#endif
