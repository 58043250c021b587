/*
 * flow_node - one invocation within a run.
 *
 *   (no row)  -- its dependencies are met, a gate is free: flow_pump_open --> OPEN or ENDED
 *   OPEN      -- needs locks: FLOW_QUEUED until it holds them, then opened again
 *             -- leaf: Pod made                                          --> OPEN, phase Pending
 *             -- leaf: Pod runs                                          --> OPEN, phase Running
 *             -- Pod ended, children ended, time over: flow_end          --> ENDED
 *   ENDED     -- its hooks ended (or it has none)                        --> RELEASED
 *   RELEASED  -- written with the turn                                   --> leaves memory
 *
 * A child exists only once it may start: what it waits for is counted in its
 * parent, by index.  So an event touches the node, those who depend on it, and
 * its ancestors.  Counts are not stored; a restart counts the children's rows.
 *
 * A gate limits how many nodes are active at a time: a boundary's children, or a
 * run's pods.  A parent that finds a gate shut waits in the gate's line and is
 * woken when one place becomes free.
 *
 * Core thread only; files of flow/ only.
 */
#ifndef FLOW_FLOW_NODE_H
#define FLOW_FLOW_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/core_timer.h"
#include "flow/flow.h"
#include "flow/language.h"
#include "store/node_rows.h"

struct flow_claim;
struct object;

enum flow_state { FLOW_OPEN, FLOW_ENDED, FLOW_RELEASED };

enum {
    FLOW_HOOK = 1,        /* runs beside the graph: its result does not count for the parent */
    FLOW_COUNTS = 2,      /* holds a place in the gate of its boundary */
    FLOW_BOUNDARY = 4,    /* has a gate for the nodes below, down to the next boundary */
    FLOW_CLOSED = 8,      /* opens no more children */
    FLOW_STOPPED = 16,    /* was told to end */
    FLOW_HAS_HOOKS = 32,  /* has hooks of its own: asked when it starts and ends */
    FLOW_HEARS = 64,      /* its hooks may wait for changes of the nodes below */
    FLOW_RENAMED = 128,   /* the name of its Pod was taken: the language gives another */
    FLOW_LOCKED = 256,    /* holds its locks */
    FLOW_DAEMON = 512,    /* a leaf that serves others: flow_daemon.h */
    FLOW_PASSED = 1024,   /* those that depend on it went on, though it has not ended */
    FLOW_DISMISSED = 2048 /* a daemon that nobody needs any more: told to end, which is well */
};

struct flow_gate {
    int64_t limit; /* 0: none */
    int64_t active;
    struct list line; /* nodes that wait for a place, by their wait_link */
};

struct flow_node {
    struct flow_run *run;
    struct flow_node *parent;   /* NULL: contained in the run itself */
    struct flow_node *boundary; /* the nearest node around it that has FLOW_BOUNDARY, or NULL */
    int64_t id, index;
    int64_t parent_id; /* 0: none; known even while parent and child leave memory together */
    enum flow_kind kind;
    enum flow_state state;
    enum flow_phase phase;
    unsigned flags;
    char *key, *name, *template_of, *message, *reason;
    const char *type; /* a literal of the language's; "" when the node is not shown */
    char *pod;        /* uid of the Pod */
    int64_t queued_us, ready_us, started_us, ended_us, saved_us, wake_us;
    int64_t cpu_us, memory_peak_bytes;
    struct json_doc *spec, *inputs, *outputs;

    int64_t total;      /* children there will be (FLOW_LOOP, FLOW_GROUP) */
    int64_t next;       /* FLOW_LOOP: the next index to open; FLOW_RETRY: attempts made */
    VEC(int64_t) holes; /* FLOW_LOOP: below `next`, to be opened again (a retried run) */
    int64_t open;       /* children that are not released, hooks included */
    int64_t hooks;      /* of them, hooks */
    int64_t daemons;    /* of them, such that have FLOW_PASSED */
    int64_t left;       /* FLOW_GROUP: children not released yet, opened or not */
    int64_t counts[FLOW_PHASE_COUNT]; /* released children by phase, without hooks */
    struct flow_plan *plan;           /* FLOW_GROUP */
    struct flow_gate gate;            /* FLOW_BOUNDARY */

