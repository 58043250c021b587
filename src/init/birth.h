/*
 * birth - from the spawner's child to an attempt's init.
 *
 * Runs in the new process, first with the spawner's file rights (to attach the root, which was made
 * ready outside), then as the step's root, and goes on as keeper.  What goes wrong before `started`
 * is published is told to the spawner over the sync socket, in words; afterwards nobody listens.
 */
#ifndef INIT_BIRTH_H
#define INIT_BIRTH_H

#include <stdbool.h>

#include "init/keeper.h"
#include "sandbox/boxgroup.h"

struct boxspec;
struct hostroot;
struct rootfs;

struct birth {
    const struct boxspec *spec;
    const struct hostroot *host; /* NULL: level none */
    struct rootfs *rootfs;       /* NULL: level none, or a holder */
    struct keeper_filter filter, network;
    bool remember; /* the kernel may interrupt supervised calls (netcall.h) */
    struct boxgroup_slot group;
    bool other_ids; /* the command may have other ids than its root */
    bool joined;    /* it stands in a copy of its pod's holder's namespaces */
    int sync;   /* to the spawner: a byte says that the ids are mapped; back goes a report.  Then
                 * the server has the other end, and this one closes when the record is written */
    int dir;    /* the attempt's directory */
    int server; /* end of the control pipe; -1: none */
};

/* What goes over the sync socket to the spawner. */
struct birth_report {
    int code; /* 0: `started` is published */
    char text[1024];
};

_Noreturn void birth(const struct birth *b);

#endif
