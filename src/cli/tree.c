#include "cli/tree.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/vec.h"
#include "cli/screentime.h"
#include "cli/treenode.h"
#include "cli/treetable.h"
#include "data/json.h"
#include "flow/argo/argo_name.h"

static struct str
workflow_name(const struct json *workflow)
{
    return json_str(json_at_path(workflow, "metadata.name"));
}

void
tree_pod_name(struct buf *to, const struct json *workflow, const struct json *node)
{
    const struct json *annotations = json_at_path(workflow, "metadata.annotations");
    struct str template = treenode_text(json_get(node, "templateRef"), "template");
    cleanup_free char *wf = str_dup(workflow_name(workflow));
    cleanup_free char *pod = NULL;

    if (str_is(treenode_text(annotations, "workflows.argoproj.io/pod-name-format"), "v1")) {
        buf_str(to, treenode_text(node, "id"));
        return;
    }
    if (template.n == 0)
        template = treenode_text(node, "templateName");
    pod = argo_name_pod(wf, treenode_text(node, "name"), template);
    buf_cstr(to, pod);
}

static const struct icon {
    const char *phase, *utf8, *word;
    int colour; /* SGR */
} icons[] = {
    {"Pending", "\u25f7", "Pending", 33},     {"Running", "\u25cf", "Running", 36},
    {"Succeeded", "\u2714", "Succeeded", 32}, {"Skipped", "\u25cb", "Skipped", 39},
    {"Failed", "\u2716", "Failed", 31},       {"Error", "\u26a0", "Error", 31},
};
static const struct icon icon_waiting = {"Running", "\u01c1", "Suspend", 36};

static const struct icon *
icon_of(const struct json *node)
{
    struct str phase = treenode_text(node, "phase");

    if (str_is(treenode_text(node, "type"), "Suspend") && str_is(phase, icon_waiting.phase))
        return &icon_waiting;
    for (size_t i = 0; i < ARRAY_LEN(icons); i++) {
        if (str_is(phase, icons[i].phase))
            return &icons[i];
    }
    return NULL;
}

void
tree_icon(struct buf *to, const struct json *node, const struct tree_style *style)
{
    const struct icon *icon = icon_of(node);

    if (icon == NULL)
        return;
    if (style->colour)
        buf_printf(to, "\033[%dm", icon->colour);
    buf_cstr(to, style->utf8 ? icon->utf8 : icon->word);
    if (style->colour)
        buf_cstr(to, "\033[0m");
}

/* Drawing. */

struct drawing {
    const struct json *workflow;
    const struct tree_style *style;
    struct treetable table;
    VEC(struct tree_row) rows; /* one for each line of the table; `at` and `n` come later */
};

/* What stands before a row, and before the rows below it. */
struct branch {
    const char *row, *below;
};
enum position { ONLY, FIRST, MIDDLE, LAST };

/* Below a node with a row. */
static const struct branch plain[2][4] = {
    {{"`-", "  "}, {"|-", "| "}, {"|-", "| "}, {"`-", "  "}},
    {{"\u2514\u2500", "  "},
     {"\u251c\u2500", "\u2502 "},
     {"\u251c\u2500", "\u2502 "},
     {"\u2514\u2500", "  "}},
};
/* Below a step group, whose first step takes the group's place. */
static const struct branch grouped[2][4] = {
    {{"--", "  "}, {"+-", "| "}, {"|-", "| "}, {"`-", "  "}},
    {{"\u2500\u2500", "  "},
     {"\u252c\u2500", "\u2502 "},
     {"\u251c\u2500", "\u2502 "},
     {"\u2514\u2500", "  "}},
};
static const struct branch nothing = {"", ""};

static void
row_begin(struct drawing *d, struct str phase)
{
    struct tree_row row = {
        .active = str_is(phase, "Running") || str_is(phase, "Pending"),
        .bad = str_is(phase, "Failed") || str_is(phase, "Error"),
    };

    vec_push(&d->rows, row);
    treetable_line(&d->table);
}

