/*
 * argorest - the REST API of Argo's own server, which its clients in server mode, its Python
 * package and Hera use.
 *
 *   /api/v1/workflows/NS[/NAME[/VERB]]          argorest_object, argorest_list, argorest_verb,
 *                                               argorest_submit, argorest_lint, argorest_log
 *   /api/v1/workflow-templates/NS[/NAME]        argorest_object, argorest_list, argorest_lint
 *   /api/v1/cluster-workflow-templates[/NAME]   the same
 *   /api/v1/cron-workflows/NS[/NAME]            the same, and suspend and resume
 *   /api/v1/workflow-events, stream/events      argorest_watch
 *   /api/v1/archived-workflows[/UID]            argorest_list, argorest_archive
 *   /artifacts, /artifact-files, ...            argorest_artifact
 *   /api/v1/info, version, userinfo             argorest_info
 *
 * It is a view of the same objects that the Kubernetes API serves.  Creations, updates and watches
 * are handed to that API (api/apicall.h), so that both take and refuse the same; whatever it has no
 * verb for runs in turns of its own.  Who may do what is asked of the same evaluator in either
 * case.
 *
 * Bodies and answers are JSON.  An error is {"code": number of gRPC, "message": text} with the HTTP
 * status that belongs to the number.  Streams are lines of {"result": {}}, or server-sent events
 * for whoever accepts those.
 *
 * Handlers run on edge threads; answers leave from the core's.
 */
#ifndef FLOW_ARGOREST_ARGOREST_H
#define FLOW_ARGOREST_ARGOREST_H

#include <stdbool.h>

struct apiserver;
struct buf;
struct err;
struct flow;
struct request;
struct routes;
struct store;

struct argorest {
    struct apiserver *api;
    struct flow *flow;
    struct store *store;
};

/* `rest` must outlive the routes. */
int argorest_add_routes(struct argorest *rest, struct routes *r, struct err *e);

/* For edge_options.write_error: an error before any handler ran (no or a wrong token), if the
 * request is for a path of this API.  False: it is for another, or `rq` is NULL, for a request that
 * was not understood. */
bool argorest_write_error(const struct request *rq, const struct err *why, struct buf *body);

#endif
