/*
 * boxmount - single mounts by the descriptor-based interface: made detached, attached later.
 *
 * A detached mount is a descriptor; who makes it (the spawner, with its rights) need not be who
 * attaches it (init, in its namespaces).  Attributes are MOUNT_ATTR_... of sys/mount.h.
 * All results are descriptors with close-on-exec, or negative with *e filled.  Any thread.
 */
#ifndef SANDBOX_BOXMOUNT_H
#define SANDBOX_BOXMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* One option of a new file system; value NULL: a flag. */
struct boxmount_option {
    const char *key, *value;
};

/* A new file system. */
int boxmount_new(const char *type, const struct boxmount_option *options, size_t n,
                 unsigned attributes, struct err *e);
/* An overlay; upper and work may be -1 (then it is read-only).  lower2 -1: none. */
struct boxmount_overlay {
    int lower, lower2, upper, work; /* descriptors in the caller's mount namespace */
    bool volatile_, user_xattr;
    unsigned attributes;
};
int boxmount_overlay(const struct boxmount_overlay *o, struct err *e);
/* A clone of what stands at the descriptor, without the mounts below it where the kernel lets us
 * leave them out.  userns >= 0: id-mapped with it. */
int boxmount_clone(int fd, unsigned attributes, int userns, struct err *e);
int boxmount_clone_path(const char *path, unsigned attributes, int userns, struct err *e);
/* A clone with all that is mounted below. */
int boxmount_clone_tree(int fd, unsigned attributes, struct err *e);
/* Attaches over what stands at `target`. */
int boxmount_attach(int mount, int target, struct err *e);
/* Sets further attributes of a mount. */
int boxmount_restrict(int mount, unsigned attributes, bool recursive, struct err *e);

#endif
