#include "base/err.h"
#include "cli/cli.h"
#include "cli/pick.h"
#include "cli/serverlink.h"
#include "cli/workflows.h"
#include "data/json.h"

/*
 * What people tell workflows that go on: stop, terminate, suspend, resume.  Four commands that
 * differ in a word; the server does the rest.
 */

#define SELECTOR \
    { \
        .name = "node-field-selector", .argument = "SELECTOR", \
        .help = "only these nodes: displayName=approve, phase!=Running, ..." \
    }

#define DRY_RUN \
    { \
        .name = "dry-run", .help = "only say which" \
    }

static const struct option suspend_options[] = {
    WORKFLOWS_NAMESPACE,
    OPTION_END,
};
static const struct option terminate_options[] = {
    WORKFLOWS_NAMESPACE,
    PICK_SELECTORS,
    DRY_RUN,
    OPTION_END,
};
static const struct option resume_options[] = {
    WORKFLOWS_NAMESPACE,
    SELECTOR,
    OPTION_END,
};
static const struct option stop_options[] = {
    WORKFLOWS_NAMESPACE,
    PICK_SELECTORS,
    SELECTOR,
    DRY_RUN,
    {.name = "message",
     .argument = "TEXT",
     .help = "what the nodes that are chosen get as message"},
    OPTION_END,
};

static struct json_doc *
body_of(const struct cli *c, bool selects, bool has_message)
{
    const char *selector = selects ? option_value(c->options, "node-field-selector") : NULL;
    const char *message = has_message ? option_value(c->options, "message") : NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    if (selector != NULL)
        json_add_cstr(&b, "nodeFieldSelector", selector);
    if (message != NULL)
        json_add_cstr(&b, "message", message);
    json_end(&b);
    return json_build_done(&b);
}

static int
act_on(struct cli *c, struct serverlink *r, const char *name, const struct json *body,
       const char *done, struct err *e)
{
    cleanup_json struct json_doc *after = NULL;

    if (workflows_act(r, workflows_namespace(c), name, c->command->name, body, &after, e) < 0)
        return e->code;
    fprintf(c->out, "workflow %s %s\n", workflow_name(json_root(after)), done);
    return 0;
}

/* The names on the command line, whatever they are. */
static int
act(struct cli *c, const struct json *body, const char *done)
{
    cleanup_serverlink struct serverlink *r = NULL;
    struct err e = ERR_INIT;

    if (serverlink_open(c, &r, &e) < 0)
        return cli_fail(c, &e);
    for (size_t i = 0; i < option_operand_count(c->options); i++) {
        if (act_on(c, r, option_operand(c->options, i), body, done, &e) < 0)
            return cli_fail(c, &e);
    }
    return CLI_OK;
}

/* Those, and what selectors choose. */
static int
act_on_picked(struct cli *c, const struct json *body, const char *done)
{
    bool dry = option_switch(c->options, "dry-run", false);
    cleanup_serverlink struct serverlink *r = NULL;
    pick_list names = VEC_INIT;
    struct err e = ERR_INIT;
    int code = 0;

    if (option_operand_count(c->options) == 0 && !pick_selects(c))
        return cli_usage(c, "expected WORKFLOW..., or a selector");
    if (serverlink_open(c, &r, &e) < 0 || pick_names(c, r, &names, &e) < 0)
        code = e.code;
    for (size_t i = 0; code == 0 && i < names.n; i++) {
        if (dry)
            fprintf(c->out, "workflow %s %s (dry-run)\n", names.at[i], done);
        else
            code = act_on(c, r, names.at[i], body, done, &e);
    }
    pick_list_done(&names);
    return code < 0 ? cli_fail(c, &e) : CLI_OK;
}

static int
stop_run(struct cli *c)
{
    cleanup_json struct json_doc *body = body_of(c, true, true);

    return act_on_picked(c, json_root(body), "stopped");
}

static int
terminate_run(struct cli *c)
{
    cleanup_json struct json_doc *body = body_of(c, false, false);

    return act_on_picked(c, json_root(body), "terminated");
}

static int
suspend_run(struct cli *c)
{
    cleanup_json struct json_doc *body = body_of(c, false, false);

    return act(c, json_root(body), "suspended");
}

static int
resume_run(struct cli *c)
{
    cleanup_json struct json_doc *body = body_of(c, true, false);

    return act(c, json_root(body), "resumed");
}

#define ACT .arguments = "WORKFLOW...", .max_operands = CLI_ANY, .settings = true

const struct cli_command stop_command = {
    .name = "stop",
    ACT,
    .help = "end workflows in order: exit handlers run",
    .details = "With --node-field-selector only the suspended steps that it chooses fail.",
    .options = stop_options,
    .run = stop_run,
};
const struct cli_command terminate_command = {
    .name = "terminate",
    ACT,
    .help = "end workflows at once: exit handlers do not run",
    .options = terminate_options,
    .run = terminate_run,
};
const struct cli_command suspend_command = {
    .name = "suspend",
    ACT,
    .min_operands = 1,
    .help = "let workflows start nothing new",
    .options = suspend_options,
    .run = suspend_run,
};
const struct cli_command resume_command = {
    .name = "resume",
    ACT,
    .min_operands = 1,
    .help = "let suspended workflows and steps go on",
    .options = resume_options,
    .run = resume_run,
};
