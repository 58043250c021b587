/*
 * usertasks - how many tasks a user has on this machine.
 *
 * RLIMIT_NPROC bounds all of a user's tasks (threads count), so a step that shares its user with
 * others gets a limit above what is there already.  Any thread; reads /proc.
 */
#ifndef RUNNER_USERTASKS_H
#define RUNNER_USERTASKS_H

#include <stddef.h>
#include <sys/types.h>

/* 0 where /proc does not say. */
size_t usertasks_count(uid_t user);

#endif
