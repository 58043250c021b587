#include "edge/edge.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "data/json.h"
#include "edge/call_int.h"
#include "edge/gate.h"
#include "edge/routes.h"
#include "edge/share.h"
#include "http/client.h"
#include "http/server.h"
#include "io/address.h"
#include "io/descriptors.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/priority.h"
#include "io/timer.h"

struct edge_listener {
    struct list link;
    struct edge *edge;
    struct listener *listener;
    const struct tls *tls;
};

/* A connection on its way to the thread that serves it. */
struct arrival {
    struct letter letter;
    struct edge_thread *to;
    struct server_arrival what;
};

/* What a thread is told to do by the one that stops the edge. */
struct order {
    struct letter letter;
    struct edge_thread *to;
    struct timer grace;
    int64_t grace_us;
};

static _Thread_local struct edge_thread *current;

struct edge_thread *
edge_current(void)
{
    return current;
}

/* Errors. */

static const char *
reason_of(int status, const struct err *why)
{
    switch (status) {
    case 405:
        return "MethodNotAllowed";
    case 408:
        return "Timeout";
    case 414:
    case 431:
        return "RequestEntityTooLarge";
    default:
        return err_status(why->code) == status ? err_reason(why->code) : "BadRequest";
    }
}

static void
write_status(int status, const struct err *why, struct buf *body)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *d = NULL;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "Status");
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_object(&b, "metadata");
    json_end(&b);
    json_add_cstr(&b, "status", "Failure");
    json_add_cstr(&b, "message", why->msg);
    json_add_cstr(&b, "reason", reason_of(status, why));
    json_add_int(&b, "code", status);
    json_end(&b);
    d = json_build_done(&b);
    json_write(body, json_root(d));
    buf_char(body, '\n');
}

void
call_write_error(const struct edge *g, const struct request *rq, int status, const struct err *why,
                 struct buf *body, const char **content_type)
{
    const struct edge_options *o = &g->options;

    if (o->write_error != NULL) {
        o->write_error(o->write_error_arg, rq, status, why, body, content_type);
        return;
    }
    *content_type = "application/json";
    write_status(status, why, body);
}

/* Routes. */

void
edge_publish(struct edge *g, struct routes *r)
{
    struct routes *old;

    pthread_mutex_lock(&g->lock);
    old = g->routes;
    g->routes = routes_ref(r);
    atomic_fetch_add(&g->routes_version, 1);
    pthread_mutex_unlock(&g->lock);
    routes_unref(old);
}

struct routes *
edge_routes(struct edge_thread *t)
{
    struct edge *g = t->edge;

    if (atomic_load(&g->routes_version) == t->routes_version)
        return t->routes;
    routes_unref(t->routes);
    pthread_mutex_lock(&g->lock);
    t->routes = routes_ref(g->routes);
    t->routes_version = atomic_load(&g->routes_version);
    pthread_mutex_unlock(&g->lock);
    return t->routes;
}

/* Threads. */

static void
on_exchange(void *arg, struct exchange *x)
{
    call_begin(arg, x);
}

static void
on_error(void *arg, const struct request *rq, int status, const struct err *why, struct buf *body,
         const char **content_type)
{
    struct edge_thread *t = arg;

    call_write_error(t->edge, rq, status, why, body, content_type);
}

static void
on_empty(void *arg)
{
    struct edge_thread *t = arg;

    atomic_store(&t->stopped, true);
    loop_stop(t->loop);
}

static int
open_thread(struct edge_thread *t, struct err *e)
{
    const struct server_options options = {
        .handle = on_exchange, .write_error = on_error, .on_empty = on_empty, .arg = t};

    t->loop = loop_new(e);
    if (t->loop == NULL)
        return e->code;
    t->mailbox = mailbox_new(t->loop, e);
    if (t->mailbox == NULL)
        return e->code;
    t->server = server_new(t->loop, &options);
    t->client = client_new(t->loop);
    return 0;
}

