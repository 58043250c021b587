#include "http/fetch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "http/client_int.h"
#include "http/framing.h"
#include "http/head.h"
#include "http/limits.h"
#include "io/stream.h"

enum { MAX_INTERIM = 16 }; /* 1xx heads before the one that counts */

struct fetch {
    struct client *client;
    struct address to;
    const struct tls *tls;
    char *tls_host;
    const struct fetch_handler *handler;
    void *arg;

    struct client_link *link; /* NULL when it was given back or away */
    bool used;                /* the connection had served before */
    bool connected;
    bool fresh;         /* this one must be new: the second try */
    struct buf request; /* the head, until the reply begins */
    struct timer timer;
    int64_t head_us;
    struct task task; /* callbacks that are due from outside of events */

    int64_t left;  /* of the request's body, or FETCH_LENGTH_UNKNOWN */
    bool sent;     /* all of the request was written */
    bool asked;    /* on_room ran and was not answered */
    bool begun;    /* some of its body was written */
    bool safe;     /* the request may be sent twice */
    bool bodyless; /* the reply has no body, since the request was HEAD */

    struct head head; /* of the reply */
    struct framing framing;
    int interim;
    int64_t length;
    bool has_head, wants, ended, over;
};

/* The end. */

static void
let_go(struct fetch *f, bool reusable)
{
    struct client_link *l = TAKE(f->link);

    timer_stop(&f->timer);
    if (l == NULL)
        return;
    if (reusable)
        client_give(l);
    else
        client_drop(l);
}

static void
fail(struct fetch *f, const struct err *why)
{
    let_go(f, false);
    f->over = true;
    f->handler->on_fail(f->arg, why);
}

static void
fail_with(struct fetch *f, int code, const char *text)
{
    struct err e = ERR_INIT;

    err_set(&e, code, "%s", text);
    fail(f, &e);
}

static void
on_timer(void *arg)
{
    struct fetch *f = arg;

    fail_with(f, ERR_TIMEOUT,
              f->connected ? "the server has not answered in time"
                           : "the connection has not come about in time");
}

/* The request. */

static void
write_request(struct fetch *f)
{
    struct str text = buf_view(&f->request);

    f->sent = f->left == 0;
    stream_write(f->link->stream, &text, 1);
}

/* Asks for the next piece of the body when the last one has gone. */
static void
ask(struct fetch *f)
{
    if (f->sent || f->asked || f->over || f->link == NULL || stream_pending(f->link->stream) > 0)
        return;
    f->asked = true;
    f->handler->on_room(f->arg);
}

void
fetch_send(struct fetch *f, struct str bytes, bool last)
{
    char room[FRAMING_CHUNK_HEAD];
    struct str parts[4];
    size_t n = 0;

    CHECK(f->asked);
    f->asked = false;
    if (f->link == NULL)
        return; /* the reply is complete already */
    f->begun = f->begun || bytes.n > 0;
    f->sent = last;
    if (f->left >= 0) {
        CHECK((int64_t)bytes.n <= f->left);
        f->left -= (int64_t)bytes.n;
        parts[n++] = bytes;
    } else {
        if (bytes.n > 0) {
            parts[n++] = framing_chunk_head(bytes.n, room);
            parts[n++] = bytes;
            parts[n++] = STR("\r\n");
        }
        if (last)
            parts[n++] = STR("0\r\n\r\n");
    }
    timer_after(&f->timer, f->head_us);
    if (stream_write(f->link->stream, parts, n))
        task_post(&f->task);
}

static void
write_head(struct fetch *f, const struct fetch_request *rq)
{
    struct buf *to = &f->request;

    buf_printf(to, "%.*s %.*s HTTP/1.1\r\nHost: %.*s\r\n", STR_ARG(rq->method), STR_ARG(rq->target),
               STR_ARG(rq->host));
    for (size_t i = 0; i < rq->fields_n; i++)
        if (fields_is_token(rq->fields[i].name) && fields_is_value(rq->fields[i].value))
            buf_printf(to, "%.*s: %.*s\r\n", STR_ARG(rq->fields[i].name),
                       STR_ARG(rq->fields[i].value));
    if (rq->length < 0)
        buf_cstr(to, "Transfer-Encoding: chunked\r\n");
    else if (rq->length > 0 || str_is(rq->method, "POST") || str_is(rq->method, "PUT"))
        buf_printf(to, "Content-Length: %" PRId64 "\r\n", rq->length);
    buf_cstr(to, "\r\n");
}

