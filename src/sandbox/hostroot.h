/*
 * hostroot - what all attempts' file systems are made from, prepared once by the spawner.
 *
 * Kept on a tmpfs that is mounted over <data>/layers in the spawner's own mount namespace, where
 * nobody else sees it:
 *
 *   skeleton-N/     the layer above the host's files for one id range (skeleton.h)
 *   host-N/         the host's root once more, with file owner 0 as the range's (level full)
 *   dev/            device nodes or binds of them, for roots whose skeleton cannot hold any
 *   at/             where an attempt's init attaches its root before it moves into it, and a holder
 *                   the /dev/shm of its pod (podshm.h); empty in the spawner's own view
 *
 * The spawner's thread.
 */
#ifndef SANDBOX_HOSTROOT_H
#define SANDBOX_HOSTROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/keptetc.h"
#include "sandbox/level.h"

struct err;
struct probe;
struct spareroots;

/* How roots are built; chosen by what was found. */
enum hostroot_kind {
    HOSTROOT_WHOLE, /* root: one overlay over skeleton and host */
    HOSTROOT_PARTS, /* an unprivileged overlay over the skeleton, one over each listed directory */
    HOSTROOT_BINDS, /* no overlays: an own directory with read-only binds of the listed ones */
};

/* The layers of one id range. */
struct hostroot_range {
    uint32_t base;
    int skeleton, host; /* O_PATH descriptors in the spawner's namespace; -1: none */
    int userns;         /* for id-mapped mounts; -1: none */
};

/* A directory of the host that gets a mount of its own in every root. */
struct hostroot_part {
    char *path;
    bool overlay; /* HOSTROOT_PARTS: writable; else a read-only bind */
    bool optional;
};

struct hostroot {
    enum level level;
    enum hostroot_kind kind;
    bool root; /* real root: nodes, chown, trusted.* */
    bool idmap, volatile_overlay, clone3;
    char *layers; /* path of the tmpfs */
    char *hidden; /* the data directory, if a listed directory contains it; or NULL */
    int watch;    /* HOSTROOT_WHOLE: readable when the host's root has got something; -1: none */
    bool stale;   /* it has got something that is not hidden yet */
    int dev;      /* HOSTROOT_PARTS, _BINDS: the tree for /dev; -1: in the skeleton */
    struct hostroot_part *parts;
    size_t parts_n;
    struct hostroot_range *ranges;
    size_t ranges_n;
    struct spareroots *spares;
    bool keeps;          /* an /etc is kept for later (keptetc.h) */
    struct keptetc kept; /* one that an earlier spawner kept */
    unsigned made;       /* ranges that were tried: a failed one's directories stay behind */
};

/* Mounts the tmpfs and finds the parts.  The process stands in a mount namespace of its own.
 * `shared`: further directories that every step sees, ended by NULL.  `recall`: where something may
 * be kept for later (keptetc.h), or NULL. */
int hostroot_open(struct hostroot *h, const struct probe *p, enum level level, const char *data_dir,
                  const char *const *shared, const char *recall, struct err *e);
/* Nothing of it is mounted any more in the caller's namespace. */
void hostroot_done(struct hostroot *h);
/* The layers of a range (0: the caller's own id), made at the first call; borrowed until the next
 * call. */
int hostroot_range(struct hostroot *h, uint32_t base, struct hostroot_range **ret, struct err *e);
/* Hides what the host's root has got since, from roots that are in use as well: when `watch` is
 * readable, and before a root is given to anybody. */
int hostroot_refresh(struct hostroot *h, struct err *e);

#endif
