/*
 * launch - one attempt, from the request to its init's own feet.
 *
 *   launch_start -- prepared, cloned, ids mapped --> BORN
 *   BORN -- report 0 ----------------> RUNNING   (SPAWNED)
 *   BORN -- report < 0, or it died --> (gone)    (FAILED)
 *   RUNNING -- init ends ------------> (gone)    (ENDED)
 *
 * The spawner's thread; it never waits for a child, except for the moment in which one that joins a
 * holder's namespaces says its pid.
 */
#ifndef INIT_LAUNCH_H
#define INIT_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "init/keeper.h"

struct boxgroup;
struct err;
struct hostroot;

/* What all launches share. */
struct launch_ground {
    struct hostroot *host; /* NULL: level none */
    struct boxgroup *groups;
    struct keeper_filter filter, network;
    bool remember; /* supervised calls may be interrupted */
    int server;    /* the control pipe's end; -1: none */
    int level;
    uint32_t own_ids; /* an ordinary user's, in its namespace; 0: root */
};

struct launch {
    uint64_t tag;
    pid_t pid;
    int pidfd, sync; /* sync -1: it has reported */
    int slot;        /* of the groups; -1: none */
};

/* spec: file or memfd; dir: the attempt's directory; holder: the directory of the holder to join,
 * or -1.  Borrows all three. */
int launch_start(struct launch_ground *g, int spec, int dir, int holder, struct launch *ret,
                 struct err *e);

#endif
