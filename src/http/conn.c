#include "http/conn.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "http/limits.h"
#include "http/tls.h"
#include "io/stream.h"

static const char *const state_names[] = {"idle", "head", "exchange", "discard", "linger"};

static const int64_t state_limits[] = {
    [CONN_IDLE] = LIMIT_IDLE_US,    [CONN_HEAD] = LIMIT_HEAD_US,     [CONN_EXCHANGE] = 0,
    [CONN_DISCARD] = LIMIT_BODY_US, [CONN_LINGER] = LIMIT_LINGER_US,
};

/* The only writer of c->state. */
static void
enter(struct conn *c, enum conn_state next)
{
    int64_t limit = state_limits[next];

    c->state = next;
    c->since_us = loop_boot_us(c->server->loop);
    if (next == CONN_IDLE && c->requests == 0)
        limit = LIMIT_HEAD_US; /* who connects has something to say */
    if (limit > 0)
        timer_after(&c->timer, limit);
    else
        timer_stop(&c->timer);
}

const char *
conn_state_name(const struct conn *c)
{
    return state_names[c->state];
}

static void
count_traffic(struct conn *c)
{
    uint64_t in, out;

    if (c->stream == NULL)
        return;
    stream_take_traffic(c->stream, &in, &out);
    server_count(&c->server->counts.bytes_in, in);
    server_count(&c->server->counts.bytes_out, out);
}

/* The reply is out, or never will be. */
static void
end_exchange(struct conn *c, bool sent)
{
    struct exchange *x = TAKE(c->x);

    if (x->status >= 200 && sent)
        server_count(&c->server->counts.status[x->status / 100], 1);
    if (x->ops != NULL)
        x->ops->end(x->arg, x, sent);
    if (!sent || c->stream == NULL) {
        c->dead = true;
    } else if (x->close_after) {
        stream_finish(c->stream);
        enter(c, CONN_LINGER);
    } else if (!x->framing.ended) {
        c->discard = x->framing;
        enter(c, CONN_DISCARD);
    } else {
        enter(c, CONN_IDLE);
    }
    count_traffic(c);
    exchange_release(x);
}

static void
release(struct conn *c)
{
    struct server *s = c->server;

    if (c->x != NULL)
        end_exchange(c, false);
    count_traffic(c);
    list_remove(&c->link);
    timer_stop(&c->timer);
    task_cancel(&c->settle);
    stream_free(c->stream);
    free(c);
    s->conns_n--;
    server_count(&s->counts.connections, (uint64_t)-1);
    if (s->draining && s->conns_n == 0 && s->options.on_empty != NULL)
        s->options.on_empty(s->options.arg);
}

/* An answer from here, to a request that never reached the handler; the connection closes. */
static void
refuse(struct conn *c, int status, const struct err *why)
{
    cleanup_buf struct buf body = BUF_INIT;
    struct exchange *x = c->x;
    const char *type = "text/plain";
    struct field field;
    struct str text[2];

    server_count(&c->server->counts.malformed, 1);
    server_count(&c->server->counts.status[status / 100], 1);
    c->server->options.write_error(c->server->options.arg, NULL, status, why, &body, &type);
    field = (struct field){STR("Content-Type"), str_of(type)};
    x->close_after = true;
    x->request.minor = 1;
    exchange_write_head(x, status, &field, 1, (int64_t)body.n);
    text[0] = buf_view(&x->out);
    text[1] = buf_view(&body);
    stream_write(c->stream, text, 2);
    exchange_release(TAKE(c->x));
    stream_finish(c->stream);
    enter(c, CONN_LINGER);
}

/* The head is complete: is it one that can be served?  *ret_status says with what to refuse it. */
static int
check_head(struct exchange *x, int *ret_status, struct err *e)
{
    struct str expect;

    if (framing_of_request(&x->head, &x->framing, ret_status, e) < 0)
        return e->code;
    *ret_status = 400;
    if (request_of_head(&x->arena, &x->head, x->conn->secure, &x->request, e) < 0)
        return e->code;
    x->request.length =
        x->framing.kind == FRAMING_CHUNKED ? REQUEST_LENGTH_UNKNOWN : (int64_t)x->framing.left;
    expect = fields_get(&x->request.fields, "Expect");
    if (expect.p != NULL && !fields_name_is(expect, "100-continue")) {
        *ret_status = 417;
        return err_set(e, ERR_BADREQUEST, "the only expectation that is met is 100-continue");
    }
    x->owes_continue = expect.p != NULL && x->request.minor > 0;
    return 0;
}

