#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/pick.h"
#include "cli/serverlink.h"
#include "cli/workflows.h"
#include "data/json.h"

#define CHUNK "query-chunk-size"

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    PICK_OPTIONS(CHUNK),
    {.name = "all", .help = "every one"},
    {.name = "force", .help = "also those that a finalizer keeps"},
    {.name = "dry-run", .help = "only say which"},
    OPTION_END,
};

/* Whether a flag chooses workflows. */
static bool
chooses(const struct cli *c)
{
    static const char *const flags[] = {"all",     "all-namespaces", "completed",
                                        "running", "older",          "resubmitted",
                                        "since",   "prefix",         "status"};

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (option_given(c->options, flags[i]))
            return true;
    return pick_selects(c);
}

/* Nobody's finalizer is waited for: the workflow loses them all, and one that is being deleted is
 * gone by that.  1: it had some. */
static int
drop_finalizers(struct serverlink *r, const char *path, struct err *e)
{
    cleanup_json struct json_doc *found = NULL, *next = NULL, *after = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (serverlink_call(r, "GET", path, NULL, &found, e) < 0)
        return e->code;
    if (json_count(json_at_path(json_root(found), "metadata.finalizers")) == 0)
        return 0;
    json_add_object(&b, NULL);
    json_add_fields(&b, json_root(found), (const char *const[]){"metadata", NULL});
    json_add_object(&b, "metadata");
    json_add_fields(&b, json_get(json_root(found), "metadata"),
                    (const char *const[]){"finalizers", NULL});
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return serverlink_call(r, "PUT", path, json_root(next), &after, e) < 0 ? e->code : 1;
}

static int
delete_one(struct cli *c, struct serverlink *r, const char *ns, const char *name, struct err *e)
{
    cleanup_json struct json_doc *after = NULL;
    bool dry = option_switch(c->options, "dry-run", false);
    cleanup_buf struct buf path = BUF_INIT;
    int dropped = 0, code = 0;

    workflows_path(&path, ns, name);
    if (!dry && option_switch(c->options, "force", false))
        code = dropped = drop_finalizers(r, buf_cstring(&path), e);
    if (!dry && code >= 0)
        code = serverlink_call(r, "DELETE", buf_cstring(&path), NULL, &after, e);
    if (code == ERR_NOTFOUND && dropped > 0)
        code = 0;
    if (code < 0 && code != ERR_NOTFOUND)
        return code;
    fprintf(c->out, "Workflow '%s' %s\n", name,
            code == ERR_NOTFOUND ? "not found"
            : dry                ? "deleted (dry-run)"
                                 : "deleted");
    return 0;
}

static int
delete_named(struct cli *c, struct serverlink *r, struct err *e)
{
    for (size_t i = 0; i < option_operand_count(c->options); i++) {
        cleanup_free char *name = NULL;

        if (workflows_resolve(r, workflows_namespace(c), option_operand(c->options, i), &name, e) <
                0 ||
            delete_one(c, r, workflows_namespace(c), name, e) < 0)
            return e->code;
    }
    return 0;
}

static int
delete_picked(struct cli *c, struct serverlink *r, struct err *e)
{
    workflows_list found = VEC_INIT;
    int code = pick(c, r, CHUNK, false, &found, e);

    for (size_t i = 0; code == 0 && i < found.n; i++) {
        const struct json *w = json_root(found.at[i]);

        code = delete_one(c, r, json_cstr_or(json_at_path(w, "metadata.namespace"), "default"),
                          workflow_name(w), e);
    }
    if (code == 0 && found.n == 0)
        fputs("No resources found\n", c->out);
    workflows_list_done(&found);
    return code;
}

static int
delete_run(struct cli *c)
{
    cleanup_serverlink struct serverlink *r = NULL;
    struct err e = ERR_INIT;

    if (option_operand_count(c->options) == 0 && !chooses(c))
        return cli_usage(c,
                         "expected WORKFLOW..., or flags that choose workflows (--all: every one)");
    if (serverlink_open(c, &r, &e) < 0 || delete_named(c, r, &e) < 0 ||
        (chooses(c) && delete_picked(c, r, &e) < 0))
        return cli_fail(c, &e);
    return CLI_OK;
}

const struct cli_command delete_command = {
    .name = "delete",
    .arguments = "WORKFLOW...",
    .help = "delete workflows of the server, with their steps, logs and artifacts",
    .options = options,
    .min_operands = 0,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = delete_run,
};
