/*
 * `sluice up`: the server, in the foreground.
 *
 *   STARTING -- namespaces are there, sockets listen ----------> SERVING ("ready URL")
 *   SERVING  -- SIGTERM; SIGINT while no pod runs -------------> STOPPED
 *   SERVING  -- SIGINT ----------------------------------------> LEAVING (says how many pods stay)
 *   LEAVING  -- a pause; SIGTERM ------------------------------> STOPPED, pods go on
 *   LEAVING  -- SIGINT ----------------------------------------> KILLING
 *   KILLING  -- no pod runs any more; another signal ----------> STOPPED
 *
 * The loop of the main thread drives the core; edges have threads of their own.  What runs when the
 * server ends goes on, and the next one on the same directory takes it over.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/apidebug.h"
#include "api/apiedge.h"
#include "api/apipod.h"
#include "api/apiserver.h"
#include "api/objects.h"
#include "auth/auth.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/assembly.h"
#include "cli/cli.h"
#include "cli/option.h"
#include "cli/run_stop.h"
#include "cli/serverfile.h"
#include "cli/settings.h"
#include "cli/up_listen.h"
#include "control/podexec.h"
#include "control/podlog.h"
#include "core/core.h"
#include "core/message.h"
#include "edge/edge.h"
#include "edge/metrics.h"
#include "edge/routes.h"
#include "flow/argorest/argorest.h"
#include "io/address.h"
#include "io/descriptors.h"
#include "io/loop.h"
#include "io/priority.h"
#include "io/signals.h"
#include "io/timer.h"
#include "runner/podnet.h"

#define LEAVE_US (3 * CLOCK_SECOND)
#define LOOK_US (CLOCK_SECOND / 10)
#define GRACE_US (2 * CLOCK_SECOND)

enum { LAST_TURNS = 100 };

enum state { STARTING, SERVING, LEAVING, KILLING, STOPPED };
static const char *const state_names[] = {"starting", "serving", "leaving", "killing", "stopped"};

struct up {
    struct cli *cli;
    struct loop *loop;
    struct assembly *assembly;
    struct auth *auth;
    struct apiserver *api;
    struct argorest rest;
    atomic_bool users_are_known; /* who comes from this machine is told from pods */
    bool level_known, published;
    struct edge *edge;
    struct metrics metrics;
    struct apidebug debug;
    struct signals *signals;
    struct podlog_config logs;
    struct up_listen listen;
    enum state state;
    struct timer timer;
    struct message prepare, stop;
    struct err failed; /* code 0: nothing */
};

static void
enter(struct up *u, enum state next)
{
    log_debug("up", "%s -> %s", state_names[u->state], state_names[next]);
    u->state = next;
    if (next == STOPPED)
        loop_stop(u->loop);
}

static void
fail(struct up *u, const struct err *why)
{
    if (u->failed.code == 0)
        u->failed = *why;
    enter(u, STOPPED);
}

/* Stopping. */

static void
on_timer(void *arg)
{
    struct up *u = arg;

    if (u->state == KILLING && assembly_pods(u->assembly) > 0)
        timer_after(&u->timer, LOOK_US);
    else
        enter(u, STOPPED);
}

static int
run_stop(struct message *m, struct turn *t, struct err *e)
{
    return run_stop_pods(assembly_objects(CONTAINER_OF(m, struct up, stop)->assembly), t, e);
}

static void
stopped(struct message *m, const struct err *why)
{
    if (why != NULL)
        fail(CONTAINER_OF(m, struct up, stop), why);
}

static void
stop_pods(struct up *u)
{
    struct err e = ERR_INIT;

    u->stop = (struct message){
        .class = MESSAGE_EVENT, .run = run_stop, .done = stopped, .name = "stop pods"};
    if (core_post(assembly_core(u->assembly), &u->stop, &e) < 0)
        fail(u, &e);
}

static void
on_interrupt(struct up *u)
{
    size_t pods = assembly_pods(u->assembly);

    if (u->state == LEAVING) {
        fprintf(u->cli->err, "stopping %zu pod%s\n", pods, pods == 1 ? "" : "s");
        stop_pods(u);
        enter(u, KILLING);
        timer_after(&u->timer, LOOK_US);
        return;
    }
    if (u->state != SERVING || pods == 0) {
        enter(u, STOPPED);
        return;
    }
    fprintf(u->cli->err,
            "%zu pod%s, and the next server takes %s over; interrupt once more to "
            "stop %s\n",
            pods, pods == 1 ? " stays" : "s stay", pods == 1 ? "it" : "them",
            pods == 1 ? "it" : "them");
    enter(u, LEAVING);
    timer_after(&u->timer, LEAVE_US);
}

