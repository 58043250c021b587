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
#include "cli/workflowlog.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    WORKFLOWPRINT_OUTPUT,
    RUN_LOAD_OPTIONS,
    {.name = "from",
     .argument = "KIND/NAME",
     .help = "make it of workflowtemplate/NAME, clusterworkflowtemplate/NAME or cronwf/NAME"},
    {.name = "name", .argument = "NAME", .help = "call the workflow so"},
    {.name = "generate-name", .argument = "PREFIX", .help = "begin its name so"},
    {.name = "labels", .letter = 'l', .argument = "NAME=VALUE,...", .help = "give it labels"},
    {.name = "serviceaccount", .argument = "NAME", .help = "run its steps as this account"},
    {.name = "priority", .argument = "NUMBER", .help = "higher ones start first"},
    {.name = "strict",
     .argument = "BOOL",
     .help = "true (default): unknown fields are errors; false: they are accepted"},
    {.name = "dry-run", .help = "only print what would be submitted"},
    {.name = "server-dry-run", .help = "let the server check it, and create nothing"},
    {.name = "wait", .help = "wait until it is over; exit code 1 if it failed"},
    {.name = "watch", .letter = 'w', .help = "show it until it is over"},
    {.name = "log", .help = "print the logs of its steps until it is over"},
    OPTION_END,
};

struct submit {
    struct cli *cli;
    struct serverlink *link;
    struct run_load load;
    enum workflowprint_form form;
    bool bad;
};

/* "a=b,c=d" into the object of labels that is open. */
static int
add_labels(struct json_build *b, const char *text, struct err *e)
{
    struct str rest = str_of(text);

    while (rest.p != NULL) {
        struct str value = str_cut(&rest, ',');
        struct str name = str_trim(str_cut(&value, '='));

        if (name.n == 0 || value.p == NULL)
            return err_set(e, ERR_BADREQUEST, "labels '%s' are not of the form NAME=VALUE,...",
                           text);
        json_add_key(b, name);
        json_add_str(b, NULL, str_trim(value));
    }
    return 0;
}

static int
add_metadata(struct json_build *b, const struct cli *c, const struct json *old, struct err *e)
{
    const char *name = option_value(c->options, "name");
    const char *prefix = option_value(c->options, "generate-name");
    const char *labels = option_value(c->options, "labels");

    json_add_object(b, "metadata");
    json_add_fields(
        b, old,
        (const char *const[]){labels != NULL ? "labels" : "", name != NULL ? "name" : "",
                              name != NULL || prefix != NULL ? "generateName" : "", NULL});
    if (name != NULL)
        json_add_cstr(b, "name", name);
    else if (prefix != NULL)
        json_add_cstr(b, "generateName", prefix);
    if (labels != NULL) {
        json_add_object(b, "labels");
        json_add_fields(b, json_get(old, "labels"), (const char *const[]){NULL});
        if (add_labels(b, labels, e) < 0)
            return e->code;
        json_end(b);
    }
    json_end(b);
    return 0;
}

static int
add_spec(struct json_build *b, const struct cli *c, const struct json *old, struct err *e)
{
    const char *account = option_value(c->options, "serviceaccount");
    const char *priority = option_value(c->options, "priority");
    int64_t n;

    if (priority != NULL && !str_to_int(str_of(priority), &n))
        return err_set(e, ERR_BADREQUEST, "--priority '%s': expected a whole number", priority);
    json_add_object(b, "spec");
    json_add_fields(b, old,
                    (const char *const[]){account != NULL ? "serviceAccountName" : "",
                                          priority != NULL ? "priority" : "", NULL});
    if (account != NULL)
        json_add_cstr(b, "serviceAccountName", account);
    if (priority != NULL)
        json_add_int(b, "priority", n);
    json_end(b);
    return 0;
}

/* The workflow with what the flags lay over it. */
static int
adapt(const struct cli *c, const struct json *workflow, struct json_doc **ret, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, workflow, (const char *const[]){"metadata", "spec", NULL});
    if (add_metadata(&b, c, json_get(workflow, "metadata"), e) < 0 ||
        add_spec(&b, c, json_get(workflow, "spec"), e) < 0) {
        json_build_cancel(&b);
        return e->code;
    }
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

