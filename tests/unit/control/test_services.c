/*
 * Names and routes of Services, over a real store and with the real forwarder, whose listeners are
 * dialed.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/events.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "control/control.h"
#include "control/control_int.h"
#include "control/drive.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/forward.h"
#include "io/file.h"
#include "io/loop.h"
#include "runner/runtime.h"
#include "store/store.h"
#include "tests/unit/test.h"

#define SERVICE_IP "127.96.211.7"
#define POD_IP "127.97.211.7"

enum {
    REBUILT_US = 2 * 1000 * 1000, /* by then memory is read again, however often it failed */
    CROWD = 400,                  /* Services: more than one turn looks at */
};

struct world {
    char dir[64];
    struct loop *loop;
    struct drive *drive;
    struct store *store;
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct events *events;
    struct forward *forward;
    struct control *control;
    struct runtime runtime; /* without pods */
    int behind;             /* where connections arrive */
    uint16_t port;
    /* What is asked now. */
    struct message message;
    const char *text;
    const struct kind *kind;
    bool is_lost;   /* the turn cannot be stored */
    bool then_lost; /* the next one cannot */
    struct message next;
    bool done;
    int64_t count; /* that was seen */
};

static bool
keeps_source(const struct address *client)
{
    (void)client;
    return false;
}

static void
on_recovered(struct runtime *r)
{
    (void)r;
}

static const struct runtime_ops no_pods = {.name = "none", .recovered = on_recovered};

static void
open_world(struct world *w)
{
    struct err e = ERR_INIT;
    struct core_options options = {.wake = drive_wake};
    const struct forward_options forwarding = {.keeps_source = keeps_source,
                                               .on_failure = control_on_route_failure};
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;

    *w = (struct world){.dir = "/tmp/test_services.XXXXXX"};
    CHECK_NOT_NULL(mkdtemp(w->dir));
    log_set_level(LOG_ERROR + 1);
    inet_pton(AF_INET, POD_IP, &at.sin_addr);
    w->behind = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(bind(w->behind, (struct sockaddr *)&at, sizeof at), 0);
    CHECK_INT(listen(w->behind, 16), 0);
    CHECK_INT(getsockname(w->behind, (struct sockaddr *)&at, &n), 0);
    w->port = ntohs(at.sin_port);
    w->loop = loop_new_fake(INT64_C(1700000000) * 1000000);
    w->drive = drive_new(w->loop, &e);
    if (store_open(w->dir, NULL, &w->store, &e) < 0)
        fail_msg("%s", e.msg);
    options.store = w->store;
    options.clock = loop_clock(w->loop);
    options.wake_arg = w->drive;
    w->core = core_new(&options);
    w->controllers = controllers_new(w->core);
    w->objects = objects_new(w->core, w->controllers, kinds_builtin);
    w->events = events_new(w->core, w->objects);
    w->forward = forward_new(&forwarding, &e);
    w->control = control_setup(&(struct control_config){.loop = w->loop,
                                                        .core = w->core,
                                                        .controllers = w->controllers,
                                                        .objects = w->objects,
                                                        .events = w->events,
                                                        .data = w->dir,
                                                        .node = "n",
                                                        .node_pods = 10,
                                                        .forward = w->forward},
                               &e);
    w->runtime.ops = &no_pods;
    control_set_runtime(w->control, &w->runtime);
    control_set_api_address(w->control, "127.96.0.1");
    if (core_start(w->core, &e) < 0)
        fail_msg("%s", e.msg);
    drive_attach(w->drive, w->core);
    loop_advance(w->loop, 0);
}

static void
close_world(struct world *w)
{
    struct err e = ERR_INIT;

    forward_free(w->forward);
    drive_free(w->drive);
    core_free(w->core);
    controllers_free(w->controllers);
    events_free(w->events);
    objects_free(w->objects);
    loop_advance(w->loop, 0);
    control_free(w->control);
    store_close(w->store);
    loop_free(w->loop);
    close(w->behind);
    CHECK_INT(file_remove_tree(AT_FDCWD, w->dir, &e), 0);
}

/* Asking. */

static int
refuse(void *arg, struct turn *t, struct err *e)
{
    (void)arg, (void)t;
    return err_set(e, ERR_IO, "no");
}

static int
run_nothing(struct message *m, struct turn *t, struct err *e)
{
    (void)m, (void)e;
    turn_before_commit(t, refuse, m);
    return 0;
}

static void
on_lost(struct message *m, const struct err *why)
{
    (void)m;
    CHECK_NOT_NULL(why);
}

static void
on_done(struct message *m, const struct err *why)
{
    struct world *w = CONTAINER_OF(m, struct world, message);
    struct err e = ERR_INIT;

    CHECK_INT(why != NULL, w->is_lost);
    w->done = true;
    if (!w->then_lost)
        return;
    w->next = (struct message){.class = MESSAGE_EVENT, .run = run_nothing, .done = on_lost};
    CHECK_INT(core_post(w->core, &w->next, &e), 0);
}

