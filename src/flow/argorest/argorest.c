#include "flow/argorest/argorest.h"

#include <stdlib.h>
#include <string.h>

#include "api/kind.h"
#include "base/err.h"
#include "edge/routes.h"
#include "flow/argorest/argorest_int.h"

const struct argorest_kind argorest_workflow = {&kind_workflow, "workflow"};
const struct argorest_kind argorest_template = {&kind_workflow_template, "template"};
const struct argorest_kind argorest_cluster_template = {&kind_cluster_workflow_template,
                                                        "template"};
const struct argorest_kind argorest_cron = {&kind_cron_workflow, "cronWorkflow"};

static const struct argorest_op *const tables[] = {
    argorest_object_ops,   argorest_list_ops,  argorest_verb_ops, argorest_submit_ops,
    argorest_lint_ops,     argorest_watch_ops, argorest_log_ops,  argorest_archive_ops,
    argorest_artifact_ops, argorest_info_ops,
};

static int
add_route(struct argorest *rest, const struct argorest_op *op, struct routes *r, struct err *e)
{
    struct argorest_route *arg = NEW(struct argorest_route);
    const struct route route = {.method = op->method,
                                .pattern = op->pattern,
                                .handler = argorest_on_call,
                                .arg = arg,
                                .release = free};

    *arg = (struct argorest_route){.rest = rest, .op = op};
    if (routes_add(r, &route, e) >= 0)
        return 0;
    free(arg);
    return e->code;
}

int
argorest_add_routes(struct argorest *rest, struct routes *r, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        for (const struct argorest_op *op = tables[i]; op->method != NULL; op++) {
            if (add_route(rest, op, r, e) < 0)
                return e->code;
        }
    }
    return 0;
}

/* What every path of a pattern begins with. */
static struct str
literal_part(const char *pattern)
{
    return str_make(pattern, strcspn(pattern, "{"));
}

static bool
serves(struct str path)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        for (const struct argorest_op *op = tables[i]; op->method != NULL; op++) {
            if (str_starts(path, literal_part(op->pattern)))
                return true;
        }
    }
    return false;
}

bool
argorest_write_error(const struct request *rq, const struct err *why, struct buf *body)
{
    int status;

    if (rq == NULL || !serves(rq->path))
        return false;
    argorest_error_write(why, body, &status);
    return true;
}
