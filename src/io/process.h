/*
 * process - child programs, without forking.
 *
 * posix_spawn makes the child (the C library shares the address space until exec, so a large server
 * pays nothing for its size); a pidfd tells its end.  The child gets the descriptors it is given
 * and no others, default signal handlers and an empty signal mask.
 *
 * Loop thread only.  process_run() is for job threads: it blocks.
 */
#ifndef IO_PROCESS_H
#define IO_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

#include "io/loop.h"

struct buf;
struct err;
struct process;

struct process_spec {
    const char *path;        /* absolute; not looked up in PATH */
    const char *const *argv; /* NULL-terminated, with argv[0] */
    const char *const *env;  /* NULL-terminated; NULL: this process's own */
    const int *fds;          /* fds[i] becomes descriptor i of the child; -1: /dev/null */
    size_t fds_n;            /* 0..2 that are missing are /dev/null */
    bool own_group;          /* leads a process group (Ctrl-C on the terminal does not reach it) */
};

/* `status` as from waitpid. */
typedef void process_exit_fn(void *arg, int status);

/* NULL with *e filled if the program cannot be executed.  The specification is not kept. */
struct process *process_spawn(struct loop *l, const struct process_spec *spec,
                              process_exit_fn *on_exit, void *arg, struct err *e);
/* Nothing happens when it is dead already. */
void process_kill(struct process *p, int sig);
/* Waits for its end, blocking; for tearing down.  False if it still runs after the time-out.  The
 * exit function is not called. */
bool process_wait(struct process *p, int timeout_ms);
/* Forgets the child, which goes on if it is alive (and is reaped by nobody until this process
 * ends).  NULL is fine. */
void process_free(struct process *p);

/* Runs a program to its end with stdout and stderr together in *output (cut at its maximum); of
 * spec->fds those from 3 on count.  Blocks; for jobs and start-up.  The exit code (128 + N for
 * signal N), or an error if it could not be executed or took longer than timeout_ms (then it is
 * killed). */
int process_run(const struct process_spec *spec, int timeout_ms, struct buf *output, struct err *e);

#endif
