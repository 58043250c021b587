/*
 * bench_http - what the edge adds to a socket, and what a proxy adds to a request.
 *
 * A client on a loop of its own keeps 8 connections busy, each asking again as soon as it has its
 * answer.  The floor is a server that reads something and writes a fixed answer of the same length
 * over the same streams, without HTTP.  Floor, plain and TLS take turns; the median of the rounds
 * counts.  For the proxy one connection asks, directly and through the proxy in turn, and the
 * difference of the medians counts.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "edge/call.h"
#include "edge/edge.h"
#include "edge/routes.h"
#include "http/certs.h"
#include "http/tls.h"
#include "io/address.h"
#include "io/file.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/stream.h"
#include "io/timer.h"

enum { ROUNDS = 5, CONNECTIONS = 8, PASS_US = 700 * 1000, LATENCIES = 3000, GRACE_US = 1000 };

static const struct str request = STR("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
static const struct str through = STR("GET /through HTTP/1.1\r\nHost: localhost\r\n\r\n");

static _Noreturn void
die(const struct err *e)
{
    fprintf(stderr, "bench_http: %s\n", e->msg);
    exit(1);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_value);
    return values[n / 2];
}

/* The floor: answers whatever it reads. */

struct floor {
    pthread_t thread;
    struct loop *loop;
    struct listener *listener;
    struct address at;
    struct buf answer;
    atomic_bool stop;
    struct wake *wake;
    struct stream *streams[CONNECTIONS + 1];
    int n;
};

struct floor_side {
    struct floor *floor;
    struct stream *s;
};

static struct floor_side sides[CONNECTIONS + 1];

static size_t
on_floor_read(void *arg, struct str bytes)
{
    struct floor_side *side = arg;
    struct str answer = buf_view(&side->floor->answer);

    stream_write(side->s, &answer, 1);
    return bytes.n;
}

static void
ignore(void *arg)
{
    (void)arg;
}

static void
ignore_close(void *arg, const struct err *why)
{
    (void)arg;
    (void)why;
}

static const struct stream_handler floor_ops = {on_floor_read, ignore, ignore, ignore_close};

static void
on_floor_accept(void *arg, int fd, const struct address *peer)
{
    struct floor *f = arg;
    struct err e = ERR_INIT;
    struct floor_side *side = &sides[f->n % (CONNECTIONS + 1)];

    (void)peer;
    stream_free(side->s);
    side->floor = f;
    side->s = stream_new(f->loop, fd, &floor_ops, side, &e);
    stream_read(side->s, true);
    f->n++;
}

static void *
run_floor(void *arg)
{
    struct floor *f = arg;

    while (!atomic_load(&f->stop))
        loop_run(f->loop);
    return NULL;
}

static void
stop_floor(void *arg)
{
    loop_stop(((struct floor *)arg)->loop);
}

static void
open_floor(struct floor *f)
{
    struct err e = ERR_INIT;

    f->loop = loop_new(&e);
    f->wake = wake_new(f->loop, stop_floor, f, &e);
    address_parse(STR("127.0.0.1:0"), &f->at, &e);
    f->listener = listener_new(&f->at, &e);
    if (f->listener == NULL || listener_start(f->listener, f->loop, on_floor_accept, f, &e) < 0 ||
        pthread_create(&f->thread, NULL, run_floor, f) != 0)
        die(&e);
}

static void
close_floor(struct floor *f)
{
    atomic_store(&f->stop, true);
    wake_send(f->wake);
    pthread_join(f->thread, NULL);
    for (size_t i = 0; i < ARRAY_LEN(sides); i++)
        stream_free(sides[i].s);
    listener_free(f->listener);
    wake_free(f->wake);
    loop_free(f->loop);
    buf_done(&f->answer);
}

/* The client. */

struct client_side {
    struct bench *bench;
    struct stream *s;
    size_t got;
    double began;
};

struct bench {
    struct loop *loop;
    struct client_side sides[CONNECTIONS];
    struct str request;
    size_t answer_n; /* bytes of an answer */
    uint64_t answers;
    double *latencies; /* NULL: not wanted */
    size_t latencies_n;
    bool over;
};

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
ask(struct client_side *c)
{
    c->began = now_us();
    stream_write(c->s, &c->bench->request, 1);
}

