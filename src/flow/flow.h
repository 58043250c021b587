/*
 * flow - the graph engine.
 *
 * Workflows are trees of nodes.  The engine owns what all workflow languages
 * share: when a node may open, loops, retries and their pauses, limits on
 * parallelism, time-outs, hooks, cancellation, persistence, and going on after a
 * crash.  What a node *means* is a language's business (struct flow_language):
 * it says what a node becomes when its turn comes, makes the Pod of a leaf, reads
 * what the Pod left, and folds children into a result.
 *
 * A leaf acts through a Pod object; the engine never starts a process and never
 * talks to the runner.  It wakes when a Pod changes, a timer fires, or its own
 * queue has work, and does a bounded piece in each turn.  Rows are written with
 * the turn's transaction, so what a Pod was created for is on disk before it
 * starts.
 *
 * Core thread only.  A wrong workflow never fails an engine function: it ends a
 * node with phase Error and a message.  Errors that functions return are the
 * store's.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct controllers;
struct core;
struct err;
struct flow;
struct flow_language;
struct flow_node;
struct flow_run;
struct json;
struct json_doc;
struct objects;
struct requester;
struct turn;

#define FLOW_PHASES(X) \
    X(FLOW_PENDING, "Pending") \
    X(FLOW_RUNNING, "Running") \
    X(FLOW_SUCCEEDED, "Succeeded") \
    X(FLOW_FAILED, "Failed") \
    X(FLOW_ERROR, "Error") \
    X(FLOW_SKIPPED, "Skipped") \
    X(FLOW_OMITTED, "Omitted")

#define FLOW_PHASE_(id, name) id,
enum flow_phase { FLOW_PHASES(FLOW_PHASE_) FLOW_PHASE_COUNT };

const char *flow_phase_name(enum flow_phase phase);
/* Succeeded, Failed, Error, Skipped or Omitted. */
bool flow_phase_is_final(enum flow_phase phase);
/* Failed or Error. */
bool flow_phase_is_bad(enum flow_phase phase);

struct flow_options {
    const struct flow_language *const *languages; /* ends with NULL */
    /* The folder of the artifact store for what names no key of its own; may have tags.  NULL:
     * FLOW_ARTIFACT_KEY. */
    const char *artifact_key;
    /* A Workflow: what of its labels, annotations and spec an object of that kind does not say
     * itself counts for it.  NULL: nothing. */
    const struct json *workflow_defaults;
    /* Makes the requests of leaves; NULL: there are none to be had. */
    struct requester *requester;
    bool expires; /* objects of runs that are over go when the language says */
};

#define FLOW_ARTIFACT_KEY "{{workflow.name}}/{{pod.name}}"

/* Attaches the engine to a core: its rows, timers, and watches.  What the options point to is
 * borrowed for its life. */
struct flow *flow_new(struct core *core, struct controllers *controllers, struct objects *objects,
                      const struct flow_options *options);
void flow_free(struct flow *f);
/* The requester has an answer under that name. */
void flow_answered(struct flow *f, const char *name);

/* The limits that keep a large run small in memory. */
enum {
    FLOW_NODES_PER_TURN = 50, /* opened at once: some 3 ms of a turn */
    FLOW_PODS_WAITING = 256,  /* of a run, created but not started: then loops hold back */
};

#endif
