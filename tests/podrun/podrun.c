/*
 * podrun - runs Pods from JSON files, for tests: store, core, controllers and process runtime on
 * one loop, without workflows and without a command line of the product.
 *
 *     podrun --data DIR --init PATH [options] FILE...
 *
 *   --level NAME             none, user, full, best
 *   --alias PATTERN=host | PATTERN=directory:PATH | PATTERN=python[:TARGET]
 *   --host-path PATH         may be named by hostPath volumes
 *   --max-starts N           --max-pods N           --strict           --reserve-mib N
 *   --delete NAME@MS         deletes the Pod so long after the start
 *   --stop-after MS          ends then, whatever runs (pods stay for the next start)
 *   --trace                  each version of a Pod or Event as a line of JSON on stderr
 *   --keep                   pods outlive this process (the default); --die: they end with it
 *
 * A file holds one object or a list of them; what exists already is left alone.  When every Pod of
 * the store is over (or gone), all are printed, one line of JSON each, then {"commits":N,...}.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/events.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "control/control.h"
#include "control/drive.h"
#include "control/idrange.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "io/file.h"
#include "io/loop.h"
#include "io/signals.h"
#include "io/timer.h"
#include "runner/process/process_runtime.h"
#include "sandbox/boxmsg.h"
#include "store/blobs.h"
#include "store/store.h"

struct deletion {
    struct app *app;
    const char *name;
    struct timer timer;
    struct message message;
};

struct app {
    const char *data, *init;
    char *envs; /* of Python environments */
    enum level level;
    VEC(struct image_rule) rules;
    VEC(const char *) host_paths;
    VEC(const char *) files;
    VEC(struct deletion *) deletions;
    int64_t stop_after_ms;
    size_t max_starts, max_pods;
    int64_t reserve_mib;
    bool trace, die, strict;
    int exit_code;

    struct loop *loop;
    struct store *store;
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct events *events;
    struct control *control;
    struct runtime *runtime;
    struct drive *drive;
    struct timer stop;
    struct message create, print;
    struct task look;
    bool created;
    size_t left; /* Pods that are not over */
};

static _Noreturn void
die(const char *what, const struct err *e)
{
    fprintf(stderr, "podrun: %s: %s\n", what, e->msg);
    exit(2);
}

static int
blob_temp(void *arg, char id[33], char **path, struct err *e)
{
    struct blob_id blob;
    int rc = blobs_temp(arg, &blob, path, e);

    memcpy(id, blob.text, sizeof blob.text);
    return rc;
}

static int
blob_publish(void *arg, const char *id, struct err *e)
{
    struct blob_id blob;

    memcpy(blob.text, id, sizeof blob.text);
    return blobs_publish(arg, &blob, e);
}

static void
blob_discard(void *arg, const char *id)
{
    struct blob_id blob;

    memcpy(blob.text, id, sizeof blob.text);
    blobs_discard(arg, &blob);
}

static void
create_one(struct app *app, struct turn *t, const struct json *root)
{
    const struct kind *k = kind_find(kinds_builtin, json_str(json_get(root, "kind")),
                                     json_str(json_get(root, "apiVersion")));
    struct str ns = json_str(json_at_path(root, "metadata.namespace"));
    struct err e = ERR_INIT;

    if (k == NULL) {
        err_set(&e, ERR_INVALID, "unknown kind");
        die("create", &e);
    }
    if (objects_create(app->objects, t, k, ns.p != NULL ? ns : STR("default"), root, NULL, &e) <
            0 &&
        e.code != ERR_EXISTS)
        die("create", &e);
}

