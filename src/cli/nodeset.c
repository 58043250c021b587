#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/serverlink.h"
#include "cli/workflows.h"
#include "data/json.h"

/*
 * `sluice node set`: what somebody says to suspended steps of a workflow of the server.
 */

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    {.name = "node-field-selector",
     .argument = "SELECTOR",
     .help = "which nodes: displayName=approve, ..."},
    {.name = "output-parameter",
     .letter = 'p',
     .argument = "NAME=VALUE",
     .help = "an output that is supplied from outside",
     .repeats = true},
    {.name = "phase", .argument = "PHASE", .help = "how they end: Succeeded, Failed, ..."},
    {.name = "message", .letter = 'm', .argument = "TEXT", .help = "what they get as message"},
    OPTION_END,
};

/* A value may stand in quotation marks, as in JSON. */
static struct json_doc *
unquoted(struct str value)
{
    struct json_doc *doc = NULL;
    struct err ignored = ERR_INIT;

    if (value.n < 2 || value.p[0] != '"' || json_parse(value, NULL, &doc, &ignored) < 0)
        return NULL;
    return doc;
}

/* The outputs as JSON text, which is how the API takes them; nothing if there are none. */
static int
put_outputs(struct buf *to, const struct cli *c, struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *all = NULL;
    const char *text;
    size_t at = 0, n = 0;

    json_add_object(&b, NULL);
    for (; (text = option_next(c->options, "output-parameter", &at)) != NULL; n++) {
        cleanup_json struct json_doc *quoted = NULL;
        struct str value = str_of(text), name = str_cut(&value, '=');

        if (name.n == 0 || value.p == NULL)
            return err_set(e, ERR_BADREQUEST, "parameter '%s' is not of the form NAME=VALUE", text);
        quoted = unquoted(value);
        json_add_key(&b, name);
        json_add_str(&b, NULL, quoted != NULL ? json_str(json_root(quoted)) : value);
    }
    json_end(&b);
    all = json_build_done(&b);
    if (n > 0)
        json_write(to, json_root(all));
    return 0;
}

static int
body_of(const struct cli *c, struct json_doc **ret, struct err *e)
{
    static const char *const fields[][2] = {
        {"node-field-selector", "nodeFieldSelector"}, {"phase", "phase"}, {"message", "message"}};
    cleanup_buf struct buf outputs = BUF_INIT;
    struct json_build b = JSON_BUILD_INIT;

    if (put_outputs(&outputs, c, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *given = option_value(c->options, fields[i][0]);

        if (given != NULL)
            json_add_cstr(&b, fields[i][1], given);
    }
    if (outputs.n > 0)
        json_add_str(&b, "outputParameters", buf_view(&outputs));
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static int
node_run(struct cli *c)
{
    const char *action = option_operand(c->options, 0);
    cleanup_serverlink struct serverlink *r = NULL;
    cleanup_json struct json_doc *body = NULL, *after = NULL;
    struct err e = ERR_INIT;

    if (strcmp(action, "set") != 0)
        return cli_usage(c, "there is no 'node %s'; did you mean 'set'?", action);
    if (body_of(c, &body, &e) < 0 || serverlink_open(c, &r, &e) < 0 ||
        workflows_act(r, workflows_namespace(c), option_operand(c->options, 1), "set",
                      json_root(body), &after, &e) < 0)
        return cli_fail(c, &e);
    fputs("workflow values set\n", c->out);
    return CLI_OK;
}

static const char *const actions[] = {"set", NULL};

const struct cli_command node_command = {
    .name = "node",
    .arguments = "set WORKFLOW",
    .choices = actions,
    .help = "give suspended steps of a workflow their outputs, message or end",
    .options = options,
    .min_operands = 2,
    .max_operands = 2,
    .settings = true,
    .run = node_run,
};