static size_t
take_head(struct conn *c, struct str bytes)
{
    struct exchange *x = c->x;
    struct err e = ERR_INIT;
    size_t taken = bytes.n;
    int status, rc = head_feed(&x->head, bytes, &taken, &status, &e);

    if (rc > 0)
        rc = check_head(x, &status, &e) < 0 ? -1 : 1;
    if (rc < 0) {
        refuse(c, status, &e);
        return taken;
    }
    if (rc > 0) {
        c->requests++;
        server_count(&c->server->counts.requests, 1);
        enter(c, CONN_EXCHANGE);
        c->server->options.handle(c->server->options.arg, x);
        CHECK(x->ops != NULL);
    }
    return taken;
}

static void
begin_head(struct conn *c)
{
    c->x = NEW(struct exchange);
    c->x->conn = c;
    head_init(&c->x->head, HEAD_REQUEST);
    enter(c, CONN_HEAD);
}

static void
tell_body(struct exchange *x, struct str data, bool last, const struct err *why)
{
    exchange_body_fn *fn = TAKE(x->on_body);

    if (why != NULL)
        x->close_after = true;
    fn(x->on_body_arg, x, data, last, why);
}

static size_t
take_body(struct conn *c, struct str bytes)
{
    struct exchange *x = c->x;
    struct err e = ERR_INIT;
    struct str data;
    size_t taken;
    int rc;

    if (x->on_body == NULL || x->framing.ended)
        return 0;
    rc = framing_take(&x->framing, bytes, &taken, &data, &e);
    c->progress = true;
    if (rc < 0) {
        x->framing.ended = true; /* nothing that follows can be understood */
        tell_body(x, STR(""), true, &e);
        return bytes.n;
    }
    if (data.n > 0 || rc > 0)
        tell_body(x, data, rc > 0, NULL);
    return taken;
}

static size_t
take_discarded(struct conn *c, struct str bytes)
{
    struct err e = ERR_INIT;
    struct str data;
    size_t taken = bytes.n;

    if (framing_take(&c->discard, bytes, &taken, &data, &e) < 0)
        c->cut = true;
    else if (c->discard.ended)
        enter(c, CONN_IDLE);
    return taken;
}

static size_t
take(struct conn *c, struct str bytes)
{
    switch (c->state) {
    case CONN_IDLE:
        begin_head(c);
        return take_head(c, bytes);
    case CONN_HEAD:
        return take_head(c, bytes);
    case CONN_EXCHANGE:
        return take_body(c, bytes);
    case CONN_DISCARD:
        return take_discarded(c, bytes);
    case CONN_LINGER:
        c->lingered += bytes.n;
        if (c->lingered > LIMIT_LINGER_BYTES)
            c->cut = true;
        return bytes.n;
    }
    return bytes.n;
}

/* Makes the moves that have become possible. */
static void
conn_settle(struct conn *c)
{
    while (c->state == CONN_EXCHANGE && !c->cut && !c->dead) {
        struct exchange *x = c->x;

        if (x->on_body != NULL && x->framing.ended && c->stream != NULL)
            tell_body(x, STR(""), true, NULL);
        if (c->stream != NULL)
            exchange_pump(x);
        if (c->cut)
            break;
        if (x->endless && c->peer_ended)
            c->cut = true;
        else if (x->last && (c->stream == NULL || stream_pending(c->stream) == 0))
            end_exchange(c, true);
        else if (x->on_body == NULL || !x->framing.ended)
            break;
    }
    if (c->state == CONN_IDLE && !c->dead && (c->peer_ended || c->server->draining))
        c->cut = true; /* nothing is lost: no request has begun */
    if (c->cut)
        c->dead = true;
}

/* In an exchange time runs while we wait for the client: to read what was written, or to send what
 * was asked for. */
static void
watch_client(struct conn *c)
{
    bool writing, reading;

    if (c->state != CONN_EXCHANGE)
        return;
    writing = stream_pending(c->stream) > 0;
    reading = c->x->on_body != NULL && !c->x->framing.ended;
    if (!writing && !reading)
        timer_stop(&c->timer);
    else if (c->progress || !timer_is_armed(&c->timer))
        timer_after(&c->timer, writing ? LIMIT_WRITE_US : LIMIT_BODY_US);
    c->progress = false;
}

