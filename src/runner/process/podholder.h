/*
 * podholder - the process that owns what the containers of one pod share.
 *
 * A pod with more than one container has a holder (BOX_HOLDER in sandbox/boxspec.h): an init
 * without a command that owns the user, IPC and UTS namespaces and /dev/shm, which each attempt
 * joins.  So what containers share outlives each of them.  To the spawner and to a restarted server
 * it is an attempt like any other: it is published exactly once, adopted over its socket, fenced if
 * it never began.  Its directory is DATA/holders/<uid>/<number>; the folder <uid> is the owner's to
 * remove when the pod is over.
 *
 *   ABSENT   -- podholder_start ------------------> STARTING
 *   ABSENT   -- podholder_adopt, one is recorded -> ADOPTING
 *   STARTING, ADOPTING -- it runs ----------------> HELD       (on_known)
 *   STARTING -- refused --------------------------> ABSENT     (on_failed)
 *   ADOPTING -- gone, or it never began ----------> ABSENT     (on_known)
 *   HELD     -- it is gone -----------------------> ABSENT     (on_lost)
 *   any      -- podholder_stop -------------------> ENDING
 *   ENDING   -- it is gone -----------------------> OVER       (on_over)
 *
 * When one is lost, attempts that have joined it go on with its namespaces, which live as long as
 * somebody is in them; those that start later need another.
 *
 * Loop thread; handlers are called from the loop.
 */
#ifndef RUNNER_PODHOLDER_H
#define RUNNER_PODHOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/level.h"

struct err;
struct loop;
struct podholder;
struct spawner;

struct podholder_handler {
    void (*on_known)(void *arg);
    void (*on_failed)(void *arg, int code, const char *text);
    void (*on_lost)(void *arg);
    void (*on_over)(void *arg);
};

struct podholder_spec {
    enum level level;
    uint32_t id_base;
    const char *hostname;
    bool die_with_server;
    uint64_t shm_bytes; /* of /dev/shm; 0: the usual size */
};

/* `uid` is the pod's.  Texts are copied. */
struct podholder *podholder_new(struct loop *l, const char *data_dir, const char *uid,
                                const struct podholder_handler *handler, void *arg);
/* No callback afterwards; a running one goes on.  NULL is fine. */
void podholder_free(struct podholder *h);

/* Starts one, unless one is there or on its way. */
void podholder_start(struct podholder *h, struct spawner *s, const struct podholder_spec *spec);
/* Asks the last recorded one what became of it.  False: none is recorded. */
bool podholder_adopt(struct podholder *h, bool same_boot);
/* Ends it; one that is not there is over at once (from the loop). */
void podholder_stop(struct podholder *h);
/* Its directory, to join; -1: there is none. */
int podholder_dir(const struct podholder *h);

#endif
