#include "http/websocket.h"

#include <stdlib.h>
#include <wslay/wslay.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/base64.h"
#include "data/openssl.h"
#include "http/exchange.h"
#include "http/server.h"
#include "io/stream.h"
#include "io/timer.h"

enum { MAX_PENDING = 64 * 1024, MAX_REASON = 123, KEY_BYTES = 16 };

struct websocket {
    struct server_guest guest;
    struct server *server;
    struct stream *stream; /* NULL when closed */
    wslay_event_context_ptr frames;
    const struct websocket_handler *handler;
    void *arg;
    char *protocol;
    struct timer timer; /* of CLOSING */
    struct str in;      /* what wslay has not taken yet of the bytes at hand */
    struct buf out;     /* frames on their way to the stream */
    struct buf reason;  /* of the peer's close frame */
    int code;
    bool reading, draining;
    bool closing; /* a close frame of ours is on its way */
    bool inside;  /* of a callback of wslay */
    bool freed;   /* in such a callback */
};

/* The handshake. */

static struct str
accept_key(struct arena *a, struct str key)
{
    /* Of RFC 6455, section 1.3. */
    const char *salted = arena_printf(a, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", STR_ARG(key));
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    cleanup_buf struct buf text = BUF_INIT;

    CHECK(openssl()->EVP_Digest(salted, strlen(salted), digest, &n, openssl()->EVP_sha1(), NULL) ==
          1);
    base64_encode(str_make((const char *)digest, n), BASE64_STANDARD, &text);
    return str_of(arena_strdup(a, buf_cstring(&text)));
}

static int
check_handshake(const struct request *rq, struct err *e)
{
    const struct fields *f = &rq->fields;
    struct str key = fields_get(f, "Sec-WebSocket-Key");
    cleanup_buf struct buf bytes = BUF_INIT;
    struct err ignored = ERR_INIT;

    if (!str_is(rq->method, "GET") || rq->minor == 0 || rq->length != 0 ||
        !fields_has_token(f, "Connection", "Upgrade") ||
        !fields_has_token(f, "Upgrade", "websocket"))
        return err_set(e, ERR_BADREQUEST,
                       "this is for WebSockets: a GET with 'Connection: Upgrade' and "
                       "'Upgrade: websocket' was expected");
    if (fields_count(f, "Sec-WebSocket-Version") != 1 ||
        !str_is(fields_get(f, "Sec-WebSocket-Version"), "13"))
        return err_set(e, ERR_BADREQUEST, "Sec-WebSocket-Version must be 13");
    if (fields_count(f, "Sec-WebSocket-Key") != 1 ||
        base64_decode(key, BASE64_STANDARD, &bytes, &ignored) < 0 || bytes.n != KEY_BYTES)
        return err_set(e, ERR_BADREQUEST, "Sec-WebSocket-Key must be %d bytes in base64",
                       KEY_BYTES);
    return 0;
}

/* *ret is "" for no protocol. */
static int
choose_protocol(const struct fields *f, const char *const *protocols, const char **ret,
                struct err *e)
{
    bool offers = fields_count(f, "Sec-WebSocket-Protocol") > 0;

    *ret = "";
    if (protocols == NULL)
        return 0;
    for (; *protocols != NULL; protocols++) {
        bool fits = **protocols == '\0'
                        ? !offers
                        : fields_has_exact_token(f, "Sec-WebSocket-Protocol", *protocols);

        *ret = *protocols;
        if (fits)
            return 0;
    }
    return err_set(e, ERR_BADREQUEST, "none of the protocols that are offered is spoken here");
}

/* Closing. */

static void
closed(struct websocket *w)
{
    struct buf reason = w->reason;

    if (w->stream == NULL)
        return;
    stream_free(w->stream);
    w->stream = NULL;
    timer_stop(&w->timer);
    server_remove_guest(w->server, &w->guest);
    w->reason = BUF_INIT;
    if (!w->freed)
        w->handler->on_close(w->arg, w->code, buf_view(&reason));
    buf_done(&reason);
}

static void
release(struct websocket *w)
{
    wslay_event_context_free(w->frames);
    buf_done(&w->out);
    buf_done(&w->reason);
    free(w->protocol);
    free(w);
}

void
websocket_free(struct websocket *w)
{
    if (w == NULL)
        return;
    w->freed = true;
    closed(w);
    if (!w->inside)
        release(w);
}

/* Sends what wslay has for the peer.  False when that was the last. */
static bool
flush(struct websocket *w)
{
    struct str bytes;
    bool fine = wslay_event_send(w->frames) == 0;

    bytes = buf_view(&w->out);
    if (bytes.n > 0 && !stream_write(w->stream, &bytes, 1))
        w->draining = true;
    buf_clear(&w->out);
    return fine && (wslay_event_want_read(w->frames) || wslay_event_want_write(w->frames));
}

/* After each event: sends, reads on if the peer reads, closes when all is said.  False if it is
 * closed, and perhaps freed. */
static bool
settle(struct websocket *w)
{
    bool more;

    if (w->stream == NULL)
        return false;
    more = flush(w);
    if (!more && stream_pending(w->stream) == 0) {
        closed(w);
        return false;
    }
    stream_read(w->stream, w->reading && more && stream_pending(w->stream) < MAX_PENDING);
    return true;
}

static void
on_timer(void *arg)
{
    closed(arg);
}

static void
begin_closing(struct websocket *w)
{
    if (w->closing)
        return;
    w->closing = true;
    w->reading = true; /* for the peer's close frame */
    timer_after(&w->timer, WEBSOCKET_CLOSE_US);
}

void
websocket_close(struct websocket *w, int code, struct str reason)
{
    size_t n = reason.n < MAX_REASON ? reason.n : MAX_REASON;

    if (w->stream == NULL || w->closing)
        return;
    while (n < reason.n && n > 0 && ((unsigned char)reason.p[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    w->code = code;
    wslay_event_queue_close(w->frames, (uint16_t)code, (const uint8_t *)reason.p, n);
    begin_closing(w);
    if (!w->inside)
        flush(w);
    stream_read(w->stream, true);
}

static void
on_leave(struct server_guest *g)
{
    websocket_close(CONTAINER_OF(g, struct websocket, guest), WEBSOCKET_GOING_AWAY,
                    STR("the server stops"));
}

static void
on_cut(struct server_guest *g)
{
    closed(CONTAINER_OF(g, struct websocket, guest));
}

/* Between wslay and the stream. */

static ssize_t
give_bytes(wslay_event_context_ptr frames, uint8_t *to, size_t room, int flags, void *arg)
{
    struct websocket *w = arg;
    size_t n = w->in.n < room ? w->in.n : room;

    (void)flags;
    if (n == 0 || w->freed || !w->reading) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(to, w->in.p, n);
    w->in = str_slice(w->in, n, w->in.n);
    return (ssize_t)n;
}

static ssize_t
take_bytes(wslay_event_context_ptr frames, const uint8_t *bytes, size_t n, int flags, void *arg)
{
    struct websocket *w = arg;

    (void)frames;
    (void)flags;
    buf_add(&w->out, bytes, n);
    return (ssize_t)n;
}

static void
on_message(wslay_event_context_ptr frames, const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
    struct websocket *w = arg;
    struct str text = str_make((const char *)m->msg, m->msg_length);

    (void)frames;
    if (w->freed)
        return;
    if (m->opcode == WSLAY_CONNECTION_CLOSE) {
        if (!w->closing)
            w->code = m->status_code != 0 ? m->status_code : WEBSOCKET_NO_CODE;
        if (text.n >= 2)
            buf_str(&w->reason, str_slice(text, 2, text.n));
        begin_closing(w); /* wslay has queued the answer */
    } else if (!wslay_is_ctrl_frame(m->opcode) && !w->closing) {
        w->handler->on_message(w->arg, text, m->opcode == WSLAY_BINARY_FRAME);
    }
}

static size_t
on_read(void *arg, struct str bytes)
{
    struct websocket *w = arg;
    size_t left;
    int rc;

    w->in = bytes;
    w->inside = true;
    rc = wslay_event_recv(w->frames);
    w->inside = false;
    left = w->in.n;
    w->in = STR_NULL;
    if (w->freed) {
        release(w);
        return bytes.n;
    }
    /* What wslay does not understand it has answered with a close frame; nothing follows. */
    if (rc != 0 || !wslay_event_want_read(w->frames)) {
        begin_closing(w);
        left = 0;
    }
    settle(w);
    return bytes.n - left;
}

static void
on_drain(void *arg)
{
    struct websocket *w = arg;

    if (!settle(w) || !w->draining)
        return;
    w->draining = false;
    w->handler->on_drain(w->arg);
}

static void
on_end(void *arg)
{
    closed(arg);
}

static void
on_close(void *arg, const struct err *why)
{
    (void)why;
    closed(arg);
}

static const struct stream_handler handler_ops = {on_read, on_end, on_drain, on_close};

/* Using it. */

struct websocket *
websocket_accept(struct exchange *x, const char *const *protocols,
                 const struct websocket_handler *handler, void *arg, struct err *e)
{
    const struct wslay_event_callbacks callbacks = {.recv_callback = give_bytes,
                                                    .send_callback = take_bytes,
                                                    .on_msg_recv_callback = on_message};
    const struct request *rq = exchange_request(x);
    struct field fields[4];
    struct websocket *w;
    const char *protocol;
    size_t n = 0;

    if (check_handshake(rq, e) < 0 || choose_protocol(&rq->fields, protocols, &protocol, e) < 0)
        return NULL;
    w = NEW(struct websocket);
    *w = (struct websocket){.server = exchange_server(x),
                            .handler = handler,
                            .arg = arg,
                            .protocol = xstrdup(protocol),
                            .code = WEBSOCKET_ABNORMAL,
                            .guest = {.leave = on_leave, .cut = on_cut}};
    CHECK(wslay_event_context_server_init(&w->frames, &callbacks, w) == 0);
    wslay_event_config_set_max_recv_msg_length(w->frames, WEBSOCKET_MAX_MESSAGE);
    timer_init(&w->timer, exchange_loop(x), on_timer, w);
    fields[n++] = (struct field){STR("Connection"), STR("Upgrade")};
    fields[n++] = (struct field){STR("Upgrade"), STR("websocket")};
    fields[n++] =
        (struct field){STR("Sec-WebSocket-Accept"),
                       accept_key(exchange_arena(x), fields_get(&rq->fields, "Sec-WebSocket-Key"))};
    if (*protocol != '\0')
        fields[n++] = (struct field){STR("Sec-WebSocket-Protocol"), str_of(w->protocol)};
    w->stream = exchange_upgrade(x, fields, n);
    stream_set_handler(w->stream, &handler_ops, w);
    server_add_guest(w->server, &w->guest);
    return w;
}

const char *
websocket_protocol(const struct websocket *w)
{
    return w->protocol;
}

void
websocket_read(struct websocket *w, bool on)
{
    if (w->stream == NULL || w->closing)
        return;
    w->reading = on;
    stream_read(w->stream, on);
}

bool
websocket_send(struct websocket *w, struct str message, bool binary)
{
    const struct wslay_event_msg m = {
        .opcode = binary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME,
        .msg = (const uint8_t *)message.p,
        .msg_length = message.n,
    };

    if (w->stream == NULL || w->closing)
        return true;
    wslay_event_queue_msg(w->frames, &m);
    if (!w->inside)
        flush(w);
    return !w->draining;
}
