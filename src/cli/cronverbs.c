#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/kindverbs.h"
#include "cli/listtable.h"
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
    KINDVERBS_OUTPUT,
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

static const struct kindverbs_kind kind = {
    .kind = "CronWorkflow",
    .plural = "cronworkflows",
    .none = "No cron workflows found",
    .heads = heads,
    .row = row,
    .screen = put_screen,
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
    {"create", "FILE...", kindverbs_create},
    {"delete", "NAME...", kindverbs_delete},
    {"get", "NAME...", kindverbs_get},
    {"list", NULL, kindverbs_list},
    {"resume", "NAME...", resume},
    {"suspend", "NAME...", suspend},
    {.name = NULL},
};

static int
cron_run(struct cli *c)
{
    return kindverbs_run(c, &kind, verbs);
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