/* What --watch, --wait and --log ask for. */
static int
go_on(struct submit *s, const struct json *created, struct err *e)
{
    struct cli *c = s->cli;
    bool bad = false;

    if (option_switch(c->options, "server-dry-run", false))
        return 0;
    if (option_switch(c->options, "log", false)) {
        struct workflowlog_query q = {.follow = true, .container = "main"};

        if (workflowlog(c, s->link, workflows_namespace(c), workflow_name(created), &q, e) < 0)
            return e->code;
    }
    if (follow_as_asked(c, s->link, workflow_name(created), &bad, e) < 0)
        return e->code;
    s->bad |= bad;
    return 0;
}

static int
create(struct submit *s, const struct json *workflow, struct err *e)
{
    const struct cli *c = s->cli;
    const char *ns = json_cstr_or(json_at_path(workflow, "metadata.namespace"), NULL);
    const char *strict = option_value(c->options, "strict");
    cleanup_json struct json_doc *doc = NULL, *created = NULL;
    cleanup_buf struct buf path = BUF_INIT;

    if (adapt(c, workflow, &doc, e) < 0)
        return e->code;
    if (option_switch(c->options, "dry-run", false)) {
        workflowprint(s->cli, json_root(doc), s->form);
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
    workflowprint(s->cli, json_root(created), s->form);
    return go_on(s, json_root(created), e);
}

/* --from: the server makes a workflow of what it has. */

static void
add_option(struct json_build *b, const struct cli *c, const char *key, const char *option)
{
    const char *given = option_value(c->options, option);

    if (given != NULL)
        json_add_cstr(b, key, given);
}

static int
from_body(const struct submit *s, struct json_doc **ret, struct err *e)
{
    const struct cli *c = s->cli;
    const char *priority = option_value(c->options, "priority");
    struct str name = str_of(option_value(c->options, "from")), kind = str_cut(&name, '/');
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    int64_t n = 0;

    if (kind.n == 0 || name.n == 0)
        return err_set(e, ERR_BADREQUEST, "--from '%s': expected KIND/NAME",
                       option_value(c->options, "from"));
    if (priority != NULL && !str_to_int(str_of(priority), &n))
        return err_set(e, ERR_BADREQUEST, "--priority '%s': expected a whole number", priority);
    json_add_object(&b, NULL);
    json_add_str(&b, "resourceKind", kind);
    json_add_str(&b, "resourceName", name);
    json_add_object(&b, "submitOptions");
    add_option(&b, c, "name", "name");
    add_option(&b, c, "generateName", "generate-name");
    add_option(&b, c, "entryPoint", "entrypoint");
    add_option(&b, c, "labels", "labels");
    add_option(&b, c, "serviceAccount", "serviceaccount");
    if (priority != NULL)
        json_add_int(&b, "priority", n);
    json_add_bool(&b, "dryRun", option_switch(c->options, "dry-run", false));
    json_add_bool(&b, "serverDryRun", option_switch(c->options, "server-dry-run", false));
    run_load_add_texts(&s->load, &b);
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static int
submit_from(struct submit *s, struct err *e)
{
    cleanup_json struct json_doc *body = NULL, *created = NULL;
    cleanup_buf struct buf path = BUF_INIT;

    if (from_body(s, &body, e) < 0)
        return e->code;
    buf_cstr(&path, "/api/v1/workflows/");
    serverlink_put_escaped(&path, str_of(workflows_namespace(s->cli)));
    buf_cstr(&path, "/submit");
    if (serverlink_call(s->link, "POST", buf_cstring(&path), json_root(body), &created, e) < 0)
        return e->code;
    workflowprint(s->cli, json_root(created), s->form);
    return option_switch(s->cli->options, "dry-run", false) ? 0 : go_on(s, json_root(created), e);
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
    for (size_t i = 0; i < s->load.workflows.n; i++)
        if (create(s, json_root(s->load.workflows.at[i].doc), e) < 0)
            return e->code;
    return 0;
}

static int
submit_run(struct cli *c)
{
    cleanup_serverlink struct serverlink *r = NULL;
    struct submit s = {.cli = c};
    bool from = option_given(c->options, "from");
    struct err e = ERR_INIT;
    int code;

    if (!workflowprint_form(c, &s.form))
        return CLI_USAGE;
    if (from == (option_operand_count(c->options) > 0))
        return cli_usage(c, "submit needs either files or --from KIND/NAME");
    code = run_load_parameters(&s.load, c->options, &e);
    if (code == 0 && (from || !option_switch(c->options, "dry-run", false)))
        code = serverlink_open(c, &r, &e);
    s.link = r;
    if (code == 0)
        code = from ? submit_from(&s, &e) : submit_files(&s, &e);
    run_load_done(&s.load);
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
