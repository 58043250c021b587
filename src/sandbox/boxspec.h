/*
 * boxspec - all that is needed to run one attempt of one container, as plain data.
 *
 * The server fills it and writes it to a file or memfd; the spawner builds what it says, and the
 * init that comes of it keeps it for its life.  It knows nothing of pods.  All text is borrowed:
 * while filling, from the caller; after reading, from the message.  Paths on the host are absolute;
 * paths inside are absolute in the step's own root.  Times are wall microseconds.
 *
 * Pure; any thread.
 */
#ifndef SANDBOX_BOXSPEC_H
#define SANDBOX_BOXSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "sandbox/level.h"

struct arena;
struct buf;
struct err;

enum {
    BOXSPEC_MAX_BYTES = 32 * 1024 * 1024,
    BOXSPEC_LOG_BYTES = 64 * 1024 * 1024,
    BOXSPEC_RESULT_BYTES = 256 * 1024,
    BOXSPEC_IDS = 65536, /* ids of a range */
};

enum box_kind {
    BOX_ATTEMPT, /* runs argv */
    BOX_HOLDER,  /* owns user, ipc and uts namespaces for the attempts that join it; no argv */
    BOX_KIND_COUNT
};

enum box_mount_kind {
    BOX_BIND,    /* source (a directory or file of the host) appears at target */
    BOX_TMPFS,   /* a fresh tmpfs of at most `size` bytes */
    BOX_OVERLAY, /* source appears at target, writable, changes stay with the attempt */
    BOX_MOUNT_KIND_COUNT
};

struct box_mount {
    int kind;
    const char *source;
    const char *sub_path; /* NULL or relative to source; resolved beneath it, links included;
                             a directory is made if nothing is there */
    const char *target;
    bool read_only;
    bool idmap;    /* on-disk id 0 is the step's id 0 (BOX_BIND, level full; else ignored) */
    bool optional; /* a missing source is no error */
    uint64_t size; /* BOX_TMPFS; 0: half of the memory */
};

/* A file that is written before the start (etc/hosts, etc/resolv.conf, a script). */
struct box_file {
    const char *path; /* inside */
    struct str content;
    uint32_t mode;
};

/* Level none: `path`, which the step's specification fixes, becomes a link to `target`. */
struct box_link {
    const char *path, *target;
};

struct box_output {
    const char *path; /* inside; followed if it is a link itself; links below it stay links */
    const char *name; /* in the outbox: one component */
    uint64_t max_bytes;
};

struct box_rlimit {
    uint32_t resource; /* RLIMIT_... */
    uint64_t soft, hard;
};

struct boxspec {
    int kind;
    const char *id; /* the attempt's, as in `started` and `exit` */
    int level;
    /* Level full, or user as root: the range's first id outside.  0: none (one's own id). */
    uint32_t id_base;
    const char *hostname; /* NULL: leave */
    bool die_with_server; /* a temporary data directory: the control pipe's end ends the step */

    const char *const *argv; /* [0] is looked up in env's PATH if it has no slash */
    const char *const *env;
    const char *cwd; /* NULL: "/" (none: the attempt's `work` directory) ; made if missing */
    uint32_t uid, gid;
    uint32_t *groups;
    size_t groups_n;
    uint64_t capabilities; /* bounding and, for uid 0, effective; see capability.h */
    bool unconfined;       /* no system-call filter */
    bool tty;
    bool stdin_open; /* a pipe that never gives anything, in place of /dev/null */
    struct box_rlimit *rlimits;
    size_t rlimits_n;

    bool read_only_root;
    struct box_mount *mounts; /* in this order */
    size_t mounts_n;
    struct box_file *files;
    size_t files_n;
    struct box_link *links;
    size_t links_n;

    uint64_t memory_bytes; /* limit; 0: none */
    uint32_t cpu_milli;    /* limit in thousandths of a core; 0: none */
    uint32_t pids;         /* 0: none */
    uint64_t shm_bytes;    /* of /dev/shm; 0: half of memory_bytes, or 64 MiB */

    int64_t deadline_us; /* absolute; 0: none.  Then SIGTERM, after grace_us SIGKILL */
    int64_t grace_us;

    struct box_output *outputs;
    size_t outputs_n;
    uint64_t outputs_max_bytes; /* all together */
    uint64_t log_bytes;         /* cap of the log file; 0: BOXSPEC_LOG_BYTES */
    uint64_t result_bytes;      /* of stdout kept apart; 0: nothing is */
    const char *message_path;   /* terminationMessagePath, read after the end; NULL: none */
    /* Where the command says how far it is; read after the end.  Its directory is made, for
     * everybody to write to, except at level none.  NULL: none. */
    const char *progress_path;

    /* The pod's address in the pod network, host byte order (netmap.h); init then makes the calls
     * that name addresses.  0: the machine's network as it is. */
    uint32_t address;
    /* With an address: ports of the host's 127.0.0.1 that are reached at the pod's loopback. */
    uint32_t *loopback_ports;
    size_t loopback_ports_n;
};

/* What a caller starts from: kind attempt, level, one empty argv and env, all capabilities off. */
void boxspec_init(struct boxspec *s);
/* Appends the encoded form.  ERR_TOOLARGE if it would pass BOXSPEC_MAX_BYTES. */
int boxspec_encode(const struct boxspec *s, struct buf *to, struct err *e);
/* Reads and checks: kinds and levels known, paths absolute, names one component.  Text points into
 * `bytes`, lists are in the arena.  ERR_BADREQUEST, ERR_INVALID. */
int boxspec_decode(struct str bytes, struct arena *a, struct boxspec *ret, struct err *e);
/* The encoded form in a sealed memfd, for spawner_spawn messages; the descriptor, or an error. */
int boxspec_memfd(const struct boxspec *s, struct err *e);

#endif