static int
create_all(struct message *m, struct turn *t, struct err *e)
{
    struct app *app = CONTAINER_OF(m, struct app, create);

    for (size_t i = 0; i < app->files.n; i++) {
        cleanup_buf struct buf text = BUF_INIT;
        cleanup_json struct json_doc *doc = NULL;

        if (file_read(AT_FDCWD, app->files.at[i], 64 << 20, &text, e) < 0 ||
            json_parse(buf_view(&text), &json_limits_default, &doc, e) < 0)
            die(app->files.at[i], e);
        if (json_type(json_root(doc)) == JSON_OBJECT)
            create_one(app, t, json_root(doc));
        JSON_EACH (it, json_type(json_root(doc)) == JSON_ARRAY ? json_root(doc) : NULL) {
            create_one(app, t, it.value);
        }
    }
    return 0;
}

static void
on_created(struct message *m, const struct err *why)
{
    struct app *app = CONTAINER_OF(m, struct app, create);

    if (why != NULL)
        die("create", why);
    app->created = true;
    task_post(&app->look);
}

static int
print_all(struct message *m, struct turn *t, struct err *e)
{
    struct app *app = CONTAINER_OF(m, struct app, print);
    struct objects_query q = {.kind = &kind_pod, .limit = 100000};
    cleanup_objects object_vec pods = VEC_INIT;
    struct core_stats stats;

    if (objects_list(app->objects, t, &q, &pods, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < pods.n; i++) {
        cleanup_buf struct buf text = BUF_INIT;

        object_write(&text, pods.at[i]);
        printf("%s\n", buf_cstring(&text));
    }
    core_stats(app->core, &stats);
    printf("{\"commits\":%" PRIu64 "}\n", stats.commits);
    return 0;
}

static void
on_printed(struct message *m, const struct err *why)
{
    struct app *app = CONTAINER_OF(m, struct app, print);

    if (why != NULL)
        die("print", why);
    loop_stop(app->loop);
}

static void
finish(void *arg)
{
    struct app *app = arg;
    struct err e = ERR_INIT;

    if (app->print.run != NULL)
        return;
    app->print = (struct message){
        .class = MESSAGE_REQUEST, .run = print_all, .done = on_printed, .name = "print"};
    if (core_post(app->core, &app->print, &e) < 0)
        die("print", &e);
}

static void
look(void *arg)
{
    struct app *app = arg;

    if (app->created && app->left == 0)
        finish(app);
}

static void
on_published(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct app *app = arg;
    bool was = before != NULL && !object_is_finished(before);
    bool is = !gone && !object_is_finished(now);

    if (app->trace && (object_kind(now) == &kind_pod || object_kind(now) == &kind_event)) {
        cleanup_buf struct buf text = BUF_INIT;

        object_write(&text, now);
        fprintf(stderr, "%s\n", buf_cstring(&text));
    }
    if (object_kind(now) != &kind_pod)
        return;
    app->left += is;
    app->left -= was;
    task_post(&app->look);
}

static int
delete_pod(struct message *m, struct turn *t, struct err *e)
{
    struct deletion *d = CONTAINER_OF(m, struct deletion, message);

    return objects_delete(d->app->objects, t, &kind_pod, STR("default"), str_of(d->name), NULL,
                          NULL, e);
}

static void
on_delete(void *arg)
{
    struct deletion *d = arg;
    struct err e = ERR_INIT;

    d->message = (struct message){.class = MESSAGE_REQUEST, .run = delete_pod, .name = "delete"};
    if (core_post(d->app->core, &d->message, &e) < 0)
        die("delete", &e);
}

static void
on_signal(void *arg, int sig)
{
    struct app *app = arg;

    app->exit_code = 128 + sig;
    loop_stop(app->loop);
}

static void
on_ready(void *arg, const struct boxmsg_ready *ready)
{
    (void)arg;
    if (ready->code < 0)
        fprintf(stderr, "podrun: sandbox: %s\n", ready->text);
    else
        fprintf(stderr, "podrun: level %s\n", level_name((enum level)ready->level));
    for (size_t i = 0; i < ready->findings_n; i++)
        log_debug(ready->findings[i].name, "%s: %s", ready->findings[i].have ? "yes" : "no",
                  ready->findings[i].text);
}

/* Events and readiness share one argument in the runtime's configuration. */
static void
on_event(void *arg, const struct runtime_event *event)
{
    struct app *app = arg;

    control_on_event(app->control, event);
}

static int
count_left(struct app *app, struct turn *t, struct err *e)
{
    struct objects_query q = {.kind = &kind_pod, .limit = 100000};
    cleanup_objects object_vec pods = VEC_INIT;

    if (objects_list(app->objects, t, &q, &pods, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < pods.n; i++)
        app->left += !object_is_finished(pods.at[i]);
    return 0;
}

static int
restore_count(void *self, struct turn *t, struct err *e)
{
    struct app *app = self;

    app->left = 0;
    return count_left(app, t, e);
}

static const struct core_module counting = {.name = "podrun", .restore = restore_count};

static void
build(struct app *app)
{
    struct err e = ERR_INIT;
    struct core_options options = {.wake = drive_wake};
    struct control_config control;
    struct process_runtime_config runtime;

    if ((app->loop = loop_new(&e)) == NULL || (app->drive = drive_new(app->loop, &e)) == NULL ||
        store_open(app->data, NULL, &app->store, &e) < 0)
        die("open", &e);
    options.store = app->store;
    options.wake_arg = app->drive;
    app->core = core_new(&options);
    app->controllers = controllers_new(app->core);
    app->objects = objects_new(app->core, app->controllers, kinds_builtin);
    app->events = events_new(app->core, app->objects);
    core_add_module(app->core, &counting, app);
    control = (struct control_config){.loop = app->loop,
                                      .core = app->core,
                                      .controllers = app->controllers,
                                      .objects = app->objects,
                                      .events = app->events,
                                      .data = app->data,
                                      .init_path = app->init};
    app->control = control_setup(&control, &e);
    if (app->control == NULL)
        die("control", &e);
    vec_push(&app->host_paths, NULL);
    app->envs = xasprintf("%s/envs", app->data);
    runtime = (struct process_runtime_config){
        .loop = app->loop,
        .data_dir = app->data,
        .envs_dir = app->envs,
        .init_path = app->init,
        .level = app->level,
        .die_with_server = app->die,
        .images = {app->rules.at, app->rules.n},
        .host_paths = app->host_paths.at,
        .max_starts = app->max_starts,
        .max_pods = app->max_pods,
        .strict_requests = app->strict,
        .reserve_bytes = app->reserve_mib << 20,
        .first_id_base = geteuid() == 0 ? IDRANGE_FIRST : 0,
        .blobs = {store_blobs(app->store), blob_temp, blob_publish, blob_discard},
        .on_event = on_event,
        .on_ready = on_ready,
        .arg = app,
    };
    app->runtime = process_runtime_new(&runtime, &e);
    if (app->runtime == NULL)
        die("runtime", &e);
    control_set_runtime(app->control, app->runtime);
    objects_on_published(app->objects, on_published, app);
    if (core_start(app->core, &e) < 0)
        die("start", &e);
}

static void
run(struct app *app)
{
    struct err e = ERR_INIT;
    struct signals *signals =
        signals_watch(app->loop, (const int[]){SIGINT, SIGTERM, 0}, on_signal, app, &e);

    task_init(&app->look, app->loop, look, app);
    timer_init(&app->stop, app->loop, finish, app);
    if (app->stop_after_ms > 0)
        timer_after(&app->stop, app->stop_after_ms * 1000);
    for (size_t i = 0; i < app->deletions.n; i++)
        timer_after(&app->deletions.at[i]->timer, app->deletions.at[i]->timer.due_us);
    app->create = (struct message){
        .class = MESSAGE_REQUEST, .run = create_all, .done = on_created, .name = "create"};
    drive_attach(app->drive, app->core);
    if (core_post(app->core, &app->create, &e) < 0)
        die("create", &e);
    loop_run(app->loop);
    signals_free(signals);
}

static void
tear_down(struct app *app)
{
    timer_stop(&app->stop);
    task_cancel(&app->look);
    for (size_t i = 0; i < app->deletions.n; i++)
        timer_stop(&app->deletions.at[i]->timer);
    app->runtime->ops->free(app->runtime);
    drive_free(app->drive);
    core_free(app->core);
    controllers_free(app->controllers);
    events_free(app->events);
    objects_free(app->objects);
    control_free(app->control);
    store_close(app->store);
    loop_free(app->loop);
    for (size_t i = 0; i < app->deletions.n; i++)
        free(app->deletions.at[i]);
    free(app->envs);
    vec_done(&app->deletions);
    vec_done(&app->rules);
    vec_done(&app->host_paths);
    vec_done(&app->files);
}

static void
parse_alias(struct app *app, char *text)
{
    char *kind = strchr(text, '='), *target;
    struct image_rule *rule = vec_grow(&app->rules);

    if (kind == NULL)
        exit(2);
    *kind++ = '\0';
    target = strchr(kind, ':');
    if (target != NULL)
        *target++ = '\0';
    *rule = (struct image_rule){.pattern = text, .target = target};
    rule->kind = strcmp(kind, "host") == 0     ? IMAGE_HOST
                 : strcmp(kind, "python") == 0 ? IMAGE_PYTHON
                                               : IMAGE_DIRECTORY;
}

static void
parse_deletion(struct app *app, char *text)
{
    struct deletion *d = NEW(struct deletion);
    char *at = strchr(text, '@');

    if (at == NULL)
        exit(2);
    *at++ = '\0';
    d->app = app;
    d->name = text;
    d->timer.due_us = strtoll(at, NULL, 10) * 1000; /* armed in run() */
    vec_push(&app->deletions, d);
}

static void
parse(struct app *app, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *flag = argv[i];
        char *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (strcmp(flag, "--trace") == 0)
            app->trace = true;
        else if (strcmp(flag, "--debug") == 0)
            log_set_level(LOG_DEBUG);
        else if (strcmp(flag, "--die") == 0)
            app->die = true;
        else if (strcmp(flag, "--strict") == 0)
            app->strict = true;
        else if (flag[0] != '-')
            vec_push(&app->files, flag);
        else if (value == NULL)
            exit(2);
        else if (i++, strcmp(flag, "--data") == 0)
            app->data = value;
        else if (strcmp(flag, "--init") == 0)
            app->init = value;
        else if (strcmp(flag, "--level") == 0 && level_from_name(value, &app->level))
            continue;
        else if (strcmp(flag, "--alias") == 0)
            parse_alias(app, value);
        else if (strcmp(flag, "--host-path") == 0)
            vec_push(&app->host_paths, value);
        else if (strcmp(flag, "--max-starts") == 0)
            app->max_starts = strtoul(value, NULL, 10);
        else if (strcmp(flag, "--max-pods") == 0)
            app->max_pods = strtoul(value, NULL, 10);
        else if (strcmp(flag, "--reserve-mib") == 0)
            app->reserve_mib = strtoll(value, NULL, 10);
        else if (strcmp(flag, "--delete") == 0)
            parse_deletion(app, value);
        else if (strcmp(flag, "--stop-after") == 0)
            app->stop_after_ms = strtoll(value, NULL, 10);
        else
            exit(2);
    }
    if (app->data == NULL || app->init == NULL)
        exit(2);
}

int
main(int argc, char **argv)
{
    struct app app = {.level = LEVEL_BEST};

    parse(&app, argc, argv);
    build(&app);
    for (size_t i = 0; i < app.deletions.n; i++) {
        int64_t after = app.deletions.at[i]->timer.due_us;

        timer_init(&app.deletions.at[i]->timer, app.loop, on_delete, app.deletions.at[i]);
        app.deletions.at[i]->timer.due_us = after;
    }
    run(&app);
    tear_down(&app);
    return app.exit_code;
}
