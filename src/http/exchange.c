#include "http/exchange.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "http/conn.h"
#include "http/limits.h"
#include "io/address.h"
#include "io/peer.h"
#include "io/stream.h"

/* "Not Found"; "" for a status without a name. */
const char *
exchange_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } names[] = {
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].status == status)
            return names[i].reason;
    return "";
}

const struct request *
exchange_request(const struct exchange *x)
{
    return &x->request;
}

struct arena *
exchange_arena(struct exchange *x)
{
    return &x->arena;
}

struct loop *
exchange_loop(const struct exchange *x)
{
    return x->conn->server->loop;
}

struct server *
exchange_server(const struct exchange *x)
{
    return x->conn->server;
}

void
exchange_peer(const struct exchange *x, struct address *ret)
{
    struct address *known = &x->conn->peer;

    if (known->n == 0) {
        known->n = sizeof known->path;
        if (getpeername(stream_fd(x->conn->stream), &known->any, &known->n) < 0)
            *known = (struct address){.n = 0}; /* it has gone meanwhile */
    }
    *ret = *known;
}

int
exchange_peer_uid(struct exchange *x, uid_t *ret, struct err *e)
{
    struct conn *c = x->conn;

    if (c->uid_state == UID_UNKNOWN)
        c->uid_state = peer_uid(stream_fd(c->stream), &c->uid, e) < 0 ? UID_REFUSED : UID_KNOWN;
    *ret = c->uid;
    return c->uid_state == UID_KNOWN
               ? 0
               : err_set(e, ERR_NOTFOUND, "the user at the other end cannot be told");
}

void
exchange_own(struct exchange *x, const struct exchange_ops *ops, void *arg)
{
    x->ops = ops;
    x->arg = arg;
}

void
exchange_read(struct exchange *x, exchange_body_fn *fn, void *arg)
{
    CHECK(x->on_body == NULL);
    x->on_body = fn;
    x->on_body_arg = arg;
    if (x->owes_continue && !x->framing.ended && x->status == 0) {
        const struct str text = STR("HTTP/1.1 100 Continue\r\n\r\n");

        stream_write(x->conn->stream, &text, 1);
    }
    x->owes_continue = false;
    conn_changed(x->conn);
}

/* What of the request's body is unread would have to be read before the next request: for a little
 * that pays. */
static bool
must_close(const struct exchange *x)
{
    const struct framing *f = &x->framing;

    if (x->close_after || x->conn->server->draining || x->conn->peer_ended ||
        x->request.minor == 0 || fields_has_token(&x->request.fields, "Connection", "close"))
        return true;
    return !f->ended &&
           (x->owes_continue || f->kind == FRAMING_CHUNKED || f->left > LIMIT_DISCARD_BYTES);
}

void
exchange_write_head(struct exchange *x, int status, const struct field *fields, size_t n,
                    int64_t length)
{
    struct buf *to = &x->out;

    x->status = status;
    x->left = length;
    x->bare = status == 204 || status == 304 || str_is(x->request.method, "HEAD");
    x->chunked = length < 0 && x->request.minor > 0 && status != 204 && status != 304;
    x->close_after = must_close(x) || (length < 0 && x->request.minor == 0);
    buf_printf(to, "HTTP/1.1 %d %s\r\nDate: %s\r\n", status, exchange_reason(status),
               server_date(x->conn->server));
    for (size_t i = 0; i < n; i++) {
        if (!fields_is_token(fields[i].name) || !fields_is_value(fields[i].value)) {
            log_debug("http", "a field of a reply is left out: it has control characters");
            continue;
        }
        buf_printf(to, "%.*s: %.*s\r\n", STR_ARG(fields[i].name), STR_ARG(fields[i].value));
    }
    if (x->chunked)
        buf_cstr(to, "Transfer-Encoding: chunked\r\n");
    else if (length >= 0 && status != 204 && status != 304)
        buf_printf(to, "Content-Length: %" PRId64 "\r\n", length);
    buf_cstr(to, x->close_after ? "Connection: close\r\n\r\n" : "\r\n");
}

void
exchange_begin(struct exchange *x, int status, const struct field *fields, size_t n, int64_t length)
{
    CHECK(x->status == 0 && status >= 200);
    exchange_write_head(x, status, fields, n, length);
    conn_changed(x->conn);
}

void
exchange_answer(struct exchange *x, int status, const struct field *fields, size_t n,
                struct str body)
{
    CHECK(x->status == 0 && status >= 200);
    exchange_write_head(x, status, fields, n, (int64_t)body.n);
    if (body.n > 0)
        x->rest = body;
    else
        x->bare = true;
    conn_changed(x->conn);
}

