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

/* Fills the directory `dirfd`. */
int skeleton_etc(int dirfd, const struct skeleton_how *how, struct err *e);

#endif
