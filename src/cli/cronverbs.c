#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/kindverbs.h"
#include "cli/listtable.h"
#include "cli/run_load.h"
#include "cli/screentime.h"
#include "cli/workflows.h"
#include "data/json.h"
#include "flow/argo/argo_cron.h"

/*
 * `sluice cron`: the CronWorkflows of a server, as `argo cron` shows and changes them.
 */

enum { TITLE_WIDTH = 30 };

static const struct option options[] = {
    WORKFLOWS_NAMESPACE,
    KINDVERBS_ALL_NAMESPACES,
    KINDVERBS_OPTIONS,
    {.name = "schedule", .argument = "SCHEDULE", .help = "create: in place of those of the file"},
    {.name = "name", .argument = "NAME", .help = "create: call it so"},
    {.name = "generate-name", .argument = "PREFIX", .help = "create: begin its name so"},
    {.name = "serviceaccount",
     .argument = "NAME",
     .help = "create, update: run its steps as this account"},
    RUN_LOAD_OPTIONS,
    OPTION_END,
};

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
row(struct listtable *t, size_t n, const struct json *w, int64_t now_us)
{
    cleanup_buf struct buf schedules = BUF_INIT;

    listtable_cell(t, n++, str_of(workflow_name(w)));
    put_pause(t, n++, workflow_time(w, "metadata.creationTimestamp"), now_us);
    put_pause(t, n++, workflow_time(w, "status.lastScheduledTime"), now_us);
    put_pause(t, n++, next_run(w, now_us), now_us);
    put_schedules(&schedules, json_get(w, "spec"));
    listtable_cell(t, n++, buf_view(&schedules));
    listtable_cell(t, n++, json_str(json_at_path(w, "spec.timezone")));
    listtable_cell(t, n++, str_of(suspended(w)));
}

static void
put_line(struct buf *to, const char *title, struct str text)
{
    kindverbs_put_line(to, TITLE_WIDTH, title, text);
}

static void
put_moment(struct buf *to, const char *title, int64_t at_us, int64_t now_us)
{
    kindverbs_put_moment(to, TITLE_WIDTH, title, at_us, now_us);
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

static const char *const heads[] = {"NAME",      "AGE",      "LAST RUN",  "NEXT RUN",
                                    "SCHEDULES", "TIMEZONE", "SUSPENDED", NULL};

/* The object with what the flags lay over it. */

static void
add_metadata(struct json_build *b, const struct cli *c, const struct json *old)
{
    const char *name = option_value(c->options, "name");
    const char *prefix = option_value(c->options, "generate-name");
    bool other = name != NULL || prefix != NULL;

    json_add_object(b, "metadata");
    json_add_fields(b, old,
                    (const char *const[]){other ? "name" : "", other ? "generateName" : "", NULL});
    if (name != NULL)
        json_add_cstr(b, "name", name);
    else if (prefix != NULL)
        json_add_cstr(b, "generateName", prefix);
    json_end(b);
}

static int
add_workflow_spec(struct json_build *b, const struct cli *c, const struct json *old, struct err *e)
{
    const char *account = option_value(c->options, "serviceaccount");
    struct run_load given = {.parameters = VEC_INIT};
    cleanup_json struct json_doc *spec = NULL;
    int code = run_load_parameters(&given, c->options, e);

    if (code == 0) {
        spec = run_load_adapt_spec(&given, old, option_value(c->options, "entrypoint"));
        json_add_object(b, "workflowSpec");
        json_add_fields(b, json_root(spec),
                        (const char *const[]){account != NULL ? "serviceAccountName" : "", NULL});
        if (account != NULL)
            json_add_cstr(b, "serviceAccountName", account);
        json_end(b);
    }
    run_load_done(&given);
    return code;
}

static int
adapt(const struct cli *c, const struct json *object, struct json_doc **ret, struct err *e)
{
    const char *schedule = option_value(c->options, "schedule");
    const struct json *spec = json_get(object, "spec");
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object, (const char *const[]){"metadata", "spec", NULL});
    add_metadata(&b, c, json_get(object, "metadata"));
    json_add_object(&b, "spec");
    json_add_fields(&b, spec,
                    (const char *const[]){"workflowSpec", schedule != NULL ? "schedule" : "",
                                          schedule != NULL ? "schedules" : "", NULL});
    if (schedule != NULL) {
        json_add_array(&b, "schedules");
        json_add_cstr(&b, NULL, schedule);
        json_end(&b);
    }
    if (add_workflow_spec(&b, c, json_get(spec, "workflowSpec"), e) < 0)
        return e->code;
    json_end(&b);
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static const struct kindverbs_kind kind = {
    .kind = "CronWorkflow",
    .plural = "cronworkflows",
    .heads = heads,
    .row = row,
    .screen = put_screen,
    .adapt = adapt,
};

/* Reads it, sets spec.suspend and writes it, as upstream does. */
static int
set_suspend(struct kindverbs *v, const char *name, bool suspend, struct err *e)
{
    cleanup_json struct json_doc *found = NULL, *next = NULL, *after = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (kindverbs_ask(v, "GET", name, NULL, &found, e) < 0)
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
    if (kindverbs_ask(v, "PUT", name, json_root(next), &after, e) < 0)
        return e->code;
    fprintf(v->c->out, "CronWorkflow '%s' %s\n", name, suspend ? "suspended" : "resumed");
    return 0;
}

static int
suspend(struct kindverbs *v, const char *name, struct err *e)
{
    return set_suspend(v, name, true, e);
}

static int
resume(struct kindverbs *v, const char *name, struct err *e)
{
    return set_suspend(v, name, false, e);
}

static const struct kindverbs_verb verbs[] = {
    KINDVERBS_VERBS,
    {"resume", "NAME...", resume, NULL},
    {"suspend", "NAME...", suspend, NULL},
    {.name = NULL},
};

static int
cron_run(struct cli *c)
{
    return kindverbs_run(c, &kind, verbs);
}

static const char *const actions[] = {"create", "delete",  "get",    "lint", "list",
                                      "resume", "suspend", "update", NULL};

const struct cli_command cron_command = {
    .name = "cron",
    .arguments = "VERB FILE... | list | VERB NAME...",
    .choices = actions,
    .help = "create, show and change CronWorkflows of the server",
    .details = "VERB is create, update or lint of files, get, suspend, resume or delete of names.",
    .options = options,
    .min_operands = 1,
    .max_operands = CLI_ANY,
    .settings = true,
    .run = cron_run,
};
