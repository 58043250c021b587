/*
 * The API under simulation: clients write and watch while the core dies.
 *
 * Each writer creates, patches and (some) deletes an object of its own, and repeats what was not
 * answered.  Each watcher lists once, then watches from the version that it heard of last. Wherever
 * a crash comes, what was answered with success is there, nothing is there by half, and a watcher
 * hears of each change exactly once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/apicall.h"
#include "api/apiserver.h"
#include "api/apistream.h"
#include "api/objects.h"
#include "api/watchlog.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/caller.h"
#include "tests/sim/sim.h"
#include "tests/unit/test.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

/* Writers begin when all watchers have listed, whatever crashed before. */
enum { RETRY_US = 3000, BEGIN_US = 20 * RETRY_US, WRITERS = 6, WATCHERS = 2, ROOM = 64 * 1024 };

struct site;

/* One client, with at most one request under way. */
struct client {
    struct site *site;
    void (*go_on)(struct client *c); /* with the answer in status and text, or status 0: none yet */
    struct apicall *call;
    char *path, *body; /* of the call */
    int status;
    char *text;
    struct apistream *stream;
};

enum { CREATE, PATCH, DELETE, DONE };

struct writer {
    struct client c;
    int number, step;
    bool again; /* this step was asked for before, and nobody knows what became of it */
};

/* What a watcher knows of one writer's object. */
struct known {
    bool there;
    int value, told; /* events */
};

struct watcher {
    struct client c;
    int64_t rv; /* 0: not listed yet */
    struct known of[WRITERS];
    bool planned; /* a pull */
};

struct site {
    struct sim *sim;
    struct controllers *cs;
    struct objects *os;
    struct watchlog *log;
    struct apiserver *api;
    struct apiserver_config config;
    struct caller caller;
    struct message prepare;
    struct writer writers[WRITERS];
    struct watcher watchers[WATCHERS];
};

/* Asking. */

static void
act(struct sim *sim, void *arg)
{
    struct client *c = arg;

    (void)sim;
    if (c->call == NULL)
        c->go_on(c);
}

static void
on_answer(void *arg)
{
    struct client *c = arg;
    struct apianswer a;

    apicall_answer(c->call, &a);
    c->status = a.status;
    c->stream = a.stream;
    free(c->text);
    c->text = str_dup(a.body);
    apicall_free(TAKE(c->call));
    sim_after(c->site->sim, 0, act, c);
}

/* Takes both texts. */
static void
ask(struct client *c, const char *method, char *path, const char *query, char *body)
{
    struct apirequest rq = {.method = str_of(method),
                            .query = str_of(query),
                            .accept = STR("application/json"),
                            .content_type = str_is(str_of(method), "PATCH")
                                                ? STR("application/merge-patch+json")
                                                : STR("application/json"),
                            .user_agent = STR("sim/1"),
                            .caller = &c->site->caller};

    free(c->path);
    free(c->body);
    c->path = path;
    c->body = body;
    rq.path = str_of(path);
    rq.body = str_of(body);
    c->status = 0;
    c->call = apicall_new(c->site->api, &rq, on_answer, c);
    apicall_start(c->call);
}

static bool
is_unknown(const struct client *c)
{
    return c->status >= 500 || c->status == 429;
}

/* Writers. */

/* Both fields of an object always say the same. */
static char *
body_of(int number, int value)
{
    return xasprintf("{\"metadata\":{\"name\":\"m%d\"},\"data\":{\"x\":\"%d\",\"y\":\"%d\"}}",
                     number, value, value);
}

static void
take_answer(struct writer *w)
{
    bool repeated =
        (w->step == CREATE && w->c.status == 409) || (w->step == DELETE && w->c.status == 404);

    if (is_unknown(&w->c)) {
        w->again = true;
        w->c.status = 0;
        sim_after(w->c.site->sim, RETRY_US, act, &w->c);
        return;
    }
    if (w->c.status >= 300 && !(repeated && w->again))
        fail_msg("writer %d, step %d: %d %s", w->number, w->step, w->c.status, w->c.text);
    w->again = false;
    w->step++;
    if (w->step == DELETE && w->number % 3 != 0)
        w->step = DONE;
    w->c.status = 0;
    sim_after(w->c.site->sim, 0, act, &w->c);
}

static void
write_on(struct client *c)
{
    struct writer *w = CONTAINER_OF(c, struct writer, c);

    if (c->status != 0)
        take_answer(w);
    else if (w->step == CREATE)
        ask(c, "POST", xstrdup(MAPS), "", body_of(w->number, 1));
    else if (w->step == PATCH)
        ask(c, "PATCH", xasprintf(MAPS "/m%d", w->number), "", body_of(w->number, 2));
    else if (w->step == DELETE)
        ask(c, "DELETE", xasprintf(MAPS "/m%d", w->number), "", xstrdup(""));
}

/* Watchers. */

static int64_t
version_of(const struct json *o)
{
    int64_t rv = 0;

    CHECK_TRUE(json_int_or_string(json_at_path(o, "metadata.resourceVersion"), &rv) && rv > 0);
    return rv;
}

