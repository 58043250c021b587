/*
 * WebSockets over a socket pair: the client's frames are written by hand.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/exchange.h"
#include "http/server.h"
#include "http/websocket.h"
#include "io/loop.h"
#include "io/timer.h"
#include "tests/unit/test.h"

enum { DEADLINE_US = 20 * 1000 * 1000, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct site {
    struct loop *loop;
    struct server *server;
    int client;
    struct websocket *w;
    const char *const *protocols;
    struct buf seen;
    char last[100]; /* message */
    size_t last_n;
    bool last_binary, closed, echo, free_on_message;
    int messages, drains, closes, code;
    char reason[200];
};

static void
on_message(void *arg, struct str message, bool binary)
{
    struct site *s = arg;

    s->messages++;
    s->last_binary = binary;
    s->last_n = message.n;
    snprintf(s->last, sizeof s->last, "%.*s", STR_ARG(str_slice(message, 0, 99)));
    if (s->echo)
        websocket_send(s->w, message, binary);
    if (s->free_on_message) {
        websocket_free(s->w);
        s->w = NULL;
    }
}

static void
on_drain(void *arg)
{
    ((struct site *)arg)->drains++;
}

static void
on_close(void *arg, int code, struct str reason)
{
    struct site *s = arg;

    s->closes++;
    s->code = code;
    snprintf(s->reason, sizeof s->reason, "%.*s", STR_ARG(reason));
    websocket_free(s->w);
    s->w = NULL;
}

static const struct websocket_handler handler = {on_message, on_drain, on_close};

static void
on_end(void *arg, struct exchange *x, bool sent)
{
    (void)arg;
    (void)x;
    (void)sent;
}

static const struct exchange_ops ops = {.end = on_end};

static void
on_exchange(void *arg, struct exchange *x)
{
    struct site *s = arg;
    static struct err e;

    e = ERR_INIT;
    exchange_own(x, &ops, s);
    s->w = websocket_accept(x, s->protocols, &handler, s, &e);
    if (s->w != NULL)
        websocket_read(s->w, true);
    else
        exchange_answer(x, 400, NULL, 0, str_of(e.msg));
}

static void
open_site(struct site *s)
{
    const struct server_options o = {.handle = on_exchange, .arg = s};
    struct err e = ERR_INIT;
    int pair[2];

    *s = (struct site){.echo = true};
    s->loop = loop_new(&e);
    s->server = server_new(s->loop, &o);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_INT(server_adopt(s->server, &(struct server_arrival){.fd = pair[0]}, &e), 0);
    s->client = pair[1];
}

static void
close_site(struct site *s)
{
    close(s->client);
    server_free(s->server);
    CHECK_NULL(s->w);
    loop_free(s->loop);
    buf_done(&s->seen);
}

static void
on_deadline(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for too long");
}

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

#define UNTIL(s, condition) \
    do { \
        struct timer deadline_; \
        timer_init(&deadline_, (s)->loop, on_deadline, NULL); \
        timer_after(&deadline_, DEADLINE_US); \
        for (look(s); !(condition); look(s)) \
            loop_turn((s)->loop, true); \
        timer_stop(&deadline_); \
    } while (0)

static void
say(struct site *s, struct str text)
{
    while (text.n > 0) {
        ssize_t n = write(s->client, text.p, text.n);

        if (n > 0)
            text = str_slice(text, (size_t)n, text.n);
        loop_turn(s->loop, false);
        look(s);
    }
}

static const char handshake[] =
    "GET /x HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

static void
shake(struct site *s)
{
    say(s, str_of(handshake));
    say(s, STR("\r\n"));
    UNTIL(s, s->seen.n > 4 && strstr(s->seen.p, "\r\n\r\n") != NULL);
    buf_clear(&s->seen);
}

