#include "base/err.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/serverlink.h"
#include "cli/workflows.h"
#include "schema/selector.h"

/*
 * `wait` and `watch`: until a workflow of the server is over, silently or with its screen.
 */

static const struct option wait_options[] = {
    WORKFLOWS_NAMESPACE,
    {.name = "ignore-not-found", .help = "a workflow that is not there has been waited for"},
    OPTION_END,
};

static int
wait_run(struct cli *c)
{
    bool lenient = option_switch(c->options, "ignore-not-found", false);
    cleanup_serverlink struct serverlink *r = NULL;
    struct err e = ERR_INIT;
    int code = CLI_OK;

    if (serverlink_open(c, &r, &e) < 0)
        return cli_fail(c, &e);
    for (size_t i = 0; i < option_operand_count(c->options); i++) {
        bool bad = false;
        int rc = follow_end(c, r, workflows_namespace(c), option_operand(c->options, i), false,
                            &bad, &e);

        if (rc < 0 && !(lenient && rc == ERR_NOTFOUND))
            return cli_fail(c, &e);
        if (bad)
            code = CLI_FAILED;
    }
    return code;
}

const struct cli_command wait_command = {
    .name = "wait",
    .arguments = "WORKFLOW...",
    .help = "wait until workflows of the server are over",
    .details = "The exit code is 1 if one of them failed.",
    .options = wait_options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = wait_run,
};

static const struct option watch_options[] = {
    WORKFLOWS_NAMESPACE,
    WORKFLOWPRINT_NODES,
    OPTION_END,
};

static int
watch_run(struct cli *c)
{
    cleanup_serverlink struct serverlink *r = NULL;
    cleanup_selector struct selector *nodes = NULL;
    struct err e = ERR_INIT;
    bool bad;

    if (workflowprint_nodes(c, &nodes, &e) < 0 || serverlink_open(c, &r, &e) < 0 ||
        follow_screen(c, r, workflows_namespace(c), option_operand(c->options, 0), nodes, &bad,
                      &e) < 0)
        return cli_fail(c, &e);
    return CLI_OK;
}

const struct cli_command watch_command = {
    .name = "watch",
    .arguments = "WORKFLOW",
    .help = "show a workflow of the server until it is over",
    .options = watch_options,
    .min_operands = 1,
    .max_operands = 1,
    .settings = true,
    .run = watch_run,
};
