#include "cli/rerun.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/pick.h"
#include "cli/run_load.h"
#include "cli/serverlink.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"

static const struct option retry_options[] = {
    WORKFLOWS_NAMESPACE, WORKFLOWPRINT_OUTPUT, PICK_SELECTORS, FOLLOW_OPTIONS,
    RERUN_PARAMETERS,    RERUN_RETRY,          OPTION_END,
};
static const struct option resubmit_options[] = {
    WORKFLOWS_NAMESPACE, WORKFLOWPRINT_OUTPUT, PICK_SELECTORS, FOLLOW_OPTIONS,
    RERUN_PARAMETERS,    RERUN_RESUBMIT,       OPTION_END,
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

static void
add_retry(struct json_build *b, const struct cli *c)
{
    const char *selector = option_value(c->options, "node-field-selector");

    json_add_bool(b, "restartSuccessful", option_switch(c->options, "restart-successful", false));
    if (selector != NULL)
        json_add_cstr(b, "nodeFieldSelector", selector);
}

static int
add_resubmit(struct json_build *b, const struct cli *c, struct err *e)
{
    json_add_bool(b, "memoized", option_switch(c->options, "memoized", false));
    return workflows_add_priority(c, b, e);
}

int
rerun_body(const struct cli *c, const char *verb, struct json_doc **ret, struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    if (strcmp(verb, "retry") == 0)
        add_retry(&b, c);
    else if (add_resubmit(&b, c, e) < 0)
        return e->code;
    if (add_parameters(&b, c, e) < 0)
        return e->code;
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

/* Each of them, with its screen; *ret_after are the names of what runs then. */
static int
rerun_all(struct cli *c, struct serverlink *r, const pick_list *names, const struct json *body,
          enum workflowprint_form form, pick_list *ret_after, struct err *e)
{
    for (size_t i = 0; i < names->n; i++) {
        cleanup_json struct json_doc *after = NULL;

        if (workflows_act(r, workflows_namespace(c), names->at[i], c->command->name, body, &after,
                          e) < 0)
            return e->code;
        workflowprint(c, json_root(after), form);
        vec_push(ret_after, xstrdup(workflow_name(json_root(after))));
    }
    return 0;
}

static int
rerun(struct cli *c)
{
    cleanup_serverlink struct serverlink *r = NULL;
    cleanup_json struct json_doc *body = NULL;
    pick_list names = VEC_INIT, after = VEC_INIT;
    enum workflowprint_form form;
    struct err e = ERR_INIT;
    bool bad = false;
    int code;

    if (!workflowprint_form(c, &form))
        return CLI_USAGE;
    if (option_operand_count(c->options) == 0 && !pick_selects(c))
        return cli_usage(c, "expected WORKFLOW..., or a selector");
    code = rerun_body(c, c->command->name, &body, &e);
    if (code == 0)
        code = serverlink_open(c, &r, &e);
    if (code == 0)
        code = pick_names(c, r, &names, &e);
    if (code == 0)
        code = rerun_all(c, r, &names, json_root(body), form, &after, &e);
    if (code == 0)
        code = follow_as_asked(c, r, &after, form, NULL, &bad, &e);
    pick_list_done(&names);
    pick_list_done(&after);
    if (code < 0)
        return cli_fail(c, &e);
    return bad ? CLI_FAILED : CLI_OK;
}

const struct cli_command retry_command = {
    .name = "retry",
    .arguments = "WORKFLOW...",
    .help = "run again what failed of workflows that are over",
    .details = "Steps that succeeded keep their results and are not run again.",
    .options = retry_options,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = rerun,
};
const struct cli_command resubmit_command = {
    .name = "resubmit",
    .arguments = "WORKFLOW...",
    .help = "make new workflows of earlier ones",
    .options = resubmit_options,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = rerun,
};
