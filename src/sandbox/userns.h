/*
 * userns - id ranges and the user namespaces that stand for them.
 *
 * Root gives each range of 65,536 ids (its first id outside is `base`) namespaces of its own.  An
 * ordinary user's spawner enters one namespace, in which its own id is 0 (and those that it may
 * give away follow, see subids.h), and what it starts gets a namespace below that.
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_USERNS_H
#define SANDBOX_USERNS_H

#include <stdint.h>
#include <sys/types.h>

struct err;
struct subids;

/* Gives the namespaces of process `pid`, which wait for it, their ids: 0.. is base.. ; base 0: the
 * first `own` ids are the caller's. */
int userns_map(pid_t pid, uint32_t base, uint32_t own, struct err *e);
/* A descriptor of a user namespace with these ids and no process, for id-mapped mounts. */
int userns_open(uint32_t base, struct err *e);
/* An ordinary user: this process moves into new user and mount namespaces, where it is 0 and, with
 * `subids` (may be NULL), the ids of its range follow; *subids_error says if those cannot be had,
 * which is no error. */
int userns_become_root(struct subids *subids, struct err *subids_error, struct err *e);
/* The same, into a user namespace that an earlier spawner of this user made. */
int userns_enter(int ns, struct err *e);

#endif
