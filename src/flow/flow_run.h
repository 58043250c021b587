/*
 * flow_run - one execution of a workflow, and the engine's memory of it.
 *
 *   WAITING -- all locks that it needs are held --> BEGUN
 *   BEGUN   -- the entry node is released --> EXITING (exit handlers run)
 *   EXITING -- no node is open            --> OVER: the object gets its final status
 *
 * A run that is not over is in memory: its nodes that are not released, and what
 * the language made of the object.  Core thread only; files of flow/ only.
 */
#ifndef FLOW_FLOW_RUN_H
#define FLOW_FLOW_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "core/core_timer.h"
#include "flow/flow_node.h"

struct flow;
struct json;
struct node_row;
struct object;

/* Stored as numbers. */
enum flow_run_state { FLOW_RUN_BEGUN, FLOW_RUN_EXITING, FLOW_RUN_OVER, FLOW_RUN_WAITING };

/* How a run is asked to end early. */
enum flow_shutdown {
    FLOW_NO_SHUTDOWN,
    FLOW_OVERDUE,  /* its time is over; exit handlers run */
    FLOW_STOP,     /* exit handlers run */
    FLOW_TERMINATE /* they do not */
};

struct flow_run {
    struct flow *flow;
    const struct flow_language *language;
    void *mind; /* the language's memory of this run */
    int64_t number;
    char *uid, *name, *namespace; /* of the object */
    enum flow_run_state state;
    enum flow_shutdown shutdown;
    bool suspended;
    bool hears;                /* its own hooks may wait for changes of any node */
    struct flow_result result; /* phase Running until the run is over */
    int64_t started_us, ended_us;
    int64_t expires_us;            /* the language's, at its end: when the object goes; 0: never */
    int64_t deadline_us;           /* wall time; 0: none */
    int64_t pods_total, pods_done; /* progress */
    int64_t last_id;
    int64_t priority;         /* the language's; higher goes before */
    bool needs_locks;         /* the language's: asked for them before it begins */
    bool locked;              /* holds them */
    struct flow_claim *claim; /* of the run itself; NULL: none */

    struct map nodes;      /* id -> node, those in memory */
    struct map by_place;   /* "<parent id>/<key>" -> node, the same nodes */
    struct list work;      /* nodes with children to open */
    struct list dirty;     /* nodes whose row is behind */
    struct list released;  /* nodes about to leave memory */
    struct flow_gate pods; /* parallelism of the whole run */
    int64_t pods_waiting;  /* created, not started */
    struct list crowd;     /* nodes that hold back until pods_waiting falls */
    int64_t open;          /* nodes contained in the run itself that are not released */
    struct core_timer deadline;
    struct core_timer publish_timer;
    int64_t published_us;
    struct list link;                          /* on flow->runs */
    struct json_doc *revived, *revived_frozen; /* what was stored, while a restart reads it */
    bool row_dirty;
    bool renewed; /* nodes changed since the last publication */
    bool gone;    /* so is the object */
};

/* The run of that object, unless it is over; NULL: none. */
struct flow_run *flow_run_of(const struct flow *f, struct str uid);
/* A run of this object, known to the engine; nothing is stored yet. */
struct flow_run *flow_run_new(struct flow *f, const struct flow_language *language, struct str uid,
                              struct str ns, struct str name);
void flow_run_free(struct flow_run *run);
/* Nodes that were released and written leave memory. */
void flow_run_sweep(struct flow_run *run);

/* The run's row is behind. */
void flow_run_touch(struct flow_run *run);
/* There is work for the pump. */
void flow_run_queue(struct flow_run *run);
/* The object's status is behind: published within a second, or later if the run is large. */
void flow_run_changed(struct flow_run *run);
/* The same for what a node's row says. */
void flow_run_renewed(struct flow_run *run);

/* Registers a node under its place; takes `key`. */
void flow_run_place(struct flow_node *n, char *key);
void flow_run_drop(struct flow_node *n);
/* A node in memory by its place, or NULL. */
struct flow_node *flow_run_find(const struct flow_run *run, int64_t parent, struct str key);

/* The entry node of a run that has begun, unless it is open already or the run is suspended. */
int flow_run_enter(struct turn *t, struct flow_run *run, struct err *e);
/* Its locks, and when it holds them (or needs none) flow_run_begin(): the entry node. */
int flow_run_begin(struct turn *t, struct flow_run *run, struct err *e);
int flow_run_start(struct turn *t, struct flow_run *run, struct err *e);
/* One that has asked for its locks: begins, or says what it waits for. */
int flow_run_wait(struct turn *t, struct flow_run *run, struct err *e);
/* Only the exit handlers of a run that was over run again; `root` is how its entry node ended. */
int flow_run_exit_again(struct turn *t, struct flow_run *run, const struct flow_node *root,
                        struct err *e);
/* Gives up what it and its nodes hold or wait for. */
void flow_run_release_locks(struct turn *t, struct flow_run *run);
/* A node contained in the run itself is released. */
int flow_run_released(struct turn *t, struct flow_run *run, struct flow_node *n, struct err *e);
/* The object asks for an early end.  Asking again for less does nothing. */
int flow_run_shut_down(struct turn *t, struct flow_run *run, enum flow_shutdown how,
                       const char *message, struct err *e);
/* Holds new nodes back, or lets them go on. */
void flow_run_suspend(struct flow_run *run, bool suspended);

/* After a restart, in this order: the run from its row, its nodes, their plans, counts, timers. */
struct flow_run *flow_run_revive(struct flow *f, int64_t number, struct str uid,
                                 struct str language, const struct json *state);
void flow_run_adopt_node(struct flow_run *run, struct flow_node *n);
int flow_run_plan_again(struct turn *t, struct flow_node *n, struct err *e);
void flow_run_count_child(struct flow_node *parent, const struct node_row *child);
int flow_run_go_on(struct turn *t, struct flow_run *run, struct err *e);

#endif
