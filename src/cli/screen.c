#include "cli/screen.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/screentime.h"
#include "cli/treenode.h"
#include "cli/treetable.h"
#include "data/json.h"

enum { LABEL = 20 }; /* cells of the first column, without the space behind it */

/* Begins a line: the label, padded.  The caller appends the value and the newline. */
static void
label(struct buf *to, const char *text)
{
    unsigned width = treetable_width(str_of(text));

    buf_cstr(to, text);
    buf_fill(to, ' ', width < LABEL ? LABEL - width : 0);
    buf_char(to, ' ');
}

static void
line(struct buf *to, const char *name, struct str value)
{
    label(to, name);
    treetable_clean(to, value);
    buf_char(to, '\n');
}

/* "  name:" and a value of any kind. */
static void
named_line(struct buf *to, struct str name, const struct json *value)
{
    cleanup_buf struct buf head = BUF_INIT, text = BUF_INIT;
    struct str scalar = json_scalar_text(value);

    buf_cstr(&head, "  ");
    treetable_clean(&head, name);
    buf_char(&head, ':');
    if (scalar.p != NULL)
        buf_str(&text, scalar);
    else
        json_write(&text, value);
    line(to, buf_cstring(&head), buf_view(&text));
}

/* The spec that runs: a referenced template's is kept in the status. */
static const struct json *
spec_of(const struct json *workflow)
{
    const struct json *stored = json_at_path(workflow, "status.storedWorkflowTemplateSpec");

    return json_type(stored) == JSON_OBJECT ? stored : json_get(workflow, "spec");
}

static bool
is_suspended(const struct json *workflow)
{
    if (json_bool_or(json_at_path(workflow, "spec.suspend"), false))
        return true;
    JSON_EACH (it, json_at_path(workflow, "status.nodes")) {
        if (str_is(treenode_text(it.value, "type"), "Suspend") &&
            str_is(treenode_text(it.value, "phase"), "Running"))
            return true;
    }
    return false;
}

void
screen_status(struct buf *to, const struct json *workflow)
{
    struct str phase = json_str(json_at_path(workflow, "status.phase"));

    if (phase.n == 0)
        buf_cstr(to, "Pending");
    else
        treetable_clean(to, phase);
    if (str_is(phase, "Running") && is_suspended(workflow))
        buf_cstr(to, " (Suspended)");
    if (str_is(phase, "Failed") && json_str(json_at_path(workflow, "spec.shutdown")).n > 0)
        buf_cstr(to, " (Terminated)");
}

static void
write_account(struct buf *to, const struct json *workflow)
{
    struct str account = treenode_text(spec_of(workflow), "serviceAccountName");

    if (account.n == 0)
        account = json_get(json_get(workflow, "spec"), "workflowTemplateRef") != NULL
                      ? STR("unset")
                      : STR("unset (will run with the default ServiceAccount)");
    line(to, "ServiceAccount:", account);
}

static const struct {
    const char *type, *utf8, *word;
    int colour; /* SGR */
} condition_icons[] = {
    {"MetricsError", "\u2716", "Error", 31},
    {"SpecWarning", "\u26a0", "Warning", 33},
};

static void
condition_icon(struct buf *to, struct str type, const struct tree_style *style)
{
    for (size_t i = 0; i < ARRAY_LEN(condition_icons); i++) {
        const char *icon = style->utf8 ? condition_icons[i].utf8 : condition_icons[i].word;

        if (!str_is(type, condition_icons[i].type))
            continue;
        if (style->colour)
            buf_printf(to, "\033[%dm%s\033[0m", condition_icons[i].colour, icon);
        else
            buf_cstr(to, icon);
    }
}

static void
write_conditions(struct buf *to, const struct json *status, const struct tree_style *style)
{
    const struct json *conditions = json_get(status, "conditions");

    if (json_count(conditions) == 0)
        return;
    line(to, "Conditions:", STR_NULL);
    JSON_EACH (it, conditions) {
        cleanup_buf struct buf head = BUF_INIT;
        struct str type = treenode_text(it.value, "type");
        struct str message = treenode_text(it.value, "message");

        condition_icon(&head, type, style);
        buf_char(&head, ' ');
        treetable_clean(&head, type);
        line(to, buf_cstring(&head), message.n > 0 ? message : treenode_text(it.value, "status"));
    }
}

