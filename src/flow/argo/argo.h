/*
 * argo - Argo Workflows as a language of the graph engine.
 *
 * The language table (argo.c) leads to one file per question the engine asks:
 *
 *   argo_begin    what a Workflow object means: templates, arguments, globals
 *   argo_open     what a node becomes: skipped, a leaf, a group, a loop, a retry
 *   argo_child    names and places of children; who waits for whom
 *   argo_input    a template's inputs from a call's arguments
 *   argo_loop     withItems, withParam, withSequence
 *   argo_pod      the Pod of a leaf; argo_resource what a leaf does without one
 *   argo_repository  where artifacts go that do not say
 *   argo_output   what a leaf, a group, a loop gives to those behind it
 *   argo_retry    another attempt?
 *   argo_lock     mutexes and semaphores
 *   argo_hook     exit handlers and life-cycle hooks
 *   argo_discard  what a deleted workflow's nodes made
 *   argo_publish  the object's status; argo_nodes its status.nodes
 *
 * A node's `spec` says what it is an instance of:
 *
 *   {"role":"entry"}                          the entrypoint
 *   {"role":"group","i":2}                    the third step group of its parent
 *   {"role":"task","i":0}                     a DAG's task or a group's step, by index
 *   {"role":"item","i":7}                     a loop's child; the task is in the loop's spec
 *   {"role":"attempt","i":1}                  a retry's child; the call is the retry's
 *   {"role":"hook","name":"exit","call":{}}   an exit handler or hook
 *
 * A "call" is what a step or task says: template, arguments, when.  A template is named by a key,
 * which is stored as the node's template_of:
 *
 *   local/NAME, namespaced/WORKFLOWTEMPLATE/NAME, cluster/CLUSTERWORKFLOWTEMPLATE/NAME, and
 *   PARENTKEY#TASK for an inline template
 *
 * Core thread; src/flow/argo only, but for argo_language and argo_nodes.
 */
#ifndef FLOW_ARGO_ARGO_H
#define FLOW_ARGO_ARGO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "data/expr_vars.h"
#include "flow/argo/argo_usage.h"
#include "flow/flow_run.h"

struct buf;
struct depends;
struct err;
struct json;
struct json_doc;
struct tag_cache;
struct turn;

extern const struct flow_language argo_language;

/* Of artifacts whose location names none: what Kubeflow Pipelines calls it. */
#define ARGO_BUCKET "mlpipeline"

/* The name of how long a workflow has taken, in seconds. */
#define ARGO_DURATION "workflow.duration"

/* A template that was fetched from another object, frozen for the rest of the run. */
struct argo_frozen {
    char *key;
    struct json_doc *doc;
};

/* The language's memory of a run. */
struct argo {
    struct json_doc *frozen; /* {"meta","spec","repository"}: metadata, effective spec, artifacts */
    const struct json *meta; /* within frozen */
    const struct json *spec; /* within frozen */
    struct map templates;    /* name -> struct json of the spec's templates */
    struct map task_at;      /* "<template key>#<task>" -> index + 1, for templates indexed */
    VEC(struct argo_frozen) others;
    struct expr_vars globals; /* workflow.* */
    struct json_doc *outputs; /* global outputs: {"parameters":[],"artifacts":[]}, or NULL */
    struct tag_cache *cache;  /* compiled expressions */
    int64_t progress_more;    /* what leaves counted beyond one each, of those that ended */
    struct argo_usage usage;  /* of pods that ended and are still there */
    VEC(char *) claims;       /* names of claims made from volumeClaimTemplates */
    char *idle_fields;        /* of the spec, without effect; NULL: there are none */
    VEC(char *) parameters;   /* values of spec.arguments.parameters, in their order */
};

#define ARGO_ROLES(X) \
    X(ARGO_ENTRY, "entry") \
    X(ARGO_GROUP, "group") \
    X(ARGO_TASK, "task") \
    X(ARGO_ITEM, "item") \
    X(ARGO_ATTEMPT, "attempt") \
    X(ARGO_HOOK, "hook")

#define ARGO_ROLE_(id, name) id,
enum argo_role { ARGO_ROLES(ARGO_ROLE_) ARGO_ROLE_COUNT };

const char *argo_role_name(enum argo_role role);
enum argo_role argo_role_of(const struct flow_node *n);

static inline struct argo *
argo_of(const struct flow_run *run)
{
    return run->mind;
}

/* The node whose template a call of `n` stands in: its DAG or steps node; NULL at the top. */
struct flow_node *argo_boundary(const struct flow_node *n);

/* An opening that is over at once, in error.  Returns 0. */
int argo_refuse(struct flow_opening *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Templates (argo_template.c). */

/* By key; NULL if it does not exist. */
const struct json *argo_template(struct argo *a, struct str key);
/* The template that a call names, seen from a template with key `from` ("local/" at the top):
 * fetches and freezes it if it is another object's.  ERR_INVALID: there is none. */
int argo_template_of_call(struct turn *t, struct flow_run *run, struct str from,
                          const struct json *call, char **key, const struct json **ret,
                          struct err *e);
/* The word for a node of this template: "Pod", "DAG", ... NULL if it has no (known) body. */
const char *argo_template_type(const struct json *tmpl);

/* Calls (argo_call.c). */

/* The call that opened n, as written (tags and all), within documents that n or its ancestors
 * hold. */
const struct json *argo_call_of(const struct flow_node *n);
/* The tasks of a DAG node, the steps of a step group. */
const struct json *argo_tasks_of(const struct flow_node *group);
/* Makes argo_task_at() take the same time for every index. */
void argo_index_tasks(struct flow_node *group);
/* The task or step `index` of a group node. */
const struct json *argo_task_at(const struct flow_node *group, int64_t index);
/* Index of the task with that name in the DAG node's template, or -1. */
int64_t argo_task_index(const struct flow_node *dag, struct str name);

#endif