static void
cell(struct drawing *d, struct str text)
{
    treetable_clean(&d->table.text, text);
    treetable_cell_end(&d->table);
}

static void
draw_template(struct drawing *d, const struct json *node)
{
    const struct json *ref = json_get(node, "templateRef");

    if (json_type(ref) != JSON_OBJECT) {
        cell(d, treenode_text(node, "templateName"));
        return;
    }
    treetable_clean(&d->table.text, treenode_text(ref, "name"));
    buf_char(&d->table.text, '/');
    cell(d, treenode_text(ref, "template"));
}

static void
draw_duration(struct drawing *d, const struct json *node)
{
    int64_t start = treenode_time(node, "startedAt"), end = treenode_time(node, "finishedAt");

    if (end == 0 && start != 0)
        end = d->style->now_us;
    screentime_short(&d->table.text, end - start);
    treetable_cell_end(&d->table);
}

static void
draw_artifacts(struct drawing *d, const struct json *node)
{
    const char *comma = "";

    JSON_EACH (it, json_at_path(node, "outputs.artifacts")) {
        buf_cstr(&d->table.text, comma);
        treetable_clean(&d->table.text, treenode_text(it.value, "name"));
        comma = ",";
    }
    treetable_cell_end(&d->table);
}

/* What comes behind the duration. */
static void
draw_rest(struct drawing *d, const struct treenode *n, bool pod)
{
    enum tree_columns columns = d->style->columns;

    if (columns == TREE_WIDE)
        draw_artifacts(d, n->json);
    cell(d, treenode_text(n->json, "message"));
    if (columns == TREE_WIDE) {
        screentime_resources(&d->table.text, json_get(n->json, "resourcesDuration"));
        treetable_cell_end(&d->table);
    }
    /* Without a machine an empty cell, so that the message is a column too, as upstream has it. */
    cell(d, pod && columns != TREE_PLAIN ? treenode_text(n->json, "hostNodeName") : STR_NULL);
}

static void
draw_row(struct drawing *d, const struct treenode *n, const char *prefix)
{
    bool pod = str_is(n->type, "Pod");

    row_begin(d, n->phase);
    buf_cstr(&d->table.text, prefix);
    tree_icon(&d->table.text, n->json, d->style);
    buf_char(&d->table.text, ' ');
    cell(d, n->name);
    draw_template(d, n->json);
    if (pod) {
        cleanup_buf struct buf name = BUF_INIT;

        tree_pod_name(&name, d->workflow, n->json);
        cell(d, buf_view(&name));
        draw_duration(d, n->json);
    } else {
        cell(d, STR_NULL);
        cell(d, STR_NULL);
    }
    draw_rest(d, n, pod);
}

/* By what it is; the style may hide it all the same. */
static bool
is_drawable(const struct treenode *n)
{
    if (str_is(n->type, "Retry"))
        return json_count(json_get(n->json, "children")) != 1;
    if (str_is(n->type, "Skipped"))
        return !str_is(n->phase, "Omitted");
    return !str_is(n->type, "StepGroup");
}

static bool
has_row(const struct drawing *d, const struct treenode *n)
{
    return is_drawable(n) && treenode_shows(d->style->nodes, n->json);
}

static enum position
position_of(size_t i, size_t n)
{
    return n == 1 ? ONLY : i == 0 ? FIRST : i + 1 == n ? LAST : MIDDLE;
}

/* Deeper nesting is not drawn: the engine refuses it, so only malformed input has it. */
enum { MAX_DEPTH = 1000 };

static void draw_node(struct drawing *d, struct treenode *n, const char *prefix, const char *below,
                      unsigned depth);

