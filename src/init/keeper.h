/*
 * keeper - init of one attempt: pid 1 of its namespaces, or at level none its subreaper.
 *
 *   STARTING -- the command is ready, `started` is published --> RUNNING
 *   STARTING -- race lost, or anything failed before it --------> (gone, the spawner says why)
 *   RUNNING  -- stop, deadline, end of the control pipe --------> STOPPING  (SIGTERM, then SIGKILL)
 *   RUNNING, STOPPING -- the command has ended -----------------> SAVING    (kill the rest, save)
 *   SAVING   -- the exit record is written ---------------------> (gone)
 *
 * It outlives the server and decides nothing but what its specification says.  It is a security
 * boundary: non-dumpable, with capabilities that the command lacks, and the command gets none of
 * its descriptors; what it writes to was opened before it moved into the step's root.
 *
 * One thread.  This header is for the keeper's own files.
 */
#ifndef INIT_KEEPER_H
#define INIT_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"
#include "init/keeper_log.h"
#include "init/netcall.h"
#include "sandbox/boxgroup.h"
#include "sandbox/boxmsg.h"
#include "sandbox/boxspec.h"

struct err;

/* A program for the kernel's filter. */
struct keeper_filter {
    const void *program;
    uint16_t instructions; /* 0: none is installed */
};

struct keeper_exec {
    uint32_t number;
    pid_t pid;
    int connection; /* the asker's socket */
    int pty;        /* -1: none */
    uint64_t tag;
    int64_t kill_us; /* boot time; 0: no time-out */
    bool killed;
};

enum { KEEPER_MAX_LISTENERS = 64 };
enum { KEEPER_NO_START = 128 }; /* what Kubernetes makes of a container that cannot be started */

struct keeper {
    const struct boxspec *spec;
    struct keeper_filter filter;
    struct keeper_filter network; /* in its place, for a pod with an address */
    struct netcall_ground net;
    VEC(int) listeners; /* of network calls; one for each process that was forked here */
    struct boxgroup_slot group;
    enum box_state state;
    int dir;           /* the attempt's directory */
    int record;        /* room for the exit record */
    int outbox;        /* where outputs go */
    int listen;        /* the control socket */
    int server;        /* end of the control pipe; -1: none */
    int signals;       /* signalfd of SIGCHLD */
    int wall;          /* timerfd of the deadline; -1: none */
    int pty;           /* master of the command's pty; -1 */
    int namespaces[4]; /* a holder's: user, ipc, uts, mnt */
    bool alone;        /* pid 1: everything else in the pid namespace is the attempt's */
    bool other_ids;    /* the command may have others than this process */
    pid_t main;        /* 0: ended */
    int status;        /* of the command, as from waitpid */
    bool executed;
    char start_error[512];
    int start_code; /* 0; 126 or 127, when it could not be executed; KEEPER_NO_START */
    bool linked;    /* the links of the specification are made, and ours to remove */
    bool deadline_hit, stopped;
    int64_t started_us, ended_us;
    int64_t kill_us; /* boot time; 0: no SIGKILL is pending */
    struct keeper_log log;
    VEC(int) connections;
    VEC(struct keeper_exec) execs;
    uint32_t next_exec;
};

/* Opens log, result, outbox and control socket in k->dir.  Before the root changes. */
int keeper_open(struct keeper *k, struct err *e);
/* Starts the command exactly once and publishes `started`.  ERR_EXISTS: the race is lost. */
int keeper_start(struct keeper *k, struct err *e);
/* Until the attempt is over and its record is written. */
void keeper_run(struct keeper *k);

/* --- between the keeper's files --- */

/* A process of the step: forks, prepares the child like the specification says, and returns when
 * it is ready to execute; keeper_release() lets it.  stdio: what becomes 0, 1 and 2. */
struct keeper_child {
    pid_t pid;
    int sync;
};
struct keeper_program {
    const char *const *argv, *const *env;
    const char *cwd;
    int stdio[3];
    bool tty; /* stdio[0] is the pty's other end and becomes the controlling terminal */
};
int keeper_fork(struct keeper *k, const struct keeper_program *p, struct keeper_child *ret,
                struct err *e);
/* 0: it executes.  Else what a shell would exit with, or KEEPER_NO_START, and why in text. */
int keeper_release(struct keeper_child *c, char *text, size_t size);
/* A new pty: master and slave. */
int keeper_pty(int *master, int *slave, struct err *e);

void keeper_stop(struct keeper *k, int64_t grace_us);
void keeper_kill_all(const struct keeper *k, int sig);
/* Takes a connection, or a message of one; false: it has ended. */
void keeper_accept(struct keeper *k);
bool keeper_talk(struct keeper *k, int connection);
void keeper_hang_up(struct keeper *k, int connection);
/* Tells the asker; the exec is then forgotten. */
void keeper_exec_ended(struct keeper *k, pid_t pid, int status);
void keeper_exec_start(struct keeper *k, int connection, const struct boxmsg *m, int *fds,
                       size_t fds_n);
/* Outputs, record, links.  The command and its children are gone. */
void keeper_finish(struct keeper *k);

/* 128 + N for signal N. */
int keeper_exit_code(int status);
/* Starts the answer to a request. */
void keeper_answer(int connection, struct boxmsg *m, const int *fds, size_t fds_n);
void keeper_refuse(int connection, uint64_t tag, const struct err *why);

#endif
