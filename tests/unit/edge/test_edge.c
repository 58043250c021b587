/*
 * An edge with its threads, and clients that block, over TCP on loopback.
 */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "edge/call.h"
#include "edge/edge.h"
#include "edge/feed.h"
#include "edge/gate.h"
#include "edge/metrics.h"
#include "edge/routes.h"
#include "http/certs.h"
#include "http/tls.h"
#include "http/websocket.h"
#include "io/address.h"
#include "io/file.h"
#include "tests/unit/test.h"

enum { GRACE_US = 10 * 1000 * 1000, BODY_LIMIT = 1000 };

/* The thread that answers what the handlers pass on: the core of these tests. */
struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct call *calls[64];
    size_t n;
    bool hold; /* calls are kept until it is lifted */
    bool stop;
};

struct site {
    struct edge *edge;
    struct address at;
    struct worker worker;
    atomic_int answered, gone, on_gone, closed, released, too_large;
};

static struct site *site; /* what the handlers see */

static void
on_done(void *arg, bool answered)
{
    struct site *s = arg;

    atomic_fetch_add(answered ? &s->answered : &s->gone, 1);
}

static void
on_release(void *arg)
{
    atomic_fetch_add(&site->released, 1);
    free(arg);
}

static void
answer(struct call *c, const char *text)
{
    const struct field field = {STR("X-Test"), STR("yes")};
    char *copy = xstrdup(text);
    const struct reply r = {.status = 200,
                            .content_type = "text/plain",
                            .fields = &field,
                            .fields_n = 1,
                            .body = str_of(copy),
                            .release = on_release,
                            .release_arg = copy,
                            .done = on_done,
                            .done_arg = site};

    call_reply(c, &r);
}