static void
close_thread(struct edge_thread *t)
{
    server_free(t->server);
    client_free(t->client);
    if (t->mailbox != NULL)
        mailbox_open_all(t->mailbox); /* wakes of feeds that are closed */
    mailbox_free(t->mailbox);
    loop_free(t->loop);
    routes_unref(t->routes);
    buf_done(&t->piece);
}

static void *
run_thread(void *arg)
{
    struct edge_thread *t = arg;

    current = t;
    priority_raise();
    while (!atomic_load(&t->stopped))
        loop_run(t->loop);
    return NULL;
}

static size_t
limit_of_process(size_t wanted)
{
    size_t most = descriptors_for_served();

    if (wanted == 0)
        wanted = EDGE_MAX_CONNECTIONS;
    return wanted < most ? wanted : most;
}

struct edge *
edge_new(const struct edge_options *o, struct err *e)
{
    struct edge *g = NEW(struct edge);
    long spare = sysconf(_SC_NPROCESSORS_ONLN) - 1;

    g->options = *o;
    if (g->options.max_calls == 0)
        g->options.max_calls = EDGE_MAX_CALLS;
    g->share = share_new(limit_of_process(g->options.max_connections));
    g->threads_n = o->threads > 0 ? o->threads : (int)(spare < 1 ? 1 : spare);
    if (g->threads_n > EDGE_MAX_THREADS)
        g->threads_n = EDGE_MAX_THREADS;
    list_init(&g->listeners);
    pthread_mutex_init(&g->lock, NULL);
    g->threads = NEW_ARRAY(struct edge_thread, (size_t)g->threads_n);
    for (int i = 0; i < g->threads_n; i++) {
        g->threads[i].edge = g;
        g->threads[i].index = i;
        if (open_thread(&g->threads[i], e) < 0) {
            edge_free(g);
            return NULL;
        }
    }
    return g;
}

/* Listening. */

int
edge_listen(struct edge *g, const struct edge_listen *l, struct address *ret, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct address at = *l->address;
    struct edge_listener *n;
    struct listener *listener;

    CHECK(!g->started);
    if (!address_is_loopback(&at) && g->options.authenticate == NULL) {
        address_write(&at, &text);
        return err_set(e, ERR_FORBIDDEN,
                       "listen at %s: an address beyond loopback needs authentication",
                       buf_cstring(&text));
    }
    listener = listener_new(&at, e);
    if (listener == NULL)
        return e->code;
    n = NEW(struct edge_listener);
    n->edge = g;
    n->listener = listener;
    n->tls = l->tls;
    list_append(&g->listeners, &n->link);
    if (ret != NULL)
        *ret = at;
    return 0;
}

static void
adopt(struct edge_thread *t, const struct server_arrival *what)
{
    struct err e = ERR_INIT;

    if (server_adopt(t->server, what, &e) < 0)
        log_warn("edge", "a new connection: %s", e.msg);
}

static void
open_arrival(struct letter *l)
{
    struct arrival *a = CONTAINER_OF(l, struct arrival, letter);

    atomic_fetch_sub(&a->to->arriving, 1);
    adopt(a->to, &a->what);
    free(a);
}

/* The thread with the fewest connections. */
static struct edge_thread *
least_busy(struct edge *g)
{
    struct edge_thread *best = NULL;
    struct server_counts counts;
    uint64_t fewest = 0;

    for (int i = 0; i < g->threads_n; i++) {
        server_counts(g->threads[i].server, &counts);
        counts.connections += atomic_load(&g->threads[i].arriving);
        if (best == NULL || counts.connections < fewest) {
            best = &g->threads[i];
            fewest = counts.connections;
        }
    }
    return best;
}

/* The kernel's word is asked for only when the share is used up: it costs more than the rest. */
static void *
find_room(struct edge *g, int fd, const struct address *peer)
{
    void *room = share_take(g->share, peer, false);

    if (room == NULL && gate_is_own(&g->options, fd, peer))
        room = share_take(g->share, peer, true);
    return room;
}