static void
on_signal(void *arg, int sig)
{
    struct up *u = arg;

    if (sig == SIGINT)
        on_interrupt(u);
    else
        enter(u, STOPPED);
}

/* Starting. */

/* Once both the API and the runtime are there; until then who connects waits, since nobody knows
 * yet who needs no login. */
static void
announce(struct up *u)
{
    struct err e = ERR_INIT;

    if (u->state != STARTING || !u->level_known || !u->published)
        return;
    if (edge_start(u->edge, &e) < 0) {
        fail(u, &e);
        return;
    }
    enter(u, SERVING);
    fprintf(u->cli->out, "ready %s\n", u->listen.url);
    fflush(u->cli->out);
}

static void
on_level(void *arg, const char *level, const char *why)
{
    struct up *u = arg;

    if (strcmp(level, "none") == 0)
        log_warn("up", "pods are not isolated from this machine: %s", why);
    else
        atomic_store(&u->users_are_known, true);
    u->level_known = true;
    announce(u);
}

/* By its user id a pod may look like the one who runs the server; its address tells them apart.
 * Where pods have none, nobody is known without a token. */
static bool
may_be_local(void *arg, const struct address *peer)
{
    struct up *u = arg;

    return peer->any.sa_family == AF_UNIX ||
           (atomic_load(&u->users_are_known) && !podnet_is_of_network(&peer->any));
}

static void
on_no_runtime(void *arg, const struct err *why)
{
    fail(arg, why);
}

static void
sign_token(void *arg, const struct apitoken *t, struct buf *to)
{
    auth_sign(((struct up *)arg)->auth, t, to);
}

static int
open_assembly(struct up *u, struct err *e)
{
    struct assembly_config config = {.loop = u->loop,
                                     .settings = u->cli->settings,
                                     .data = u->cli->settings->data,
                                     .serve = true,
                                     .ca = buf_cstring(&u->listen.certs.ca),
                                     .sign = sign_token,
                                     .on_level = on_level,
                                     .on_no_runtime = on_no_runtime,
                                     .arg = u};
    const char *tokens = u->cli->settings->token_auth_file;

    if (assembly_open(&config, &u->assembly, e) < 0)
        return e->code;
    return auth_open(u->cli->settings->data, strcmp(tokens, "none") != 0 ? tokens : NULL,
                     loop_clock(u->loop), &u->auth, e);
}

/* Errors before a handler runs, in the shape of the API that the request is for. */
static void
write_error(void *arg, const struct request *rq, int status, const struct err *why,
            struct buf *body, const char **content_type)
{
    *content_type = "application/json";
    if (!argorest_write_error(rq, why, body))
        apiedge_write_error(arg, rq, status, why, body, content_type);
}

static int
open_edge(struct up *u, struct err *e)
{
    struct edge_options options = {.authenticate = auth_authenticate,
                                   .authenticate_arg = u->auth,
                                   .local = auth_local(u->auth),
                                   .may_be_local = may_be_local,
                                   .may_be_local_arg = u,
                                   .hosts = up_listen_hosts(),
                                   .write_error = write_error};

    u->edge = edge_new(&options, e);
    if (u->edge == NULL || up_listen_begin(&u->listen, u->edge, u->cli->settings, e) < 0)
        return e->code;
    if (u->listen.for_pods != NULL)
        assembly_set_api_address(u->assembly, u->listen.for_pods);
    return 0;
}

static const struct apipod_ops pod_ops = {.log = podlog_open, .exec = podexec_open};

static void
open_api(struct up *u)
{
    u->logs = (struct podlog_config){.data = u->cli->settings->data,
                                     .watchlog = assembly_watchlog(u->assembly),
                                     .clock = loop_clock(u->loop)};
    struct apiserver_config config = {
        .core = assembly_core(u->assembly),
        .objects = assembly_objects(u->assembly),
        .kinds = objects_kinds(assembly_objects(u->assembly)),
        .watchlog = assembly_watchlog(u->assembly),
        .clock = loop_clock(u->loop),
        .address = u->listen.url + sizeof "http://" - 1,
        .authorize = auth_authorize,
        .rules = auth_rules,
        .authenticate = auth_authenticate,
        .sign = auth_sign,
        .auth_arg = u->auth,
        .pods = &pod_ops,
        .pods_arg = &u->logs,
    };

    u->api = apiserver_new(&config);
}

/* For /metrics: who may see them, and what the core counts. */

static bool
may_see_metrics(void *arg, const struct caller *who)
{
    const struct up *u = arg;
    const struct apiright right = {.verb = STR("get"), .path = STR(METRICS_PATH)};

    return auth_authorize(u->auth, who, &right);
}

