/*
 * flow_lock - named locks that runs and nodes must hold while they are open: mutexes, semaphores.
 *
 *   (no claim) -- flow_lock_ask --> HELD      (all its locks have a place, nobody waits before it)
 *                              \--> WAITING   (in the line of each of its locks)
 *   WAITING    -- a place falls free, or a limit rises --> HELD
 *   any        -- flow_lock_release --> (no claim)
 *
 * A claim gets all of its locks together or none.  Each lock has one line: higher priority first,
 * then the older run, then the older node; whoever is not first in all of its lines waits, so that
 * one who needs many locks is not passed for ever by those who need few.  The order is the same in
 * all lines, so the first of all waiters is first in each of its own and nobody waits in a circle.
 *
 * Nothing of this is stored but who holds: a flag of the node's row, a field of the run's.  Lines
 * are made again after a restart, from those who are open and do not hold; so a wake-up cannot be
 * lost.  A node that was granted its locks goes on the pump's list, a run is woken.
 *
 * Core thread; files of flow/ only.
 */
#ifndef FLOW_FLOW_LOCK_H
#define FLOW_FLOW_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "base/vec.h"

struct err;
struct flow;
struct flow_claim;
struct flow_node;
struct flow_run;
struct turn;

struct flow_lock {
    struct flow *flow;
    struct list link; /* flow->locks, in the order of their making */
    char *name;
    VEC(struct flow_claim *) holders;
    VEC(struct flow_claim *) line;
};

struct flow_claim {
    struct flow_run *run;
    struct flow_node *node; /* NULL: the run's own */
    VEC(struct flow_lock *) locks;
    bool held;
};

/* What a language says is needed: names, owned. */
struct flow_lock_names {
    VEC(char *) at;
};

/* Claims what the language says of n (NULL: of the run), and holds it at once if it can be had:
 * n->flags has FLOW_LOCKED then, or run->locked is set.  ERR_INVALID: the locks cannot be
 * understood. */
int flow_lock_ask(struct turn *t, struct flow_run *run, struct flow_node *n, struct err *e);
/* After a restart, when all runs and nodes are in memory. */
int flow_lock_restore(struct turn *t, struct flow *f, struct err *e);
/* Gives up what n (NULL: the run) holds or waits for; those next in line get it. */
void flow_lock_release(struct turn *t, struct flow_run *run, struct flow_node *n);
/* The same without a word to those in line: everything is being forgotten. */
void flow_lock_forget(struct flow_claim *claim);
/* A limit may have changed. */
void flow_lock_look_again(struct turn *t, struct flow *f);

/* "Waiting for NAME lock. Lock status: 0/1", as a waiting node's message; owned by the caller. */
char *flow_lock_message(struct turn *t, const struct flow_claim *claim);
/* NAME of such a message; STR_NULL if it is none. */
struct str flow_lock_of_message(struct str message);

#endif
