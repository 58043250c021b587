#include "base/err.h"
#include "cli/cli.h"
#include "cli/serverlink.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "schema/selector.h"

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    WORKFLOWPRINT_OUTPUT,
    WORKFLOWPRINT_NODES,
    OPTION_END,
};

static int
get_run(struct cli *c)
{
    cleanup_serverlink struct serverlink *r = NULL;
    cleanup_selector struct selector *nodes = NULL;
    enum workflowprint_form form;
    struct err e = ERR_INIT;

    if (!workflowprint_form(c, &form))
        return CLI_USAGE;
    if (workflowprint_nodes(c, &nodes, &e) < 0 || serverlink_open(c, &r, &e) < 0)
        return cli_fail(c, &e);
    for (size_t i = 0; i < option_operand_count(c->options); i++) {
        cleanup_json struct json_doc *doc = NULL;

        if (workflows_get(r, workflows_namespace(c), option_operand(c->options, i), &doc, &e) < 0)
            return cli_fail(c, &e);
        workflowprint_some(c, json_root(doc), form, nodes);
    }
    return CLI_OK;
}

const struct cli_command get_command = {
    .name = "get",
    .arguments = "WORKFLOW...",
    .help = "show workflows of the server and their steps",
    .details = "@latest stands for the workflow that was created last.",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = get_run,
};