static void
ask(struct world *w, message_run_fn *run, const char *text)
{
    struct err e = ERR_INIT;

    w->text = text;
    w->done = false;
    w->message = (struct message){.class = MESSAGE_REQUEST, .run = run, .done = on_done};
    CHECK_INT(core_post(w->core, &w->message, &e), 0);
    loop_advance(w->loop, 0);
    CHECK_TRUE(w->done);
    w->is_lost = false;
}

static int
run_create(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);
    cleanup_json struct json_doc *doc = NULL;
    const struct kind *k;

    if (json_parse(str_of(w->text), NULL, &doc, e) < 0)
        return e->code;
    k = kind_find(kinds_builtin, json_str(json_get(json_root(doc), "kind")), STR_NULL);
    if (w->is_lost)
        turn_before_commit(t, refuse, w);
    return objects_create(w->objects, t, k, STR("shop"), json_root(doc), NULL, e);
}

static int
run_delete(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);

    if (w->is_lost)
        turn_before_commit(t, refuse, w);
    return objects_delete(w->objects, t, w->kind, STR("shop"), str_of(w->text), NULL, NULL, e);
}

/* How many there are of Events with the reason, each as often as it counts. */
static int
run_count(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);
    struct objects_query q = {.kind = &kind_event, .ns = STR("shop"), .limit = 100};
    cleanup_objects object_vec found = VEC_INIT;
    bool more;

    w->count = 0;
    if (objects_list(w->objects, t, &q, &found, &more, e) < 0)
        return e->code;
    for (size_t i = 0; i < found.n; i++) {
        int64_t n = 0;

        (void)json_int(object_at(found.at[i], "count"), &n);
        if (str_is(json_str(object_at(found.at[i], "reason")), w->text))
            w->count += n;
    }
    return 0;
}

static void delete (struct world *w, const struct kind *k, const char *name)
{
    w->kind = k;
    ask(w, run_delete, name);
}

static void
create(struct world *w, const char *kind, const char *name, const char *rest)
{
    cleanup_free char *text =
        xasprintf("{\"kind\":\"%s\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"shop\"},%s}",
                  kind, name, rest);

    ask(w, run_create, text);
}

/* The Service `web` at the port of the one behind, and that it is behind it. */
static void
create_web(struct world *w)
{
    cleanup_free char *spec = xasprintf("\"spec\":{\"clusterIP\":\"" SERVICE_IP
                                        "\",\"ports\":[{\"port\":%u,\"protocol\":\"TCP\"}]}",
                                        w->port);
    cleanup_free char *subsets = xasprintf("\"subsets\":[{\"addresses\":[{\"ip\":\"" POD_IP
                                           "\"}],\"ports\":[{\"port\":%u}]}]",
                                           w->port);

    create(w, "Endpoints", "web", subsets);
    create(w, "Service", "web", spec);
}

/* Dialing. */

static bool
is_open(const struct world *w)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(w->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ret;

    inet_pton(AF_INET, SERVICE_IP, &at.sin_addr);
    ret = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return ret;
}

/* The forwarder has a thread of its own: what it was told last is carried out after all else. */
static void
wait_until_open(const struct world *w, bool wanted)
{
    const struct timespec pause = {.tv_nsec = 1000 * 1000};

    for (int i = 0; is_open(w) != wanted; i++) {
        if (i > 20000)
            fail_msg("the route is %s", wanted ? "closed" : "open");
        nanosleep(&pause, NULL);
    }
}

TEST(a_route_opens_with_its_commit_and_none_is_left_behind_by_one_that_was_lost)
{
    struct world w;

    open_world(&w);
    w.is_lost = true;
    create_web(&w); /* the Endpoints are lost, the Service is there */
    CHECK_FALSE(is_open(&w));
    delete (&w, &kind_service, "web");
    create_web(&w);
    wait_until_open(&w, true);

    w.is_lost = true;
    delete (&w, &kind_service, "web");
    CHECK_TRUE(is_open(&w)); /* it is there still, and so is its route */
    delete (&w, &kind_service, "web");
    wait_until_open(&w, false); /* although memory was rebuilt in between */
    close_world(&w);
}

TEST(a_service_that_came_and_went_with_lost_turns_leaves_no_route)
{
    struct world w;
    struct core_stats stats;

    open_world(&w);
    create_web(&w);
    wait_until_open(&w, true);
    delete (&w, &kind_endpoints, "web");
    wait_until_open(&w, false);
    for (int i = 0; i < 3; i++) {
        cleanup_free char *subsets = xasprintf("\"subsets\":[{\"addresses\":[{\"ip\":\"" POD_IP
                                               "\"}],\"ports\":[{\"port\":%u}]}]",
                                               w.port);

        w.is_lost = true;
        create(&w, "Endpoints", "web", subsets);
        CHECK_FALSE(is_open(&w));
        loop_advance(w.loop, REBUILT_US);
    }
    core_stats(w.core, &stats);
    CHECK_INT(stats.failed_commits, 3);
    delete (&w, &kind_service, "web");
    CHECK_FALSE(is_open(&w));
    close_world(&w);
}

static void
crowd_name(char name[32], int i)
{
    snprintf(name, 32, "crowd-%d", i);
}