static void
draw_children(struct drawing *d, const struct treenode *n, const char *prefix, const char *below,
              unsigned depth)
{
    bool row = has_row(d, n), group = str_is(n->type, "StepGroup"), utf8 = d->style->utf8;

    for (size_t i = 0; i < n->children.n; i++) {
        enum position p = position_of(i, n->children.n);
        const struct branch *b = row ? &plain[utf8][p] : group ? &grouped[utf8][p] : &nothing;
        const char *before = !row && i == 0 ? prefix : below;
        cleanup_free char *child_prefix = xasprintf("%s%s", before, b->row);
        cleanup_free char *child_below = xasprintf("%s%s", below, b->below);

        draw_node(d, n->children.at[i], child_prefix, child_below, depth + 1);
    }
}

static void
draw_node(struct drawing *d, struct treenode *n, const char *prefix, const char *below,
          unsigned depth)
{
    if (n->drawn || depth > MAX_DEPTH)
        return;
    n->drawn = true;
    if (has_row(d, n))
        draw_row(d, n, prefix);
    draw_children(d, n, prefix, below, depth);
}

static struct treenode *
exit_root(const struct treenode_forest *f, const struct json *workflow)
{
    cleanup_free char *name = xasprintf("%.*s.onExit", STR_ARG(workflow_name(workflow)));
    cleanup_free char *id =
        xasprintf("%.*s-%u", STR_ARG(workflow_name(workflow)), argo_name_hash(str_of(name)));

    return treenode_root(f, str_of(id));
}

static void
draw_line(struct drawing *d, const char *const *cells) /* NULL ends them */
{
    row_begin(d, STR_NULL);
    for (; *cells != NULL; cells++)
        cell(d, str_of(*cells));
}

static void
rows_locate(struct tree_rows *to, struct tree_row *rows, size_t n)
{
    size_t at = 0;

    to->at = rows;
    to->n = n;
    for (size_t i = 0; i < n; i++) {
        ptrdiff_t end = str_find_char(buf_view(&to->text), '\n', at);

        rows[i].at = at;
        rows[i].n = (size_t)end - at;
        at = (size_t)end + 1;
    }
}

void
tree_draw(struct tree_rows *to, const struct json *workflow, const struct tree_style *style)
{
    static const char *const heads[][9] = {
        [TREE_PLAIN] = {"STEP", "TEMPLATE", "PODNAME", "DURATION", "MESSAGE"},
        [TREE_SHORT] = {"STEP", "TEMPLATE", "PODNAME", "DURATION", "MESSAGE", "NODENAME"},
        [TREE_WIDE] = {"STEP", "TEMPLATE", "PODNAME", "DURATION", "ARTIFACTS", "MESSAGE",
                       "RESOURCESDURATION", "NODENAME"},
    };
    static const char *const blank[] = {"", "", "", "", "", "", NULL};
    struct drawing d = {.workflow = workflow, .style = style, .table = TREETABLE_INIT};
    struct treenode_forest f = TREENODE_FOREST_INIT;
    struct treenode *entry, *exit;

    treenode_forest_read(&f, json_at_path(workflow, "status.nodes"));
    entry = treenode_root(&f, workflow_name(workflow));
    exit = exit_root(&f, workflow);
    if (entry != NULL) {
        draw_line(&d, heads[style->columns]);
        draw_node(&d, entry, " ", " ", 0);
        if (exit != NULL) {
            draw_line(&d, blank);
            draw_node(&d, exit, " ", " ", 0);
        }
        treetable_write(&d.table, &to->text);
    }
    rows_locate(to, d.rows.at, d.rows.n);
    treetable_done(&d.table);
    treenode_forest_done(&f);
}

void
tree_rows_done(struct tree_rows *r)
{
    buf_done(&r->text);
    free(r->at);
    r->at = NULL;
    r->n = 0;
}

void
tree_write(struct buf *to, const struct json *workflow, const struct tree_style *style)
{
    cleanup_tree_rows struct tree_rows rows = TREE_ROWS_INIT;

    tree_draw(&rows, workflow, style);
    buf_str(to, buf_view(&rows.text));
}
