/*
 * The server's side of a connection, over a socket pair: what a client may send, and what it sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/exchange.h"
#include "http/limits.h"
#include "http/server.h"
#include "io/loop.h"
#include "io/stream.h"
#include "io/timer.h"
#include "tests/unit/test.h"

enum { DEADLINE_US = 20 * 1000 * 1000 };

/* The handler of these tests does what the path says. */
struct site {
    struct loop *loop;
    struct server *server;
    int client;
    struct buf seen;      /* by the client */
    struct buf body;      /* of the request that was read last */
    struct err why;       /* of that body, if it failed */
    struct exchange *x;   /* the one at hand, NULL when it has ended */
    struct buf big;       /* what /big answers */
    size_t pieces, asked; /* of a generator: to be sent; calls of proceed */
    int sent, gone;       /* exchanges by their end */
    bool closed;          /* the client saw the end */
    bool empty;           /* on_empty ran */
};

static void
on_proceed(void *arg, struct exchange *x)
{
    struct site *s = arg;
    struct str piece = STR("piece\n");

    s->asked++;
    if (str_starts(exchange_request(x)->path, STR("/wait")))
        return; /* a test sends */
    if (s->pieces > 0)
        s->pieces--;
    exchange_send(x, &piece, 1, s->pieces == 0);
}

static void
on_end(void *arg, struct exchange *x, bool sent)
{
    struct site *s = arg;

    assert_ptr_equal(s->x, x);
    s->x = NULL;
    if (sent)
        s->sent++;
    else
        s->gone++;
}

static const struct exchange_ops ops = {.proceed = on_proceed, .end = on_end};

static void
on_body(void *arg, struct exchange *x, struct str bytes, bool last, const struct err *why)
{
    struct site *s = arg;

    if (why != NULL) {
        s->why = *why;
        exchange_answer(x, err_status(why->code), NULL, 0, STR("bad body"));
        return;
    }
    buf_str(&s->body, bytes);
    if (!last)
        exchange_read(x, on_body, s);
    else
        exchange_answer(x, 200, NULL, 0, buf_view(&s->body));
}

static void
on_exchange(void *arg, struct exchange *x)
{
    struct site *s = arg;
    const struct request *rq = exchange_request(x);
    const struct field plain = {STR("Content-Type"), STR("text/plain")};

    s->x = x;
    exchange_own(x, &ops, s);
    if (str_is(rq->path, "/echo")) {
        buf_clear(&s->body);
        exchange_read(x, on_body, s);
    } else if (str_is(rq->path, "/pieces") || str_is(rq->path, "/wait")) {
        exchange_begin(x, 200, &plain, 1, EXCHANGE_LENGTH_UNKNOWN);
    } else if (str_is(rq->path, "/wait/endless")) {
        exchange_begin(x, 200, &plain, 1, EXCHANGE_LENGTH_UNKNOWN);
        exchange_set_endless(x);
    } else if (str_is(rq->path, "/short")) {
        exchange_begin(x, 200, &plain, 1, 100);
    } else if (str_is(rq->path, "/none")) {
        exchange_begin(x, 204, NULL, 0, 0);
    } else if (str_is(rq->path, "/big")) {
        exchange_answer(x, 200, &plain, 1, buf_view(&s->big));
    } else if (!str_is(rq->path, "/later")) {
        exchange_answer(x, 200, &plain, 1, rq->path);
    }
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
on_empty(void *arg)
{
    ((struct site *)arg)->empty = true;
}

static void
open_site(struct site *s)
{
    const struct server_options o = {
        .handle = on_exchange, .write_error = write_error, .on_empty = on_empty, .arg = s};
    struct err e = ERR_INIT;
    int pair[2];

    *s = (struct site){.pieces = 3};
    s->loop = loop_new(&e);
    s->server = server_new(s->loop, &o);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_INT(server_adopt(s->server, &(struct server_arrival){.fd = pair[0]}, &e), 0);
    s->client = pair[1];
}

static void
close_site(struct site *s)
{
    if (s->client >= 0)
        close(s->client);
    server_free(s->server);
    loop_free(s->loop);
    CHECK_NULL(s->x);
    buf_done(&s->seen);
    buf_done(&s->body);
    buf_done(&s->big);
}

static void
on_deadline(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for too long");
}

/* Reads what the client can read now. */
static void
look(struct site *s)
{
    char room[65536];
    ssize_t n;

    while (!s->closed && (n = read(s->client, room, sizeof room)) >= 0) {
        buf_add(&s->seen, room, (size_t)n);
        s->closed = n == 0;
    }
    if (!s->closed && errno != EAGAIN)
        s->closed = true;
}

/* Runs the loop until the condition holds, reading as the client. */
#define UNTIL(s, condition) \
    do { \
        struct timer deadline_; \
        timer_init(&deadline_, (s)->loop, on_deadline, NULL); \
        timer_after(&deadline_, DEADLINE_US); \
        for (look(s); !(condition); look(s)) \
            loop_turn((s)->loop, true); \
        timer_stop(&deadline_); \
    } while (0)

/* Runs what is due, without waiting. */
static void
settle(struct site *s)
{
    for (int i = 0; i < 10; i++)
        loop_turn(s->loop, false);
    look(s);
}

static void
say(struct site *s, const char *text)
{
    CHECK_INT(write(s->client, text, strlen(text)), strlen(text));
}

static bool
saw(const struct site *s, const char *text)
{
    return strstr(buf_cstring(&s->seen), text) != NULL;
}

static int
count(const char *text, const char *part)
{
    int n = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        n++;
    }
    return n;
}

