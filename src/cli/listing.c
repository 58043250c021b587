#include "base/err.h"
#include "cli/cli.h"
#include "cli/pick.h"
#include "cli/serverlink.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "cli/workflowtable.h"

#define CHUNK "chunk-size"

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    PICK_OPTIONS(CHUNK),
    {.name = "output",
     .letter = 'o',
     .argument = "FORM",
     .choices = workflowprint_forms,
     .help = "print json, yaml, name or wide in place of the table"},
    {.name = "no-headers", .help = "leave out the table's head"},
    OPTION_END,
};

/* The plain table shows nothing of them. */
static bool
shows_nodes(enum workflowprint_form form)
{
    return form == WORKFLOWPRINT_WIDE || form == WORKFLOWPRINT_JSON || form == WORKFLOWPRINT_YAML;
}

static int
list_run(struct cli *c)
{
    cleanup_serverlink struct serverlink *r = NULL;
    enum workflowprint_form form;
    workflows_list found = VEC_INIT;
    struct err e = ERR_INIT;

    if (!workflowprint_form(c, &form))
        return CLI_USAGE;
    if (serverlink_open(c, &r, &e) < 0 || pick(c, r, CHUNK, shows_nodes(form), &found, &e) < 0) {
        workflows_list_done(&found);
        return cli_fail(c, &e);
    }
    workflowtable_print(c, &found,
                        &(struct workflowtable){
                            .form = form,
                            .namespaces = option_switch(c->options, "all-namespaces", false),
                        });
    workflows_list_done(&found);
    return CLI_OK;
}

const struct cli_command list_command = {
    .name = "list",
    .help = "list workflows of the server",
    .options = options,
    .settings = true,
    .run = list_run,
};
