/*
 * rootfs - the root file system of one attempt.
 *
 * In two halves.  The spawner prepares detached mounts with its rights (the overlay, clones of
 * volumes); init, in its new namespaces, attaches them, adds what belongs to those namespaces
 * (/proc, /dev/pts, /dev/shm), writes the generated files, and moves into the result, after which
 * nothing of the host's tree can be reached but what was attached.
 */
#ifndef SANDBOX_ROOTFS_H
#define SANDBOX_ROOTFS_H

#include <stdbool.h>
#include <stddef.h>

struct boxspec;
struct err;
struct hostroot;

/* A detached mount that waits to be attached. */
struct rootfs_mount {
    int fd;
    const char *target; /* inside; borrowed from the specification or the host root */
    bool directory;
};

struct rootfs {
    int root; /* the detached root; -1 */
    int shm;  /* a clone of the pod's /dev/shm, once init has taken it; -1: it gets its own */
    struct rootfs_mount *mounts;
    size_t n, system_n; /* the first system_n come before /proc, /dev/pts and /dev/shm */
};
#define ROOTFS_INIT ((struct rootfs){.root = -1, .shm = -1})

/* Spawner.  `dir` is the attempt's directory, opened in the spawner's own mount namespace; upper
 * and work are made in it. */
int rootfs_prepare(struct hostroot *h, const struct boxspec *s, int dir, struct rootfs *ret,
                   struct err *e);
/* Closes the descriptors. */
void rootfs_done(struct rootfs *r);

/* Init, first part: still with the spawner's file rights, attaches the root.  Returns a descriptor
 * of it. */
int rootfs_attach(const struct hostroot *h, const struct rootfs *r, struct err *e);
/* Init, second part: as the step's root, fills it in and makes it the root directory. */
int rootfs_enter(const struct hostroot *h, const struct boxspec *s, const struct rootfs *r,
                 int root, struct err *e);

#endif
