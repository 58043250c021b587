/* See assembly.h; the runtime's part is assembly_runtime.c. */
#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "api/events.h"
#include "api/history.h"
#include "api/meta.h"
#include "api/objects.h"
#include "api/watchlog.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/assembly_int.h"
#include "cli/cli.h"
#include "cli/datasize.h"
#include "cli/loopback.h"
#include "cli/podpython.h"
#include "cli/settings.h"
#include "cli/workflowdefaults.h"
#include "control/control.h"
#include "control/drive.h"
#include "core/controller.h"
#include "core/core.h"
#include "data/json.h"
#include "edge/forward.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_cron.h"
#include "flow/flow.h"
#include "http/requester.h"
#include "io/loop.h"
#include "runner/podnet.h"
#include "runner/process/process_runtime.h"
#include "store/store.h"

static const struct flow_language *const languages[] = {&argo_language, NULL};

#define DAY_US (24 * 3600 * CLOCK_SECOND)

/* Events. */

static void
on_answer(void *arg, const char *name)
{
    flow_answered(((struct assembly *)arg)->flow, name);
}

static void
on_published(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct assembly *a = arg;

    (void)before;
    a->config.on_object(a->config.arg, now, gone);
}

/* What runs beside the core, for `sluice debug`. */

static void
dump_runtime(void *self, struct buf *to)
{
    const struct assembly *a = self;

    a->runtime->ops->dump(a->runtime, to);
}

static void
dump_loop(void *self, struct buf *to)
{
    loop_dump(((const struct assembly *)self)->config.loop, to);
}

static const struct core_module runtime_module = {.name = "pods", .dump = dump_runtime};
static const struct core_module loop_module = {.name = "main loop", .dump = dump_loop};

/* Parts, from the bottom up. */

static void
make_core(struct assembly *a)
{
    struct core_options options = {.store = a->store,
                                   .clock = loop_clock(a->config.loop),
                                   .wake = drive_wake,
                                   .wake_arg = a->drive,
                                   .lingers = true};
    const struct settings *s = a->config.settings;

    a->core = core_new(&options);
    core_add_module(a->core, &loop_module, a);
    core_add_module(a->core, &runtime_module, a);
    a->controllers = controllers_new(a->core);
    kind_table_init(&a->kinds);
    a->objects = objects_new(a->core, a->controllers, a->kinds.rows);
    a->events = events_new(a->core, a->objects);
    if (a->config.serve)
        a->watchlog = watchlog_new(a->core, a->objects);
    a->old_pods = history_new(a->core, a->objects, &kind_pod, (size_t)s->history_pods, 0);
    a->old_workflows =
        history_new(a->core, a->objects, &kind_workflow,
                    s->history_workflows > 0 ? (size_t)s->history_workflows : HISTORY_ALL,
                    s->history_days * DAY_US);
    if (a->config.serve && s->history_bytes > 0) {
        a->datasize = datasize_new(a->config.loop, a->core, a->old_workflows, a->config.data);
        history_limit_bytes(a->old_workflows, s->history_bytes, datasize_measure, a->datasize);
    }
    if (a->config.on_object != NULL)
        objects_on_published(a->objects, on_published, a);
}

enum { DEFAULT_MAX_PODS = 110 };

