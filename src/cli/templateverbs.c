#include "base/buf.h"
#include "cli/cli.h"
#include "cli/kindverbs.h"
#include "cli/listtable.h"
#include "cli/workflows.h"
#include "data/json.h"

/*
 * `sluice template` and `sluice cluster-template`: the WorkflowTemplates and
 * ClusterWorkflowTemplates of a server, as Argo's commands of the same names show and change them.
 */

enum { TITLE_WIDTH = 20 };

static void
row(struct listtable *t, size_t column, const struct json *w, int64_t now_us)
{
    (void)now_us;
    listtable_cell(t, column, str_of(workflow_name(w)));
}

static void
put_screen(struct buf *to, const struct json *w, int64_t now_us)
{
    kindverbs_put_line(to, TITLE_WIDTH, "Name:", str_of(workflow_name(w)));
    kindverbs_put_line(to, TITLE_WIDTH,
                       "Namespace:", json_str(json_at_path(w, "metadata.namespace")));
    kindverbs_put_moment(to, TITLE_WIDTH,
                         "Created:", workflow_time(w, "metadata.creationTimestamp"), now_us);
}

static const char *const heads[] = {"NAME", NULL};

static const struct kindverbs_verb verbs[] = {KINDVERBS_VERBS, {.name = NULL}};
static const char *const actions[] = {"create", "delete", "get", "lint", "list", "update", NULL};

static const struct option template_options[] = {
    WORKFLOWS_NAMESPACE,
    KINDVERBS_ALL_NAMESPACES,
    KINDVERBS_OPTIONS,
    OPTION_END,
};
static const struct option cluster_template_options[] = {
    KINDVERBS_OPTIONS,
    OPTION_END,
};

static int
template_run(struct cli *c)
{
    static const struct kindverbs_kind kind = {
        .kind = "WorkflowTemplate",
        .plural = "workflowtemplates",
        .heads = heads,
        .row = row,
        .screen = put_screen,
    };

    return kindverbs_run(c, &kind, verbs);
}

static int
cluster_template_run(struct cli *c)
{
    static const struct kindverbs_kind kind = {
        .kind = "ClusterWorkflowTemplate",
        .plural = "clusterworkflowtemplates",
        .of_cluster = true,
        .heads = heads,
        .row = row,
        .screen = put_screen,
    };

    return kindverbs_run(c, &kind, verbs);
}

const struct cli_command template_command = {
    .name = "template",
    .arguments = "VERB FILE... | list | VERB NAME...",
    .choices = actions,
    .help = "create, show and change WorkflowTemplates of the server",
    .details = "VERB is create, update or lint of files, get or delete of names.",
    .options = template_options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = template_run,
};

const struct cli_command cluster_template_command = {
    .name = "cluster-template",
    .arguments = "VERB FILE... | list | VERB NAME...",
    .choices = actions,
    .help = "the same of ClusterWorkflowTemplates, which every namespace may use",
    .details = "VERB is create, update or lint of files, get or delete of names.",
    .options = cluster_template_options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = cluster_template_run,
};
