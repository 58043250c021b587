/*
 * validate - is a Workflow, WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow one that the
 * engine can run?
 *
 * Shape comes first (schema/check.h: unknown fields, wrong types).  Then meaning: names, exactly
 * one body per template, templates that exist, arguments for every input, tags that can be
 * resolved, DAGs without cycles, outputs that fit their template's type, and so on: the rules of
 * Argo's own validator and in its words, because users and their scripts know these texts.  Unlike
 * it, this one does not stop at the first problem; each carries its path and position.
 *
 * Templates are walked from the entrypoint, as a run would reach them, and then the remaining ones.
 * A template is examined once, however often it is called; only its arguments are looked at for
 * each call.
 *
 * Pure but for the fetch callback; any thread.
 */
#ifndef FLOW_ARGO_VALIDATE_H
#define FLOW_ARGO_VALIDATE_H

#include <stdbool.h>

#include "base/str.h"

struct json;
struct json_doc;
struct problems;

enum validate_mode {
    VALIDATE_SUBMIT, /* about to run: every argument needs a value */
    VALIDATE_LINT,   /* about to be stored: workflow parameters may lack values */
};

/* The WorkflowTemplate (or ClusterWorkflowTemplate) of this name, or NULL.  The result must live
 * until validation ends. */
typedef const struct json *validate_fetch_fn(void *arg, bool cluster_scope, struct str name);

struct validate_options {
    enum validate_mode mode;
    bool ignore_entrypoint;   /* as Kubeflow Pipelines validates what is uploaded to it */
    bool allow_unknown;       /* unknown fields are no problem */
    bool skip_shape;          /* schema/check.h has seen it already */
    bool skip_unfetched;      /* a reference that fetch does not know is not a problem (offline) */
    validate_fetch_fn *fetch; /* NULL: nothing can be fetched */
    void *fetch_arg;
    /* Arguments from outside ("-p name=value"), as {"parameters": [{"name", "value"}]}: they win
     * over the workflow's own.  NULL: none. */
    const struct json *given;
};

/* Checks one object of the four kinds; `v` is a value of `doc`.  Another kind is one problem. */
void validate_object(const struct json_doc *doc, const struct json *v,
                     const struct validate_options *options, struct problems *ps);

#endif
