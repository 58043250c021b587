#include "cli/run_view.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/assembly.h"
#include "cli/cli.h"
#include "cli/live.h"
#include "cli/screen.h"
#include "core/core.h"
#include "core/message.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo_nodes.h"
#include "io/loop.h"
#include "io/signals.h"
#include "store/store.h"

enum { SHORTEST_PAUSE_US = 100 * 1000, SHARE = 20 /* one part in so many for drawing */ };

const char *const run_form_names[] = {"tree", "json", "yaml", "name", NULL};

bool
run_form_from_name(const char *name, enum run_form *ret)
{
    for (size_t i = 0; run_form_names[i] != NULL; i++) {
        if (strcmp(name, run_form_names[i]) == 0) {
            *ret = (enum run_form)i;
            return true;
        }
    }
    return false;
}

/* Reading the store belongs into a turn, which may have to wait (the core may be restoring itself):
 * so it is a message, and what was read comes with its end. */
struct reading {
    struct message m;
    struct run_view *view;
    char *uid;
    struct json_doc *found; /* NULL: the object is gone, or error.code says why not */
    struct err error;
    void (*then)(struct reading *r);
};

static int
read_workflow(struct message *m, struct turn *t, struct err *e)
{
    struct reading *r = CONTAINER_OF(m, struct reading, m);
    struct assembly *a = r->view->assembly;
    cleanup_object struct object *o = objects_find_uid(assembly_objects(a), t, str_of(r->uid));

    (void)e;
    if (o != NULL)
        argo_nodes_compose(store_db(assembly_store(a)), o, &r->found, &r->error);
    return 0;
}

static void
reading_done(struct message *m, const struct err *why)
{
    struct reading *r = CONTAINER_OF(m, struct reading, m);

    if (why != NULL)
        r->error = *why;
    r->then(r);
}

static void
reading_free(struct reading *r)
{
    free(r->uid);
    json_doc_unref(r->found);
    free(r);
}

/* Reads the workflow with its nodes as of the last commit; `then` gets it and frees the reading. */
static struct reading *
read_later(struct run_view *v, const char *uid, void (*then)(struct reading *r))
{
    struct reading *r = NEW(struct reading);
    struct err e = ERR_INIT;

    r->m = (struct message){
        .class = MESSAGE_REQUEST, .run = read_workflow, .done = reading_done, .name = "view"};
    list_init(&r->m.link);
    r->view = v;
    r->uid = xstrdup(uid);
    r->then = then;
    if (core_post(assembly_core(v->assembly), &r->m, &e) < 0)
        reading_done(&r->m, &e);
    return r;
}

static void
tick(struct run_view *v)
{
    live_tick(v->live, loop_wall_us(v->loop));
    if (live_due(v->live) >= 0 && !timer_is_armed(&v->timer))
        timer_at(&v->timer, live_due(v->live));
}

static void
show(struct reading *r)
{
    struct run_view *v = r->view;

    v->reading = false;
    if (v->live != NULL && r->found != NULL && v->uid != NULL) {
        live_show(v->live, r->found, loop_wall_us(v->loop));
        tick(v);
        v->pause_us = (loop_boot_us(v->loop) - v->read_us) * SHARE;
    }
    reading_free(r);
}

static void
draw(void *arg)
{
    struct run_view *v = arg;

    if (v->dirty && v->uid != NULL && !v->reading) {
        v->dirty = false;
        v->reading = true;
        v->read_us = loop_boot_us(v->loop);
        read_later(v, v->uid, show);
    }
    tick(v);
}

static void
write_progress(void *owner, struct str text)
{
    struct run_view *v = owner;

    fwrite(text.p, 1, text.n, v->cli->err);
    fflush(v->cli->err);
}

static void
on_resize(void *arg, int sig)
{
    struct run_view *v = arg;
    struct winsize size;

    (void)sig;
    if (v->uid != NULL && ioctl(fileno(v->cli->err), TIOCGWINSZ, &size) == 0)
        live_resize(v->live, size.ws_row, size.ws_col, loop_wall_us(v->loop));
}