static int
run_create_crowd(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);
    char text[128];
    int rc = 0;

    for (int i = 0; i < CROWD && rc == 0; i++) {
        cleanup_json struct json_doc *doc = NULL;

        snprintf(text, sizeof text,
                 "{\"metadata\":{\"name\":\"crowd-%d\"},\"spec\":{\"clusterIP\":\"None\"}}", i);
        CHECK_INT(json_parse(str_of(text), NULL, &doc, e), 0);
        rc = objects_create(w->objects, t, &kind_service, STR("shop"), json_root(doc), NULL, e);
    }
    return rc;
}

/* All of them, and at last the one with a route. */
static int
run_delete_crowd(struct message *m, struct turn *t, struct err *e)
{
    struct world *w = CONTAINER_OF(m, struct world, message);
    char name[32];
    int rc = 0;

    for (int i = 0; i < CROWD && rc >= 0; i++) {
        crowd_name(name, i);
        rc = objects_delete(w->objects, t, &kind_service, STR("shop"), str_of(name), NULL, NULL, e);
    }
    return rc < 0 ? rc
                  : objects_delete(w->objects, t, &kind_service, STR("shop"), STR("web"), NULL,
                                   NULL, e);
}

TEST(a_route_whose_end_was_to_come_when_a_turn_was_lost_closes_all_the_same)
{
    struct world w;
    struct core_stats stats;

    open_world(&w);
    create_web(&w);
    ask(&w, run_create_crowd, NULL);
    loop_advance(w.loop, 10 * REBUILT_US);
    wait_until_open(&w, true);
    w.then_lost = true; /* in which the controller hears of the one with a route */
    ask(&w, run_delete_crowd, NULL);
    core_stats(w.core, &stats);
    CHECK_INT(stats.failed_commits, 1);
    loop_advance(w.loop, 10 * REBUILT_US);
    wait_until_open(&w, false);
    close_world(&w);
}

TEST(that_a_port_is_not_forwarded_is_said_once)
{
    struct world w;

    open_world(&w);
    create(
        &w, "Service", "dns",
        "\"spec\":{\"clusterIP\":\"127.96.211.8\",\"ports\":[{\"port\":53,\"protocol\":\"UDP\"}]}");
    for (int i = 0; i < 5; i++) {
        create(&w, "Endpoints", "dns", "\"subsets\":[]");
        delete (&w, &kind_endpoints, "dns");
    }
    create(&w, "ConfigMap", "m", "\"data\":{}"); /* a commit takes Events along */
    ask(&w, run_count, "ProtocolNotForwarded");
    CHECK_INT(w.count, 1);
    close_world(&w);
}

TEST(names_are_full_everywhere_and_short_within_their_namespace)
{
    struct world w;
    cleanup_buf struct buf inside = BUF_INIT, outside = BUF_INIT;

    open_world(&w);
    create(&w, "Service", "web", "\"spec\":{\"clusterIP\":\"" SERVICE_IP "\",\"ports\":[]}");
    create(&w, "Service", "db", "\"spec\":{\"clusterIP\":\"None\",\"ports\":[]}");
    create(&w, "Endpoints", "db",
           "\"subsets\":[{\"addresses\":[{\"ip\":\"127.97.0.9\",\"hostname\":\"db-0\"},"
           "{\"ip\":\"127.97.0.10\"}],\"notReadyAddresses\":[{\"ip\":\"127.97.0.11\"}]}]");
    servicenames_text(w.control, STR("shop"), &inside);
    servicenames_text(w.control, STR("default"), &outside);
    CHECK_CONTAINS(buf_cstring(&inside),
                   SERVICE_IP "\tweb.shop.svc.cluster.local web.shop.svc web.shop web\n");
    CHECK_CONTAINS(buf_cstring(&outside),
                   SERVICE_IP "\tweb.shop.svc.cluster.local web.shop.svc web.shop\n");
    CHECK_CONTAINS(buf_cstring(&outside), "127.96.0.1\tkubernetes.default.svc.cluster.local "
                                          "kubernetes.default.svc kubernetes.default kubernetes\n");
    CHECK_CONTAINS(buf_cstring(&inside),
                   "127.97.0.9\tdb-0.db.shop.svc.cluster.local db-0.db.shop.svc db-0.db.shop "
                   "db-0.db\n");
    CHECK_CONTAINS(buf_cstring(&inside), "127.97.0.10\tdb.shop.svc.cluster.local ");
    CHECK_NULL(strstr(buf_cstring(&inside), "127.97.0.11"));
    delete (&w, &kind_service, "web");
    buf_clear(&inside);
    servicenames_text(w.control, STR("shop"), &inside);
    CHECK_NULL(strstr(buf_cstring(&inside), SERVICE_IP));
    close_world(&w);
}

TESTS_MAIN(T_(a_route_opens_with_its_commit_and_none_is_left_behind_by_one_that_was_lost),
           T_(a_service_that_came_and_went_with_lost_turns_leaves_no_route),
           T_(a_route_whose_end_was_to_come_when_a_turn_was_lost_closes_all_the_same),
           T_(that_a_port_is_not_forwarded_is_said_once),
           T_(names_are_full_everywhere_and_short_within_their_namespace))
