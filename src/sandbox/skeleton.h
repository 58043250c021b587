/*
 * skeleton - the layer above the host's files: what a step sees in place of them.
 *
 * A directory tree, made once per id range on a tmpfs (on the host's own file system the kernel
 * answers ELOOP) and shared by all attempts as the lower layer of their root:
 *
 *   - whiteouts for every top-level entry of the host that is not on the allow list.  Without them
 *     the step's root reads the host's 0600 files through the id-mapped clone
 *   - fresh /tmp, /var, /root, /home, /run, /mnt, ...
 *   - an /etc of its own: passwd, group, and copies of what programs there need (ssl, ld.so.*,
 *     alternatives, localtime, nsswitch, ...)
 *   - device nodes, where we may make them
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_SKELETON_H
#define SANDBOX_SKELETON_H

#include <stdbool.h>
#include <stdint.h>

struct err;

struct skeleton_how {
    uint32_t owner; /* uid and gid of everything, as seen by the caller */
    bool chown;     /* false: the caller's own id */
    bool whiteouts; /* for an overlay over the host's root */
    bool
        user_xattr; /* mark opaque directories with user.*, as an unprivileged overlay reads them */
    bool refer;     /* the layer below is the host's root: directories may refer to its */
    bool devices;   /* make device nodes in dev */
    const char
        *kept_etc; /* with `refer`: a copy (keptetc.h) that takes the place of etc; or NULL */
};

/* Top-level directories of the host that a step sees; the list ends with NULL. */
enum { SKELETON_LISTED_MAX = 8 };
extern const char *const skeleton_listed[];

/* Fills the empty directory `dirfd`. */
int skeleton_build(int dirfd, const struct skeleton_how *how, struct err *e);

/* Adds whiteouts for what the host's root has got since. */
int skeleton_refresh(int dirfd, struct err *e);

/* A /dev of its own in the empty directory: nodes where they can be made, else empty files for
 * binds; links (fd, stdin, ..., ptmx) and the directories pts and shm. */
int skeleton_dev(int dirfd, const struct skeleton_how *how, struct err *e);
/* The nodes' names, ended by NULL. */
extern const char *const skeleton_nodes[];

#endif
