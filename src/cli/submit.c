#include <string.h>

#include "api/kind.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/lint.h"
#include "cli/manifest.h"
#include "cli/run_load.h"
#include "cli/serverlink.h"
#include "cli/submission.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "schema/selector.h"

static const struct option options[] = {
    WORKFLOWS_NAMESPACE, WORKFLOWPRINT_OUTPUT, RUN_LOAD_OPTIONS, SUBMISSION_OPTIONS,
    FOLLOW_OPTIONS,      WORKFLOWPRINT_NODES,  OPTION_END,
};

struct submit {
    struct cli *cli;
    struct serverlink *link;
    struct run_load load;
    enum workflowprint_form form;
    struct selector *nodes; /* what --watch shows; NULL: all */
    pick_list created;
    bool bad;
};

static bool
is_dry(const struct cli *c)
{
    return option_switch(c->options, "dry-run", false) ||
           option_switch(c->options, "server-dry-run", false);
}

static void
show(struct submit *s, const struct json *created)
{
    workflowprint(s->cli, created, s->form);
    if (!is_dry(s->cli))
        vec_push(&s->created, xstrdup(workflow_name(created)));
}

static int
create(struct submit *s, const struct json *workflow, struct err *e)
{
    const struct cli *c = s->cli;
    const char *ns = json_cstr_or(json_at_path(workflow, "metadata.namespace"), NULL);
    const char *strict = option_value(c->options, "strict");
    cleanup_json struct json_doc *doc = NULL, *created = NULL;
    cleanup_buf struct buf path = BUF_INIT;

    if (submission_adapt(c, workflow, &doc, e) < 0)
        return e->code;
    if (option_switch(c->options, "dry-run", false)) {
        show(s, json_root(doc));
        return 0;
    }
    workflows_path(
        &path, option_given(c->options, "namespace") || ns == NULL ? workflows_namespace(c) : ns,
        NULL);
    buf_printf(&path, "?fieldManager=sluice-submit&fieldValidation=%s",
               strict != NULL && strcmp(strict, "false") == 0 ? "Ignore" : "Strict");
    if (option_switch(c->options, "server-dry-run", false))
        buf_cstr(&path, "&dryRun=All");
    if (serverlink_call(s->link, "POST", buf_cstring(&path), json_root(doc), &created, e) < 0)
        return e->code;
    show(s, json_root(created));
    return 0;
}

/* --from: the server makes a workflow of what it has. */
static int
submit_from(struct submit *s, struct err *e)
{
    cleanup_json struct json_doc *body = NULL, *created = NULL;
    cleanup_buf struct buf path = BUF_INIT;

    if (submission_from(s->cli, &s->load, &body, e) < 0)
        return e->code;
    buf_cstr(&path, "/api/v1/workflows/");
    serverlink_put_escaped(&path, str_of(workflows_namespace(s->cli)));
    buf_cstr(&path, "/submit");
    if (serverlink_call(s->link, "POST", buf_cstring(&path), json_root(body), &created, e) < 0)
        return e->code;
    show(s, json_root(created));
    return 0;
}

/* What is wrong is told before the server is asked, all of it and with its place. */
static int
check_files(struct submit *s, struct manifest *m)
{
    const char *strict = option_value(s->cli->options, "strict");
    cleanup_json struct json_doc *given = run_load_arguments(&s->load);
    struct lint_options how = {.strict = strict == NULL || strcmp(strict, "false") != 0,
                               .has_server = true,
                               .given = json_root(given)};

    return lint_submission(m, &how, s->cli->err);
}

static int
submit_files(struct submit *s, struct err *e)
{
    cleanup_manifest struct manifest m = MANIFEST_INIT;
    struct cli *c = s->cli;

    for (size_t i = 0; i < option_operand_count(c->options); i++)
        if (manifest_read(&m, option_operand(c->options, i), e) < 0)
            return e->code;
    if (check_files(s, &m) != CLI_OK) {
        s->bad = true;
        return 0;
    }
    if (run_load(&s->load, c->options, &m, e) < 0)
        return e->code;
    if (s->load.others.n > 0)
        return err_set(e, ERR_INVALID,
                       "a %s is no Workflow: create it first, with kubectl apply -f",
                       s->load.others.at[0].kind->kind);
    if (s->load.workflows.n > 1 && option_switch(c->options, "watch", false))
        return err_set(e, ERR_BADREQUEST, "cannot watch more than one workflow");
    for (size_t i = 0; i < s->load.workflows.n; i++)
        if (create(s, json_root(s->load.workflows.at[i].doc), e) < 0)
            return e->code;
    return 0;
}

/* All of them are there before the first is waited for. */
static int
submit(struct submit *s, bool from, struct err *e)
{
    struct cli *c = s->cli;
    bool bad = false;

    if (submission_check(c, s->form, e) < 0 || workflowprint_nodes(c, &s->nodes, e) < 0 ||
        run_load_parameters(&s->load, c->options, e) < 0)
        return e->code;
    if ((from || !option_switch(c->options, "dry-run", false)) &&
        serverlink_open(c, &s->link, e) < 0)
        return e->code;
    if ((from ? submit_from(s, e) : submit_files(s, e)) < 0 ||
        follow_as_asked(c, s->link, &s->created, s->form, s->nodes, &bad, e) < 0)
        return e->code;
    s->bad |= bad;
    return 0;
}

static int
submit_run(struct cli *c)
{
    struct submit s = {.cli = c, .created = VEC_INIT};
    bool from = option_given(c->options, "from");
    struct err e = ERR_INIT;
    int code;

    if (!workflowprint_form(c, &s.form))
        return CLI_USAGE;
    if (from == (option_operand_count(c->options) > 0))
        return cli_usage(c, "submit needs either files or --from KIND/NAME");
    code = submit(&s, from, &e);
    run_load_done(&s.load);
    pick_list_done(&s.created);
    selector_free(s.nodes);
    serverlink_free(s.link);
    if (code < 0)
        return cli_fail(c, &e);
    return s.bad ? CLI_FAILED : CLI_OK;
}

const struct cli_command submit_command = {
    .name = "submit",
    .arguments = "FILE... | --from KIND/NAME",
    .help = "give workflows to the server",
    .details = "FILE is a YAML or JSON file, a directory, or - for standard input.",
    .options = options,
    .min_operands = 0,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = submit_run,
};
