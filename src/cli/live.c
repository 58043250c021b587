#include "cli/live.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "cli/screentime.h"
#include "cli/tree.h"
#include "cli/treenode.h"
#include "cli/treetable.h"
#include "data/json.h"

enum {
    PAUSE_US = 100 * 1000,   /* between two drawings */
    ROW_PAUSE_US = 20,       /* more for each row: about ten times what drawing it takes */
    WAITING_MAX = 64 * 1024, /* bytes of log lines that wait for one */
};

struct live {
    struct live_setup setup;
    struct json_doc *workflow; /* the newest, or NULL */
    unsigned drawn;            /* lines on the terminal that are ours, above the cursor */
    bool dirty;                /* the newest is not what is drawn */
    bool running;              /* something shows a clock that goes on */
    int64_t drawn_us;          /* when it was drawn; 0: never */
    int64_t pause_us;          /* until the next drawing */
    struct buf waiting;        /* log lines that go above the next drawing */
    struct map phases;         /* off the terminal: node id to the phase last told */
};

struct live *
live_new(const struct live_setup *setup)
{
    struct live *v = NEW(struct live);

    v->setup = *setup;
    if (v->setup.rows == 0)
        v->setup.rows = 24;
    if (v->setup.cols == 0)
        v->setup.cols = 80;
    return v;
}

void
live_free(struct live *v)
{
    if (v == NULL)
        return;
    json_doc_unref(v->workflow);
    buf_done(&v->waiting);
    map_done(&v->phases);
    free(v);
}

static void
emit(struct live *v, const struct buf *text)
{
    if (text->n > 0)
        v->setup.write(v->setup.owner, buf_view(text));
}

static struct tree_style
style_of(const struct live *v, int64_t now_us)
{
    return (struct tree_style){.utf8 = v->setup.utf8, .colour = v->setup.colour, .now_us = now_us};
}

/* Lines, for where nothing can be drawn again. */

/* The table of what was told points at these, so that it needs no memory of its own. */
static const char *const known_phases[] = {"Pending", "Running", "Succeeded", "Skipped",
                                           "Failed",  "Error",   "Omitted"};

static const char *
known_phase(struct str phase)
{
    for (size_t i = 0; i < ARRAY_LEN(known_phases); i++) {
        if (str_is(phase, known_phases[i]))
            return known_phases[i];
    }
    return NULL;
}

/* Pods and what stands in for them; the rest follows from these. */
static bool
is_told(const struct json *node)
{
    static const char *const types[] = {"Pod", "Suspend", "HTTP", "Plugin", "Skipped"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_is(treenode_text(node, "type"), types[i]))
            return !str_is(treenode_text(node, "phase"), "Omitted");
    }
    return false;
}

static void
line_of(struct buf *to, const struct json *node, const struct tree_style *style)
{
    int64_t start = treenode_time(node, "startedAt"), end = treenode_time(node, "finishedAt");
    struct str message = treenode_text(node, "message");

    tree_icon(to, node, style);
    buf_char(to, ' ');
    treetable_clean(to, treenode_text(node, "displayName"));
    if (start != 0 && end != 0) {
        buf_cstr(to, "  ");
        screentime_short(to, end - start);
    }
    if (message.n > 0) {
        buf_cstr(to, "  ");
        treetable_clean(to, message);
    }
    buf_char(to, '\n');
}

static void
tell_changes(struct live *v, int64_t now_us)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct tree_style style = style_of(v, now_us);

    JSON_EACH (it, json_at_path(json_root(v->workflow), "status.nodes")) {
        const char *phase = known_phase(treenode_text(it.value, "phase"));

        if (phase == NULL || !is_told(it.value) || map_get(&v->phases, it.key) == phase)
            continue;
        map_put(&v->phases, it.key, (void *)(uintptr_t)phase); /* compared, never written */
        line_of(&text, it.value, &style);
    }
    emit(v, &text);
}

/* Drawing. */

static void
erase(struct live *v, struct buf *to)
{
    if (v->drawn > 0)
        buf_printf(to, "\r\033[%uA\033[J", v->drawn);
    v->drawn = 0;
}

/* Marks the rows to show when `room` is less than there are: the head, failures and what runs
 * first, then the newest of the rest. */
static unsigned
choose(const struct tree_rows *rows, unsigned room, bool *shown)
{
    unsigned left = room;

    if (rows->n > 0 && left > 0) {
        shown[0] = true;
        left--;
    }
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = rows->n; i-- > 0 && left > 0;) {
            if (shown[i] || (pass == 0 && !rows->at[i].bad) || (pass == 1 && !rows->at[i].active))
                continue;
            shown[i] = true;
            left--;
        }
    }
    return room - left;
}