void
exchange_fail(struct exchange *x, int status, const struct err *why)
{
    const struct server_options *o = &x->conn->server->options;
    cleanup_buf struct buf body = BUF_INIT;
    const char *type = "text/plain";
    struct field field;

    o->write_error(o->arg, &x->request, status, why, &body, &type);
    field = (struct field){STR("Content-Type"), str_of(type)};
    exchange_answer(x, status, &field, 1,
                    str_make(str_dup_arena(&x->arena, buf_view(&body)), body.n));
}

static void
write_out(struct exchange *x)
{
    struct str head = buf_view(&x->out);

    stream_write(x->conn->stream, &head, 1);
    buf_done(&x->out);
}

static void
write_piece(struct exchange *x, const struct str *parts, size_t n, size_t total)
{
    struct str all[EXCHANGE_MAX_PARTS + 4];
    char room[FRAMING_CHUNK_HEAD];
    size_t k = 0;

    if (x->out.n > 0)
        all[k++] = buf_view(&x->out);
    if (x->chunked && total > 0)
        all[k++] = framing_chunk_head(total, room);
    for (size_t i = 0; i < n; i++)
        all[k++] = parts[i];
    if (x->chunked && total > 0)
        all[k++] = STR("\r\n");
    if (x->chunked && x->last)
        all[k++] = STR("0\r\n\r\n");
    if (k > 0)
        stream_write(x->conn->stream, all, k);
    buf_done(&x->out);
}

void
exchange_send(struct exchange *x, const struct str *parts, size_t n, bool last)
{
    size_t total = 0;

    if (x->last || x->conn->cut)
        return; /* it was ended meanwhile; ops->end() follows */
    CHECK(x->asked && n <= EXCHANGE_MAX_PARTS);
    x->asked = false;
    for (size_t i = 0; i < n; i++)
        total += parts[i].n;
    if (x->left >= 0) {
        if ((int64_t)total > x->left || (last && (int64_t)total < x->left)) {
            exchange_cut(x);
            return;
        }
        x->left -= (int64_t)total;
    }
    x->last = last || (x->endless && x->conn->server->draining);
    write_piece(x, parts, n, total);
    conn_changed(x->conn);
}

void
exchange_end_early(struct exchange *x)
{
    x->last = true;
    write_piece(x, NULL, 0, 0);
}

static void
send_rest(struct exchange *x)
{
    struct str piece = str_slice(x->rest, 0, LIMIT_PIECE_BYTES);

    x->rest = str_slice(x->rest, piece.n, x->rest.n);
    x->last = x->rest.n == 0;
    write_piece(x, &piece, 1, piece.n);
}

bool
exchange_pump(struct exchange *x)
{
    struct stream *stream = x->conn->stream;
    int pieces = 0;

    if (x->status == 0 || x->last)
        return false;
    if (x->bare) {
        x->last = true;
        write_out(x);
        return true;
    }
    while (!x->last && !x->asked && !x->conn->cut && stream_pending(stream) == 0) {
        if (pieces++ == LIMIT_PIECES_AT_ONCE) {
            task_post(&x->conn->settle);
            break;
        }
        if (x->rest.n > 0) {
            send_rest(x);
        } else {
            x->asked = true;
            x->ops->proceed(x->arg, x);
        }
    }
    if (x->asked && x->out.n > 0)
        write_out(x); /* nothing to send yet: the client shall have the head */
    return pieces > 0;
}

void
exchange_set_endless(struct exchange *x)
{
    x->endless = true;
    conn_changed(x->conn);
}

void
exchange_cut(struct exchange *x)
{
    x->conn->cut = true;
    conn_changed(x->conn);
}

struct stream *
exchange_upgrade(struct exchange *x, const struct field *fields, size_t n)
{
    struct conn *c = x->conn;

    CHECK(x->status == 0 && x->framing.ended && c->stream != NULL);
    x->status = 101;
    x->last = true;
    buf_printf(&x->out, "HTTP/1.1 101 %s\r\n", exchange_reason(101));
    for (size_t i = 0; i < n; i++)
        if (fields_is_token(fields[i].name) && fields_is_value(fields[i].value))
            buf_printf(&x->out, "%.*s: %.*s\r\n", STR_ARG(fields[i].name),
                       STR_ARG(fields[i].value));
    buf_cstr(&x->out, "\r\n");
    write_out(x);
    conn_changed(c);
    return TAKE(c->stream);
}

void
exchange_hold(struct exchange *x)
{
    x->holds++;
}

void
exchange_release(struct exchange *x)
{
    if (x->holds-- > 0)
        return;
    head_done(&x->head);
    buf_done(&x->out);
    arena_done(&x->arena);
    free(x);
}