/* The reply. */

/* Whether the connection is free for others when the body has ended. */
static bool
is_reusable(const struct fetch *f)
{
    return f->sent && f->framing.kind != FRAMING_CLOSE && f->head.minor > 0 &&
           !fields_has_token(&f->head.fields, "Connection", "close");
}

/* The last piece.  Its bytes may be the connection's, so that goes afterwards. */
static void
end_body(struct fetch *f, struct str bytes)
{
    struct client_link *l = TAKE(f->link);
    bool reusable = is_reusable(f);

    f->ended = true;
    f->wants = false;
    f->handler->on_piece(f->arg, bytes, true);
    if (reusable)
        client_give(l);
    else
        client_drop(l);
}

static int64_t
length_of(const struct fetch *f)
{
    int64_t said;

    if (f->framing.kind == FRAMING_LENGTH)
        return (int64_t)f->framing.left;
    if (f->framing.kind != FRAMING_NONE)
        return FETCH_LENGTH_UNKNOWN;
    /* A reply to HEAD says how long the body would be. */
    if (f->bodyless && str_to_int(fields_get(&f->head.fields, "Content-Length"), &said))
        return said;
    return f->bodyless && fields_count(&f->head.fields, "Transfer-Encoding") > 0
               ? FETCH_LENGTH_UNKNOWN
               : 0;
}

/* A head is complete.  1: the owner was told; 0: it is none that counts; negative: *e says why it
 * is none at all. */
static int
begin_reply(struct fetch *f, struct err *e)
{
    if (f->head.status < 200 && f->head.status != 101) {
        if (++f->interim > MAX_INTERIM)
            return err_set(e, ERR_BADREQUEST, "more than %d interim replies", MAX_INTERIM);
        head_done(&f->head);
        head_init(&f->head, HEAD_RESPONSE);
        return 0;
    }
    if (framing_of_response(&f->head, f->bodyless, &f->framing, e) < 0)
        return e->code;
    f->has_head = true;
    f->length = length_of(f);
    timer_stop(&f->timer);
    buf_done(&f->request);
    if (f->framing.ended && f->head.status != 101) {
        f->ended = true;
        let_go(f, is_reusable(f));
    }
    f->handler->on_head(f->arg);
    return 1;
}

static void
reply_malformed(struct fetch *f, struct err *e)
{
    err_wrap(e, "the server's reply");
    e->code = ERR_BADREQUEST;
    fail(f, e);
}

/* Both take some bytes, and return false once the owner was told something: the fetch may be gone
 * then. */

static bool
take_head(struct fetch *f, struct str bytes, size_t *ret_taken)
{
    struct err e = ERR_INIT;
    int status, rc;

    *ret_taken = bytes.n;
    rc = head_feed(&f->head, bytes, ret_taken, &status, &e);
    if (rc > 0)
        rc = begin_reply(f, &e);
    if (rc < 0)
        reply_malformed(f, &e);
    return rc == 0;
}

static bool
take_body(struct fetch *f, struct str bytes, size_t *ret_taken)
{
    struct err e = ERR_INIT;
    struct str data;
    int rc = framing_take(&f->framing, bytes, ret_taken, &data, &e);

    if (rc < 0) {
        *ret_taken = bytes.n;
        reply_malformed(f, &e);
        return false;
    }
    if (rc > 0) {
        end_body(f, data);
        return false;
    }
    if (data.n == 0)
        return true;
    f->wants = false;
    stream_read(f->link->stream, false);
    f->handler->on_piece(f->arg, data, false);
    return false;
}

static size_t
on_read(void *arg, struct str bytes)
{
    struct fetch *f = arg;
    size_t taken = 0, n;
    bool on = !f->has_head || f->wants;

    while (on && taken < bytes.n) {
        struct str rest = str_slice(bytes, taken, bytes.n);

        on = f->has_head ? take_body(f, rest, &n) : take_head(f, rest, &n);
        taken += n;
    }
    return taken;
}

