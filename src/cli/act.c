#include <string.h>

#include "base/err.h"
#include "cli/cli.h"
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

static const struct option plain_options[] = {
    WORKFLOWS_NAMESPACE,
    OPTION_END,
};
static const struct option resume_options[] = {
    WORKFLOWS_NAMESPACE,
    SELECTOR,
    OPTION_END,
};
static const struct option stop_options[] = {
    WORKFLOWS_NAMESPACE,
    SELECTOR,
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
act(struct cli *c, const char *done)
{
    const char *verb = c->command->name;
    bool stop = strcmp(verb, "stop") == 0, resume = strcmp(verb, "resume") == 0;
    cleanup_serverlink struct serverlink *r = NULL;
    cleanup_json struct json_doc *body = body_of(c, stop || resume, stop);
    struct err e = ERR_INIT;

    if (serverlink_open(c, &r, &e) < 0)
        return cli_fail(c, &e);
    for (size_t i = 0; i < option_operand_count(c->options); i++) {
        cleanup_json struct json_doc *after = NULL;

        if (workflows_act(r, workflows_namespace(c), option_operand(c->options, i), verb,
                          json_root(body), &after, &e) < 0)
            return cli_fail(c, &e);
        fprintf(c->out, "workflow %s %s\n", workflow_name(json_root(after)), done);
    }
    return CLI_OK;
}

static int
stop_run(struct cli *c)
{
    return act(c, "stopped");
}

static int
terminate_run(struct cli *c)
{
    return act(c, "terminated");
}

static int
suspend_run(struct cli *c)
{
    return act(c, "suspended");
}

static int
resume_run(struct cli *c)
{
    return act(c, "resumed");
}

#define ACT .arguments = "WORKFLOW...", .min_operands = 1, .max_operands = CLI_ANY, .settings = true

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
    .options = plain_options,
    .run = terminate_run,
};
const struct cli_command suspend_command = {
    .name = "suspend",
    ACT,
    .help = "let workflows start nothing new",
    .options = plain_options,
    .run = suspend_run,
};
const struct cli_command resume_command = {
    .name = "resume",
    ACT,
    .help = "let suspended workflows and steps go on",
    .options = resume_options,
    .run = resume_run,
};
