/*
 * spawner - the child that makes namespaces, and what is asked of it.
 *
 *   STARTING -- READY -----------------> READY      requests are sent as they come
 *   STARTING -- READY with an error ---> REFUSED    every request fails with its text
 *   STARTING, READY -- it dies --------> DEAD       requests that were sent are answered with
 *                                                   ERR_UNAVAILABLE: nobody knows what came of them
 *   DEAD     -- a pause, then spawn ---> STARTING
 *
 * Pods do not notice its death.  It ends by itself when its socket closes.  With a temporary data
 * directory it lives on until this process has ended, however it ends, and removes the directory.
 * Loop thread.
 */
#ifndef RUNNER_SPAWNER_H
#define RUNNER_SPAWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/boxmsg.h"
#include "sandbox/level.h"

struct err;
struct loop;
struct spawner;

struct spawner_config {
    const char *init_path;     /* of sluice-init, absolute */
    const char *data_dir;      /* absolute */
    enum level level;          /* LEVEL_BEST: the best that is to be had */
    const char *const *shared; /* NULL-terminated, or NULL */
    uint32_t id_base;          /* for probing; 0: none */
    const char *recall;        /* a directory for what later ones may recall, or NULL */
    bool die_with_server;      /* attempts end with this process */
    bool temporary;            /* with die_with_server: so does the data directory */
};

/* The spawner is ready (again), or refuses for good (ready->code < 0).  Borrowed for the call. */
typedef void spawner_ready_fn(void *arg, const struct boxmsg_ready *ready);

/* Configuration texts are copied.  Starts the child at once. */
struct spawner *spawner_new(struct loop *l, const struct spawner_config *config,
                            spawner_ready_fn *on_ready, void *arg, struct err *e);
/* No callback afterwards.  Attempts go on (unless die_with_server).  NULL is fine. */
void spawner_free(struct spawner *s);
/* Before spawner_free(), which then waits for nothing.  True: the spawner removes the temporary
 * data directory.  False: there is none that could. */
bool spawner_leave(struct spawner *s);

struct spawn_result {
    int code;         /* 0: the command has begun; else an ERR_ code, with text */
    const char *text; /* NULL when code is 0 */
    int pid;
    int pidfd; /* of init; the receiver's if it sets this to -1 */
    int life;  /* readable when init has written its exit record, or is gone; the same */
};
typedef void spawn_fn(void *arg, struct spawn_result *result);

/* Sends or queues the request.  `join_fd`: the directory of the holder to join, or -1.  The
 * descriptors are duplicated.  `done` is called once, from the loop, unless cancelled. */
struct spawn_request *spawner_spawn(struct spawner *s, int spec_fd, int dir_fd, int join_fd,
                                    spawn_fn *done, void *arg);
/* `done` is not called any more; what was sent may still happen. */
void spawn_cancel(struct spawn_request *r);

#endif
