/*
 * language - what a workflow language supplies to the graph engine.
 *
 * The engine calls these functions within a turn and acts on what they fill in.
 * They may read the store through the turn and look at other nodes
 * (flow_look_child, flow_look_children), never change a node themselves.  None of them blocks. What
 * is wrong with a workflow is told by ending the node (phase Error, a message);
 * a negative result is the store's failure and ends the turn.
 *
 * Documents handed over in a struct are taken by the engine.
 */
#ifndef FLOW_LANGUAGE_H
#define FLOW_LANGUAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"

struct buf;
struct db;
struct flow;
struct flow_gone;
struct flow_lock_names;
struct json;
struct node_row;
struct object;
struct problems;

#define FLOW_KINDS(X) \
    X(FLOW_NOTHING, "nothing") /* final as soon as it is opened */ \
    X(FLOW_LEAF, "leaf")       /* ends with its Pod */ \
    X(FLOW_GROUP, "group")     /* children with dependencies between them */ \
    X(FLOW_LOOP, "loop")       /* many children alike, made when they may start */ \
    X(FLOW_RETRY, "retry")     /* one child after another, until one is good enough */ \
    X(FLOW_WAIT, "wait")       /* ends by time or by somebody's word */ \
    X(FLOW_QUEUED, "queued")   /* waits for its locks; holding them (FLOW_LOCKED), opened again */

#define FLOW_KIND_(id, name) id,
enum flow_kind { FLOW_KINDS(FLOW_KIND_) };

/* How a node ended, or was folded. */
struct flow_result {
    enum flow_phase phase; /* final */
    char *message;         /* owned; NULL: none */
    struct json_doc *outputs;
};

/* What a node becomes when its turn comes. */
struct flow_opening {
    enum flow_kind kind;
    struct flow_result result; /* of FLOW_NOTHING */
    const char *type;          /* the language's word for the node; a literal; NULL: not shown */
    char *template_of;         /* owned; what it is an instance of, or NULL */
    struct json_doc *spec;     /* replaces the node's, unless NULL */
    struct json_doc *inputs;
    struct json_doc *outputs; /* what the node remembers while it is open; NULL: nothing */
    int64_t total;            /* FLOW_LOOP: children; FLOW_GROUP: children, with `dependencies` */
    bool boundary;            /* children count against a limit of this node */
    bool counts;              /* this node counts against the limit of the boundary around it */
    int64_t limit;            /* of a boundary: children active at a time; 0: no limit */
    int64_t wake_us;    /* FLOW_WAIT: when it ends by itself, 0: never; others: its time-out */
    const char *reason; /* why it is not running yet; a literal or NULL */
    unsigned flags;     /* FLOW_HAS_HOOKS, FLOW_HEARS, FLOW_DAEMON */
};

/* A child about to be made. */
struct flow_child {
    char *key, *name; /* owned; the key is unique below the parent */
    struct json_doc *spec;
    unsigned flags; /* FLOW_HOOK */
};

/* What to do after an attempt of a FLOW_RETRY node. */
struct flow_again {
    bool again;
    int64_t at_us;             /* not before; 0: at once */
    char *message;             /* shown while it waits, or the final message */
    struct flow_result result; /* if not again */
};

/* When hooks are asked for. */
enum flow_moment { FLOW_AT_START, FLOW_AT_CHANGE, FLOW_AT_END };

struct flow_hooks {
    struct flow_child *at; /* owned array of children to make now */
    size_t n;
};

/* What is to be done with a run that is over, when its time has come. */
struct flow_expired {
    bool remove;      /* its object goes */
    int64_t again_us; /* else: when there is more to do; 0: never */
};

struct flow_language {
    const char *name; /* "argo"; stored with each run */
    const char *kind; /* of the objects it runs: "Workflow" */

    /* The literal for a stored type, "" for an unknown one. */
    const char *(*type_name)(struct str type);
    /* A run begins: reads the object, checks it, and makes run->mind, the language's memory of the
     * run.  *frozen is what never changes again; it is stored once.  Wrong workflows: ERR_INVALID
     * and the message to show. */
    int (*begin)(struct turn *t, struct flow_run *run, const struct object *o,
                 struct json_doc **frozen, struct err *e);
    /* The same after a restart, from what begin() froze (taken) and save() saved last. */
    int (*resume)(struct turn *t, struct flow_run *run, struct json_doc *frozen,
                  const struct json *state, struct err *e);
    /* What changes while the run goes on; small. */
    struct json_doc *(*save)(struct flow_run *run);
    void (*forget)(struct flow_run *run);

