/*
 * A client on a socket pair, a front server that proxies, and behind it either a server of ours or
 * a socket with which the test does what it likes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/client.h"
#include "http/exchange.h"
#include "http/proxy.h"
#include "http/server.h"
#include "io/address.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/stream.h"
#include "io/timer.h"
#include "tests/unit/test.h"

enum { DEADLINE_US = 20 * 1000 * 1000 };

struct site {
    struct loop *loop;
    struct server *front, *back;
    struct client *client;
    struct listener *listener;
    struct address at;
    bool raw;   /* the test itself is the server behind */
    int behind; /* its connection then */
    int accepted;
    int near;        /* the client's socket */
    struct buf seen; /* by the client */
    struct buf got;  /* by the raw server */
    struct buf body; /* of the request at the back */
    bool closed, keep_credentials;
    int64_t head_us;
    int sent, gone, back_gone;
    size_t given;        /* bytes of /endless */
    struct stream *echo; /* of an upgrade at the back */
};

/* The back: says what it was asked, or echoes. */

static void
on_back_proceed(void *arg, struct exchange *x)
{
    static char block[10000];
    struct str piece = str_make(block, sizeof block);

    ((struct site *)arg)->given += piece.n;
    exchange_send(x, &piece, 1, false);
}

static void
on_back_end(void *arg, struct exchange *x, bool sent)
{
    (void)x;
    if (!sent)
        ((struct site *)arg)->back_gone++;
}

static const struct exchange_ops back_ops = {on_back_proceed, on_back_end};

static void
on_back_body(void *arg, struct exchange *x, struct str bytes, bool last, const struct err *why)
{
    struct site *s = arg;
    const struct field field = {
        STR("X-Length"),
        str_of(arena_printf(exchange_arena(x), "%lld", (long long)exchange_request(x)->length))};

    if (why != NULL) {
        exchange_cut(x);
        return;
    }
    buf_str(&s->body, bytes);
    if (!last)
        exchange_read(x, on_back_body, s);
    else
        exchange_answer(x, 200, &field, 1, buf_view(&s->body));
}

static size_t
on_echo(void *arg, struct str bytes)
{
    struct site *s = arg;

    stream_write(s->echo, &bytes, 1);
    return bytes.n;
}

static void
on_echo_end(void *arg)
{
    stream_finish(((struct site *)arg)->echo);
}

static void
on_echo_other(void *arg)
{
    (void)arg;
}

static void
on_echo_close(void *arg, const struct err *why)
{
    (void)arg;
    (void)why;
}

static const struct stream_handler echo_ops = {on_echo, on_echo_end, on_echo_other, on_echo_close};

static void
on_back(void *arg, struct exchange *x)
{
    struct site *s = arg;
    const struct request *rq = exchange_request(x);
    const struct field up[] = {{STR("Connection"), STR("upgrade")}, {STR("Upgrade"), STR("test")}};
    const struct field drop[] = {
        {STR("Connection"), STR("X-Drop")}, {STR("X-Drop"), STR("1")}, {STR("X-Keep"), STR("2")}};
    char *text;

    exchange_own(x, &back_ops, s);
    if (str_is(rq->path, "/echo")) {
        buf_clear(&s->body);
        exchange_read(x, on_back_body, s);
    } else if (str_is(rq->path, "/endless")) {
        exchange_begin(x, 200, NULL, 0, EXCHANGE_LENGTH_UNKNOWN);
    } else if (str_is(rq->path, "/none")) {
        exchange_begin(x, 204, NULL, 0, 0);
    } else if (str_is(rq->path, "/up") && fields_has_token(&rq->fields, "Upgrade", "test")) {
        s->echo = exchange_upgrade(x, up, 2);
        stream_set_handler(s->echo, &echo_ops, s);
        stream_read(s->echo, true);
    } else {
        text =
            arena_printf(exchange_arena(x), "%.*s %.*s", STR_ARG(rq->method), STR_ARG(rq->target));
        for (size_t i = 0; i < rq->fields.n; i++)
            text = arena_printf(exchange_arena(x), "%s\n<%.*s: %.*s>", text,
                                STR_ARG(rq->fields.at[i].name), STR_ARG(rq->fields.at[i].value));
        exchange_answer(x, 200, drop, 3, str_of(text));
    }
}

/* The front. */