/* This machine's name, as far as it can be an object's. */
static void
name_node(struct assembly *a)
{
    if (gethostname(a->node, sizeof a->node - 1) < 0)
        a->node[0] = '\0';
    for (char *p = a->node; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    if (meta_name_problem(&kind_node, str_of(a->node)) != NULL)
        snprintf(a->node, sizeof a->node, "localhost");
}

static void
on_route_failure(void *arg, struct str key, const struct err *why)
{
    control_on_route_failure(((struct assembly *)arg)->control, key, why);
}

static bool
is_pod(const struct address *client)
{
    return podnet_is_pod(&client->any);
}

static int
make_forward(struct assembly *a, struct err *e)
{
    const struct forward_options options = {
        .keeps_source = is_pod, .on_failure = on_route_failure, .arg = a};

    a->forward = forward_new(&options, e);
    return a->forward != NULL ? 0 : e->code;
}

static int
make_control(struct assembly *a, struct err *e)
{
    struct control_config config = {.loop = a->config.loop,
                                    .core = a->core,
                                    .controllers = a->controllers,
                                    .objects = a->objects,
                                    .events = a->events,
                                    .data = a->config.data,
                                    .init_path = a->init_path,
                                    .ca = a->config.ca,
                                    .sign = a->config.sign,
                                    .sign_arg = a->config.arg};

    if (a->config.serve) {
        name_node(a);
        if (make_forward(a, e) < 0)
            return e->code;
        config.forward = a->forward;
        config.node = a->node;
        config.node_pods =
            a->config.settings->max_pods > 0 ? a->config.settings->max_pods : DEFAULT_MAX_PODS;
    }
    a->control = control_setup(&config, e);
    return a->control != NULL ? 0 : e->code;
}

/* The store's lock comes before anything else touches the directory; in one that nobody else knows,
 * the spawner finds out what it can do while the store is made. */
static int
make_ground(struct assembly *a, struct err *e)
{
    struct store_options options = {.clock = loop_clock(a->config.loop),
                                    .temporary = a->config.temporary};

    if (a->config.temporary && assembly_make_runtime(a, e) < 0)
        return e->code;
    if (store_open(a->config.data, &options, &a->store, e) < 0)
        return e->code;
    return a->config.temporary ? 0 : assembly_make_runtime(a, e);
}

static int
make_all(struct assembly *a, struct err *e)
{
    struct flow_options flow = {.languages = languages,
                                .artifact_key = a->config.settings->artifact_key,
                                .expires = a->config.serve};

    if (workflowdefaults_load(a->config.settings, &a->workflow_defaults, e) < 0 ||
        podpython_load(a->config.settings, (const char *const *)environ, &a->python, e) < 0)
        return e->code;
    flow.workflow_defaults = json_root(a->workflow_defaults);
    loopback_find(a->config.settings, a->python.variables.at, &a->loopback);
    a->envs =
        a->config.envs != NULL ? xstrdup(a->config.envs) : xasprintf("%s/envs", a->config.data);
    a->init_path = a->config.init != NULL ? xstrdup(a->config.init) : cli_init_path(e);
    if (a->init_path == NULL || make_ground(a, e) < 0)
        return e->code;
    a->drive = drive_new(a->config.loop, e);
    if (a->drive == NULL)
        return e->code;
    make_core(a);
    if (make_control(a, e) < 0)
        return e->code;
    a->requester = requester_new(a->config.loop, on_answer, a, e);
    if (a->requester == NULL)
        return e->code;
    flow.requester = a->requester;
    a->flow = flow_new(a->core, a->controllers, a->objects, &flow);
    if (a->config.serve)
        a->cron = argo_cron_new(a->core, a->controllers, a->objects);
    control_set_runtime(a->control, a->runtime);
    if (core_start(a->core, e) < 0)
        return e->code;
    drive_attach(a->drive, a->core);
    return 0;
}

int
assembly_open(const struct assembly_config *config, struct assembly **ret, struct err *e)
{
    struct assembly *a = NEW(struct assembly);

    a->config = *config;
    if (make_all(a, e) < 0) {
        assembly_close(a);
        return e->code;
    }
    *ret = a;
    return 0;
}

void
assembly_set_api_address(struct assembly *a, const char *address)
{
    control_set_api_address(a->control, address);
}

bool
assembly_leave(struct assembly *a)
{
    return a != NULL && process_runtime_leave(a->runtime);
}

void
assembly_close(struct assembly *a)
{
    if (a == NULL)
        return;
    forward_free(a->forward); /* it posts to the core */
    drive_free(a->drive);
    core_free(a->core);
    datasize_free(a->datasize);
    requester_free(a->requester);
    if (a->runtime != NULL)
        a->runtime->ops->free(a->runtime);
    flow_free(a->flow);
    argo_cron_free(a->cron);
    control_free(a->control);
    history_free(a->old_pods);
    history_free(a->old_workflows);
    watchlog_free(a->watchlog);
    events_free(a->events);
    objects_free(a->objects);
    controllers_free(a->controllers);
    store_close(a->store);
    vec_done(&a->images);
    vec_done(&a->shared);
    vec_done(&a->host_paths);
    podpython_done(&a->python);
    json_doc_unref(a->workflow_defaults);
    vec_done(&a->loopback);
    free(a->init_path);
    free(a->envs);
    free(a);
}

struct core *
assembly_core(struct assembly *a)
{
    return a->core;
}

struct objects *
assembly_objects(struct assembly *a)
{
    return a->objects;
}

struct store *
assembly_store(struct assembly *a)
{
    return a->store;
}

struct flow *
assembly_flow(struct assembly *a)
{
    return a->flow;
}

struct watchlog *
assembly_watchlog(struct assembly *a)
{
    return a->watchlog;
}

size_t
assembly_pods(const struct assembly *a)
{
    return a->runtime->ops->count(a->runtime);
}
