#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/kindverbs.h"
#include "cli/rerun.h"
#include "cli/serverlink.h"
#include "cli/workflows.h"
#include "cli/workflowtable.h"
#include "data/json.h"

/*
 * `sluice archive`: the workflows of a server that are over, as `argo archive` shows and changes
 * them.
 *
 * A workflow is called by its uid, as the REST API has it, or by its name.  There is no second
 * store: what is deleted from the archive is gone.
 */

#define IS_OVER "workflows.argoproj.io/completed=true"

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    KINDVERBS_ALL_NAMESPACES,
    {.name = "selector",
     .letter = 'l',
     .argument = "SELECTOR",
     .help = "list: by labels, as kubectl takes them"},
    {.name = "no-headers", .help = "list: leave out the table's head"},
    {.name = "chunk-size", .argument = "NUMBER", .help = "list: ask for so many at a time"},
    KINDVERBS_OUTPUT,
    FOLLOW_OPTIONS,
    RERUN_PARAMETERS,
    RERUN_RETRY,
    RERUN_RESUBMIT,
    OPTION_END,
};

/* 8-4-4-4-12 hexadecimal digits. */
static bool
is_uid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (form[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    }
    return true;
}

/* Appends the path of one, whatever it is called by. */
static int
put_path(struct kindverbs *v, struct buf *to, const char *called, struct err *e)
{
    cleanup_json struct json_doc *found = NULL;
    struct str uid = str_of(called);

    if (!is_uid(called)) {
        if (workflows_get(v->link, workflows_namespace(v->c), called, &found, e) < 0)
            return e->code;
        uid = json_str(json_at_path(json_root(found), "metadata.uid"));
    }
    buf_cstr(to, "/api/v1/archived-workflows/");
    serverlink_put_escaped(to, uid);
    return 0;
}

static int
ask(struct kindverbs *v, const char *method, const char *called, const char *verb,
    const struct json *body, struct json_doc **ret, struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;

    if (put_path(v, &path, called, e) < 0)
        return e->code;
    buf_cstr(&path, verb);
    return serverlink_call(v->link, method, buf_cstring(&path), body, ret, e);
}

static int
list(struct kindverbs *v, const char *none, struct err *e)
{
    bool spaces = option_switch(v->c->options, "all-namespaces", false);
    const char *selector = option_value(v->c->options, "selector");
    cleanup_free char *all =
        xasprintf("%s%s%s", IS_OVER, selector != NULL ? "," : "", selector != NULL ? selector : "");
    struct workflows_query q = {.ns = spaces ? NULL : workflows_namespace(v->c),
                                .labels = all,
                                .nodes = v->form != WORKFLOWPRINT_NAME};
    workflows_list found = VEC_INIT;
    int code;

    (void)none;
    if (workflows_page(v->c, "chunk-size", &q.page, e) < 0)
        return e->code;
    if (v->form == WORKFLOWPRINT_SCREEN)
        v->form = WORKFLOWPRINT_WIDE;
    code = workflows_collect(v->link, &q, &found, e);
    if (code == 0)
        workflowtable_print(v->c, &found,
                            &(struct workflowtable){v->form, .namespaces = true, .uids = true});
    workflows_list_done(&found);
    return code;
}

static int
get(struct kindverbs *v, const char *called, struct err *e)
{
    cleanup_json struct json_doc *found = NULL;

    if (ask(v, "GET", called, "", NULL, &found, e) < 0)
        return e->code;
    workflowprint(v->c, json_root(found), v->form);
    return 0;
}

/* Runs it again, shows what runs then, and follows that if it is the only one. */
static int
rerun(struct kindverbs *v, const char *called, const char *verb, struct err *e)
{
    bool alone = option_operand_count(v->c->options) == 2;
    cleanup_free char *path = xasprintf("/%s", verb);
    cleanup_json struct json_doc *body = NULL, *after = NULL;
    pick_list one = VEC_INIT;
    bool bad = false;
    int code;

    if (rerun_body(v->c, verb, &body, e) < 0 ||
        ask(v, "PUT", called, path, json_root(body), &after, e) < 0)
        return e->code;
    workflowprint(v->c, json_root(after), v->form);
    if (!alone)
        return 0;
    vec_push(&one, xstrdup(workflow_name(json_root(after))));
    code = follow_as_asked(v->c, v->link, &one, v->form, NULL, &bad, e);
    pick_list_done(&one);
    v->bad |= bad;
    return code;
}

static int
retry(struct kindverbs *v, const char *called, struct err *e)
{
    return rerun(v, called, "retry", e);
}

static int
resubmit(struct kindverbs *v, const char *called, struct err *e)
{
    return rerun(v, called, "resubmit", e);
}

/* What labels the archive knows, one a line. */

static int
list_lines(struct kindverbs *v, const char *path, struct err *e)
{
    cleanup_json struct json_doc *found = NULL;

    if (serverlink_call(v->link, "GET", path, NULL, &found, e) < 0)
        return e->code;
    JSON_EACH (it, json_get(json_root(found), "items"))
        fprintf(v->c->out, "%.*s\n", STR_ARG(json_str(it.value)));
    return 0;
}

static int
list_label_keys(struct kindverbs *v, const char *none, struct err *e)
{
    (void)none;
    return list_lines(v, "/api/v1/archived-workflows-label-keys", e);
}

static int
list_label_values(struct kindverbs *v, const char *none, struct err *e)
{
    const char *key = option_value(v->c->options, "selector");
    cleanup_buf struct buf path = BUF_INIT;

    (void)none;
    if (key == NULL)
        return err_set(e, ERR_BADREQUEST, "list-label-values: expected --selector KEY");
    buf_cstr(&path, "/api/v1/archived-workflows-label-values?listOptions.labelSelector=");
    serverlink_put_escaped(&path, str_of(key));
    return list_lines(v, buf_cstring(&path), e);
}

static int delete (struct kindverbs *v, const char *called, struct err *e)
{
    cleanup_json struct json_doc *after = NULL;

    if (ask(v, "DELETE", called, "", NULL, &after, e) < 0)
        return e->code;
    fprintf(v->c->out, "Archived workflow '%s' deleted\n", called);
    return 0;
}

static const struct kindverbs_verb verbs[] = {
    {"delete", "UID...", delete, NULL},
    {"get", "UID...", get, NULL},
    {"list", NULL, list, NULL},
    {"list-label-keys", NULL, list_label_keys, NULL},
    {"list-label-values", NULL, list_label_values, NULL},
    {"resubmit", "UID...", resubmit, NULL},
    {"retry", "UID...", retry, NULL},
    {.name = NULL},
};

static int
archive_run(struct cli *c)
{
    return kindverbs_run(c, NULL, verbs);
}

static const char *const actions[] = {
    "delete", "get", "list", "list-label-keys", "list-label-values", "resubmit", "retry", NULL};

const struct cli_command archive_command = {
    .name = "archive",
    .arguments = "list | VERB UID...",
    .choices = actions,
    .help = "show, run again and delete workflows of the server that are over",
    .details = "VERB is get, retry, resubmit or delete; in place of the UID a name will do.\n"
               "list-label-keys and list-label-values -l KEY say which labels there are.\n"
               "There is no second store: what is deleted here is gone.",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = archive_run,
};
