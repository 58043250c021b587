#include "cli/workflowtable.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/listtable.h"
#include "cli/option.h"
#include "cli/screen.h"
#include "cli/screentime.h"
#include "data/json.h"

static void
put_duration(struct buf *to, const struct json *w, int64_t now_us)
{
    int64_t from = workflow_time(w, "status.startedAt"),
            until = workflow_time(w, "status.finishedAt");

    screentime_short(to, from == 0 ? 0 : (until != 0 ? until : now_us) - from);
}

static void
put_parameters(struct buf *to, const struct json *w)
{
    JSON_EACH (it, json_at_path(w, "spec.arguments.parameters")) {
        struct str value = json_scalar_text(json_get(it.value, "value"));

        buf_printf(to, "%s%s=%.*s", buf_view(to).n > 0 ? "," : "",
                   json_cstr_or(json_get(it.value, "name"), ""), STR_ARG(value));
    }
}

static void
row(struct listtable *t, const struct json *w, bool spaces, bool wide, int64_t now_us)
{
    cleanup_buf struct buf text = BUF_INIT;
    int64_t priority = 0;
    size_t n = 0;

    if (spaces)
        listtable_cell(t, n++, json_str(json_at_path(w, "metadata.namespace")));
    listtable_cell(t, n++, str_of(workflow_name(w)));
    screen_status(&text, w);
    listtable_cell(t, n++, buf_view(&text));
    buf_clear(&text);
    screentime_short(&text, now_us - workflow_time(w, "metadata.creationTimestamp"));
    listtable_cell(t, n++, buf_view(&text));
    buf_clear(&text);
    put_duration(&text, w, now_us);
    listtable_cell(t, n++, buf_view(&text));
    buf_clear(&text);
    (void)json_int(json_at_path(w, "spec.priority"), &priority);
    buf_printf(&text, "%" PRId64, priority);
    listtable_cell(t, n++, buf_view(&text));
    listtable_cell(t, n++, json_str(json_at_path(w, "status.message")));
    if (wide) {
        listtable_cell(t, n++, json_str(json_at_path(w, "status.progress")));
        buf_clear(&text);
        put_parameters(&text, w);
        listtable_cell(t, n++, buf_view(&text));
    }
}

static void
print_table(struct cli *c, const workflows_list *l, bool wide)
{
    static const char *const heads[] = {"NAMESPACE", "NAME",    "STATUS",   "AGE",       "DURATION",
                                        "PRIORITY",  "MESSAGE", "PROGRESS", "PARAMETERS"};
    bool spaces = option_switch(c->options, "all-namespaces", false);
    size_t first = spaces ? 0 : 1, end = ARRAY_LEN(heads) - (wide ? 0 : 2);
    struct listtable t = {.n = end - first};

    if (l->n == 0) {
        fputs("No workflows found\n", c->out);
        return;
    }
    for (size_t i = first; i < end && !option_switch(c->options, "no-headers", false); i++)
        listtable_cell(&t, i - first, str_of(heads[i]));
    for (size_t i = 0; i < l->n; i++)
        row(&t, json_root(l->at[i]), spaces, wide, clock_wall_us(&clock_machine));
    listtable_write(&t, c->out);
}

static void
print_documents(struct cli *c, const workflows_list *l, enum workflowprint_form form)
{
    cleanup_json struct json_doc *all = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_array(&b, NULL);
    for (size_t i = 0; i < l->n; i++)
        json_add_value(&b, NULL, json_root(l->at[i]));
    json_end(&b);
    all = json_build_done(&b);
    workflowprint(c, json_root(all), form);
}

void
workflowtable_print(struct cli *c, const workflows_list *l, enum workflowprint_form form)
{
    const char *output = option_value(c->options, "output");

    switch (form) {
    case WORKFLOWPRINT_JSON:
    case WORKFLOWPRINT_YAML:
        print_documents(c, l, form);
        return;
    case WORKFLOWPRINT_NAME:
        for (size_t i = 0; i < l->n; i++)
            workflowprint(c, json_root(l->at[i]), form);
        return;
    case WORKFLOWPRINT_SCREEN:
        print_table(c, l, output != NULL && strcmp(output, "wide") == 0);
    }
}
