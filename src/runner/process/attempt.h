/*
 * attempt - one run of one container, seen from the server.
 *
 *   NEW      -- attempt_spawn ----------------> SPAWNING
 *   NEW      -- attempt_adopt: exit record ---> ENDED       (on_end)
 *   NEW      -- attempt_adopt: init answers --> RUNNING     (on_started)
 *   NEW      -- attempt_adopt: never started -> FENCED      (on_fenced)
 *   NEW      -- attempt_adopt: neither -------> ENDED       (on_end with NULL: lost)
 *   SPAWNING -- spawned ----------------------> RUNNING     (on_started)
 *   SPAWNING -- spawner died, or race lost ---> as attempt_adopt
 *   SPAWNING -- refused ----------------------> FAILED      (on_failed)
 *   RUNNING  -- init is gone -----------------> ENDED       (on_end)
 *
 * Each of the four callbacks is called from the loop, never from inside a call; ENDED, FENCED and
 * FAILED are final.  An attempt that is asked to stop while it is being spawned is stopped as soon
 * as it runs.  Loop thread.
 */
#ifndef RUNNER_ATTEMPT_H
#define RUNNER_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct attempt;
struct box_exit;
struct err;
struct loop;
struct spawner;

struct attempt_handler {
    void (*on_started)(void *arg, int64_t at_us);
    /* `exit` is borrowed; NULL: there is no record. */
    void (*on_end)(void *arg, const struct box_exit *exit);
    void (*on_fenced)(void *arg);
    /* ERR_UNSUPPORTED: there is no sandbox to be had at all. */
    void (*on_failed)(void *arg, int code, const char *text);
};

/* Takes dir_fd, the attempt's directory.  `id` is copied. */
struct attempt *attempt_new(struct loop *l, int dir_fd, const char *id,
                            const struct attempt_handler *handler, void *arg);
/* No callback afterwards; what runs goes on.  NULL is fine. */
void attempt_free(struct attempt *a);

/* `join_fd`: the directory of the holder whose namespaces it joins, or -1.  Both are borrowed. */
void attempt_spawn(struct attempt *a, struct spawner *s, int spec_fd, int join_fd);
/* `same_boot`: the machine has not been restarted since the intent was recorded. */
void attempt_adopt(struct attempt *a, bool same_boot);

/* SIGTERM now, SIGKILL after grace_us (init sees to it); the earlier end wins. */
void attempt_stop(struct attempt *a, int64_t grace_us);
int attempt_signal(struct attempt *a, int sig, struct err *e);
int attempt_dir(const struct attempt *a);
bool attempt_is_running(const struct attempt *a);

/* A command inside the container; one connection of its own each. */
struct attempt_exec;
struct attempt_exec_handler {
    void (*on_output)(void *arg, int stream, struct str bytes); /* stream 1 or 2 */
    void (*on_end)(void *arg, int code, const char *error);     /* the last call */
    void (*on_input)(void *arg); /* there is room for input again; NULL: none is sent */
};
struct attempt_exec_spec {
    const char *const *argv;
    int64_t timeout_us; /* 0: none */
    bool input;         /* stdin is what attempt_exec_input() sends; else it is empty */
    bool tty;           /* stdin and stdout are a terminal, and stderr is stdout */
};
/* `dir_fd` is the attempt's directory.  NULL with *e filled if the container does not run.  Works
 * on any loop: nothing of the runtime is asked. */
struct attempt_exec *attempt_exec_open(struct loop *l, int dir_fd,
                                       const struct attempt_exec_spec *spec,
                                       const struct attempt_exec_handler *handler, void *arg,
                                       struct err *e);
/* False: some of it waits, and on_input() will be called. */
bool attempt_exec_input(struct attempt_exec *x, struct str bytes);
/* After what was sent, stdin is at its end. */
void attempt_exec_end_input(struct attempt_exec *x);
void attempt_exec_resize(struct attempt_exec *x, unsigned rows, unsigned cols);
/* Output is left where it is while held. */
void attempt_exec_hold(struct attempt_exec *x, bool hold);
/* Kills it; no callback afterwards. */
void attempt_exec_free(struct attempt_exec *x);

#endif