static void
moment_line(struct buf *to, const char *name, int64_t at_us, int64_t now_us)
{
    if (at_us == 0)
        return;
    label(to, name);
    screentime_moment(to, at_us, now_us);
    buf_char(to, '\n');
}

static void
write_times(struct buf *to, const struct json *workflow, int64_t now_us)
{
    const struct json *status = json_get(workflow, "status");
    int64_t start = treenode_time(status, "startedAt"), end = treenode_time(status, "finishedAt");
    int64_t estimate;

    moment_line(to, "Created:", treenode_time(json_get(workflow, "metadata"), "creationTimestamp"),
                now_us);
    moment_line(to, "Started:", start, now_us);
    moment_line(to, "Finished:", end, now_us);
    if (start != 0) {
        label(to, "Duration:");
        screentime_long(to, (end != 0 ? end : now_us) - start);
        buf_char(to, '\n');
    }
    if (str_is(treenode_text(status, "phase"), "Running") &&
        json_int(json_get(status, "estimatedDuration"), &estimate) && estimate > 0 &&
        estimate < INT32_MAX) {
        label(to, "EstimatedDuration:");
        screentime_long(to, estimate * CLOCK_SECOND);
        buf_char(to, '\n');
    }
}

static void
write_resources(struct buf *to, const struct json *status)
{
    const struct json *durations = json_get(status, "resourcesDuration");

    if (json_count(durations) == 0)
        return;
    label(to, "ResourcesDuration:");
    screentime_resources(to, durations);
    buf_char(to, '\n');
}

static void
write_parameters(struct buf *to, const char *title, const struct json *parameters)
{
    if (json_count(parameters) == 0)
        return;
    line(to, title, STR_NULL);
    JSON_EACH (it, parameters) {
        const struct json *value = json_get(it.value, "value");

        if (!json_is_null(value))
            named_line(to, treenode_text(it.value, "name"), value);
    }
}

/* Where the artifact is: "s3://bucket/key"; the key alone where the store is the default one. */
static void
artifact_line(struct buf *to, const struct json *artifact)
{
    cleanup_buf struct buf head = BUF_INIT, where = BUF_INIT;
    const struct json *s3 = json_get(artifact, "s3");
    struct str bucket = treenode_text(s3, "bucket");

    if (s3 == NULL)
        return;
    buf_cstr(&head, "  ");
    treetable_clean(&head, treenode_text(artifact, "name"));
    buf_char(&head, ':');
    if (bucket.n > 0)
        buf_printf(&where, "s3://%.*s/", STR_ARG(bucket));
    buf_str(&where, treenode_text(s3, "key"));
    line(to, buf_cstring(&head), buf_view(&where));
}

static void
write_outputs(struct buf *to, const struct json *outputs)
{
    const struct json *artifacts = json_get(outputs, "artifacts");

    write_parameters(to, "Output Parameters:", json_get(outputs, "parameters"));
    if (json_count(artifacts) == 0)
        return;
    line(to, "Output Artifacts:", STR_NULL);
    JSON_EACH (it, artifacts)
        artifact_line(to, it.value);
}

static void
write_head(struct buf *to, const struct json *workflow, const struct tree_style *style)
{
    const struct json *metadata = json_get(workflow, "metadata");
    const struct json *status = json_get(workflow, "status");

    line(to, "Name:", treenode_text(metadata, "name"));
    line(to, "Namespace:", treenode_text(metadata, "namespace"));
    write_account(to, workflow);
    label(to, "Status:");
    screen_status(to, workflow);
    buf_char(to, '\n');
    if (treenode_text(status, "message").n > 0)
        line(to, "Message:", treenode_text(status, "message"));
    write_conditions(to, status, style);
    write_times(to, workflow, style->now_us);
    line(to, "Progress:", treenode_text(status, "progress"));
    write_resources(to, status);
    write_parameters(to, "Parameters:", json_at_path(spec_of(workflow), "arguments.parameters"));
    write_outputs(to, json_get(status, "outputs"));
}

void
screen_write(struct buf *to, const struct json *workflow, const struct tree_style *style)
{
    cleanup_buf struct buf tree = BUF_INIT;

    write_head(to, workflow, style);
    tree_write(&tree, workflow, style);
    if (tree.n > 0)
        buf_char(to, '\n');
    buf_str(to, buf_view(&tree));
}
