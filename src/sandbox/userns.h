/*
 * userns - id ranges and the user namespaces that stand for them.
 *
 * Root gives each range of 65,536 ids (its first id outside is `base`) namespaces of its own.  An
 * ordinary user's spawner enters one namespace, in which its one id is 0, and what it starts gets a
 * namespace below that.
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_USERNS_H
#define SANDBOX_USERNS_H

#include <stdint.h>
#include <sys/types.h>

struct err;

/* Gives the namespaces of process `pid`, which wait for it, their ids: 0.. is base.. ; base 0: the
 * one id 0 is the caller's id 0. */
int userns_map(pid_t pid, uint32_t base, struct err *e);
/* A descriptor of a user namespace with these ids and no process, for id-mapped mounts. */
int userns_open(uint32_t base, struct err *e);
/* An ordinary user: this process moves into new user and mount namespaces, where it is 0. */
int userns_become_root(struct err *e);
/* The same, into a user namespace that an earlier spawner of this user made. */
int userns_enter(int ns, struct err *e);

#endif