static void *
work(void *arg)
{
    struct worker *w = arg;

    pthread_mutex_lock(&w->lock);
    while (!w->stop || w->n > 0) {
        while (w->n > 0 && !w->hold) {
            struct call *c = w->calls[--w->n];

            pthread_mutex_unlock(&w->lock);
            answer(c, "from afar");
            pthread_mutex_lock(&w->lock);
        }
        if (!w->stop)
            pthread_cond_wait(&w->changed, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void
on_gone(void *arg)
{
    atomic_fetch_add(&((struct site *)arg)->on_gone, 1);
}

/* Handlers. */

static void
hello(void *arg, struct call *c)
{
    const struct caller *caller = call_caller(c);
    char *text = arena_printf(call_arena(c), "%s %.*s %.*s", (const char *)arg,
                              STR_ARG(call_param(c, "name")), STR_ARG(caller->name));

    CHECK_TRUE(str_starts(call_peer(c), STR("127.0.0.1:")));
    answer(c, text);
}

static void
pass_on(void *arg, struct call *c)
{
    struct worker *w = &((struct site *)arg)->worker;

    call_on_gone(c, on_gone, arg);
    pthread_mutex_lock(&w->lock);
    w->calls[w->n++] = c;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void
on_collected(void *arg, struct call *c, const struct err *why)
{
    if (why != NULL && why->code == ERR_TOOLARGE)
        atomic_fetch_add(&((struct site *)arg)->too_large, 1);
    if (why != NULL)
        call_fail(c, why);
    else
        answer(c, arena_printf(call_arena(c), "%zu bytes", call_body(c).n));
}

static void
collect(void *arg, struct call *c)
{
    call_collect(c, BODY_LIMIT, on_collected, arg);
}

struct sum {
    uint64_t bytes;
};

static void
on_piece(void *arg, struct call *c, struct str bytes, bool last, const struct err *why)
{
    struct sum *sum = arg;

    if (why != NULL) {
        call_fail(c, why);
        return;
    }
    sum->bytes += bytes.n;
    if (!last)
        call_read(c, on_piece, sum);
    else
        answer(c, arena_printf(call_arena(c), "%llu bytes", (unsigned long long)sum->bytes));
}

static void
stream(void *arg, struct call *c)
{
    (void)arg;
    call_read(c, on_piece, ARENA_NEW(call_arena(c), struct sum));
}

/* A feed that counts up to a number that another thread raises. */
struct counter {
    struct feed *feed;
    atomic_int now, end;
    int given;
};

static struct counter counter;

static enum feed_state
pull_counter(void *arg, struct buf *to, size_t room)
{
    struct counter *k = arg;

    (void)room;
    if (k->given == atomic_load(&k->end))
        return FEED_END;
    if (k->given == atomic_load(&k->now))
        return FEED_WAIT;
    buf_printf(to, "%d\n", ++k->given);
    return FEED_MORE;
}

static void
close_counter(void *arg)
{
    (void)arg;
    atomic_fetch_add(&site->closed, 1);
}

static const struct feed_ops counter_ops = {.pull = pull_counter, .close = close_counter};

static void
watch(void *arg, struct call *c)
{
    const struct reply r = {.status = 200, .feed = counter.feed, .done = on_done, .done_arg = arg};

    call_reply(c, &r);
}

/* A WebSocket that sends back what it gets. */

static struct websocket *echo;

static void
on_message(void *arg, struct str message, bool binary)
{
    (void)arg;
    websocket_send(echo, message, binary);
}

static void
on_ws_drain(void *arg)
{
    (void)arg;
}

static void
on_ws_close(void *arg, int code, struct str reason)
{
    (void)reason;
    CHECK_INT(code, WEBSOCKET_ABNORMAL);
    atomic_fetch_add(&((struct site *)arg)->closed, 1);
    websocket_free(echo);
}

static void
talk(void *arg, struct call *c)
{
    static const struct websocket_handler handler = {on_message, on_ws_drain, on_ws_close};
    struct err e = ERR_INIT;

    echo = call_websocket(c, NULL, &handler, arg, &e);
    if (echo == NULL)
        call_fail(c, &e);
    else
        websocket_read(echo, true);
}

/* Passes on to this very edge. */
static void
pass_round(void *arg, struct call *c)
{
    call_proxy(c, &((struct site *)arg)->at, STR("/open/round"));
}

static int
authenticate(void *arg, struct arena *a, struct str token, struct caller *ret, struct err *e)
{
    (void)arg;
    if (!str_is(token, "secret"))
        return err_set(e, ERR_UNAUTHORIZED, "no such token");
    ret->name = str_of(arena_strdup(a, "alice"));
    return 0;
}

static bool
nobody_is_local(void *arg, const struct address *peer)
{
    (void)arg;
    return !address_is_loopback(peer);
}

static void
add(struct routes *r, const char *method, const char *pattern, enum route_access access,
    call_fn *handler, void *arg)
{
    const struct route route = {
        .method = method, .pattern = pattern, .access = access, .handler = handler, .arg = arg};
    struct err e = ERR_INIT;

    CHECK_INT(routes_add(r, &route, &e), 0);
}

static void
more_metrics(void *arg, struct buf *to)
{
    (void)arg;
    metrics_write(to, "more", "gauge", "More.", 7);
}

static struct metrics metrics;

static void
publish(struct site *s, const char *greeting)
{
    struct routes *r = routes_new();
    struct err e = ERR_INIT;

    add(r, "GET", "/hello/{name}", ROUTE_CALLERS, hello, (void *)(uintptr_t)greeting);
    add(r, "GET", "/open/{name}", ROUTE_ANYBODY, hello, (void *)(uintptr_t)greeting);
    add(r, "GET", "/afar", ROUTE_CALLERS, pass_on, s);
    add(r, "POST", "/collect", ROUTE_CALLERS, collect, s);
    add(r, "POST", "/stream", ROUTE_CALLERS, stream, s);
    add(r, "GET", "/watch", ROUTE_CALLERS, watch, s);
    add(r, "GET", "/round", ROUTE_CALLERS, pass_round, s);
    add(r, "GET", "/talk", ROUTE_CALLERS, talk, s);
    metrics = (struct metrics){.edge = s->edge, .more = more_metrics};
    CHECK_INT(metrics_add_route(r, &metrics, &e), 0);
    edge_publish(s->edge, r);
    routes_unref(r);
}

static const struct caller local = {.name = STR("root-of-this-machine")};

/* `tls` NULL: plain. */
static void
open_site_over(struct site *s, struct edge_options o, const struct tls *tls)
{
    struct edge_listen listen = {.address = &s->at, .tls = tls};
    struct err e = ERR_INIT;

    site = s;
    *s = (struct site){
        .worker = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER}};
    counter = (struct counter){.feed = NULL};
    CHECK_INT(pthread_create(&s->worker.thread, NULL, work, &s->worker), 0);
    s->edge = edge_new(&o, &e);
    publish(s, "hello");
    CHECK_INT(address_parse(STR("127.0.0.1:0"), &s->at, &e), 0);
    CHECK_INT(edge_listen(s->edge, &listen, &s->at, &e), 0);
    CHECK_INT(edge_start(s->edge, &e), 0);
}

static void
open_site(struct site *s, struct edge_options o)
{
    open_site_over(s, o, NULL);
}

static const struct edge_options usual = {
    .threads = 2, .authenticate = authenticate, .local = &local};

static void
set_worker(struct site *s, bool hold, bool stop)
{
    pthread_mutex_lock(&s->worker.lock);
    s->worker.hold = hold;
    s->worker.stop = stop;
    pthread_cond_broadcast(&s->worker.changed);
    pthread_mutex_unlock(&s->worker.lock);
}

static void
close_site(struct site *s)
{
    edge_stop(s->edge, GRACE_US);
    set_worker(s, false, true);
    pthread_join(s->worker.thread, NULL);
    edge_free(s->edge);
    feed_unref(counter.feed);
}

/* Clients. */

static int
dial(const struct site *s)
{
    const struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    CHECK_INT(connect(fd, &s->at.any, s->at.n), 0);
    return fd;
}

static void
say(int fd, const char *text)
{
    CHECK_INT(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until the text is there, or the end if it is NULL. */
static void
read_until(int fd, struct buf *to, const char *text)
{
    char room[4096];

    while (text == NULL || strstr(buf_cstring(to), text) == NULL) {
        ssize_t n = recv(fd, room, sizeof room, 0);

        if (n == 0 && text == NULL)
            return;
        if (n <= 0)
            fail_msg("'%s' does not come, but: %s", text != NULL ? text : "the end",
                     buf_cstring(to));
        buf_add(to, room, (size_t)n);
    }
}

/* One request on a connection of its own; `extra` are further fields. */
static void
ask(const struct site *s, const char *line, const char *extra, struct buf *ret)
{
    cleanup_buf struct buf text = BUF_INIT;
    int fd = dial(s);

    buf_printf(&text, "%s HTTP/1.1\r\n%s%sConnection: close\r\n\r\n", line,
               strstr(extra, "Host:") != NULL ? "" : "Host: localhost\r\n", extra);
    say(fd, text.p);
    buf_clear(ret);
    read_until(fd, ret, NULL);
    close(fd);
}

#define WAIT_FOR(condition) \
    do { \
        struct timespec pause_ = {.tv_nsec = 1000 * 1000}; \
        for (int i_ = 0; !(condition); i_++) { \
            if (i_ > 20000) \
                fail_msg("'%s' does not come true", #condition); \
            nanosleep(&pause_, NULL); \
        } \
    } while (0)

TEST(handlers_answer_at_once_or_from_another_thread)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;
    int fd;

    open_site(&s, usual);
    fd = dial(&s);
    for (int i = 0; i < 100; i++) {
        say(fd, "GET /hello/b%20b HTTP/1.1\r\nHost: localhost\r\n\r\n"
                "GET /afar HTTP/1.1\r\nHost: localhost\r\n\r\n");
        read_until(fd, &got, "hello b b root-of-this-machine");
        read_until(fd, &got, "from afar");
        CHECK_CONTAINS(got.p, "Content-Type: text/plain\r\nX-Test: yes\r\n");
        buf_clear(&got);
    }
    close(fd);
    WAIT_FOR(atomic_load(&s.answered) == 200 && atomic_load(&s.released) == 200);
    CHECK_INT(atomic_load(&s.gone), 0);
    close_site(&s);
}

TEST(who_is_calling_is_judged_by_credential_then_by_place)
{
    static const struct {
        const char *line, *extra, *want;
    } cases[] = {
        {"GET /hello/a", "", "hello a root-of-this-machine"},
        {"GET /hello/a", "Host: 127.0.0.1:1\r\n", "root-of-this-machine"},
        {"GET /hello/a", "Host: [::1]\r\n", "root-of-this-machine"},
        {"GET /hello/a", "Host: name.test\r\n", "root-of-this-machine"},
        {"GET /hello/a", "Host: a.below.test\r\n", "root-of-this-machine"},
        {"GET /hello/a", "Authorization: Bearer secret\r\n", "hello a alice"},
        {"GET /hello/a", "Authorization: bearer  secret \r\n", "hello a alice"},
        {"GET /hello/a", "Authorization: Bearer wrong\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Authorization: Bearer\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Authorization: Basic c2VjcmV0\r\n", "401 Unauthorized"},
        {"GET /open/a", "Authorization: Bearer wrong\r\n", "401 Unauthorized"},
        {"GET /nothing", "Authorization: Bearer wrong\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Authorization: Bearer secret\r\nAuthorization: Bearer secret\r\n",
         "401 Unauthorized"},
        /* Somebody else speaks. */
        {"GET /hello/a", "Forwarded: for=1.2.3.4\r\n", "401 Unauthorized"},
        {"GET /hello/a", "X-Forwarded-For: 1.2.3.4\r\n", "401 Unauthorized"},
        {"GET /hello/a", "x-forwarded-anything: x\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Via: 1.1 x\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Via: 1.1 x\r\nAuthorization: Bearer secret\r\n", "hello a alice"},
        {"GET /open/a", "Via: 1.1 x\r\n", "hello a \r\n"},
        /* A name that a page may let resolve to us. */
        {"GET /hello/a", "Host: evil.test\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Host: below.test\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Host: evilname.test\r\n", "401 Unauthorized"},
        {"GET /hello/a", "Host: evil.test\r\nAuthorization: Bearer secret\r\n", "hello a alice"},
        /* Pages. */
        {"GET /hello/a", "Origin: http://localhost\r\n", "root-of-this-machine"},
        {"GET /hello/a", "Origin: https://localhost\r\n", "403 Forbidden"},
        {"GET /hello/a", "Origin: http://localhost:81\r\n", "403 Forbidden"},
        {"GET /hello/a", "Origin: http://evil.test\r\n", "403 Forbidden"},
        {"GET /hello/a", "Origin: null\r\n", "403 Forbidden"},
        {"GET /hello/a", "Origin: http://evil.test\r\nAuthorization: Bearer secret\r\n",
         "hello a alice"},
        {"GET /hello/a", "Origin: http://evil.test\r\nHost: evil.test\r\n", "401 Unauthorized"},
        /* Who wants to be taken for another. */
        {"GET /hello/a", "Impersonate-User: bob\r\n", "403 Forbidden"},
        {"GET /hello/a", "impersonate-extra-x: y\r\n", "403 Forbidden"},
        {"GET /hello/a", "Impersonate-Group: g\r\nAuthorization: Bearer secret\r\n",
         "User \\\"alice\\\" cannot act for others here: Impersonate-Group is not served"},
        {"GET /hello/a", "Impersonate-User: bob\r\nAuthorization: Bearer wrong\r\n",
         "401 Unauthorized"},
        {"GET /open/a", "Impersonate-User: bob\r\nVia: 1.1 x\r\n", "401 Unauthorized"},
        /* Paths and methods. */
        {"GET /nothing", "", "404 Not Found"},
        {"POST /hello/a", "", "405 Method Not Allowed"},
        {"POST /hello/a", "", "Allow: GET\r\n"},
        {"GET /nothing", "Via: 1.1 x\r\n", "401 Unauthorized"},
    };
    static const char *const hosts[] = {"name.test", ".below.test", NULL};
    struct edge_options o = usual;
    struct edge_stats stats;
    struct site s;
    cleanup_buf struct buf got = BUF_INIT;

    o.hosts = hosts;
    open_site(&s, o);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask(&s, cases[i].line, cases[i].extra, &got);
        buf_cstr(&got, "\r\n");
        if (strstr(got.p, cases[i].want) == NULL)
            fail_msg("%s with %s: %s", cases[i].line, cases[i].extra, got.p);
        if (strstr(got.p, " 401 ") != NULL)
            CHECK_CONTAINS(got.p, "WWW-Authenticate: Bearer\r\n");
    }
    ask(&s, "GET /nothing", "", &got);
    CHECK_CONTAINS(got.p, "Content-Type: application/json\r\n");
    CHECK_CONTAINS(got.p, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
                          "\"status\":\"Failure\",\"message\":\"nothing is served at '/nothing'\","
                          "\"reason\":\"NotFound\",\"code\":404}\n");
    edge_stats(s.edge, &stats);
    CHECK_INT(stats.unauthorized, 17);
    CHECK_INT(stats.accepted, sizeof cases / sizeof *cases + 1);
    close_site(&s);
}

TEST(a_peer_that_may_not_be_local_needs_a_token)
{
    struct edge_options o = usual;
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;

    o.may_be_local = nobody_is_local;
    open_site(&s, o);
    ask(&s, "GET /hello/a", "", &got);
    CHECK_CONTAINS(got.p, "401 Unauthorized");
    ask(&s, "GET /hello/a", "Authorization: Bearer secret\r\n", &got);
    CHECK_CONTAINS(got.p, "hello a alice");
    close_site(&s);
}

TEST(without_an_authenticator_nothing_beyond_loopback_is_opened)
{
    struct edge_options o = {.threads = 1};
    struct address at;
    struct edge_listen listen = {.address = &at};
    struct err e = ERR_INIT;
    struct edge *g = edge_new(&o, &e);

    CHECK_INT(address_parse(STR("0.0.0.0:0"), &at, &e), 0);
    CHECK_INT(edge_listen(g, &listen, NULL, &e), ERR_FORBIDDEN);
    CHECK_STR(e.msg, "listen at 0.0.0.0:0: an address beyond loopback needs authentication");
    edge_free(g);
}

TEST(bodies_are_collected_up_to_a_limit_or_streamed_beyond_it)
{
    enum { BIG = 50 * 1000 * 1000, BLOCK = 1000 * 1000 };
    static char block[BLOCK];
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;
    int fd;

    open_site(&s, usual);
    fd = dial(&s);
    say(fd, "POST /collect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
    read_until(fd, &got, "\r\n\r\n5 bytes");
    say(fd, "POST /collect HTTP/1.1\r\nHost: localhost\r\n\r\n");
    read_until(fd, &got, "\r\n\r\n0 bytes");
    say(fd, "POST /collect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n"
            "Expect: 100-continue\r\n\r\n");
    read_until(fd, &got, NULL);
    CHECK_CONTAINS(got.p, "413 Content Too Large");
    CHECK_CONTAINS(got.p, "the body is longer than the limit of 1000 bytes");
    CHECK_NULL(strstr(got.p, "100 Continue"));
    close(fd);

    fd = dial(&s); /* one that does not say how long it is */
    buf_clear(&got);
    say(fd, "POST /collect HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            "400\r\n");
    CHECK_INT(send(fd, block, 0x400, 0), 0x400);
    read_until(fd, &got, "the body is longer than the limit of 1000 bytes");
    close(fd);

    fd = dial(&s);
    buf_clear(&got);
    say(fd, "POST /stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n");
    for (size_t sent = 0; sent < BIG; sent += BLOCK)
        CHECK_INT(send(fd, block, BLOCK, 0), BLOCK);
    read_until(fd, &got, "50000000 bytes");
    close(fd);
    close_site(&s);
}

TEST(calls_beyond_the_ceiling_are_told_to_come_again)
{
    struct edge_options o = usual;
    struct edge_stats stats;
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;
    int fd[2];

    o.max_calls = 2;
    open_site(&s, o);
    set_worker(&s, true, false);
    for (int i = 0; i < 2; i++) {
        fd[i] = dial(&s);
        say(fd[i], "GET /afar HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    WAIT_FOR((edge_stats(s.edge, &stats), stats.calls == 2));
    ask(&s, "GET /hello/a", "", &got);
    CHECK_CONTAINS(got.p, "429 Too Many Requests");
    CHECK_CONTAINS(got.p, "Retry-After: 1\r\n");
    CHECK_CONTAINS(got.p, "\"reason\":\"TooManyRequests\"");
    set_worker(&s, false, false);
    for (int i = 0; i < 2; i++) {
        buf_clear(&got);
        read_until(fd[i], &got, "from afar");
        close(fd[i]);
    }
    ask(&s, "GET /hello/a", "", &got);
    CHECK_CONTAINS(got.p, "200 OK");
    edge_stats(s.edge, &stats);
    CHECK_INT(stats.throttled, 1);
    close_site(&s);
}

TEST(a_call_whose_client_has_gone_is_still_answered_and_told_so_once)
{
    struct edge_stats stats;
    struct site s;
    int fd;

    open_site(&s, usual);
    set_worker(&s, true, false);
    fd = dial(&s);
    say(fd, "GET /afar HTTP/1.1\r\nHost: localhost\r\n\r\n");
    WAIT_FOR((edge_stats(s.edge, &stats), stats.calls == 1));
    /* A reset, since a client that only closes its half may still read. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(fd);
    WAIT_FOR(atomic_load(&s.on_gone) == 1);
    CHECK_INT(atomic_load(&s.gone), 0);
    set_worker(&s, false, false);
    WAIT_FOR(atomic_load(&s.gone) == 1 && atomic_load(&s.released) == 1);
    CHECK_INT(atomic_load(&s.answered), 0);
    close_site(&s);
}

TEST(a_feed_is_pulled_when_another_thread_wakes_it)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;
    int fd;

    open_site(&s, usual);
    counter = (struct counter){.feed = feed_new(&counter_ops, &counter, true), .end = 1000};
    fd = dial(&s);
    say(fd, "GET /watch HTTP/1.1\r\nHost: localhost\r\n\r\n");
    read_until(fd, &got, "chunked\r\n\r\n");
    for (int i = 1; i <= 1000; i++) {
        atomic_store(&counter.now, i);
        feed_wake(counter.feed);
    }
    read_until(fd, &got, "1000\n\r\n0\r\n\r\n");
    CHECK_CONTAINS(got.p, "\r\n1\n");
    WAIT_FOR(atomic_load(&s.answered) == 1 && atomic_load(&s.closed) == 1);
    feed_wake(counter.feed); /* nothing any more */
    close(fd);
    close_site(&s);
}

TEST(a_watch_ends_when_its_client_goes_and_when_the_server_stops)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;
    int fd;

    open_site(&s, usual);
    counter = (struct counter){.feed = feed_new(&counter_ops, &counter, true), .end = -1};
    fd = dial(&s);
    say(fd, "GET /watch HTTP/1.1\r\nHost: localhost\r\n\r\n");
    read_until(fd, &got, "chunked\r\n\r\n");
    close(fd);
    WAIT_FOR(atomic_load(&s.gone) == 1 && atomic_load(&s.closed) == 1);
    feed_unref(counter.feed);

    counter = (struct counter){.feed = feed_new(&counter_ops, &counter, true), .end = -1};
    fd = dial(&s);
    buf_clear(&got);
    say(fd, "GET /watch HTTP/1.1\r\nHost: localhost\r\n\r\n");
    read_until(fd, &got, "chunked\r\n\r\n");
    close_site(&s);
    read_until(fd, &got, NULL);
    CHECK_CONTAINS(got.p, "chunked\r\n\r\n0\r\n\r\n");
    CHECK_INT(atomic_load(&s.answered), 1);
    CHECK_INT(atomic_load(&s.closed), 2);
    close(fd);
}

TEST(a_call_may_become_a_websocket)
{
    static const char hi[] = "\x81\x82\x01\x02\x03\x04ik"; /* "hi", masked */
    cleanup_buf struct buf got = BUF_INIT;
    struct edge_stats stats;
    struct site s;
    int fd;

    open_site(&s, usual);
    ask(&s, "GET /talk", "", &got);
    CHECK_CONTAINS(got.p, "400 Bad Request");
    CHECK_CONTAINS(got.p, "this is for WebSockets");
    fd = dial(&s);
    say(fd, "GET /talk HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    say(fd, hi);
    buf_clear(&got);
    read_until(fd, &got, "\r\n\r\n\x81\x02hi");
    WAIT_FOR((edge_stats(s.edge, &stats), stats.calls == 0 && stats.answered == 2));
    CHECK_INT(stats.connections, 1);
    close(fd);
    WAIT_FOR(atomic_load(&s.closed) == 1);
    close_site(&s);
}

TEST(a_call_may_be_answered_by_another_server)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct edge_stats stats;
    struct site s;

    open_site(&s, usual);
    ask(&s, "GET /round", "", &got);
    CHECK_CONTAINS(got.p, "\r\n\r\nhello round ");
    WAIT_FOR((edge_stats(s.edge, &stats), stats.calls == 0 && stats.answered == 2));
    close_site(&s);
}

TEST(counters_are_told_to_whoever_is_known)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;

    open_site(&s, usual);
    ask(&s, "GET /nothing", "", &got);
    ask(&s, "GET /hello/a b", "", &got);
    ask(&s, "GET /metrics", "Via: 1.1 x\r\n", &got);
    CHECK_CONTAINS(got.p, "401 Unauthorized");
    ask(&s, "GET /metrics", "", &got);
    CHECK_CONTAINS(got.p, "# HELP sluice_http_requests_total Requests whose head was understood.\n"
                          "# TYPE sluice_http_requests_total counter\n"
                          "sluice_http_requests_total 3\n");
    CHECK_CONTAINS(got.p, "sluice_http_malformed_total 1\n");
    CHECK_CONTAINS(got.p, "sluice_http_unauthorized_total 1\n");
    CHECK_CONTAINS(got.p, "sluice_http_calls 1\n"); /* this one */
    CHECK_CONTAINS(got.p, "sluice_http_responses_total{code=\"4xx\"} 3\n");
    CHECK_CONTAINS(got.p, "# TYPE more gauge\nmore 7\n");
    close_site(&s);
}

TEST(a_new_table_serves_the_requests_that_come_after_it)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;

    open_site(&s, usual);
    ask(&s, "GET /hello/a", "", &got);
    CHECK_CONTAINS(got.p, "hello a");
    publish(&s, "welcome");
    ask(&s, "GET /hello/a", "", &got);
    CHECK_CONTAINS(got.p, "welcome a");
    close_site(&s);
}

/* Many clients at once, with tables changing under them. */

static void *
visit(void *arg)
{
    struct site *s = arg;
    struct buf got = BUF_INIT;
    int fd = dial(s);

    for (int i = 0; i < 300; i++) {
        say(fd, i % 3 == 0 ? "GET /afar HTTP/1.1\r\nHost: localhost\r\n\r\n"
                           : "GET /hello/x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        read_until(fd, &got, i % 3 == 0 ? "from afar" : "root-of-this-machine");
        buf_clear(&got);
    }
    close(fd);
    buf_done(&got);
    return NULL;
}

static void
on_dump(void *arg, struct str text)
{
    (void)text;
    atomic_fetch_add((atomic_int *)arg, 1);
}

TEST(many_clients_on_several_threads_all_get_their_answers)
{
    enum { CLIENTS = 8 };
    pthread_t clients[CLIENTS];
    atomic_int dumped = 0;
    struct site s;

    open_site(&s, usual);
    for (int i = 0; i < CLIENTS; i++)
        CHECK_INT(pthread_create(&clients[i], NULL, visit, &s), 0);
    for (int i = 0; i < 50; i++) {
        publish(&s, "hello");
        edge_dump(s.edge, on_dump, &dumped);
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    WAIT_FOR(atomic_load(&dumped) == 50);
    WAIT_FOR(atomic_load(&s.answered) == 300 * CLIENTS);
    close_site(&s);
}

TEST(stopping_waits_for_calls_and_cuts_them_after_the_grace)
{
    struct edge_stats stats;
    struct site s;
    int fd;

    open_site(&s, usual);
    set_worker(&s, true, false);
    fd = dial(&s);
    say(fd, "GET /afar HTTP/1.1\r\nHost: localhost\r\n\r\n");
    WAIT_FOR((edge_stats(s.edge, &stats), stats.calls == 1));
    edge_stop(s.edge, 1000);
    CHECK_INT(atomic_load(&s.on_gone), 1);
    set_worker(&s, false, false);
    close_site(&s); /* answers it */
    CHECK_INT(atomic_load(&s.gone), 1);
    close(fd);
}

/* A server's TLS with a certificate of its own. */
static struct tls *
make_tls(void)
{
    const char *names[] = {"localhost"};
    char path[] = "/tmp/test_edge.XXXXXX";
    struct err e = ERR_INIT;
    struct certs certs;
    struct tls *tls;
    int fd;

    CHECK_NOT_NULL(mkdtemp(path));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (certs_open(fd, names, 1, clock_wall_us(&clock_machine), &certs, &e) < 0)
        fail_msg("%s", e.msg);
    tls = tls_new_server(buf_view(&certs.server), buf_view(&certs.key), &e);
    CHECK_NOT_NULL(tls);
    certs_done(&certs);
    close(fd);
    CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
    return tls;
}

/* Sends the text as a record of TLS, and behind it, in the same piece, one that is none. */
static void
say_and_break(int fd, const char *text)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    BIO *out = BIO_new(BIO_s_mem());
    cleanup_buf struct buf piece = BUF_INIT;
    char *bytes;
    long n;

    SSL_set_fd(ssl, fd);
    CHECK_INT(SSL_connect(ssl), 1);
    SSL_set0_wbio(ssl, out);
    CHECK_INT(SSL_write(ssl, text, (int)strlen(text)), strlen(text));
    n = BIO_get_mem_data(out, &bytes);
    buf_add(&piece, bytes, (size_t)n);
    buf_add(&piece, "\x17\x03\x03\x00\x20", 5);
    buf_fill(&piece, 'x', 0x20);
    CHECK_INT(send(fd, piece.p, piece.n, MSG_NOSIGNAL), piece.n);
    SSL_free(ssl);
    SSL_CTX_free(context);
}

TEST(a_call_whose_client_goes_as_its_body_is_refused_hears_of_that_once)
{
    cleanup_tls struct tls *tls = make_tls();
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;
    int fd;

    open_site_over(&s, usual, tls);
    fd = dial(&s);
    say_and_break(fd, "POST /collect HTTP/1.1\r\nHost: localhost\r\n"
                      "Authorization: Bearer secret\r\nContent-Length: 1001\r\n\r\n");
    read_until(fd, &got, NULL);
    close(fd);
    WAIT_FOR(atomic_load(&s.too_large) == 1);
    close_site(&s);
    CHECK_INT(s.too_large, 1);
}

TEST(a_head_that_is_malformed_gets_a_status)
{
    cleanup_buf struct buf got = BUF_INIT;
    struct site s;
    int fd;

    open_site(&s, usual);
    fd = dial(&s);
    say(fd, "GET / HTTP/1.1\r\n\r\n");
    read_until(fd, &got, NULL);
    CHECK_TRUE(str_starts(buf_view(&got), STR("HTTP/1.1 400 ")));
    CHECK_CONTAINS(got.p, "\r\nContent-Type: application/json\r\n");
    CHECK_CONTAINS(got.p, "\r\n\r\n{\"kind\":\"Status\",");
    CHECK_CONTAINS(got.p, "\"reason\":\"BadRequest\",\"code\":400}");
    close(fd);
    close_site(&s);
}

TESTS_MAIN(T_(handlers_answer_at_once_or_from_another_thread),
           T_(who_is_calling_is_judged_by_credential_then_by_place),
           T_(a_peer_that_may_not_be_local_needs_a_token),
           T_(without_an_authenticator_nothing_beyond_loopback_is_opened),
           T_(bodies_are_collected_up_to_a_limit_or_streamed_beyond_it),
           T_(a_call_whose_client_goes_as_its_body_is_refused_hears_of_that_once),
           T_(a_head_that_is_malformed_gets_a_status),
           T_(calls_beyond_the_ceiling_are_told_to_come_again),
           T_(a_call_whose_client_has_gone_is_still_answered_and_told_so_once),
           T_(a_feed_is_pulled_when_another_thread_wakes_it),
           T_(a_watch_ends_when_its_client_goes_and_when_the_server_stops),
           T_(a_call_may_become_a_websocket), T_(counters_are_told_to_whoever_is_known),
           T_(a_call_may_be_answered_by_another_server),
           T_(a_new_table_serves_the_requests_that_come_after_it),
           T_(many_clients_on_several_threads_all_get_their_answers),
           T_(stopping_waits_for_calls_and_cuts_them_after_the_grace))