static size_t
on_answer(void *arg, struct str bytes)
{
    struct client_side *c = arg;
    struct bench *b = c->bench;

    c->got += bytes.n;
    if (c->got < b->answer_n)
        return bytes.n;
    c->got = 0;
    b->answers++;
    if (b->latencies != NULL && b->latencies_n < LATENCIES)
        b->latencies[b->latencies_n++] = now_us() - c->began;
    if (b->latencies != NULL && b->latencies_n == LATENCIES)
        b->over = true;
    if (!b->over)
        ask(c);
    return bytes.n;
}

static void
on_broken(void *arg, const struct err *why)
{
    (void)arg;
    die(why);
}

static const struct stream_handler client_ops = {on_answer, ignore, ignore, on_broken};

static void
on_pass_over(void *arg)
{
    ((struct bench *)arg)->over = true;
}

/* Asks over n connections until time is up, or enough latencies are there.  Answers a second. */
static double
run_pass(struct bench *b, const struct address *at, const struct tls *tls, int n)
{
    struct err e = ERR_INIT;
    struct timer timer;
    double began;

    b->over = false;
    b->answers = 0;
    b->latencies_n = 0;
    for (int i = 0; i < n; i++) {
        struct client_side *c = &b->sides[i];

        *c = (struct client_side){.bench = b};
        c->s = stream_connect(b->loop, at, &client_ops, c, &e);
        if (c->s == NULL || (tls != NULL && tls_connect(tls, c->s, "localhost", &e) < 0))
            die(&e);
        stream_read(c->s, true);
        ask(c);
    }
    timer_init(&timer, b->loop, on_pass_over, b);
    if (b->latencies == NULL)
        timer_after(&timer, PASS_US);
    began = now_us();
    while (!b->over)
        loop_turn(b->loop, true);
    began = (double)b->answers / (now_us() - began) * 1e6;
    timer_stop(&timer);
    for (int i = 0; i < n; i++)
        stream_free(b->sides[i].s);
    return began;
}

/* The edges. */

static void
hello(void *arg, struct call *c)
{
    const struct reply r = {.status = 200, .content_type = "text/plain", .body = STR("hello")};

    (void)arg;
    call_reply(c, &r);
}

static void
proxy(void *arg, struct call *c)
{
    call_proxy(c, arg, STR("/hello"));
}

static struct edge *
open_edge(const struct tls *tls, struct address *plain, struct address *secure,
          struct address *behind)
{
    static const struct caller local = {.name = STR("me")};
    const struct edge_options o = {.threads = 1, .local = &local};
    const struct route routes_of[] = {
        {.method = "GET", .pattern = "/hello", .access = ROUTE_ANYBODY, .handler = hello},
        {.method = "GET", .pattern = "/through", .handler = proxy, .arg = behind},
    };
    struct routes *routes = routes_new();
    struct err e = ERR_INIT;
    struct edge *g = edge_new(&o, &e);

    address_parse(STR("127.0.0.1:0"), plain, &e);
    *secure = *plain;
    if (g == NULL || routes_add(routes, &routes_of[0], &e) < 0 ||
        routes_add(routes, &routes_of[1], &e) < 0)
        die(&e);
    edge_publish(g, routes);
    routes_unref(routes);
    if (edge_listen(g, &(struct edge_listen){.address = plain}, plain, &e) < 0 ||
        edge_listen(g, &(struct edge_listen){.address = secure, .tls = tls}, secure, &e) < 0 ||
        edge_start(g, &e) < 0)
        die(&e);
    return g;
}

/* Length of the answer to a request, by asking once. */
static size_t
answer_length(const struct address *at, struct str text, struct buf *ret)
{
    char room[4096];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t n = 0;

    buf_clear(ret);
    if (connect(fd, &at->any, at->n) < 0 || write(fd, text.p, text.n) != (ssize_t)text.n)
        exit(1);
    while ((ret->n < 5 || !str_ends(buf_view(ret), STR("hello"))) &&
           (n = read(fd, room, sizeof room)) > 0)
        buf_add(ret, room, (size_t)n);
    close(fd);
    return ret->n;
}