/* NULL for the maps that every namespace has. */
static struct known *
known_of(struct watcher *w, const struct json *o, int *value)
{
    struct str name = json_str(json_at_path(o, "metadata.name"));
    int64_t number = 0, x = 0, y = 0;

    if (name.n < 2 || name.p[0] != 'm' || !str_to_int(str_slice(name, 1, name.n), &number))
        return NULL;
    CHECK_TRUE(json_int_or_string(json_at_path(o, "data.x"), &x));
    CHECK_TRUE(json_int_or_string(json_at_path(o, "data.y"), &y));
    CHECK_INT(x, y);
    *value = (int)x;
    return &w->of[number];
}

static void
take_event(struct watcher *w, struct str line)
{
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;
    const struct json *o;
    struct known *k;
    struct str type;
    int value;

    CHECK_INT(json_parse(line, NULL, &doc, &e), 0);
    type = json_str(json_get(json_root(doc), "type"));
    o = json_get(json_root(doc), "object");
    if (version_of(o) <= w->rv)
        fail_msg("told at %" PRId64 " after %" PRId64 ": %.*s", version_of(o), w->rv,
                 STR_ARG(line));
    w->rv = version_of(o);
    k = known_of(w, o, &value);
    if (k == NULL)
        return;
    if (str_is(type, "ADDED") == k->there)
        fail_msg("known: %d, told: %.*s", k->there, STR_ARG(line));
    k->told++;
    k->there = !str_is(type, "DELETED");
    k->value = value;
}

static void
pull(struct sim *sim, void *arg)
{
    struct watcher *w = arg;
    cleanup_buf struct buf b = BUF_INIT;
    struct str rest;

    (void)sim;
    w->planned = false;
    if (w->c.stream == NULL)
        return;
    while (apistream_pull(w->c.stream, &b, ROOM) == FEED_MORE)
        ;
    rest = buf_view(&b);
    while (rest.n > 0)
        take_event(w, str_cut(&rest, '\n'));
}

static void
on_ready(void *arg)
{
    struct watcher *w = arg;

    if (w->planned)
        return;
    w->planned = true;
    sim_after(w->c.site->sim, 0, pull, w);
}

static void
take_list(struct watcher *w)
{
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    CHECK_INT(json_parse(str_of(w->c.text), NULL, &doc, &e), 0);
    w->rv = version_of(json_root(doc));
    JSON_EACH (it, json_get(json_root(doc), "items")) {
        int value;
        struct known *k = known_of(w, it.value, &value);

        if (k != NULL)
            *k = (struct known){.there = true, .value = value, .told = value};
    }
}

static void
watch_on(struct client *c)
{
    struct watcher *w = CONTAINER_OF(c, struct watcher, c);
    char query[64];
    int status = c->status;

    c->status = 0;
    if (is_unknown(&(struct client){.status = status})) {
        sim_after(c->site->sim, RETRY_US, act, c);
    } else if (status != 0 && status != 200) {
        fail_msg("watcher: %d %s", status, c->text);
    } else if (c->stream != NULL && w->rv == 0) { /* a list is a stream, too */
        cleanup_buf struct buf b = BUF_INIT;

        while (apistream_pull(c->stream, &b, ROOM) == FEED_MORE)
            ;
        apistream_free(TAKE(c->stream));
        free(c->text);
        c->text = buf_take(&b);
        take_list(w);
        sim_after(c->site->sim, 0, act, c);
    } else if (c->stream != NULL) {
        apistream_listen(c->stream, on_ready, w);
        on_ready(w);
    } else if (w->rv == 0) {
        ask(c, "GET", xstrdup(MAPS), "", xstrdup(""));
    } else {
        snprintf(query, sizeof query, "watch=1&resourceVersion=%" PRId64, w->rv);
        ask(c, "GET", xstrdup(MAPS), query, xstrdup(""));
    }
}

/* The world. */

static int
run_prepare(struct message *m, struct turn *t, struct err *e)
{
    return apiserver_prepare(CONTAINER_OF(m, struct site, prepare)->api, t, e);
}

static void
boot(struct sim *sim, void *arg)
{
    struct site *s = arg;

    s->sim = sim;
    s->cs = controllers_new(sim_core(sim));
    s->os = objects_new(sim_core(sim), s->cs, kinds_builtin);
    s->log = watchlog_new(sim_core(sim), s->os);
    s->config = (struct apiserver_config){.core = sim_core(sim),
                                          .objects = s->os,
                                          .kinds = kinds_builtin,
                                          .watchlog = s->log,
                                          .clock = sim_clock(sim),
                                          .address = "127.0.0.1:8080"};
    s->api = apiserver_new(&s->config);
}

static void
started(struct sim *sim, void *arg)
{
    struct site *s = arg;
    struct err e = ERR_INIT;

    s->prepare = (struct message){.class = MESSAGE_EVENT, .run = run_prepare};
    CHECK_INT(core_post(sim_core(sim), &s->prepare, &e), 0);
    for (int i = 0; i < WATCHERS; i++)
        sim_after(sim, RETRY_US, act, &s->watchers[i].c);
}