static void
draw_row(struct live *v, struct buf *to, struct str row)
{
    /* A row that reached the last column would make some terminals wrap. */
    struct str part = treetable_fit(row, v->setup.cols - 1);

    buf_str(to, part);
    if (part.n < row.n && v->setup.colour)
        buf_cstr(to, "\033[0m");
    buf_char(to, '\n');
    v->drawn++;
}

static void
draw_rows(struct live *v, struct buf *to, const struct tree_rows *rows)
{
    /* One line for the cursor, one for the note about what is left out. */
    unsigned room = v->setup.rows > 3 ? v->setup.rows - 2 : 1;
    cleanup_free bool *shown = NEW_ARRAY(bool, rows->n + 1);
    unsigned n = choose(rows, room, shown);

    v->running = false;
    for (size_t i = 0; i < rows->n; i++) {
        v->running = v->running || rows->at[i].active;
        if (shown[i])
            draw_row(v, to, str_make(rows->text.p + rows->at[i].at, rows->at[i].n));
    }
    if (n < rows->n) {
        cleanup_free char *note = xasprintf(" (%zu more)", rows->n - n);

        draw_row(v, to, str_of(note));
    }
}

static void
draw(struct live *v, struct buf *to, int64_t now_us)
{
    cleanup_tree_rows struct tree_rows rows = TREE_ROWS_INIT;
    struct tree_style style = style_of(v, now_us);

    tree_draw(&rows, json_root(v->workflow), &style);
    erase(v, to);
    buf_str(to, buf_view(&v->waiting));
    buf_clear(&v->waiting);
    draw_rows(v, to, &rows);
    v->dirty = false;
    v->drawn_us = now_us;
    v->pause_us = PAUSE_US + (int64_t)rows.n * ROW_PAUSE_US;
}

static void
redraw(struct live *v, int64_t now_us)
{
    cleanup_buf struct buf text = BUF_INIT;

    draw(v, &text, now_us);
    emit(v, &text);
}

void
live_show(struct live *v, struct json_doc *workflow, int64_t now_us)
{
    struct json_doc *old = v->workflow;

    v->workflow = json_doc_ref(workflow);
    json_doc_unref(old);
    if (!v->setup.terminal) {
        tell_changes(v, now_us);
        return;
    }
    v->dirty = true;
    live_tick(v, now_us);
}

int64_t
live_due(const struct live *v)
{
    if (!v->setup.terminal || v->workflow == NULL)
        return -1;
    if (v->dirty)
        return v->drawn_us + v->pause_us;
    return v->running ? v->drawn_us + (v->pause_us > CLOCK_SECOND ? v->pause_us : CLOCK_SECOND)
                      : -1;
}

void
live_tick(struct live *v, int64_t now_us)
{
    int64_t due = live_due(v);

    /* A clock that was set back must not stop the view. */
    if (due >= 0 && (now_us >= due || now_us < v->drawn_us))
        redraw(v, now_us);
}

/* The colour that "argo logs" gives a pod. */
static int
pod_colour(struct str pod)
{
    static const int colours[] = {32, 33, 34, 35, 36, 37};
    unsigned sum = 0;

    for (size_t i = 0; i < pod.n; i++)
        sum += (unsigned char)pod.p[i];
    return colours[sum % ARRAY_LEN(colours)];
}

static void
log_line(struct live *v, struct buf *to, struct str pod, struct str line)
{
    if (v->setup.colour)
        buf_printf(to, "\033[%dm", pod_colour(pod));
    treetable_clean(to, pod);
    buf_cstr(to, ": ");
    /* To a file the text goes as it is; a terminal it must not command. */
    if (v->setup.terminal)
        treetable_clean(to, line);
    else
        buf_str(to, line);
    if (v->setup.colour)
        buf_cstr(to, "\033[0m");
    buf_char(to, '\n');
}

void
live_log(struct live *v, struct str pod, struct str line, int64_t now_us)
{
    log_line(v, &v->waiting, pod, line);
    if (v->setup.terminal && v->workflow != NULL) {
        v->dirty = true;
        if (v->waiting.n < WAITING_MAX)
            live_tick(v, now_us);
        else
            redraw(v, now_us);
    } else {
        emit(v, &v->waiting);
        buf_clear(&v->waiting);
    }
}

void
live_resize(struct live *v, unsigned rows, unsigned cols, int64_t now_us)
{
    v->setup.rows = rows != 0 ? rows : 24;
    v->setup.cols = cols != 0 ? cols : 80;
    if (v->setup.terminal && v->workflow != NULL)
        redraw(v, now_us);
}

void
live_finish(struct live *v, int64_t now_us)
{
    if (v->setup.terminal && v->workflow != NULL)
        redraw(v, now_us);
    v->drawn = 0;
    v->running = false;
}

void
live_erase(struct live *v)
{
    cleanup_buf struct buf text = BUF_INIT;

    erase(v, &text);
    emit(v, &text);
}