    void *memo;               /* the language's own, made with malloc; freed with the node */
    struct flow_claim *claim; /* its locks, held or waited for; NULL: it needs none */
    struct core_timer timer;  /* wake_us */
    struct list work_link;    /* on run->work: has children to open */
    struct list wait_link;    /* on a gate's line */
    struct list dirty_link;   /* on run->dirty: row to be written */
    bool stored;              /* has a row */
    bool pod_waits;           /* counted in run->pods_waiting */
    bool pod_active;          /* counted in run->pods.active */
};

struct flow_edge {
    uint32_t on, child;
};

/* Who waits for whom among the children of a group. */
struct flow_plan {
    uint32_t *unmet; /* by child: dependencies that are not released */
    uint32_t *first; /* by child: where its dependants begin in `dependants` */
    uint32_t *dependants;
    VEC(struct flow_edge) edges; /* while it is being made */
    VEC(uint32_t) ready;         /* children that may open, in order */
    size_t ready_at;             /* the first of `ready` that has not been opened */
    uint8_t *opened;             /* by child */
};

/* Said by a language's depend(): child `child` waits for child `on`. */
void flow_depend(struct flow_node *group, int64_t child, int64_t on);
/* The child will never be opened: it does not belong to this run of the group. */
void flow_leave_out(struct flow_node *group, int64_t child);

/* Another node as a language sees it, live or from its row. */
struct flow_look {
    int64_t id, index;
    enum flow_kind kind;
    enum flow_state state;
    enum flow_phase phase;
    unsigned flags;
    char *name, *type, *message;
    int64_t started_us, ended_us;
    struct json_doc *inputs, *outputs;
};

/* The child of `parent` (NULL: of the run) with that key.  ERR_NOTFOUND if it was never opened.
 * The caller ends with flow_look_done(). */
int flow_look_child(struct turn *t, struct flow_run *run, int64_t parent, struct str key,
                    struct flow_look *ret, struct err *e);
void flow_look_done(struct flow_look *l);
/* All children of a node in the order of their index; `fn` borrows. */
typedef int flow_look_fn(void *arg, const struct flow_look *l, struct err *e);
int flow_look_children(struct turn *t, struct flow_run *run, int64_t parent, flow_look_fn *fn,
                       void *arg, struct err *e);

/* The rows of all nodes that ended Failed or Error, in the order of their ids; what this turn has
 * changed is written first. */
int flow_look_bad(struct turn *t, struct flow_run *run, node_row_fn *fn, void *arg, struct err *e);

/* A node with its place in the tree, in run->nodes; nothing else is set, no row is written. */
struct flow_node *flow_node_new(struct flow_run *run, struct flow_node *parent, int64_t id);
/* Takes it out of everything.  Its children must be gone. */
void flow_node_free(struct flow_node *n);
/* The row is behind: it is written at the end of the turn. */
void flow_node_touch(struct flow_node *n);
/* Sets the message; NULL: none. */
void flow_node_say(struct flow_node *n, const char *message);
/* Sets why the node is not final; NULL: it is. */
void flow_node_explain(struct flow_node *n, const char *reason);

bool flow_node_is_hook(const struct flow_node *n);
/* There is a child to open, gates aside. */
bool flow_node_has_more(const struct flow_node *n);
/* A group or loop that opens no more children: it is closed, or has opened (and passed) all. */
bool flow_node_is_done(const struct flow_node *n);
/* A group or loop all of whose children ended: time to fold. */
bool flow_node_is_complete(const struct flow_node *n);

/* Frees what a language filled in and nobody took. */
void flow_result_done(struct flow_result *r);
void flow_opening_done(struct flow_opening *o);
void flow_child_done(struct flow_child *c);

#endif
