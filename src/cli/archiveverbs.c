#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/kindverbs.h"
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
    KINDVERBS_OUTPUT,
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
    struct json_doc **ret, struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;

    if (put_path(v, &path, called, e) < 0)
        return e->code;
    buf_cstr(&path, verb);
    return serverlink_call(v->link, method, buf_cstring(&path), NULL, ret, e);
}

/* Asks, and shows the workflow that is answered. */
static int
show(struct kindverbs *v, const char *method, const char *called, const char *verb, struct err *e)
{
    cleanup_json struct json_doc *found = NULL;

    if (ask(v, method, called, verb, &found, e) < 0)
        return e->code;
    workflowprint(v->c, json_root(found), v->form);
    return 0;
}

static int
list(struct kindverbs *v, const char *none, struct err *e)
{
    bool spaces = option_switch(v->c->options, "all-namespaces", false);
    const char *selector = option_value(v->c->options, "selector");
    cleanup_free char *all =
        xasprintf("%s%s%s", IS_OVER, selector != NULL ? "," : "", selector != NULL ? selector : "");
    workflows_list found = VEC_INIT;
    int code;

    (void)none;
    code = workflows_collect(v->link, spaces ? NULL : workflows_namespace(v->c), all, &found, e);
    if (code == 0)
        workflowtable_print(v->c, &found, v->form);
    workflows_list_done(&found);
    return code;
}

static int
get(struct kindverbs *v, const char *called, struct err *e)
{
    return show(v, "GET", called, "", e);
}

static int
retry(struct kindverbs *v, const char *called, struct err *e)
{
    return show(v, "PUT", called, "/retry", e);
}

static int
resubmit(struct kindverbs *v, const char *called, struct err *e)
{
    return show(v, "PUT", called, "/resubmit", e);
}

static int delete (struct kindverbs *v, const char *called, struct err *e)
{
    cleanup_json struct json_doc *after = NULL;

    if (ask(v, "DELETE", called, "", &after, e) < 0)
        return e->code;
    fprintf(v->c->out, "Archived workflow '%s' deleted\n", called);
    return 0;
}

static const struct kindverbs_verb verbs[] = {
    {"delete", "UID...", delete},     {"get", "UID...", get},     {"list", NULL, list},
    {"resubmit", "UID...", resubmit}, {"retry", "UID...", retry}, {.name = NULL},
};

static int
archive_run(struct cli *c)
{
    return kindverbs_run(c, NULL, verbs);
}

static const char *const actions[] = {"delete", "get", "list", "resubmit", "retry", NULL};

const struct cli_command archive_command = {
    .name = "archive",
    .arguments = "list | VERB UID...",
    .choices = actions,
    .help = "show, run again and delete workflows of the server that are over",
    .details = "VERB is get, retry, resubmit or delete; in place of the UID a name will do.\n"
               "There is no second store: what is deleted here is gone.",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = archive_run,
};