/* Every event ends here; the connection may be gone afterwards.  Bytes that the stream has kept are
 * offered again only to a new taker, else the loop would never rest. */
static void
finish_event(struct conn *c, bool new_taker)
{
    bool reading;

    c->inside = false;
    if (c->dead) {
        release(c);
        return;
    }
    watch_client(c);
    reading = c->state != CONN_EXCHANGE || c->x->framing.ended || c->x->on_body != NULL;
    if (reading != c->reading || (reading && new_taker))
        stream_read(c->stream, reading);
    c->reading = reading;
}

static size_t
on_read(void *arg, struct str bytes)
{
    struct conn *c = arg;
    size_t taken = 0;

    c->inside = true;
    while (taken < bytes.n && !c->dead) {
        enum conn_state before = c->state;
        size_t n = take(c, str_slice(bytes, taken, bytes.n));

        taken += n;
        conn_settle(c);
        if (n == 0 && c->state == before)
            break;
    }
    finish_event(c, false);
    return taken;
}

static void
settle_outside(void *arg)
{
    struct conn *c = arg;
    enum conn_state before = c->state;

    c->inside = true;
    conn_settle(c);
    finish_event(c, c->state != before || (c->x != NULL && c->x->on_body != NULL));
}

static void
on_drain(void *arg)
{
    struct conn *c = arg;

    c->progress = true;
    settle_outside(c);
}

static void
on_end(void *arg)
{
    struct conn *c = arg;

    c->peer_ended = true;
    if (c->state != CONN_EXCHANGE || !c->x->framing.ended)
        c->cut = true; /* amid a request, or after the last one */
    settle_outside(c);
}

static void
on_close(void *arg, const struct err *why)
{
    struct conn *c = arg;

    log_debug("http", "connection in state %s: %s", conn_state_name(c), why->msg);
    c->cut = true;
    settle_outside(c);
}

static const struct stream_handler handler = {
    .on_read = on_read, .on_end = on_end, .on_drain = on_drain, .on_close = on_close};

static void
on_timer(void *arg)
{
    struct conn *c = arg;
    struct err e = ERR_INIT;

    c->inside = true;
    if (c->state == CONN_HEAD) {
        err_set(&e, ERR_TIMEOUT, "the head of the request was not complete after %lld s",
                (long long)(LIMIT_HEAD_US / CLOCK_SECOND));
        refuse(c, 408, &e);
    } else if (c->state == CONN_EXCHANGE && stream_pending(c->stream) == 0 &&
               c->x->on_body != NULL) {
        err_set(&e, ERR_TIMEOUT, "no byte of the body has come for %lld s",
                (long long)(LIMIT_BODY_US / CLOCK_SECOND));
        tell_body(c->x, STR(""), true, &e);
    } else {
        c->cut = true;
    }
    conn_settle(c);
    finish_event(c, false);
}

struct conn *
conn_new(struct server *s, const struct server_arrival *a, struct err *e)
{
    struct conn *c = NEW(struct conn);

    c->server = s;
    list_init(&c->link);
    timer_init(&c->timer, s->loop, on_timer, c);
    task_init(&c->settle, s->loop, settle_outside, c);
    c->stream = stream_new(s->loop, a->fd, &handler, c, e);
    c->secure = a->tls != NULL;
    if (c->stream != NULL)
        stream_set_last(c->stream, a->closed, a->arg);
    else if (a->closed != NULL)
        a->closed(a->arg);
    if (c->stream == NULL || (a->tls != NULL && tls_accept(a->tls, c->stream, e) < 0)) {
        stream_free(c->stream);
        free(c);
        return NULL;
    }
    enter(c, CONN_IDLE);
    c->reading = true;
    stream_read(c->stream, true);
    return c;
}

void
conn_changed(struct conn *c)
{
    if (!c->inside)
        task_post(&c->settle);
}

void
conn_drain(struct conn *c)
{
    if (c->state == CONN_EXCHANGE && c->x->endless && c->x->status != 0 && !c->x->last)
        exchange_end_early(c->x);
    conn_changed(c);
}

void
conn_cut(struct conn *c)
{
    c->cut = true;
    conn_changed(c);
}
