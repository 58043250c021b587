#include "cli/run_view.h"

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
#include "store/store.h"

enum { SHORTEST_PAUSE_US = 100 * 1000, SHARE = 20 /* one part in so many for drawing */ };

bool
run_form_from_name(const char *name, enum run_form *ret)
{
    static const char *const names[] = {"tree", "json", "yaml", "name"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum run_form)i;
            return true;
        }
    }
    return false;
}

/* Reading the store belongs into a turn; what was read leaves with the message. */
struct reading {
    struct message m;
    struct run_view *view;
    const char *uid;
    struct json_doc *found; /* NULL: the object is gone */
    struct err error;
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

/* The workflow with its nodes as of the last commit; NULL with r->error if it cannot be read. */
static struct json_doc *
compose(struct run_view *v, const char *uid, struct err *e)
{
    struct reading r = {.m = {.class = MESSAGE_REQUEST, .run = read_workflow, .name = "view"},
                        .view = v,
                        .uid = uid,
                        .error = ERR_INIT};

    list_init(&r.m.link);
    if (core_post(assembly_core(v->assembly), &r.m, e) < 0)
        return NULL;
    while (core_run_turn(assembly_core(v->assembly)))
        ;
    *e = r.error;
    return r.found;
}

static void
draw(void *arg)
{
    struct run_view *v = arg;
    struct err e = ERR_INIT;
    int64_t start = loop_boot_us(v->loop);
    struct json_doc *doc;

    if (v->dirty && v->uid != NULL) {
        v->dirty = false;
        doc = compose(v, v->uid, &e);
        if (doc != NULL)
            live_show(v->live, doc, loop_wall_us(v->loop));
        json_doc_unref(doc);
        v->pause_us = (loop_boot_us(v->loop) - start) * SHARE;
    }
    live_tick(v->live, loop_wall_us(v->loop));
    if (live_due(v->live) >= 0 && !timer_is_armed(&v->timer))
        timer_at(&v->timer, live_due(v->live));
}

static void
write_progress(void *owner, struct str text)
{
    struct run_view *v = owner;

    fwrite(text.p, 1, text.n, v->cli->err);
    fflush(v->cli->err);
}

static bool
locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
    }
    return true;
}

void
run_view_init(struct run_view *v, struct cli *cli, struct loop *loop, struct assembly *assembly)
{
    struct winsize size = {.ws_row = 0};
    bool terminal = isatty(fileno(cli->err));
    struct live_setup setup = {.terminal = terminal,
                               .utf8 = !terminal || locale_is_utf8(),
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
}

void
run_view_done(struct run_view *v)
{
    timer_stop(&v->timer);
    live_free(v->live);
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
    struct tree_style style = {.utf8 = !isatty(fileno(v->cli->out)) || locale_is_utf8(),
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

int
run_view_finish(struct run_view *v, const char *uid, enum run_form form, struct err *e)
{
    struct json_doc *doc = compose(v, uid, e);

    if (doc == NULL)
        return e->code != 0 ? e->code : err_set(e, ERR_NOTFOUND, "the workflow is gone");
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
    json_doc_unref(doc);
    return 0;
}
