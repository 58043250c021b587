/*
 * podshm - the /dev/shm that a pod's containers share.
 *
 * As the IPC namespace is the pod's, so are its POSIX segments, which are files there.  The holder
 * keeps a tmpfs in its mount namespace, over the host root's empty place `at`; the init of an
 * attempt begins in a copy of that namespace and takes a clone of it.
 *
 * Holder and init, each in its own part; the descriptors are the caller's.
 */
#ifndef SANDBOX_PODSHM_H
#define SANDBOX_PODSHM_H

#include <stdint.h>

struct boxspec;
struct err;
struct hostroot;

/* Bytes of /dev/shm: as specified, half of the memory limit, or 64 MiB. */
uint64_t podshm_size(const struct boxspec *s);
/* Holder: the place, opened with the spawner's file rights ... */
int podshm_open(const struct hostroot *h, struct err *e);
/* ... and, as the pod's root, the tmpfs over it. */
int podshm_hold(int place, const struct boxspec *s, struct err *e);
/* Init, in its copy of the holder's mount namespace, before its root is attached there. */
int podshm_take(const struct hostroot *h, struct err *e);

#endif