/* A frame as a client sends it: masked, unless `mask` is false. */
static void
frame(struct buf *to, bool fin, int opcode, struct str text, bool mask)
{
    static const char key[4] = {1, 2, 3, 4};
    int bit = mask ? 0x80 : 0;

    buf_char(to, (char)((fin ? 0x80 : 0) | opcode));
    if (text.n < 126) {
        buf_char(to, (char)(bit | (int)text.n));
    } else if (text.n < 65536) {
        buf_char(to, (char)(bit | 126));
        buf_char(to, (char)(text.n >> 8));
        buf_char(to, (char)text.n);
    } else {
        buf_char(to, (char)(bit | 127));
        for (int i = 56; i >= 0; i -= 8)
            buf_char(to, (char)(text.n >> i));
    }
    if (mask)
        buf_add(to, key, sizeof key);
    for (size_t i = 0; i < text.n; i++)
        buf_char(to, (char)(mask ? text.p[i] ^ key[i % 4] : text.p[i]));
}

static void
say_frame(struct site *s, bool fin, int opcode, struct str text)
{
    cleanup_buf struct buf bytes = BUF_INIT;

    frame(&bytes, fin, opcode, text, true);
    say(s, buf_view(&bytes));
}

/* Waits until exactly this frame of the server has come. */
static void
expect(struct site *s, int opcode, struct str text)
{
    cleanup_buf struct buf want = BUF_INIT;

    frame(&want, true, opcode, text, false);
    UNTIL(s, s->seen.n >= want.n);
    CHECK_INT(s->seen.n, want.n);
    assert_memory_equal(s->seen.p, want.p, want.n);
    buf_clear(&s->seen);
}

