#include <string.h>

#include "base/err.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/run_load.h"
#include "cli/serverlink.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"

/*
 * Workflows that are over run again: `retry` goes on with the same object, `resubmit` makes a new
 * one.
 */

#define SHARED \
    WORKFLOWS_NAMESPACE, WORKFLOWPRINT_OUTPUT, \
        RUN_LOAD_PARAMETERS("another value for a parameter"), \
        {.name = "wait", .help = "wait until it is over; exit code 1 if it failed"}, \
    { \
        .name = "watch", .letter = 'w', .help = "show it until it is over" \
    }

static const struct option retry_options[] = {
    SHARED,
    {.name = "restart-successful", .help = "run again nodes that succeeded, too"},
    {.name = "node-field-selector",
     .argument = "SELECTOR",
     .help = "which of them: templateName=train, displayName=a, ..."},
    OPTION_END,
};
static const struct option resubmit_options[] = {
    SHARED,
    {.name = "memoized", .help = "take over the results of the steps that succeeded"},
    OPTION_END,
};

static int
add_parameters(struct json_build *b, const struct cli *c, struct err *e)
{
    struct run_load given = {.parameters = VEC_INIT};
    int code = run_load_parameters(&given, c->options, e);

    if (code == 0)
        run_load_add_texts(&given, b);
    run_load_done(&given);
    return code;
}

static int
body_of(const struct cli *c, struct json_doc **ret, struct err *e)
{
    bool retry = strcmp(c->command->name, "retry") == 0;
    struct json_build b = JSON_BUILD_INIT;
    const char *selector;

    json_add_object(&b, NULL);
    if (retry) {
        json_add_bool(&b, "restartSuccessful",
                      option_switch(c->options, "restart-successful", false));
        selector = option_value(c->options, "node-field-selector");
        if (selector != NULL)
            json_add_cstr(&b, "nodeFieldSelector", selector);
    } else {
        json_add_bool(&b, "memoized", option_switch(c->options, "memoized", false));
    }
    if (add_parameters(&b, c, e) < 0) {
        json_build_cancel(&b);
        return e->code;
    }
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static int
rerun(struct cli *c)
{
    cleanup_serverlink struct serverlink *r = NULL;
    cleanup_json struct json_doc *body = NULL;
    enum workflowprint_form form;
    struct err e = ERR_INIT;
    int code = CLI_OK;

    if (!workflowprint_form(c, &form))
        return CLI_USAGE;
    if (body_of(c, &body, &e) < 0 || serverlink_open(c, &r, &e) < 0)
        return cli_fail(c, &e);
    for (size_t i = 0; i < option_operand_count(c->options); i++) {
        cleanup_json struct json_doc *after = NULL;
        bool bad = false;

        if (workflows_act(r, workflows_namespace(c), option_operand(c->options, i),
                          c->command->name, json_root(body), &after, &e) < 0)
            return cli_fail(c, &e);
        workflowprint(c, json_root(after), form);
        if (follow_as_asked(c, r, workflow_name(json_root(after)), &bad, &e) < 0)
            return cli_fail(c, &e);
        if (bad)
            code = CLI_FAILED;
    }
    return code;
}

const struct cli_command retry_command = {
    .name = "retry",
    .arguments = "WORKFLOW...",
    .help = "run again what failed of workflows that are over",
    .details = "Steps that succeeded keep their results and are not run again.",
    .options = retry_options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = rerun,
};
const struct cli_command resubmit_command = {
    .name = "resubmit",
    .arguments = "WORKFLOW...",
    .help = "make new workflows of earlier ones",
    .options = resubmit_options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = rerun,
};
