#include "cli/workflowtable.h"

#include <inttypes.h>

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

/* A long value is cut in the middle. */
static void
put_shortened(struct buf *to, struct str value)
{
    enum { MAX = 50, HEAD = 32, TAIL = 15 };

    if (value.n <= MAX)
        buf_str(to, value);
    else
        buf_printf(to, "%.*s...%.*s", HEAD, value.p, TAIL, value.p + value.n - TAIL);
}

/* Pods that wait, run, and are over: "0/1/2". */
static void
put_counts(struct buf *to, const struct json *w)
{
    unsigned pending = 0, running = 0, over = 0;

    JSON_EACH (it, json_at_path(w, "status.nodes")) {
        struct str phase = json_str(json_get(it.value, "phase"));

        if (!str_is(json_str(json_get(it.value, "type")), "Pod"))
            continue;
        if (str_is(phase, "Running") && !json_bool_or(json_get(it.value, "daemoned"), false))
            running++;
        else if (phase.n == 0 || str_is(phase, "Pending"))
            pending++;
        else
            over++;
    }
    buf_printf(to, "%u/%u/%u", pending, running, over);
}

static void
put_parameters(struct buf *to, const struct json *w)
{
    JSON_EACH (it, json_at_path(w, "spec.arguments.parameters")) {
        struct str value = json_scalar_text(json_get(it.value, "value"));

        if (value.p == NULL)
            continue;
        buf_printf(to, "%s%s=", to->n > 0 ? "," : "", json_cstr_or(json_get(it.value, "name"), ""));
        put_shortened(to, value);
    }
}

static void
row(struct listtable *t, const struct json *w, const struct workflowtable *how, int64_t now_us)
{
    cleanup_buf struct buf text = BUF_INIT;
    int64_t priority = 0;
    size_t n = 0;

    if (how->namespaces)
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
    if (how->form == WORKFLOWPRINT_WIDE) {
        buf_clear(&text);
        put_counts(&text, w);
        listtable_cell(t, n++, buf_view(&text));
        buf_clear(&text);
        put_parameters(&text, w);
        listtable_cell(t, n++, buf_view(&text));
    }
    if (how->uids)
        listtable_cell(t, n++, json_str(json_at_path(w, "metadata.uid")));
}

static void
heads(struct listtable *t, const struct workflowtable *how, bool shown)
{
    const struct {
        const char *name;
        bool there;
    } columns[] = {
        {"NAMESPACE", how->namespaces},
        {"NAME", true},
        {"STATUS", true},
        {"AGE", true},
        {"DURATION", true},
        {"PRIORITY", true},
        {"MESSAGE", true},
        {"P/R/C", how->form == WORKFLOWPRINT_WIDE},
        {"PARAMETERS", how->form == WORKFLOWPRINT_WIDE},
        {"UID", how->uids},
    };

    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        t->n += columns[i].there;
    for (size_t i = 0, n = 0; shown && i < ARRAY_LEN(columns); i++) {
        if (columns[i].there)
            listtable_cell(t, n++, str_of(columns[i].name));
    }
}

static void
print_table(struct cli *c, const workflows_list *l, const struct workflowtable *how)
{
    struct listtable t = {.n = 0};

    if (l->n == 0) {
        fputs("No workflows found\n", c->out);
        return;
    }
    heads(&t, how, !option_switch(c->options, "no-headers", false));
    for (size_t i = 0; i < l->n; i++)
        row(&t, json_root(l->at[i]), how, clock_wall_us(&clock_machine));
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
workflowtable_print(struct cli *c, const workflows_list *l, const struct workflowtable *how)
{
    switch (how->form) {
    case WORKFLOWPRINT_JSON:
    case WORKFLOWPRINT_YAML:
        print_documents(c, l, how->form);
        return;
    case WORKFLOWPRINT_NAME:
        for (size_t i = 0; i < l->n; i++)
            workflowprint(c, json_root(l->at[i]), how->form);
        return;
    case WORKFLOWPRINT_SCREEN:
    case WORKFLOWPRINT_SHORT:
    case WORKFLOWPRINT_WIDE:
        print_table(c, l, how);
    }
}