/* Whether a server that has closed a kept connection may be asked again. */
static bool
may_retry(const struct fetch *f)
{
    return f->used && !f->has_head && !head_has_begun(&f->head) && !f->begun && f->interim == 0 &&
           (f->safe || !f->sent);
}

static bool connect_now(struct fetch *f, struct err *e);

static void
retry(struct fetch *f)
{
    struct err e = ERR_INIT;

    let_go(f, false);
    f->fresh = true;
    if (!connect_now(f, &e))
        fail(f, &e);
}

static void
on_end(void *arg)
{
    struct fetch *f = arg;
    struct err e = ERR_INIT;

    if (may_retry(f)) {
        retry(f);
    } else if (!f->has_head) {
        fail_with(f, ERR_UNAVAILABLE, "the server has closed the connection without a reply");
    } else if (framing_end(&f->framing, &e) < 0) {
        reply_malformed(f, &e);
    } else {
        end_body(f, STR(""));
    }
}

static void
on_drain(void *arg)
{
    struct fetch *f = arg;

    if (!f->connected && !f->has_head)
        timer_after(&f->timer, f->head_us);
    f->connected = true;
    ask(f);
}

static void
on_close(void *arg, const struct err *why)
{
    struct fetch *f = arg;

    if (may_retry(f))
        retry(f);
    else
        fail(f, why);
}

static const struct stream_handler stream_ops = {on_read, on_end, on_drain, on_close};

static bool
connect_now(struct fetch *f, struct err *e)
{
    const struct client_place place = {.to = &f->to, .tls = f->tls, .tls_host = f->tls_host};

    f->link = client_take(f->client, &place, f->fresh, &stream_ops, f, &f->used, e);
    if (f->link == NULL)
        return false;
    stream_read(f->link->stream, true);
    write_request(f);
    f->connected = f->used;
    timer_after(&f->timer, f->used ? f->head_us : LIMIT_CONNECT_US);
    task_post(&f->task);
    return true;
}

/* What is due since a call of the owner. */
static void
on_task(void *arg)
{
    struct fetch *f = arg;

    if (f->wants && f->ended) {
        f->wants = false;
        f->handler->on_piece(f->arg, STR(""), true);
        return;
    }
    ask(f);
}

struct fetch *
fetch_new(struct client *c, const struct fetch_request *rq, const struct fetch_handler *handler,
          void *arg, struct err *e)
{
    static const char *const idempotent[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
    struct fetch *f = NEW(struct fetch);

    f->client = c;
    f->to = *rq->to;
    f->tls = rq->tls;
    f->tls_host = rq->tls_host != NULL ? xstrdup(rq->tls_host) : NULL;
    f->handler = handler;
    f->arg = arg;
    f->left = rq->length;
    f->head_us = rq->head_us > 0 ? rq->head_us : LIMIT_UPSTREAM_US;
    f->bodyless = str_is(rq->method, "HEAD");
    for (size_t i = 0; i < ARRAY_LEN(idempotent); i++)
        f->safe = f->safe || str_is(rq->method, idempotent[i]);
    head_init(&f->head, HEAD_RESPONSE);
    timer_init(&f->timer, c->loop, on_timer, f);
    task_init(&f->task, c->loop, on_task, f);
    write_head(f, rq);
    if (connect_now(f, e))
        return f;
    fetch_free(f);
    return NULL;
}

void
fetch_read(struct fetch *f)
{
    f->wants = true;
    if (f->link == NULL)
        task_post(&f->task);
    else
        stream_read(f->link->stream, true);
}

int
fetch_status(const struct fetch *f)
{
    return f->head.status;
}

const struct fields *
fetch_fields(const struct fetch *f)
{
    return &f->head.fields;
}

int64_t
fetch_length(const struct fetch *f)
{
    return f->length;
}

struct stream *
fetch_upgrade(struct fetch *f)
{
    struct stream *s = TAKE(f->link->stream);

    CHECK(f->head.status == 101);
    let_go(f, false);
    f->over = true;
    return s;
}

void
fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    let_go(f, false);
    task_cancel(&f->task);
    head_done(&f->head);
    buf_done(&f->request);
    free(f->tls_host);
    free(f);
}