static void
on_accept(void *arg, int fd, const struct address *peer)
{
    struct edge_listener *n = arg;
    struct edge_thread *t = least_busy(n->edge);
    const struct server_arrival what = {
        .fd = fd, .tls = n->tls, .closed = share_give, .arg = find_room(n->edge, fd, peer)};
    struct arrival *a;

    if (what.arg == NULL) {
        atomic_fetch_add(&n->edge->counts.refused, 1);
        close(fd);
        return;
    }
    if (t == current) {
        adopt(t, &what);
        return;
    }
    a = NEW(struct arrival);
    *a = (struct arrival){.letter = {.open = open_arrival}, .to = t, .what = what};
    atomic_fetch_add(&t->arriving, 1);
    mailbox_post(t->mailbox, &a->letter);
}

int
edge_start(struct edge *g, struct err *e)
{
    struct edge_listener *n;
    sigset_t all, old;
    int rc = 0;

    CHECK(g->routes != NULL && !g->started);
    LIST_EACH (n, &g->listeners, struct edge_listener, link)
        if (listener_start(n->listener, g->threads[0].loop, on_accept, n, e) < 0)
            return e->code;
    g->started = true;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (int i = 0; i < g->threads_n && rc == 0; i++) {
        struct edge_thread *t = &g->threads[i];

        errno = pthread_create(&t->thread, NULL, run_thread, t);
        t->running = errno == 0;
        if (!t->running)
            rc = err_errno(e, "start a thread");
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

/* Stopping. */

static void
on_grace(void *arg)
{
    struct order *o = arg;

    server_cut(o->to->server);
}

static void
close_listeners(struct edge *g)
{
    for (struct list *at = list_shift(&g->listeners); at != NULL; at = list_shift(&g->listeners)) {
        struct edge_listener *n = LIST_ITEM(at, struct edge_listener, link);

        listener_free(n->listener);
        free(n);
    }
}

static void
open_order(struct letter *l)
{
    struct order *o = CONTAINER_OF(l, struct order, letter);

    if (o->to->index == 0)
        close_listeners(o->to->edge);
    timer_init(&o->grace, o->to->loop, on_grace, o);
    timer_after(&o->grace, o->grace_us);
    server_drain(o->to->server);
}

void
edge_stop(struct edge *g, int64_t grace_us)
{
    struct order *orders = NEW_ARRAY(struct order, (size_t)g->threads_n);

    for (int i = 0; i < g->threads_n; i++) {
        orders[i] = (struct order){
            .letter = {.open = open_order}, .to = &g->threads[i], .grace_us = grace_us};
        if (g->threads[i].running)
            mailbox_post(g->threads[i].mailbox, &orders[i].letter);
    }
    for (int i = 0; i < g->threads_n; i++) {
        if (!g->threads[i].running)
            continue;
        pthread_join(g->threads[i].thread, NULL);
        g->threads[i].running = false;
        timer_stop(&orders[i].grace);
    }
    free(orders);
}

void
edge_free(struct edge *g)
{
    if (g == NULL)
        return;
    edge_stop(g, 0);
    close_listeners(g);
    for (int i = 0; i < g->threads_n; i++) {
        if (g->threads[i].server == NULL)
            continue;
        mailbox_open_all(g->threads[i].mailbox); /* connections on their way */
        server_cut(g->threads[i].server);
    }
    /* Whoever still holds a call answers into a mailbox of ours; some letters go through all. */
    for (int i = 0; i < g->threads_n; i++) {
        while (g->threads[i].open > 0) {
            for (int k = 0; k < g->threads_n; k++)
                mailbox_open_all(g->threads[k].mailbox);
            if (g->threads[i].open > 0)
                loop_turn(g->threads[i].loop, true);
        }
    }
    for (int i = 0; i < g->threads_n; i++)
        close_thread(&g->threads[i]);
    free(g->threads);
    share_free(g->share);
    routes_unref(g->routes);
    pthread_mutex_destroy(&g->lock);
    free(g);
}