TEST(a_handshake_is_answered_with_the_key_of_the_standard)
{
    struct site s;

    open_site(&s);
    say(&s, str_of(handshake));
    say(&s, STR("\r\n"));
    UNTIL(&s, s.w != NULL && s.seen.n > 0 && strstr(s.seen.p, "\r\n\r\n") != NULL);
    CHECK_CONTAINS(s.seen.p, "HTTP/1.1 101 Switching Protocols\r\n");
    CHECK_CONTAINS(s.seen.p, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    CHECK_NULL(strstr(s.seen.p, "Sec-WebSocket-Protocol"));
    CHECK_STR(websocket_protocol(s.w), "");
    close_site(&s);
    CHECK_INT(s.code, WEBSOCKET_ABNORMAL);
}

TEST(protocols_are_chosen_by_the_servers_preference)
{
    static const char *const known[] = {"v5.test", "v4.test", "", NULL};
    static const char *const needed[] = {"v5.test", NULL};
    static const struct {
        const char *offer;
        const char *const *protocols;
        const char *chosen; /* NULL: refused */
    } cases[] = {
        {"Sec-WebSocket-Protocol: v4.test, v5.test\r\n", known, "v5.test"},
        {"Sec-WebSocket-Protocol: v3.test\r\nSec-WebSocket-Protocol: v4.test\r\n", known,
         "v4.test"},
        {"", known, ""},
        {"Sec-WebSocket-Protocol: V5.TEST\r\n", known, NULL},
        {"Sec-WebSocket-Protocol: v3.test\r\n", known, NULL},
        {"", needed, NULL},
        {"Sec-WebSocket-Protocol: v3.test\r\n", NULL, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct site s;

        open_site(&s);
        s.protocols = cases[i].protocols;
        say(&s, str_of(handshake));
        say(&s, str_of(cases[i].offer));
        say(&s, STR("\r\n"));
        UNTIL(&s, s.seen.n > 0 && strstr(s.seen.p, "\r\n\r\n") != NULL);
        if (cases[i].chosen == NULL)
            CHECK_CONTAINS(s.seen.p, "none of the protocols");
        else
            CHECK_STR(websocket_protocol(s.w), cases[i].chosen);
        close_site(&s);
    }
}

TEST(a_request_that_is_no_handshake_is_told_why)
{
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        {"GET", "PUT", "this is for WebSockets"},
        {"keep-alive, Upgrade", "keep-alive", "this is for WebSockets"},
        {"WebSocket\r\n", "h2c\r\n", "this is for WebSockets"},
        {"Version: 13", "Version: 8", "Sec-WebSocket-Version must be 13"},
        {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", "Key must be 16 bytes"},
        {"dGhlIHNhbXBsZSBub25jZQ==", "?", "Key must be 16 bytes"},
        {"Sec-WebSocket-Key", "X", "Key must be 16 bytes"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_buf struct buf text = BUF_INIT;
        ptrdiff_t at = str_find(str_of(handshake), str_of(cases[i].from), 0);
        struct site s;

        open_site(&s);
        buf_str(&text, str_slice(str_of(handshake), 0, (size_t)at));
        buf_cstr(&text, cases[i].to);
        buf_cstr(&text, handshake + at + strlen(cases[i].from));
        buf_cstr(&text, "\r\n");
        say(&s, buf_view(&text));
        UNTIL(&s, s.seen.n > 0);
        CHECK_CONTAINS(s.seen.p, "HTTP/1.1 400 Bad Request");
        CHECK_CONTAINS(s.seen.p, cases[i].why);
        close_site(&s);
    }
}

TEST(messages_go_both_ways_whole)
{
    cleanup_buf struct buf big = BUF_INIT;
    struct site s;

    open_site(&s);
    shake(&s);
    say_frame(&s, true, TEXT, STR("hello"));
    expect(&s, TEXT, STR("hello"));
    CHECK_FALSE(s.last_binary);
    say_frame(&s, false, BINARY, STR("one "));
    say_frame(&s, true, PING, STR("are you there"));
    expect(&s, PONG, STR("are you there"));
    say_frame(&s, true, 0, STR("two"));
    expect(&s, BINARY, STR("one two"));
    CHECK_TRUE(s.last_binary);
    buf_fill(&big, 'x', WEBSOCKET_MAX_MESSAGE);
    say_frame(&s, true, BINARY, buf_view(&big));
    UNTIL(&s, s.seen.n == big.n + 10);
    CHECK_INT(s.messages, 3);
    close_site(&s);
}

TEST(closing_is_said_by_both)
{
    struct site s;

    open_site(&s);
    shake(&s);
    say_frame(&s, true, CLOSE,
              STR("\x03\xe8"
                  "bye"));
    expect(&s, CLOSE,
           STR("\x03\xe8"
               "bye"));
    UNTIL(&s, s.closed);
    CHECK_INT(s.code, WEBSOCKET_NORMAL);
    CHECK_STR(s.reason, "bye");
    close_site(&s);
    CHECK_INT(s.closes, 1);

    open_site(&s);
    shake(&s);
    websocket_close(s.w, WEBSOCKET_INTERNAL, STR("broken"));
    CHECK_TRUE(websocket_send(s.w, STR("too late"), false));
    expect(&s, CLOSE,
           STR("\x03\xf3"
               "broken"));
    CHECK_INT(s.closes, 0);
    say_frame(&s, true, CLOSE, STR("\x03\xf3"));
    UNTIL(&s, s.closed);
    CHECK_INT(s.code, WEBSOCKET_INTERNAL);
    close_site(&s);
}

TEST(a_server_that_drains_says_good_bye)
{
    struct site s;

    open_site(&s);
    shake(&s);
    server_drain(s.server);
    expect(&s, CLOSE,
           STR("\x03\xe9"
               "the server stops"));
    say_frame(&s, true, CLOSE, STR("\x03\xe9"));
    UNTIL(&s, s.closes == 1);
    CHECK_INT(s.code, WEBSOCKET_GOING_AWAY);
    close_site(&s);
}

TEST(what_breaks_the_rules_ends_the_connection_with_the_code_for_it)
{
    static const char long_ping[] = "0123456789012345678901234567890123456789012345678901234567890"
                                    "0123456789012345678901234567890123456789012345678901234567890"
                                    "0123456789";
    cleanup_buf struct buf too_big = BUF_INIT;
    const struct {
        bool fin;
        int opcode;
        struct str text;
        bool mask;
        const char *code;
    } cases[] = {
        {true, TEXT, STR("no mask"), false, "\x03\xea"},
        {true, 3, STR("no such opcode"), true, "\x03\xea"},
        {true, 0, STR("continues nothing"), true, "\x03\xea"},
        {true, 0x40 | TEXT, STR("reserved bit"), true, "\x03\xea"},
        {false, PING, STR("cut ping"), true, ""},
        {true, PING, str_of(long_ping), true, ""},
        {true, TEXT, STR("no \xc3 text"), true, "\x03\xef"},
        {true, CLOSE, STR("\x03"), true, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_buf struct buf bytes = BUF_INIT, want = BUF_INIT;
        struct site s;

        open_site(&s);
        shake(&s);
        frame(&bytes, cases[i].fin, cases[i].opcode, cases[i].text, cases[i].mask);
        say(&s, buf_view(&bytes));
        UNTIL(&s, s.closed);
        frame(&want, true, CLOSE, str_of(cases[i].code), false);
        if (!str_eq(buf_view(&s.seen), buf_view(&want)))
            fail_msg("case %zu: %zu bytes, %02x %02x", i, s.seen.n, s.seen.p[0], s.seen.p[1]);
        CHECK_INT(s.messages, 0);
        close_site(&s);
    }

    struct site s;

    open_site(&s);
    shake(&s);
    buf_fill(&too_big, 'x', WEBSOCKET_MAX_MESSAGE + 1);
    say_frame(&s, true, BINARY, str_slice(buf_view(&too_big), 0, 10)); /* fine */
    expect(&s, BINARY, STR("xxxxxxxxxx"));
    frame(&too_big, true, BINARY, STR(""), true);
    {
        cleanup_buf struct buf bytes = BUF_INIT;

        frame(&bytes, true, BINARY, str_slice(buf_view(&too_big), 0, WEBSOCKET_MAX_MESSAGE + 1),
              true);
        say(&s, str_slice(buf_view(&bytes), 0, 1000));
    }
    UNTIL(&s, s.seen.n >= 4);
    assert_memory_equal(s.seen.p + 2, "\x03\xf1", 2);
    close_site(&s);
}

TEST(a_peer_that_does_not_read_is_not_read_from)
{
    cleanup_buf struct buf pings = BUF_INIT;
    struct site s;
    size_t written = 0;
    int quiet = 0;

    open_site(&s);
    shake(&s);
    for (int i = 0; i < 500; i++)
        frame(&pings, true, PING, STR("0123456789012345678901234567890123456789"), true);
    while (quiet < 50) { /* in whole frames or not: until nothing is taken any more */
        ssize_t n = write(s.client, pings.p + written % pings.n, pings.n - written % pings.n);

        quiet = n > 0 ? 0 : quiet + 1;
        written += n > 0 ? (size_t)n : 0;
        loop_turn(s.loop, false);
    }
    CHECK_TRUE(written < 4 * 1000 * 1000);
    UNTIL(&s, s.seen.n > 0);
    close_site(&s);
}

TEST(a_sender_is_told_when_there_is_room_and_may_go_in_a_callback)
{
    cleanup_buf struct buf big = BUF_INIT;
    struct site s;

    open_site(&s);
    shake(&s);
    buf_fill(&big, 'x', 2 * 1000 * 1000);
    CHECK_FALSE(websocket_send(s.w, buf_view(&big), true));
    CHECK_INT(s.drains, 0);
    UNTIL(&s, s.drains == 1);
    CHECK_TRUE(websocket_send(s.w, STR("small"), true));
    s.free_on_message = true;
    s.echo = false;
    say_frame(&s, true, TEXT, STR("go"));
    UNTIL(&s, s.closed);
    CHECK_INT(s.closes, 0);
    close_site(&s);
}

TESTS_MAIN(T_(a_handshake_is_answered_with_the_key_of_the_standard),
           T_(protocols_are_chosen_by_the_servers_preference),
           T_(a_request_that_is_no_handshake_is_told_why), T_(messages_go_both_ways_whole),
           T_(closing_is_said_by_both), T_(a_server_that_drains_says_good_bye),
           T_(what_breaks_the_rules_ends_the_connection_with_the_code_for_it),
           T_(a_peer_that_does_not_read_is_not_read_from),
           T_(a_sender_is_told_when_there_is_room_and_may_go_in_a_callback))
