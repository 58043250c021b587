/*
 * skeleton_etc - the generated /etc: users, groups, and copies of what programs there need.
 *
 * Copies, not the host's files: the host's /etc may hold bind mounts (a container's does) that an
 * unprivileged overlay is not allowed to look through, and nothing new in it may ever show up.
 * What is copied is world-readable on the host, a file at most 4 MiB; the rest is left out.
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_SKELETON_ETC_H
#define SANDBOX_SKELETON_ETC_H

struct err;
struct skeleton_how;

enum { SKELETON_ETC_DEPTH = 6 };

/* What of the host's is copied; the list ends with NULL.  Of this one its content, even if it is a
 * link. */
extern const char *const skeleton_etc_copied[];
#define SKELETON_ETC_RESOLVED "resolv.conf"

/* Fills the directory `dirfd`, with `kept_etc` only with what a copy has not. */
int skeleton_etc(int dirfd, const struct skeleton_how *how, struct err *e);
/* All but those directories of links to which a layer can refer, from the directory `etc`. */
int skeleton_etc_copy(int etc, int dirfd, const struct skeleton_how *how, struct err *e);

#endif
