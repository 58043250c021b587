#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/lint.h"
#include "cli/listtable.h"
#include "cli/manifest.h"
#include "cli/option.h"
#include "cli/screentime.h"
#include "cli/serverlink.h"
#include "cli/workflowprint.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "flow/argo/argo_cron.h"

/*
 * `sluice cron`: the CronWorkflows of a server, as `argo cron` shows and changes them.
 */

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    {.name = "all-namespaces", .letter = 'A', .help = "list: of all namespaces"},
    {.name = "output",
     .letter = 'o',
     .argument = "FORM",
     .choices = workflowprint_forms,
     .help = "get, create: print json, yaml or name"},
    OPTION_END,
};

static void
put_path(struct buf *to, const char *ns, const char *name)
{
    buf_cstr(to, "/apis/argoproj.io/v1alpha1/");
    if (ns != NULL) {
        buf_cstr(to, "namespaces/");
        serverlink_put_escaped(to, str_of(ns));
        buf_char(to, '/');
    }
    buf_cstr(to, "cronworkflows");
    if (name != NULL) {
        buf_char(to, '/');
        serverlink_put_escaped(to, str_of(name));
    }
}

static int
ask(struct cli *c, struct serverlink *r, const char *method, const char *name,
    const struct json *body, struct json_doc **ret, struct err *e)
{
    cleanup_buf struct buf path = BUF_INIT;

    put_path(&path, workflows_namespace(c), name);
    return serverlink_call(r, method, buf_cstring(&path), body, ret, e);
}

/* What is shown of one. */

static void
put_schedules(struct buf *to, const struct json *spec)
{
    struct str old = json_str(json_get(spec, "schedule"));

    JSON_EACH (it, json_get(spec, "schedules")) {
        buf_cstr(to, to->n > 0 ? "," : "");
        buf_str(to, json_str(it.value));
    }
    if (old.n > 0) {
        buf_cstr(to, to->n > 0 ? "," : "");
        buf_str(to, old);
    }
}

/* 0: none, or its schedules cannot be read. */
static int64_t
next_run(const struct json *w, int64_t now_us)
{
    struct err ignored = ERR_INIT;
    int64_t at = 0;

    return argo_cron_next(json_get(w, "spec"), now_us, &at, &ignored) < 0 ? 0 : at;
}

static const char *
suspended(const struct json *w)
{
    return json_bool_or(json_at_path(w, "spec.suspend"), false) ? "true" : "false";
}

static void
put_pause(struct listtable *t, size_t column, int64_t at_us, int64_t now_us)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (at_us != 0)
        screentime_short(&text, at_us - now_us);
    listtable_cell(t, column, at_us != 0 ? buf_view(&text) : STR("N/A"));
}

static void
row(struct listtable *t, const struct json *w, bool spaces, int64_t now_us)
{
    cleanup_buf struct buf schedules = BUF_INIT;
    size_t n = 0;

    if (spaces)
        listtable_cell(t, n++, json_str(json_at_path(w, "metadata.namespace")));
    listtable_cell(t, n++, str_of(workflow_name(w)));
    put_pause(t, n++, workflow_time(w, "metadata.creationTimestamp"), now_us);
    put_pause(t, n++, workflow_time(w, "status.lastScheduledTime"), now_us);
    put_pause(t, n++, next_run(w, now_us), now_us);
    put_schedules(&schedules, json_get(w, "spec"));
    listtable_cell(t, n++, buf_view(&schedules));
    listtable_cell(t, n++, json_str(json_at_path(w, "spec.timezone")));
    listtable_cell(t, n++, str_of(suspended(w)));
}

/* One line of the screen; none for an empty text. */
static void
put_line(struct buf *to, const char *title, struct str text)
{
    if (text.n > 0)
        buf_printf(to, "%-30s %.*s\n", title, STR_ARG(text));
}

static void
put_moment(struct buf *to, const char *title, int64_t at_us, int64_t now_us)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (at_us != 0)
        screentime_moment(&text, at_us, now_us);
    put_line(to, title, buf_view(&text));
}

static void
put_active(struct buf *to, const struct json *w)
{
    cleanup_buf struct buf names = BUF_INIT;

    JSON_EACH (it, json_at_path(w, "status.active")) {
        buf_printf(&names, "%s%s", names.n > 0 ? ", " : "",
                   json_cstr_or(json_get(it.value, "name"), ""));
    }
    put_line(to, "Active Workflows:", buf_view(&names));
}