    /* The entry node. */
    int (*root)(struct turn *t, struct flow_run *run, struct flow_child *c, struct err *e);
    int (*open)(struct turn *t, struct flow_node *n, struct flow_opening *o, struct err *e);
    /* The locks of a FLOW_QUEUED node, or (n NULL) of the run; they follow from what is stored, so
     * that a restart gets the same.  ERR_INVALID: the workflow's fault. */
    int (*locks)(struct turn *t, struct flow_run *run, struct flow_node *n,
                 struct flow_lock_names *names, struct err *e);
    /* How many may hold the lock of that name. */
    int (*lock_limit)(struct turn *t, struct flow_run *run, struct str name, int64_t *ret,
                      struct err *e);
    /* Whose children wait for whom: calls flow_depend(n, child, on) for each pair. */
    int (*depend)(struct turn *t, struct flow_node *group, struct err *e);
    int (*child)(struct turn *t, struct flow_node *parent, int64_t index, struct flow_child *c,
                 struct err *e);
    /* The Pod of a leaf, a manifest without uid.  A workflow at fault: ERR_INVALID.  *ret stays
     * NULL for a leaf that has no Pod: then tend() does its work. */
    int (*pod)(struct turn *t, struct flow_node *leaf, struct json_doc **ret, struct err *e);
    /* A leaf without a Pod does its work, in this turn, or looks whether what it waits for has
     * come. While r->phase is not final it is asked again at *again_us, r->outputs is what the node
     * remembers until then (n->outputs), and r->message says what it waits for.  ERR_FULL: asked
     * again when there is room. */
    int (*tend)(struct turn *t, struct flow_node *leaf, struct flow_result *r, int64_t *again_us,
                struct err *e);
    /* The Pod of a daemon is ready: *ret is what those behind it may know of it until it ends. */
    int (*serves)(struct turn *t, struct flow_node *leaf, const struct object *pod,
                  struct json_doc **ret, struct err *e);
    /* The Pod of a leaf ended. */
    int (*collect)(struct turn *t, struct flow_node *leaf, const struct object *pod,
                   struct flow_result *r, struct err *e);
    /* A node ended; its phase and outputs stand.  Hooks have not been asked yet. */
    int (*ended)(struct turn *t, struct flow_node *n, struct err *e);
    /* A child ended: true closes its parent to children that are not open yet. */
    bool (*closes)(struct flow_node *parent, const struct flow_node *child);
    /* All children of a group or loop ended. */
    int (*fold)(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e);
    int (*again)(struct turn *t, struct flow_node *retry, const struct flow_node *last,
                 struct flow_again *a, struct err *e);
    /* A FLOW_WAIT node's time is over. */
    int (*elapsed)(struct turn *t, struct flow_node *n, struct flow_result *r, struct err *e);
    /* Something happened to a node or (n NULL) to the run: what else is to be run now. */
    int (*hooks)(struct turn *t, struct flow_run *run, struct flow_node *n, enum flow_moment when,
                 struct flow_hooks *h, struct err *e);
    /* The run's phase, message or counts changed: the whole object with its new status and
     * labels. */
    int (*publish)(struct turn *t, struct flow_run *run, const struct object *now,
                   struct json_doc **ret, struct err *e);
    /* The same for an object of which no run could begin. */
    int (*refuse)(struct turn *t, const struct object *now, const struct err *why,
                  struct json_doc **ret, struct err *e);
    /* The object as who looks at it alone sees it: with what only rows hold.  NULL: nothing more.
     */
    int (*compose)(struct db *db, const struct object *o, struct json_doc **ret, struct err *e);
    /* The same as text, in pieces.  What a client asks for that writes a whole object as compose()
     * showed it, and doing it:
     * api/objects.h, struct objects_composer. */
    void *(*compose_begin)(const struct object *o);
    int (*compose_step)(void *composing, struct db *db, struct buf *to, struct err *e);
    void (*compose_end)(void *composing);
    int (*plan_write)(struct flow *f, struct turn *t, const struct object *live,
                      const struct json *sent, void **ret, struct problems *ps, struct err *e);
    int (*act)(struct flow *f, struct turn *t, const struct object *now, void *plan, struct err *e);
    /* The entry node ended: run->result is set from it. */
    void (*exiting)(struct turn *t, struct flow_run *run, const struct flow_node *root);
    /* A hook ended: one of the run itself (an exit handler) may change run->result, one of a node
     * (hook->parent) that node's phase and message, since it is not released yet. */
    void (*hook_ended)(struct flow_run *run, const struct flow_node *hook);
    /* The run took longer than it may. */
    int (*overdue)(struct turn *t, struct flow_run *run, struct err *e);
    /* The run goes on after its end: what end() took away is made again. */
    int (*reopen)(struct turn *t, struct flow_run *run, struct err *e);
    /* The object of a run that ended is gone: throws away what this node (a row) made and nobody
     * else may want. */
    int (*discard)(struct turn *t, const struct flow_gone *run, const struct node_row *node,
                   struct err *e);
    /* run->expires_us of a run that is over has come. */
    int (*expired)(struct flow *f, struct turn *t, const struct object *o,
                   const struct json *frozen, struct flow_expired *x, struct err *e);
    /* Everything of the run ended: cleans up what it made, and sets run->expires_us.  The phase is
     * in run->result. */
    int (*end)(struct turn *t, struct flow_run *run, struct err *e);
};

#endif