TEST(requests_of_a_kept_connection_are_answered_in_turn)
{
    struct site s;

    open_site(&s);
    say(&s, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, saw(&s, "\r\n\r\n/a"));
    CHECK_TRUE(saw(&s, "HTTP/1.1 200 OK\r\nDate: "));
    CHECK_TRUE(saw(&s, "Content-Length: 2\r\n"));
    CHECK_FALSE(saw(&s, "Connection: close"));
    say(&s, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, saw(&s, "\r\n\r\n/b"));
    CHECK_INT(s.sent, 2);
    close_site(&s);
}

TEST(pipelined_requests_with_bodies_are_told_apart)
{
    struct site s;

    open_site(&s);
    say(&s, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nT: t\r\n\r\n"
            "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.closed);
    CHECK_TRUE(saw(&s, "\r\n\r\nhelloHTTP/1.1 200 OK"));
    CHECK_TRUE(saw(&s, "\r\n\r\nabcdefHTTP/1.1 200 OK"));
    CHECK_TRUE(saw(&s, "Connection: close\r\n\r\n/c"));
    CHECK_FALSE(saw(&s, "/never"));
    CHECK_INT(s.sent, 3);
    close_site(&s);
}

TEST(a_request_that_comes_byte_by_byte_is_understood)
{
    const char *text = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "5\r\nhello\r\n0\r\n\r\n";
    struct site s;

    open_site(&s);
    for (size_t i = 0; i < strlen(text); i++) {
        CHECK_INT(write(s.client, text + i, 1), 1);
        settle(&s);
    }
    UNTIL(&s, saw(&s, "\r\n\r\nhello"));
    close_site(&s);
}

TEST(malformed_requests_are_refused_and_the_connection_closes)
{
    struct site s;

    open_site(&s);
    say(&s, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.closed);
    CHECK_TRUE(saw(&s, "HTTP/1.1 400 Bad Request\r\n"));
    CHECK_TRUE(saw(&s, "400: both Content-Length and Transfer-Encoding"));
    CHECK_INT(count(buf_cstring(&s.seen), "HTTP/1.1 "), 1);
    CHECK_INT(s.sent, 0);
    close_site(&s);
}

TEST(a_malformed_body_is_told_to_the_handler_and_nothing_behind_it_is_read)
{
    struct site s;

    open_site(&s);
    say(&s,
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n"
        "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.closed);
    CHECK_STR(s.why.msg, "a chunk is longer than its size says");
    CHECK_TRUE(saw(&s, "HTTP/1.1 400 Bad Request\r\n"));
    CHECK_TRUE(saw(&s, "Connection: close\r\n\r\nbad body"));
    CHECK_FALSE(saw(&s, "smuggled"));
    close_site(&s);
}

TEST(a_generator_is_asked_until_it_gives_the_last_piece)
{
    struct site s;

    open_site(&s);
    say(&s, "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, saw(&s, "0\r\n\r\n"));
    CHECK_TRUE(saw(&s, "Transfer-Encoding: chunked\r\n\r\n"
                       "6\r\npiece\n\r\n6\r\npiece\n\r\n6\r\npiece\n\r\n0\r\n\r\n"));
    CHECK_INT(s.asked, 3);
    CHECK_INT(s.sent, 1);
    close_site(&s);
}

TEST(http_1_0_gets_no_chunks_but_a_closed_connection)
{
    struct site s;

    open_site(&s);
    say(&s, "GET /pieces HTTP/1.0\r\n\r\n");
    UNTIL(&s, s.closed);
    CHECK_TRUE(saw(&s, "Connection: close\r\n\r\npiece\npiece\npiece\n"));
    CHECK_FALSE(saw(&s, "chunked"));
    close_site(&s);
}

TEST(head_and_204_have_no_body)
{
    struct site s;

    open_site(&s);
    say(&s, "HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\nHEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\n"
            "GET /none HTTP/1.1\r\nHost: x\r\n\r\nGET /end HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, saw(&s, "/end"));
    CHECK_TRUE(saw(&s, "Content-Length: 4\r\n\r\nHTTP/1.1 200 OK"));
    CHECK_TRUE(saw(&s, "Transfer-Encoding: chunked\r\n\r\nHTTP/1.1 204 No Content"));
    CHECK_INT(count(buf_cstring(&s.seen), "Content-Length: "), 2);
    CHECK_INT(s.asked, 0);
    close_site(&s);
}

TEST(a_generator_may_answer_later_and_the_head_does_not_wait_for_it)
{
    struct site s;
    struct str parts[] = {STR("one "), STR("two")};

    open_site(&s);
    say(&s, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, saw(&s, "chunked\r\n\r\n"));
    CHECK_INT(s.asked, 1);
    exchange_send(s.x, parts, 2, false);
    UNTIL(&s, saw(&s, "7\r\none two\r\n"));
    UNTIL(&s, s.asked == 2);
    exchange_send(s.x, NULL, 0, true);
    UNTIL(&s, s.sent == 1);
    CHECK_TRUE(saw(&s, "7\r\none two\r\n0\r\n\r\n"));
    close_site(&s);
}

TEST(a_body_that_is_shorter_than_was_said_cuts_the_connection)
{
    struct site s;

    open_site(&s);
    say(&s, "GET /short HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.closed);
    CHECK_INT(s.gone, 1);
    close_site(&s);
}

TEST(who_expects_100_continue_gets_it_when_the_body_is_wanted)
{
    struct site s;

    open_site(&s);
    say(&s, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
    UNTIL(&s, saw(&s, "HTTP/1.1 100 Continue\r\n\r\n"));
    CHECK_FALSE(saw(&s, "200"));
    say(&s, "ok");
    UNTIL(&s, saw(&s, "\r\n\r\nok"));
    CHECK_FALSE(saw(&s, "Connection: close"));
    close_site(&s);

    open_site(&s);
    say(&s,
        "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    UNTIL(&s, s.closed);
    CHECK_FALSE(saw(&s, "100 Continue"));
    CHECK_TRUE(saw(&s, "Connection: close\r\n\r\n/unread"));
    close_site(&s);

    open_site(&s);
    say(&s, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n");
    UNTIL(&s, s.closed);
    CHECK_TRUE(saw(&s, "HTTP/1.1 417 Expectation Failed"));
    close_site(&s);
}

TEST(a_body_that_nobody_reads_is_dropped_or_ends_the_connection)
{
    struct site s;
    cleanup_buf struct buf big = BUF_INIT;

    open_site(&s);
    say(&s,
        "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\n"
        "Host: x\r\n\r\n");
    UNTIL(&s, saw(&s, "\r\n\r\n/next"));
    close_site(&s);

    open_site(&s);
    buf_printf(&big, "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
               LIMIT_DISCARD_BYTES + 1);
    say(&s, big.p);
    UNTIL(&s, saw(&s, "Connection: close\r\n\r\n/unread"));
    UNTIL(&s, s.closed);
    close_site(&s);
}

TEST(a_client_that_goes_is_told_to_the_handler)
{
    struct site s;

    open_site(&s);
    say(&s, "GET /wait/endless HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, saw(&s, "\r\n\r\n"));
    close(s.client);
    s.client = -1;
    s.closed = true;
    UNTIL(&s, s.gone == 1);
    close_site(&s);
}

TEST(a_client_that_closes_its_half_still_gets_its_answers)
{
    struct site s;

    open_site(&s);
    say(&s, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_INT(shutdown(s.client, SHUT_WR), 0);
    UNTIL(&s, saw(&s, "\r\n\r\n/a") && s.x != NULL);
    settle(&s);
    exchange_answer(s.x, 200, NULL, 0, STR("late"));
    UNTIL(&s, s.closed);
    CHECK_TRUE(saw(&s, "Connection: close\r\n\r\nlate"));
    CHECK_INT(s.sent, 2);
    close_site(&s);

    open_site(&s); /* but one that leaves amid a request gets none */
    say(&s, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel");
    CHECK_INT(shutdown(s.client, SHUT_WR), 0);
    UNTIL(&s, s.closed);
    CHECK_INT(s.gone, 1);
    CHECK_INT(s.seen.n, 0);
    close_site(&s);
}

TEST(a_reader_that_is_slow_holds_the_generator_back)
{
    struct site s;

    open_site(&s);
    s.pieces = 1000 * 1000 * 1000;
    say(&s, "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
    for (size_t before = 1; s.asked != before;) { /* until it is not asked any more */
        before = s.asked;
        for (int i = 0; i < 100; i++)
            loop_turn(s.loop, false);
    }
    CHECK_TRUE(s.asked > 10 && s.asked < 1000 * 1000);
    s.pieces = 1;
    UNTIL(&s, saw(&s, "0\r\n\r\n") && s.sent == 1);
    close_site(&s);
}

TEST(a_writer_is_held_back_while_nobody_asks_for_its_body)
{
    static char block[65536];
    struct site s;
    size_t written = 0;
    int quiet = 0;

    open_site(&s);
    say(&s, "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    while (quiet < 100) {
        ssize_t n = write(s.client, block, sizeof block);

        quiet = n > 0 ? 0 : quiet + 1;
        written += n > 0 ? (size_t)n : 0;
        loop_turn(s.loop, false);
    }
    CHECK_TRUE(written < 2 * 1000 * 1000);
    close(s.client);
    s.client = -1;
    s.closed = true;
    exchange_cut(s.x);
    UNTIL(&s, s.gone == 1);
    close_site(&s);
}

TEST(a_big_answer_is_written_as_the_client_reads)
{
    struct site s;

    open_site(&s);
    buf_fill(&s.big, 'x', 20 * 1000 * 1000);
    say(&s, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.sent == 1);
    look(&s);
    CHECK_TRUE(s.seen.n > 20 * 1000 * 1000);
    close_site(&s);
}

TEST(draining_lets_answers_out_and_closes_what_is_idle)
{
    struct site s;
    struct err e = ERR_INIT;
    int pair[2];

    open_site(&s);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_INT(server_adopt(s.server, &(struct server_arrival){.fd = pair[0]}, &e), 0);
    say(&s, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.x != NULL);
    server_drain(s.server);
    settle(&s);
    CHECK_INT(read(pair[1], &pair[0], 1), 0); /* the idle one is closed */
    close(pair[1]);
    CHECK_FALSE(s.closed || s.empty);
    exchange_answer(s.x, 200, NULL, 0, STR("done"));
    UNTIL(&s, s.closed);
    CHECK_TRUE(saw(&s, "Connection: close\r\n\r\ndone"));
    close(s.client);
    s.client = -1;
    UNTIL(&s, s.empty);
    close_site(&s);
}

TEST(draining_ends_a_reply_that_has_no_end)
{
    struct site s;

    open_site(&s);
    say(&s, "GET /wait/endless HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, saw(&s, "\r\n\r\n"));
    server_drain(s.server);
    exchange_send(s.x, NULL, 0, false); /* harmless: it is over */
    UNTIL(&s, s.closed);
    CHECK_TRUE(saw(&s, "0\r\n\r\n"));
    CHECK_INT(s.sent, 1);
    close_site(&s);
}

static size_t
on_upgraded(void *arg, struct str bytes)
{
    buf_str(arg, bytes);
    return bytes.n;
}

TEST(an_upgrade_gives_the_stream_away_with_what_has_come)
{
    struct site s;
    const struct field field = {STR("Upgrade"), STR("test")};
    const struct stream_handler handler = {.on_read = on_upgraded};
    cleanup_buf struct buf upgraded = BUF_INIT;
    struct stream *stream;

    open_site(&s);
    say(&s, "GET /later HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nmore");
    UNTIL(&s, s.x != NULL);
    stream = exchange_upgrade(s.x, &field, 1);
    stream_set_handler(stream, &handler, &upgraded);
    stream_read(stream, true);
    UNTIL(&s, saw(&s, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\n\r\n"));
    UNTIL(&s, upgraded.n == 4);
    CHECK_STR(upgraded.p, "more");
    CHECK_INT(s.sent, 1);
    stream_free(stream);
    close_site(&s);
}

TEST(fields_with_control_characters_do_not_split_a_reply)
{
    struct site s;
    const struct field fields[] = {
        {STR("A"), STR("b\r\nX: y")}, {STR("C d"), STR("e")}, {STR("F"), STR("g")}};

    open_site(&s);
    say(&s, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.x != NULL);
    exchange_answer(s.x, 200, fields, 3, STR("end"));
    UNTIL(&s, saw(&s, "\r\n\r\nend"));
    CHECK_FALSE(saw(&s, "X: y") || saw(&s, "C d"));
    CHECK_TRUE(saw(&s, "F: g\r\n"));
    close_site(&s);
}

TEST(counters_and_the_dump_tell_what_there_is)
{
    struct site s;
    struct server_counts counts;
    cleanup_buf struct buf text = BUF_INIT;

    open_site(&s);
    say(&s, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    UNTIL(&s, s.x != NULL && s.sent == 1);
    server_counts(s.server, &counts);
    CHECK_INT(counts.accepted, 1);
    CHECK_INT(counts.connections, 1);
    CHECK_INT(counts.requests, 2);
    CHECK_INT(counts.status[2], 1);
    CHECK_INT(counts.bytes_out, s.seen.n);
    server_dump(s.server, &text);
    CHECK_CONTAINS(text.p, "connection exchange ");
    CHECK_CONTAINS(text.p, "requests=2 GET /later\n");
    close_site(&s);
}

TESTS_MAIN(T_(requests_of_a_kept_connection_are_answered_in_turn),
           T_(pipelined_requests_with_bodies_are_told_apart),
           T_(a_request_that_comes_byte_by_byte_is_understood),
           T_(malformed_requests_are_refused_and_the_connection_closes),
           T_(a_malformed_body_is_told_to_the_handler_and_nothing_behind_it_is_read),
           T_(a_generator_is_asked_until_it_gives_the_last_piece),
           T_(http_1_0_gets_no_chunks_but_a_closed_connection), T_(head_and_204_have_no_body),
           T_(a_generator_may_answer_later_and_the_head_does_not_wait_for_it),
           T_(a_body_that_is_shorter_than_was_said_cuts_the_connection),
           T_(who_expects_100_continue_gets_it_when_the_body_is_wanted),
           T_(a_body_that_nobody_reads_is_dropped_or_ends_the_connection),
           T_(a_client_that_goes_is_told_to_the_handler),
           T_(a_client_that_closes_its_half_still_gets_its_answers),
           T_(a_reader_that_is_slow_holds_the_generator_back),
           T_(a_writer_is_held_back_while_nobody_asks_for_its_body),
           T_(a_big_answer_is_written_as_the_client_reads),
           T_(draining_lets_answers_out_and_closes_what_is_idle),
           T_(draining_ends_a_reply_that_has_no_end),
           T_(an_upgrade_gives_the_stream_away_with_what_has_come),
           T_(fields_with_control_characters_do_not_split_a_reply),
           T_(counters_and_the_dump_tell_what_there_is))