static void
put_screen(struct buf *to, const struct json *w, int64_t now_us)
{
    const struct json *spec = json_get(w, "spec");
    cleanup_buf struct buf schedules = BUF_INIT;

    put_line(to, "Name:", str_of(workflow_name(w)));
    put_line(to, "Namespace:", json_str(json_at_path(w, "metadata.namespace")));
    put_moment(to, "Created:", workflow_time(w, "metadata.creationTimestamp"), now_us);
    put_schedules(&schedules, spec);
    put_line(to, "Schedules:", buf_view(&schedules));
    put_line(to, "Suspended:", str_of(suspended(w)));
    put_line(to, "Timezone:", json_str(json_get(spec, "timezone")));
    put_line(to, "StartingDeadlineSeconds:",
             json_scalar_text(json_get(spec, "startingDeadlineSeconds")));
    put_line(to, "ConcurrencyPolicy:", json_str(json_get(spec, "concurrencyPolicy")));
    put_moment(to, "LastScheduledTime:", workflow_time(w, "status.lastScheduledTime"), now_us);
    put_moment(to, "NextScheduledTime:", next_run(w, now_us), now_us);
    put_active(to, w);
    JSON_EACH (it, json_at_path(w, "status.conditions")) {
        cleanup_free char *title =
            xasprintf("%s:", json_cstr_or(json_get(it.value, "type"), "Condition"));

        put_line(to, title, json_str(json_get(it.value, "message")));
    }
}

static void
show(struct cli *c, const struct json *w, enum workflowprint_form form)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (form != WORKFLOWPRINT_SCREEN) {
        workflowprint(c, w, form);
        return;
    }
    put_screen(&text, w, clock_wall_us(&clock_machine));
    fwrite(text.p, 1, text.n, c->out);
}

/* Verbs. */

static int
list(struct cli *c, struct serverlink *r, struct err *e)
{
    static const char *const heads[] = {"NAMESPACE", "NAME",      "AGE",      "LAST RUN",
                                        "NEXT RUN",  "SCHEDULES", "TIMEZONE", "SUSPENDED"};
    bool spaces = option_switch(c->options, "all-namespaces", false);
    size_t first = spaces ? 0 : 1;
    struct listtable t = {.n = ARRAY_LEN(heads) - first};
    cleanup_json struct json_doc *found = NULL;
    cleanup_buf struct buf path = BUF_INIT;

    put_path(&path, spaces ? NULL : workflows_namespace(c), NULL);
    if (serverlink_call(r, "GET", buf_cstring(&path), NULL, &found, e) < 0)
        return e->code;
    if (json_count(json_get(json_root(found), "items")) == 0) {
        fputs("No cron workflows found\n", c->out);
        return 0;
    }
    for (size_t i = first; i < ARRAY_LEN(heads); i++)
        listtable_cell(&t, i - first, str_of(heads[i]));
    JSON_EACH (it, json_get(json_root(found), "items"))
        row(&t, it.value, spaces, clock_wall_us(&clock_machine));
    listtable_write(&t, c->out);
    return 0;
}

static int
get(struct cli *c, struct serverlink *r, const char *name, struct err *e)
{
    cleanup_json struct json_doc *found = NULL;
    enum workflowprint_form form = WORKFLOWPRINT_SCREEN;

    if (ask(c, r, "GET", name, NULL, &found, e) < 0)
        return e->code;
    (void)workflowprint_form(c, &form);
    show(c, json_root(found), form);
    return 0;
}

static int
create_object(struct cli *c, struct serverlink *r, const struct manifest_object *o, struct err *e)
{
    cleanup_json struct json_doc *made = NULL;
    enum workflowprint_form form = WORKFLOWPRINT_SCREEN;

    if (!str_is(o->kind, "CronWorkflow"))
        return err_set(e, ERR_INVALID, "a %.*s is no CronWorkflow", STR_ARG(o->kind));
    if (ask(c, r, "POST", NULL, o->value, &made, e) < 0)
        return e->code;
    (void)workflowprint_form(c, &form);
    show(c, json_root(made), form);
    return 0;
}

