/*
 * boxmsg - what is said over the two kinds of socket, both SOCK_SEQPACKET, a message a packet.
 *
 * Server and spawner (descriptor 3 of `sluice-init --spawner`):
 *
 *   HELLO   -->  once, first.  fds: [filter memfd] if has_filter, then [the pod network's filter
 *                memfd] if has_network, then [control pipe's read end] if has_control: when its
 *                other end closes, attempts with die_with_server end, and if `temporary` the
 *                spawner removes the data directory
 *   <-- READY    what was found, or (code < 0) why the level that was asked for cannot be had;
 *                then the spawner ends.  ERR_UNAVAILABLE: another one may find more
 *   SPAWN   -->  fds: [spec memfd or file, attempt directory (+ the holder's directory if join)]
 *   <-- SPAWNED  `started` is published and the command has begun (or could not be executed: then
 *                the exit record says so).  pid as the spawner sees it; fds: [pidfd of init, a
 *                socket whose other end init closes when the exit record is written]
 *   <-- FAILED   it never began and `started` is not published by it; text says why.  ERR_EXISTS:
 *                the race for `started` is lost
 *   <-- ENDED    init is gone (only for those that this spawner started)
 *
 * Server and init (the socket `control` in the attempt's directory; any number of connections):
 *
 *   STATUS  -->  <-- STATE
 *   SIGNAL  -->  <-- DONE | REFUSED          to the command and its process group (or all)
 *   STOP    -->  <-- DONE                    SIGTERM now, SIGKILL after grace_us; may come again,
 *                                            the earlier end wins; grace 0 kills at once
 *   EXEC    -->  <-- STARTED (tty: fds [pty master]), later <-- EXITED;  or REFUSED
 *                fds without tty: [stdin, stdout, stderr].  The connection's end kills it.
 *   RESIZE  -->  <-- DONE | REFUSED          rows, cols of the command's pty (exec 0) or an exec's
 *   NAMESPACES --> <-- DONE, fds: [user, ipc, uts, mnt]  (asked of a holder, by the spawner)
 *
 * Requests carry a tag that the answer repeats.  Pure; any thread.
 */
#ifndef SANDBOX_BOXMSG_H
#define SANDBOX_BOXMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct buf;
struct err;

enum { BOXMSG_MAX_BYTES = 256 * 1024, BOXMSG_MAX_FDS = 8 };

enum boxmsg_type {
    BOXMSG_HELLO = 1,
    BOXMSG_READY,
    BOXMSG_SPAWN,
    BOXMSG_SPAWNED,
    BOXMSG_FAILED,
    BOXMSG_ENDED,
    BOXMSG_STATUS = 32,
    BOXMSG_STATE,
    BOXMSG_SIGNAL,
    BOXMSG_STOP,
    BOXMSG_EXEC,
    BOXMSG_STARTED,
    BOXMSG_EXITED,
    BOXMSG_RESIZE,
    BOXMSG_NAMESPACES,
    BOXMSG_DONE,
    BOXMSG_REFUSED,
};

/* One probed ability, for `sluice doctor`. */
struct probe_finding {
    const char *name; /* as in SLUICE_DENY */
    bool have;
    const char *text; /* what was found and what follows, a sentence */
};

struct boxmsg_hello {
    int level;                 /* enum level; LEVEL_BEST: the best that is to be had */
    const char *data_dir;      /* absolute; pods never see it */
    const char *const *shared; /* further directories of the host that every step sees, read-only */
    uint32_t id_base;          /* a range for probing, prepared at once; 0: none */
    const char *recall; /* a directory for what later ones may recall (probe_recall.h, keptetc.h) */
    bool has_filter, has_network, has_control;
    bool temporary; /* the data directory goes with the server */
};

struct boxmsg_ready {
    int code; /* 0, or an ERR_ code with text */
    const char *text;
    int level;
    struct probe_finding *findings;
    size_t findings_n;
    bool limits_memory, limits_pids, limits_cpu; /* cgroups are to be had */
};

struct boxmsg_spawn {
    bool join; /* the third descriptor is the directory of the holder to join */
};

struct boxmsg_spawned {
    int pid;
};

struct boxmsg_failed {
    int code;
    const char *text;
};

struct boxmsg_ended {
    int pid, status; /* as from waitpid */
};

enum box_state { BOX_STARTING, BOX_RUNNING, BOX_STOPPING, BOX_SAVING };

struct boxmsg_state {
    int state; /* enum box_state */
    const char *id;
    int64_t started_us, stop_us; /* stop_us: when SIGKILL is due; 0: no stop is pending */
    uint64_t cpu_us, memory_bytes, memory_peak;
    uint32_t execs;
};

struct boxmsg_signal {
    int signal;
    bool all; /* every process of the step, not only the command's group */
};

struct boxmsg_stop {
    int64_t grace_us;
};

struct boxmsg_exec {
    const char *const *argv, *const *env; /* env empty: the command's own */
    const char *cwd;                      /* NULL: the command's */
    bool tty;
    uint32_t rows, cols;
    int64_t timeout_us; /* 0: none; then SIGKILL */
};

struct boxmsg_started {
    uint32_t exec; /* its number, for RESIZE */
};

struct boxmsg_exited {
    uint32_t exec;
    int code; /* 128 + N for signal N; 126, 127: could not be executed */
    const char *text;
};

struct boxmsg_resize {
    uint32_t exec, rows, cols;
};

struct boxmsg {
    uint32_t type;
    uint64_t tag;
    union {
        struct boxmsg_hello hello;
        struct boxmsg_ready ready;
        struct boxmsg_spawn spawn;
        struct boxmsg_spawned spawned;
        struct boxmsg_failed failed; /* FAILED, REFUSED */
        struct boxmsg_ended ended;
        struct boxmsg_state state;
        struct boxmsg_signal signal;
        struct boxmsg_stop stop;
        struct boxmsg_exec exec;
        struct boxmsg_started started;
        struct boxmsg_exited exited;
        struct boxmsg_resize resize;
    };
};

/* Replaces what is in `to`.  ERR_TOOLARGE over BOXMSG_MAX_BYTES. */
int boxmsg_encode(const struct boxmsg *m, struct buf *to, struct err *e);
/* Text points into `bytes`, lists are in the arena.  ERR_BADREQUEST. */
int boxmsg_decode(struct str bytes, struct arena *a, struct boxmsg *ret, struct err *e);
/* "SPAWN", for messages. */
const char *boxmsg_name(uint32_t type);

#endif
