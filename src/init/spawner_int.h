/*
 * The spawner's state, and what its two files need of each other: spawner_hello.c begins with the
 * first message, spawner_main.c serves the others.
 */
#ifndef INIT_SPAWNER_INT_H
#define INIT_SPAWNER_INT_H

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"
#include "init/launch.h"
#include "sandbox/boxmsg.h"
#include "sandbox/hostroot.h"
#include "sandbox/probe.h"

enum { SPAWNER_SERVER = 3 }; /* the descriptor of its socket */

struct spawner {
    struct launch_ground ground;
    struct hostroot host;
    struct probe probe;
    char *temporary; /* the data directory, if it goes with the server */
    char *recall;    /* the directory for what later spawners may recall, or NULL */
    char *recalled;  /* in it, the file of probe_recall.h */
    char *probed;    /* the data directory, while what was tried in it is still there */
    int signals;
    VEC(struct launch) launches;
};

/* Answers; whether there still is a server, it finds out when it asks for more. */
void spawner_tell(const struct boxmsg *m, const int *fds, size_t n);
/* Takes the first message and gets everything ready.  Negative: it has been told why not. */
int spawner_hello(struct spawner *s);
/* Removes what was tried. */
void spawner_tidy(struct spawner *s);
/* Whether what was recalled still holds, the next spawner finds out. */
void spawner_doubt(const struct spawner *s);

#endif