static int
create(struct cli *c, struct serverlink *r, const char *file, struct err *e)
{
    struct lint_options how = {.strict = true, .has_server = true};
    cleanup_manifest struct manifest m = MANIFEST_INIT;

    if (manifest_read(&m, file, e) < 0)
        return e->code;
    if (lint_submission(&m, &how, c->err) != CLI_OK)
        return err_set(e, ERR_INVALID, "%s is not sent", file);
    for (size_t i = 0; i < m.n; i++) {
        for (size_t k = 0; k < m.files[i].n; k++) {
            if (create_object(c, r, &m.files[i].objects[k], e) < 0)
                return e->code;
        }
    }
    return 0;
}

/* Reads it, sets spec.suspend and writes it, as upstream does. */
static int
set_suspend(struct cli *c, struct serverlink *r, const char *name, bool suspend, struct err *e)
{
    cleanup_json struct json_doc *found = NULL, *next = NULL, *after = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (ask(c, r, "GET", name, NULL, &found, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_add_fields(&b, json_root(found), (const char *const[]){"spec", NULL});
    json_add_object(&b, "spec");
    json_add_fields(&b, json_get(json_root(found), "spec"), (const char *const[]){"suspend", NULL});
    if (suspend)
        json_add_bool(&b, "suspend", true);
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    if (ask(c, r, "PUT", name, json_root(next), &after, e) < 0)
        return e->code;
    fprintf(c->out, "CronWorkflow '%s' %s\n", name, suspend ? "suspended" : "resumed");
    return 0;
}

static int
suspend(struct cli *c, struct serverlink *r, const char *name, struct err *e)
{
    return set_suspend(c, r, name, true, e);
}

static int
resume(struct cli *c, struct serverlink *r, const char *name, struct err *e)
{
    return set_suspend(c, r, name, false, e);
}

static int delete (struct cli *c, struct serverlink *r, const char *name, struct err *e)
{
    cleanup_json struct json_doc *after = NULL;

    if (ask(c, r, "DELETE", name, NULL, &after, e) < 0)
        return e->code;
    fprintf(c->out, "CronWorkflow '%s' deleted\n", name);
    return 0;
}

struct verb {
    const char *name;
    int (*run)(struct cli *c, struct serverlink *r, const char *operand, struct err *e);
};

static const struct verb verbs[] = {
    {"create", create}, {"delete", delete}, {"get", get},
    {"list", NULL},     {"resume", resume}, {"suspend", suspend},
};

static const struct verb *
verb_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    }
    return NULL;
}

static int
no_verb(struct cli *c, const char *given)
{
    const char *names[ARRAY_LEN(verbs)], *nearest;

    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        names[i] = verbs[i].name;
    nearest = option_nearest(given, names, ARRAY_LEN(names));
    if (nearest == NULL)
        return cli_usage(c, "there is no 'cron %s'", given);
    return cli_usage(c, "there is no 'cron %s'; did you mean '%s'?", given, nearest);
}

static int
cron_run(struct cli *c)
{
    const struct verb *v = verb_named(option_operand(c->options, 0));
    cleanup_serverlink struct serverlink *r = NULL;
    size_t n = option_operand_count(c->options);
    enum workflowprint_form form;
    struct err e = ERR_INIT;

    if (v == NULL)
        return no_verb(c, option_operand(c->options, 0));
    if (!workflowprint_form(c, &form))
        return CLI_USAGE;
    if (v->run == NULL && n > 1)
        return cli_usage(c, "list takes no argument");
    if (v->run != NULL && n == 1)
        return cli_usage(c, "%s: expected %s", v->name, v->run == create ? "FILE..." : "NAME...");
    if (serverlink_open(c, &r, &e) < 0 || (v->run == NULL && list(c, r, &e) < 0))
        return cli_fail(c, &e);
    for (size_t i = 1; i < n; i++) {
        if (v->run(c, r, option_operand(c->options, i), &e) < 0)
            return cli_fail(c, &e);
    }
    return CLI_OK;
}

static const char *const actions[] = {"create", "delete", "get", "list", "resume", "suspend", NULL};

const struct cli_command cron_command = {
    .name = "cron",
    .arguments = "create FILE... | list | VERB NAME...",
    .choices = actions,
    .help = "create, show and change CronWorkflows of the server",
    .details = "VERB is get, suspend, resume or delete.",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = cron_run,
};