static void
on_done(void *arg, bool sent)
{
    struct site *s = arg;

    if (sent)
        s->sent++;
    else
        s->gone++;
}

static void
on_front(void *arg, struct exchange *x)
{
    struct site *s = arg;
    const struct proxy_options o = {.client = s->client,
                                    .to = &s->at,
                                    .keep_credentials = s->keep_credentials,
                                    .head_us = s->head_us,
                                    .done = on_done,
                                    .done_arg = s};

    proxy_start(x, &o);
}

static void
write_error(void *arg, const struct request *rq, int status, const struct err *why,
            struct buf *body, const char **content_type)
{
    (void)arg;
    (void)rq;
    (void)content_type;
    buf_printf(body, "%d: %s", status, why->msg);
}

static void
on_accept(void *arg, int fd, const struct address *peer)
{
    struct site *s = arg;
    struct err e = ERR_INIT;

    (void)peer;
    s->accepted++;
    if (!s->raw) {
        CHECK_INT(server_adopt(s->back, &(struct server_arrival){.fd = fd}, &e), 0);
        return;
    }
    if (s->behind >= 0)
        close(s->behind);
    s->behind = fd;
}

static void
open_site(struct site *s, bool raw)
{
    const struct server_options front = {.handle = on_front, .write_error = write_error, .arg = s};
    const struct server_options back = {.handle = on_back, .write_error = write_error, .arg = s};
    struct err e = ERR_INIT;
    int pair[2];

    *s = (struct site){.raw = raw, .behind = -1};
    s->loop = loop_new(&e);
    s->front = server_new(s->loop, &front);
    s->back = server_new(s->loop, &back);
    s->client = client_new(s->loop);
    CHECK_INT(address_parse(STR("127.0.0.1:0"), &s->at, &e), 0);
    s->listener = listener_new(&s->at, &e);
    CHECK_INT(listener_start(s->listener, s->loop, on_accept, s, &e), 0);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_INT(server_adopt(s->front, &(struct server_arrival){.fd = pair[0]}, &e), 0);
    s->near = pair[1];
}

static void
close_site(struct site *s)
{
    if (s->near >= 0)
        close(s->near);
    if (s->behind >= 0)
        close(s->behind);
    server_free(s->front);
    stream_free(s->echo);
    server_free(s->back);
    client_free(s->client);
    listener_free(s->listener);
    loop_free(s->loop);
    buf_done(&s->seen);
    buf_done(&s->got);
    buf_done(&s->body);
}

static void
on_deadline(void *arg)
{
    struct site *s = arg;

    fail_msg("nothing happened for too long; seen %s; got %s", buf_cstring(&s->seen),
             buf_cstring(&s->got));
}

/* Reads what the ends that belong to the test can read. */
static void
look(struct site *s)
{
    static char room[65536];
    ssize_t n;

    while (s->near >= 0 && !s->closed && (n = read(s->near, room, sizeof room)) >= 0) {
        buf_add(&s->seen, room, (size_t)n);
        s->closed = n == 0;
    }
    if (s->near >= 0 && !s->closed && errno != EAGAIN)
        s->closed = true;
    while (s->behind >= 0 && (n = read(s->behind, room, sizeof room)) > 0)
        buf_add(&s->got, room, (size_t)n);
}

#define UNTIL(s, condition) \
    do { \
        struct timer deadline_; \
        timer_init(&deadline_, (s)->loop, on_deadline, (s)); \
        timer_after(&deadline_, DEADLINE_US); \
        for (look(s); !(condition); look(s)) \
            loop_turn((s)->loop, (s)->behind < 0); \
        timer_stop(&deadline_); \
    } while (0)

static void
say(struct site *s, struct str text)
{
    while (text.n > 0) {
        ssize_t n = write(s->near, text.p, text.n);

        if (n > 0)
            text = str_slice(text, (size_t)n, text.n);
        loop_turn(s->loop, false);
        look(s);
    }
}

static void
answer(struct site *s, const char *text)
{
    CHECK_INT(write(s->behind, text, strlen(text)), strlen(text));
}

static bool
saw(const struct site *s, const char *text)
{
    return strstr(buf_cstring(&s->seen), text) != NULL;
}

