/*
 * run_stop - ending workflows before they are done.
 *
 *   RUNNING  -- interrupt: their objects are told to terminate ------> STOPPING
 *   STOPPING -- interrupt: every pod is killed ----------------------> STOPPING
 *   STOPPING -- a third one, or the end cannot be recorded ----------> given up (on_give_up)
 *
 * In order means SIGTERM and each pod's grace.  Both are messages; what follows is seen on the
 * objects.  A store that takes nothing, as on a full disk, can record no end: after RUN_STOP_LOOKS
 * seconds of that nobody waits for it any longer.  The loop's thread.
 */
#ifndef CLI_RUN_STOP_H
#define CLI_RUN_STOP_H

#include <stddef.h>
#include <stdio.h>

#include "io/timer.h"

struct core;
struct err;
struct loop;
struct objects;
struct turn;

enum { RUN_STOP_LOOKS = 3 };

struct run_stop {
    /* Borrowed; set before the first interrupt. */
    struct core *core;
    struct objects *objects;
    FILE *err;
    void (*on_give_up)(void *arg, const char *why);
    void *arg;

    int interrupts;
    struct timer look; /* whether the end can be recorded */
    int failed_looks;  /* in a row */
};

void run_stop_init(struct run_stop *s, struct loop *l);
void run_stop_done(struct run_stop *s);
/* The next step, for the workflows with these uids (copied). */
void run_stop_interrupt(struct run_stop *s, const char *const *uids, size_t n);
/* Ends every pod that is not over, without grace.  In a turn. */
int run_stop_pods(struct objects *os, struct turn *t, struct err *e);

#endif
