/*
 * argo_rest - the verbs on workflows of Argo's own REST API, which its command line and its clients
 * in server mode use:
 *
 *     PUT /api/v1/workflows/NAMESPACE/NAME/VERB      VERB: suspend, resume, stop, terminate, set,
 *                                                    retry, resubmit
 *
 * The body is JSON (or nothing): nodeFieldSelector, message, phase, outputParameters (JSON text),
 * restartSuccessful, memoized, parameters ("NAME=VALUE" each).  The answer is the workflow after it
 * (resubmit: the new one), with its nodes.  Errors are {"code": number of gRPC, "message": text}.
 * Source: argo-workflows' server API.
 *
 * Handlers run on edge threads, what they ask for in turns of the core.
 */
#ifndef FLOW_ARGO_ARGO_REST_H
#define FLOW_ARGO_ARGO_REST_H

#include <stdbool.h>

struct apiright;
struct caller;
struct core;
struct err;
struct flow;
struct objects;
struct routes;
struct store;

struct argo_rest {
    struct core *core;
    struct objects *objects;
    struct flow *flow;
    struct store *store;
    /* Whether `who` may; as in api/apiserver.h. */
    bool (*authorize)(void *arg, const struct caller *who, const struct apiright *right);
    void *auth_arg;
};

/* `rest` must outlive the routes. */
int argo_rest_add_routes(struct argo_rest *rest, struct routes *r, struct err *e);

#endif