TEST(what_belongs_to_one_connection_is_not_passed_on)
{
    struct site s;

    open_site(&s, false);
    say(&s, STR("GET /a%20b?x=1&y HTTP/1.1\r\nHost: name.test:81\r\nX-One: 1\r\n"
                "Connection: keep-alive, x-two\r\nX-Two: 2\r\nTE: trailers\r\nKeep-Alive: 5\r\n"
                "Authorization: Bearer secret\r\nX-Forwarded-For: 1.2.3.4\r\n"
                "X-Forwarded-Host: evil\r\nUpgrade: none\r\nExpect: 100-continue\r\n\r\n"));
    UNTIL(&s, saw(&s, "X-Forwarded-Host: name.test:81>"));
    CHECK_TRUE(saw(&s, "GET /a%20b?x=1&y\n<Host: name.test:81>\n<X-One: 1>\n"
                       "<X-Forwarded-For: 1.2.3.4, unix>\n<X-Forwarded-Proto: http>\n"
                       "<X-Forwarded-Host: name.test:81>"));
    CHECK_TRUE(saw(&s, "X-Keep: 2\r\n"));
    CHECK_FALSE(saw(&s, "X-Drop"));
    UNTIL(&s, s.sent == 1);
    s.keep_credentials = true;
    say(&s, STR("GET /b HTTP/1.1\r\nHost: name.test\r\nAuthorization: Bearer secret\r\n\r\n"));
    UNTIL(&s, saw(&s, "<Authorization: Bearer secret>"));
    close_site(&s);
}