static void
halt(struct sim *sim, void *arg)
{
    struct site *s = arg;

    (void)sim;
    for (int i = 0; i < WATCHERS; i++)
        apistream_free(TAKE(s->watchers[i].c.stream));
    apiserver_free(TAKE(s->api));
    watchlog_free(TAKE(s->log));
    s->os = objects_free(s->os);
    s->cs = controllers_free(s->cs);
}

/* Clients are elsewhere; only what they were about to do here is to be planned again. */
static void
lost(struct sim *sim, void *arg)
{
    struct site *s = arg;

    for (int i = 0; i < WRITERS; i++)
        sim_after(sim, BEGIN_US, act, &s->writers[i].c);
    for (int i = 0; i < WATCHERS; i++)
        s->watchers[i].planned = false;
}

static const struct sim_world world = {
    .boot = boot, .started = started, .halt = halt, .lost = lost};

static struct site *
site_new(uint64_t seed)
{
    struct site *s = NEW(struct site);

    log_set_level(LOG_ERROR + 1);
    s->caller = (struct caller){.kind = CALLER_LOCAL, .name = STR("admin")};
    for (int i = 0; i < WATCHERS; i++)
        s->watchers[i].c = (struct client){.site = s, .go_on = watch_on};
    sim_new(seed, &world, s);
    for (int i = 0; i < WRITERS; i++) {
        s->writers[i] = (struct writer){.c = {.site = s, .go_on = write_on}, .number = i};
        sim_after(s->sim, BEGIN_US + i * RETRY_US / 2, act, &s->writers[i].c);
    }
    return s;
}

static void
client_done(struct client *c)
{
    CHECK_NULL(c->call);
    free(c->path);
    free(c->body);
    free(c->text);
}

static void
site_free(struct site *s)
{
    sim_free(s->sim);
    for (int i = 0; i < WRITERS; i++)
        client_done(&s->writers[i].c);
    for (int i = 0; i < WATCHERS; i++)
        client_done(&s->watchers[i].c);
    free(s);
}

/* The end. */

struct look {
    struct message m;
    struct site *site;
};

static int
run_look(struct message *m, struct turn *t, struct err *e)
{
    struct site *s = CONTAINER_OF(m, struct look, m)->site;

    (void)e;
    for (int i = 0; i < WRITERS; i++) {
        cleanup_free char *name = xasprintf("m%d", i);
        cleanup_object struct object *o =
            objects_find(s->os, t, &kind_config_map, STR("default"), str_of(name));

        CHECK_INT(o == NULL, i % 3 == 0);
        if (o == NULL)
            continue;
        CHECK_TRUE(str_is(json_str(object_at(o, "data.x")), "2"));
        CHECK_TRUE(str_is(json_str(object_at(o, "data.y")), "2"));
    }
    return 0;
}

static void
check_end(struct site *s)
{
    struct look l = {.m = {.class = MESSAGE_EVENT, .run = run_look}, .site = s};
    struct err e = ERR_INIT;

    for (int i = 0; i < WRITERS; i++)
        CHECK_INT(s->writers[i].step, DONE);
    CHECK_INT(core_post(sim_core(s->sim), &l.m, &e), 0);
    CHECK_TRUE(sim_run(s->sim));
    for (int n = 0; n < WATCHERS; n++) {
        for (int i = 0; i < WRITERS; i++) {
            const struct known *k = &s->watchers[n].of[i];
            bool deleted = i % 3 == 0;

            if (k->there == deleted || k->value != 2 || k->told != (deleted ? 3 : 2))
                fail_msg("watcher %d of m%d: there %d, value %d, told %d times", n, i, k->there,
                         k->value, k->told);
        }
    }
}

static int64_t
points_of(uint64_t seed)
{
    struct site *s = site_new(seed);
    int64_t before = sim_points(s->sim), points;

    CHECK_TRUE(sim_run(s->sim));
    points = sim_points(s->sim) - before;
    check_end(s);
    site_free(s);
    CHECK_TRUE(points > 30);
    return points;
}

static void
crash_at_each_point(uint64_t seed, enum sim_crash how)
{
    int64_t points = points_of(seed);

    for (int64_t n = 0; n < points; n++) {
        struct site *s = site_new(seed);

        sim_crash_at(s->sim, n, how);
        CHECK_TRUE(sim_run(s->sim));
        CHECK_INT(sim_crashes(s->sim), 1);
        check_end(s);
        site_free(s);
    }
}

TEST(a_kill_at_any_point_loses_and_doubles_nothing)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        crash_at_each_point(seed, SIM_KILL);
}

TEST(a_loss_of_power_at_any_point_loses_and_doubles_nothing)
{
    for (uint64_t seed = 4; seed <= 6; seed++)
        crash_at_each_point(seed, SIM_POWER);
}

TEST(the_order_of_events_does_not_matter)
{
    for (uint64_t seed = 100; seed < 200; seed++)
        (void)points_of(seed);
}

TESTS_MAIN(T_(the_order_of_events_does_not_matter),
           T_(a_kill_at_any_point_loses_and_doubles_nothing),
           T_(a_loss_of_power_at_any_point_loses_and_doubles_nothing))