static void
write_core(void *arg, struct buf *to)
{
    const struct up *u = arg;
    struct core_stats s;

    core_stats(assembly_core(u->assembly), &s);
    metrics_write(to, "sluice_core_turns_total", "counter", "Turns of the core.", s.turns);
    metrics_write(to, "sluice_core_commits_total", "counter", "Turns that wrote.", s.commits);
    metrics_write(to, "sluice_core_failed_commits_total", "counter",
                  "Commits that the disk refused.", s.failed_commits);
    metrics_write(to, "sluice_core_messages_total", "counter", "Messages that were run.",
                  s.messages);
    metrics_write(to, "sluice_core_requests", "gauge", "Requests in the core.", s.requests);
}

static int
publish(struct up *u, struct err *e)
{
    cleanup_routes struct routes *routes = routes_new();

    u->metrics = (struct metrics){
        .edge = u->edge, .authorize = may_see_metrics, .more = write_core, .arg = u};
    u->rest = (struct argorest){
        .api = u->api, .flow = assembly_flow(u->assembly), .store = assembly_store(u->assembly)};
    u->debug = (struct apidebug){.server = u->api, .edge = u->edge};
    if (argorest_add_routes(&u->rest, routes, e) < 0 || apiedge_add_routes(u->api, routes, e) < 0 ||
        metrics_add_route(routes, &u->metrics, e) < 0 ||
        apidebug_add_route(routes, &u->debug, e) < 0)
        return e->code;
    edge_publish(u->edge, routes);
    return 0;
}

static int
run_prepare(struct message *m, struct turn *t, struct err *e)
{
    return apiserver_prepare(CONTAINER_OF(m, struct up, prepare)->api, t, e);
}

static void
prepared(struct message *m, const struct err *why)
{
    struct up *u = CONTAINER_OF(m, struct up, prepare);
    struct err e = ERR_INIT;

    if (why != NULL) {
        fail(u, why);
        return;
    }
    if (publish(u, &e) < 0 ||
        serverfile_write(u->cli->settings->data,
                         &(struct serverfile){u->listen.url, u->listen.tls_url}, &e) < 0) {
        fail(u, &e);
        return;
    }
    u->published = true;
    announce(u);
}

static int
open_all(struct up *u, struct err *e)
{
    static const int signals[] = {SIGINT, SIGTERM, 0};

    if (up_listen_open(&u->listen, u->cli->settings->data, loop_wall_us(u->loop), e) < 0 ||
        open_assembly(u, e) < 0 || open_edge(u, e) < 0)
        return e->code;
    open_api(u);
    u->signals = signals_watch(u->loop, signals, on_signal, u, e);
    if (u->signals == NULL)
        return e->code;
    u->prepare = (struct message){
        .class = MESSAGE_EVENT, .run = run_prepare, .done = prepared, .name = "prepare"};
    return core_post(assembly_core(u->assembly), &u->prepare, e);
}

/* Calls that wait for the core get their turns before and after the edges stop. */
static void
close_all(struct up *u)
{
    timer_stop(&u->timer);
    if (u->edge != NULL) {
        core_run(assembly_core(u->assembly), LAST_TURNS);
        edge_stop(u->edge, GRACE_US);
        core_run(assembly_core(u->assembly), LAST_TURNS);
    }
    edge_free(u->edge);
    signals_free(u->signals);
    apiserver_free(u->api);
    assembly_close(u->assembly);
    auth_free(u->auth);
    up_listen_done(&u->listen);
}

static int
up_run(struct cli *c)
{
    struct up u = {.cli = c};
    struct err e = ERR_INIT;
    int code = CLI_OK;

    descriptors_raise();
    u.loop = loop_new(&e);
    if (u.loop == NULL)
        return cli_fail(c, &e);
    timer_init(&u.timer, u.loop, on_timer, &u);
    if (open_all(&u, &e) < 0) {
        code = cli_fail(c, &e);
    } else {
        priority_raise();
        loop_run(u.loop);
        if (u.failed.code != 0)
            code = cli_fail(c, &u.failed);
    }
    close_all(&u);
    loop_free(u.loop);
    return code;
}

const struct cli_command up_command = {
    .name = "up",
    .help = "serve the Kubernetes API, and run what it is given",
    .details =
        "Prints 'ready URL' when it answers.  SIGTERM ends it and leaves its pods to the next\n"
        "server on the same directory; Ctrl-C says how many stay, and a second one stops them.\n"
        "\n"
        "    export KUBECONFIG=$(sluice kubeconfig)\n"
        "    kubectl get pods",
    .settings = true,
    .run = up_run,
};