static void
report(const char *name, double value, const char *unit, const char *target, const char *against,
       const char *raw)
{
    printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"target\":\"%s\",\"against\":\"%s\","
           "\"raw\":%s}\n",
           name, value, unit, target, against, raw);
}

static void
measure_rates(struct bench *b, struct floor *f, const struct address *plain,
              const struct address *secure, const struct tls *tls)
{
    double floor[ROUNDS], http[ROUNDS], https[ROUNDS], ratio[ROUNDS], tls_ratio[ROUNDS];
    char raw[200];

    b->request = request;
    for (int i = 0; i < ROUNDS; i++) {
        floor[i] = run_pass(b, &f->at, NULL, CONNECTIONS);
        http[i] = run_pass(b, plain, NULL, CONNECTIONS);
        https[i] = run_pass(b, secure, tls, CONNECTIONS);
        ratio[i] = http[i] / floor[i];
        tls_ratio[i] = https[i] / http[i];
    }
    snprintf(raw, sizeof raw, "{\"http\":%.0f,\"https\":%.0f,\"floor\":%.0f}", median(http, ROUNDS),
             median(https, ROUNDS), median(floor, ROUNDS));
    report("http requests over 8 connections", median(ratio, ROUNDS), "x", ">= 0.5",
           "a socket that answers without HTTP", raw);
    report("https requests over 8 connections", median(tls_ratio, ROUNDS), "x", ">= 0.4", "http",
           raw);
}

static void
measure_proxy(struct bench *b, const struct address *front, const struct address *behind,
              size_t direct_n, size_t through_n)
{
    static double latencies[LATENCIES];
    double direct[ROUNDS], proxied[ROUNDS], added[ROUNDS];
    char raw[200];

    b->latencies = latencies;
    for (int i = 0; i < ROUNDS; i++) {
        b->request = request;
        b->answer_n = direct_n;
        run_pass(b, behind, NULL, 1);
        direct[i] = median(latencies, LATENCIES);
        b->request = through;
        b->answer_n = through_n;
        run_pass(b, front, NULL, 1);
        proxied[i] = median(latencies, LATENCIES);
        added[i] = proxied[i] - direct[i];
    }
    snprintf(raw, sizeof raw, "{\"direct_us\":%.1f,\"proxied_us\":%.1f}", median(direct, ROUNDS),
             median(proxied, ROUNDS));
    report("p50 that the proxy adds", median(added, ROUNDS), "us", "<= 50", "the same directly",
           raw);
}

int
main(void)
{
    static struct floor floor;
    static struct bench bench;
    struct address plain, secure, behind, unused;
    char dir[] = "/tmp/bench_http.XXXXXX";
    const char *names[] = {"localhost"};
    struct certs certs;
    struct err e = ERR_INIT;
    int fd = mkdtemp(dir) != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd < 0 || certs_open(fd, names, 1, clock_wall_us(&clock_machine), &certs, &e) < 0)
        die(&e);

    struct tls *server_tls = tls_new_server(buf_view(&certs.server), buf_view(&certs.key), &e);
    struct tls *client_tls = tls_new_client(buf_view(&certs.ca), &e);
    struct edge *front = open_edge(server_tls, &plain, &secure, &behind);
    struct edge *back = open_edge(server_tls, &behind, &unused, NULL);
    cleanup_buf struct buf answer = BUF_INIT;
    size_t through_n = answer_length(&plain, through, &answer);

    bench.loop = loop_new(&e);
    bench.answer_n = answer_length(&plain, request, &floor.answer);
    open_floor(&floor);
    measure_rates(&bench, &floor, &plain, &secure, client_tls);
    measure_proxy(&bench, &plain, &behind, floor.answer.n, through_n);
    loop_free(bench.loop);
    close_floor(&floor);
    edge_stop(front, GRACE_US);
    edge_free(front);
    edge_stop(back, GRACE_US);
    edge_free(back);
    tls_free(server_tls);
    tls_free(client_tls);
    certs_done(&certs);
    close(fd);
    return file_remove_tree(AT_FDCWD, dir, &e) < 0;
}