TEST(connections_behind_are_used_again_until_their_server_closes_them)
{
    struct site s;
    int before;

    open_site(&s, false);
    for (int i = 1; i <= 5; i++) {
        say(&s, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"));
        UNTIL(&s, s.sent == i);
        CHECK_INT(client_idle(s.client), 1);
    }
    CHECK_INT(s.accepted, 1);
    server_cut(s.back);
    UNTIL(&s, client_idle(s.client) == 0);
    say(&s, STR("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, s.sent == 6);
    CHECK_INT(s.accepted, 2);
    close_site(&s);

    /* One that closes when it is asked again: the request is sent once more. */
    open_site(&s, true);
    say(&s, STR("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, strstr(buf_cstring(&s.got), "\r\n\r\n") != NULL);
    answer(&s, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
    UNTIL(&s, s.sent == 1);
    before = s.accepted;
    say(&s, STR("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, strstr(buf_cstring(&s.got), "GET /2") != NULL);
    buf_clear(&s.got);
    shutdown(s.behind, SHUT_RDWR);
    UNTIL(&s, strstr(buf_cstring(&s.got), "GET /2") != NULL);
    CHECK_INT(s.accepted, before + 1);
    answer(&s, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
    UNTIL(&s, s.sent == 2);
    /* But not one that may have had an effect. */
    say(&s, STR("POST /3 HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, strstr(buf_cstring(&s.got), "POST /3") != NULL);
    shutdown(s.behind, SHUT_RDWR);
    UNTIL(&s, saw(&s, "502: the server has closed the connection without a reply"));
    close_site(&s);
}

TEST(what_a_server_says_unasked_is_no_answer_to_the_next_request)
{
    static const char *const surplus[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: "
        "4\r\n\r\nevil",
        "HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    };
    struct site s;

    for (size_t i = 0; i < ARRAY_LEN(surplus); i++) {
        open_site(&s, true);
        say(&s, STR("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
        UNTIL(&s, strstr(buf_cstring(&s.got), "GET /1") != NULL);
        answer(&s, surplus[i]);
        UNTIL(&s, strstr(buf_cstring(&s.got), "GET /2") != NULL && s.accepted == 2);
        answer(&s, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
        UNTIL(&s, s.sent == 2);
        UNTIL(&s, saw(&s, "good"));
        CHECK_FALSE(saw(&s, "evil"));
        /* Nor may it come later. */
        CHECK_INT(client_idle(s.client), 1);
        answer(&s, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        UNTIL(&s, client_idle(s.client) == 0);
        close_site(&s);
    }
}

TEST(big_bodies_pass_in_pieces_in_both_directions)
{
    cleanup_buf struct buf big = BUF_INIT, chunk = BUF_INIT;
    struct site s;

    open_site(&s, false);
    buf_fill(&big, 'x', 3 * 1000 * 1000);
    say(&s, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"));
    say(&s, buf_view(&big));
    UNTIL(&s, s.sent == 1 && s.seen.n > big.n);
    CHECK_TRUE(saw(&s, "X-Length: 3000000\r\n"));
    CHECK_INT(s.body.n, big.n);
    buf_clear(&s.seen);
    say(&s, STR("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    buf_printf(&chunk, "%zx\r\n", big.n);
    say(&s, buf_view(&chunk));
    say(&s, buf_view(&big));
    say(&s, STR("\r\n0\r\n\r\n"));
    UNTIL(&s, s.sent == 2 && s.seen.n > big.n);
    CHECK_TRUE(saw(&s, "X-Length: -1\r\n"));
    CHECK_INT(s.body.n, big.n);
    close_site(&s);
}

TEST(a_client_that_does_not_read_holds_the_server_behind_back_and_one_that_goes_frees_it)
{
    const struct str text = STR("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    struct site s;
    size_t before = 1;

    open_site(&s, false);
    CHECK_INT(write(s.near, text.p, text.n), text.n);
    while (s.given != before || s.given == 0) { /* until nothing more is asked for */
        before = s.given;
        for (int i = 0; i < 300; i++)
            loop_turn(s.loop, false);
    }
    CHECK_TRUE(s.given < 20 * 1000 * 1000);
    CHECK_INT(s.back_gone, 0);
    close(s.near);
    s.near = -1;
    UNTIL(&s, s.gone == 1 && s.back_gone == 1);
    close_site(&s);
}

TEST(replies_without_a_body_pass)
{
    struct site s;

    open_site(&s, false);
    say(&s, STR("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                "GET /end HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, saw(&s, "GET /end"));
    CHECK_TRUE(saw(&s, "\r\n\r\nHTTP/1.1 204 No Content\r\n"));
    CHECK_FALSE(saw(&s, "HEAD /abc"));
    CHECK_INT(s.accepted, 1);
    close_site(&s);
}

TEST(a_server_that_is_not_there_or_speaks_nonsense_or_not_at_all_is_a_bad_gateway)
{
    static const struct {
        const char *text; /* NULL: it closes */
        const char *want;
    } cases[] = {
        {NULL, "502: the server has closed the connection without a reply"},
        {"SSH-2.0-x\r\n", "502: the server's reply: "},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
         "502: the server's reply: more than one Content-Length"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         "502: the server's reply: both"},
        {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
         "502: the server switches to a protocol that nobody asked for"},
    };
    struct site s;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_site(&s, true);
        say(&s, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        UNTIL(&s, s.got.n > 0);
        if (cases[i].text != NULL)
            answer(&s, cases[i].text);
        else
            shutdown(s.behind, SHUT_RDWR);
        UNTIL(&s, saw(&s, cases[i].want));
        CHECK_TRUE(saw(&s, "HTTP/1.1 502 Bad Gateway\r\n"));
        close_site(&s);
    }
    open_site(&s, true);
    s.head_us = 20 * 1000;
    say(&s, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, saw(&s, "504: the server has not answered in time"));
    close_site(&s);

    open_site(&s, true);
    listener_free(s.listener);
    s.listener = NULL;
    say(&s, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, saw(&s, "502: nobody listens there"));
    close_site(&s);
}

TEST(a_reply_that_breaks_off_does_not_look_complete)
{
    struct site s;

    open_site(&s, true);
    say(&s, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, s.got.n > 0);
    answer(&s, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    UNTIL(&s, saw(&s, "3\r\nabc\r\n"));
    CHECK_FALSE(saw(&s, "Early"));
    shutdown(s.behind, SHUT_RDWR);
    UNTIL(&s, s.closed);
    CHECK_FALSE(saw(&s, "0\r\n\r\n"));
    CHECK_INT(s.gone, 1);
    close_site(&s);

    open_site(&s, true); /* while one that ends with its connection is */
    say(&s, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    UNTIL(&s, s.got.n > 0);
    answer(&s, "HTTP/1.0 200 OK\r\n\r\nabc");
    shutdown(s.behind, SHUT_RDWR);
    UNTIL(&s, s.sent == 1);
    CHECK_TRUE(saw(&s, "3\r\nabc\r\n0\r\n\r\n"));
    close_site(&s);
}

TEST(a_reply_may_come_before_the_request_has_ended)
{
    struct site s;

    open_site(&s, true);
    say(&s, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"));
    UNTIL(&s, strstr(buf_cstring(&s.got), "\r\n\r\nabc") != NULL);
    answer(&s, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    UNTIL(&s, saw(&s, "\r\n\r\nno"));
    CHECK_TRUE(saw(&s, "HTTP/1.1 413 Content Too Large\r\n"));
    CHECK_INT(client_idle(s.client), 0);
    UNTIL(&s, s.sent == 1);
    close_site(&s);
}

TEST(an_upgrade_joins_both_connections)
{
    cleanup_buf struct buf big = BUF_INIT;
    struct site s;

    open_site(&s, false);
    say(&s,
        STR("GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nfirst "));
    UNTIL(&s, saw(&s, "first "));
    CHECK_TRUE(saw(&s, "HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK_TRUE(saw(&s, "Upgrade: test\r\n"));
    buf_clear(&s.seen);
    buf_fill(&big, 'x', 3 * 1000 * 1000);
    say(&s, buf_view(&big));
    shutdown(s.near, SHUT_WR);
    UNTIL(&s, s.closed);
    CHECK_INT(s.seen.n, big.n);
    CHECK_INT(s.sent, 1);
    close_site(&s);

    open_site(&s, false); /* one that is refused is a reply like another */
    say(&s, STR("GET /no HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n"));
    UNTIL(&s, saw(&s, "<Upgrade: test>"));
    CHECK_TRUE(saw(&s, "HTTP/1.1 200 OK"));
    close_site(&s);
}

/* The test itself is the server behind, and both connections are joined. */
static void
open_joined(struct site *s)
{
    open_site(s, true);
    say(s, STR("GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n"));
    UNTIL(s, strstr(buf_cstring(&s->got), "\r\n\r\n") != NULL);
    answer(s, "HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
    UNTIL(s, saw(s, "101 Switching Protocols\r\n") && saw(s, "\r\n\r\n"));
    CHECK_INT(s->sent, 1);
    buf_clear(&s->seen);
}

TEST(a_joined_connection_that_is_not_read_holds_the_other_one_back)
{
    enum { BOUND = 64 * 1024 * 1024, TRIES = 100 };
    static const char block[64 * 1024];
    size_t given = 0;
    struct site s;
    int near;

    open_joined(&s);
    near = s.near;
    s.near = -1; /* nobody reads there */
    for (int tries = 0; tries < TRIES; tries++) {
        ssize_t n = write(s.behind, block, sizeof block);

        if (n > 0) {
            given += (size_t)n;
            tries = 0;
        }
        loop_turn(s.loop, false);
        CHECK_TRUE(given < BOUND);
    }
    s.near = near;
    UNTIL(&s, s.seen.n == given);
    answer(&s, "last");
    UNTIL(&s, s.seen.n == given + 4);
    close_site(&s); /* which ends what is joined */
}

TEST(a_joined_connection_that_breaks_breaks_the_other_one)
{
    const struct linger at_once = {.l_onoff = 1};
    struct site s;

    open_joined(&s);
    say(&s, STR("text"));
    UNTIL(&s, strstr(buf_cstring(&s.got), "\r\n\r\ntext") != NULL);
    CHECK_INT(setsockopt(s.behind, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(s.behind);
    s.behind = -1;
    UNTIL(&s, s.closed);
    CHECK_INT(s.seen.n, 0);
    close_site(&s);
}

TESTS_MAIN(T_(what_belongs_to_one_connection_is_not_passed_on),
           T_(connections_behind_are_used_again_until_their_server_closes_them),
           T_(what_a_server_says_unasked_is_no_answer_to_the_next_request),
           T_(big_bodies_pass_in_pieces_in_both_directions),
           T_(a_client_that_does_not_read_holds_the_server_behind_back_and_one_that_goes_frees_it),
           T_(replies_without_a_body_pass),
           T_(a_server_that_is_not_there_or_speaks_nonsense_or_not_at_all_is_a_bad_gateway),
           T_(a_reply_that_breaks_off_does_not_look_complete),
           T_(a_reply_may_come_before_the_request_has_ended), T_(an_upgrade_joins_both_connections),
           T_(a_joined_connection_that_is_not_read_holds_the_other_one_back),
           T_(a_joined_connection_that_breaks_breaks_the_other_one))
