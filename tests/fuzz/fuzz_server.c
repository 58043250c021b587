/*
 * fuzz_server - whatever a client sends, a connection ends, each exchange ends once, and nothing is
 * left behind.  The first byte says how: 'w' sends a WebSocket handshake before the rest, an odd
 * one sends the rest in two pieces.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "http/exchange.h"
#include "http/server.h"
#include "http/websocket.h"
#include "io/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct loop *loop;
    struct server *server;
    struct websocket *socket;
    int exchanges; /* begun and not ended */
} site;

static void
on_proceed(void *arg, struct exchange *x)
{
    const struct str piece = STR("piece");

    (void)arg;
    exchange_send(x, &piece, 1, true);
}

static void
on_end(void *arg, struct exchange *x, bool sent)
{
    (void)arg;
    (void)x;
    (void)sent;
    site.exchanges--;
}

static const struct exchange_ops ops = {on_proceed, on_end};

static void
on_body(void *arg, struct exchange *x, struct str bytes, bool last, const struct err *why)
{
    (void)bytes;
    if (why != NULL)
        exchange_answer(x, 400, NULL, 0, STR("bad"));
    else if (last)
        exchange_begin(x, 200, NULL, 0, EXCHANGE_LENGTH_UNKNOWN);
    else
        exchange_read(x, on_body, arg);
}

static void
on_message(void *arg, struct str message, bool binary)
{
    (void)arg;
    websocket_send(site.socket, message, binary);
}

static void
on_drain(void *arg)
{
    (void)arg;
}

static void
on_close(void *arg, int code, struct str reason)
{
    (void)arg;
    (void)code;
    (void)reason;
    websocket_free(site.socket);
    site.socket = NULL;
}

static const struct websocket_handler handler = {on_message, on_drain, on_close};

static void
on_exchange(void *arg, struct exchange *x)
{
    struct err e = ERR_INIT;

    (void)arg;
    site.exchanges++;
    exchange_own(x, &ops, NULL);
    if (site.socket == NULL)
        site.socket = websocket_accept(x, NULL, &handler, NULL, &e);
    if (site.socket != NULL && e.code == 0)
        websocket_read(site.socket, true);
    else
        exchange_read(x, on_body, NULL);
}

static void
write_error(void *arg, const struct request *rq, int status, const struct err *why,
            struct buf *body, const char **content_type)
{
    (void)arg;
    (void)rq;
    (void)status;
    (void)content_type;
    buf_cstr(body, why->msg);
}

static void
run(int client)
{
    char room[4096];

    for (int i = 0; i < 20 && loop_turn(site.loop, false); i++)
        while (recv(client, room, sizeof room, MSG_DONTWAIT) > 0)
            ;
}

static void
say(int client, struct str text)
{
    if (text.n > 0)
        (void)send(client, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    run(client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct server_options o = {.handle = on_exchange, .write_error = write_error};
    struct str text = str_make((const char *)data, size);
    struct err e = ERR_INIT;
    int pair[2];

    if (size == 0)
        return 0;
    if (site.loop == NULL)
        site.loop = loop_new(&e);
    site.server = server_new(site.loop, &o);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    CHECK(server_adopt(site.server, &(struct server_arrival){.fd = pair[0]}, &e) == 0);
    if (text.p[0] == 'w')
        say(pair[1],
            STR("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    text = str_slice(text, 1, text.n);
    if ((data[0] & 1) != 0)
        say(pair[1], str_slice(text, 0, text.n / 2));
    say(pair[1], (data[0] & 1) != 0 ? str_slice(text, text.n / 2, text.n) : text);
    close(pair[1]);
    for (int i = 0; i < 20; i++)
        loop_turn(site.loop, false);
    server_free(site.server);
    CHECK(site.exchanges == 0 && site.socket == NULL);
    return 0;
}