void
run_view_init(struct run_view *v, struct cli *cli, struct loop *loop, struct assembly *assembly)
{
    struct err e = ERR_INIT; /* not knowing of a resize only spoils the drawing */
    struct winsize size = {.ws_row = 0};
    bool terminal = isatty(fileno(cli->err));
    struct live_setup setup = {.terminal = terminal,
                               .utf8 = !terminal || color_locale_is_utf8(),
                               .colour = cli->err_color,
                               .write = write_progress,
                               .owner = v};

    if (terminal && ioctl(fileno(cli->err), TIOCGWINSZ, &size) == 0) {
        setup.rows = size.ws_row;
        setup.cols = size.ws_col;
    }
    *v = (struct run_view){.cli = cli, .loop = loop, .assembly = assembly};
    v->live = live_new(&setup);
    timer_init(&v->timer, loop, draw, v);
    if (terminal)
        v->resized = signals_watch(loop, (const int[]){SIGWINCH, 0}, on_resize, v, &e);
}

void
run_view_done(struct run_view *v)
{
    timer_stop(&v->timer);
    signals_free(v->resized);
    live_free(TAKE(v->live));
    free(v->uid);
}

void
run_view_changed(struct run_view *v, struct str uid)
{
    if (v->uid == NULL)
        v->uid = str_dup(uid);
    if (!str_is(uid, v->uid))
        return;
    v->dirty = true;
    if (!timer_is_armed(&v->timer))
        timer_after(&v->timer, v->pause_us > SHORTEST_PAUSE_US ? v->pause_us : SHORTEST_PAUSE_US);
}

void
run_view_log(struct run_view *v, struct str pod, struct str line)
{
    live_log(v->live, pod, line, loop_wall_us(v->loop));
}

static void
print(struct run_view *v, const struct json *workflow, enum run_form form)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct tree_style style = {.utf8 = !isatty(fileno(v->cli->out)) || color_locale_is_utf8(),
                               .colour = v->cli->out_color,
                               .now_us = loop_wall_us(v->loop)};

    switch (form) {
    case RUN_TREE:
        screen_write(&text, workflow, &style);
        break;
    case RUN_JSON:
        json_write_pretty(&text, workflow);
        buf_char(&text, '\n');
        break;
    case RUN_YAML:
        yaml_write(&text, workflow);
        break;
    case RUN_NAME:
        buf_str(&text, json_str(json_at_path(workflow, "metadata.name")));
        buf_char(&text, '\n');
        break;
    }
    fwrite(text.p, 1, text.n, v->cli->out);
    fflush(v->cli->out);
}

static void
keep(struct reading *r)
{
    r->view->last = r;
}

/* The last state, waited for; NULL with *e filled if it cannot be had. */
static struct json_doc *
read_now(struct run_view *v, const char *uid, struct err *e)
{
    struct json_doc *found;

    v->last = NULL;
    read_later(v, uid, keep);
    while (v->last == NULL)
        loop_turn(v->loop, true);
    found = TAKE(v->last->found);
    *e = v->last->error;
    reading_free(TAKE(v->last));
    if (found == NULL && e->code == 0)
        err_set(e, ERR_NOTFOUND, "the workflow is gone");
    return found;
}

int
run_view_finish(struct run_view *v, const char *uid, enum run_form form, struct err *e)
{
    cleanup_json struct json_doc *doc = read_now(v, uid, e);

    if (doc == NULL)
        return e->code;
    timer_stop(&v->timer);
    if (v->uid != NULL && strcmp(v->uid, uid) == 0) {
        live_show(v->live, doc, loop_wall_us(v->loop));
        if (form == RUN_TREE && isatty(fileno(v->cli->err)) && isatty(fileno(v->cli->out)))
            live_erase(v->live);
        else
            live_finish(v->live, loop_wall_us(v->loop));
    }
    free(TAKE(v->uid));
    print(v, json_root(doc), form);
    return 0;
}
