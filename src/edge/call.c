#include "edge/call.h"

#include "base/arena.h"
#include "base/log.h"
#include "edge/call_int.h"
#include "edge/feed_int.h"
#include "edge/gate.h"
#include "http/exchange.h"
#include "http/limits.h"
#include "http/proxy.h"
#include "http/websocket.h"
#include "io/address.h"

/* Asking. */

const struct request *
call_request(const struct call *c)
{
    return exchange_request(c->x);
}

const struct caller *
call_caller(const struct call *c)
{
    return &c->caller;
}

struct str
call_param(const struct call *c, const char *name)
{
    const struct routes_entry *x = c->match.entry;

    for (size_t i = 0; i < x->names_n; i++)
        if (strcmp(x->names[i], name) == 0)
            return c->match.values[i];
    return STR_NULL;
}

struct arena *
call_arena(struct call *c)
{
    return exchange_arena(c->x);
}

struct loop *
call_loop(const struct call *c)
{
    return c->thread->loop;
}

struct str
call_peer(struct call *c)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct address peer;

    if (c->gone)
        return STR("");
    exchange_peer(c->x, &peer);
    address_write(&peer, &text);
    return str_of(arena_strdup(call_arena(c), buf_cstring(&text)));
}

void
call_on_gone(struct call *c, void (*fn)(void *arg), void *arg)
{
    c->on_gone = fn;
    c->on_gone_arg = arg;
}

/* The end. */

/* Nobody needs the call any more. */
static void
finish(struct call *c, bool answered)
{
    struct edge_counts *counts = &c->thread->edge->counts;
    struct reply *r = &c->reply;

    atomic_fetch_add(answered ? &counts->answered : &counts->gone, 1);
    if (r->feed != NULL) {
        feed_close(r->feed);
        feed_unref(r->feed);
        atomic_fetch_sub(&counts->feeds, 1);
    }
    if (r->release != NULL)
        r->release(r->release_arg);
    if (r->done != NULL)
        r->done(r->done_arg, answered);
    buf_done(&c->body);
    free(c->why);
    routes_unref(c->routes);
    exchange_release(c->x);
    c->thread->open--;
    free(c);
}

/* Writing the reply: an exchange's end. */

static void
on_end(void *arg, struct exchange *x, bool sent)
{
    struct call *c = arg;

    (void)x;
    if (c->answered) {
        finish(c, sent);
        return;
    }
    c->gone = true;
    if (c->on_gone != NULL)
        c->on_gone(c->on_gone_arg);
    call_body_gone(c);
}

static void
pull_feed(struct call *c)
{
    struct buf *piece = &c->thread->piece;
    enum feed_state state;
    struct str text;

    buf_clear(piece);
    state = feed_pull(c->reply.feed, piece, LIMIT_PIECE_BYTES);
    text = buf_view(piece);
    if (state == FEED_BREAK)
        exchange_cut(c->x);
    else if (state == FEED_WAIT && text.n == 0)
        c->waiting = true;
    else
        exchange_send(c->x, &text, 1, state == FEED_END);
}

static void
on_proceed(void *arg, struct exchange *x)
{
    (void)x;
    pull_feed(arg);
}

static void
on_wake(void *arg)
{
    struct call *c = arg;

    if (!c->waiting || c->gone)
        return;
    c->waiting = false;
    pull_feed(c);
}

static const struct exchange_ops ops = {.proceed = on_proceed, .end = on_end};

/* The handler has done its part. */
static void
take_up(struct call *c)
{
    c->answered = true;
    atomic_fetch_sub(&c->thread->edge->counts.calls, 1);
}

/* Gives the reply to the connection.  Edge thread. */
static void
deliver(struct call *c)
{
    struct reply *r = &c->reply;

    take_up(c);
    if (r->feed != NULL)
        atomic_fetch_add(&c->thread->edge->counts.feeds, 1);
    if (c->gone) {
        finish(c, false);
        return;
    }
    if (r->feed == NULL) {
        exchange_answer(c->x, r->status, r->fields, r->fields_n, r->body);
        return;
    }
    exchange_begin(c->x, r->status, r->fields, r->fields_n,
                   r->length > 0 ? r->length : EXCHANGE_LENGTH_UNKNOWN);
    if (feed_is_endless(r->feed))
        exchange_set_endless(c->x);
}

static void
open_reply(struct letter *l)
{
    deliver(CONTAINER_OF(l, struct call, letter));
}

static struct str
copy(struct arena *a, struct str s)
{
    return s.p != NULL ? str_make(str_dup_arena(a, s), s.n) : s;
}

/* The reply's own copy, with the type as one of the fields. */
static void
keep_reply(struct call *c, const struct reply *r)
{
    struct arena *a = call_arena(c);
    struct field *to = ARENA_ARRAY(a, struct field, r->fields_n + 1);
    size_t n = 0;

    if (r->content_type != NULL)
        to[n++] = (struct field){STR("Content-Type"), copy(a, str_of(r->content_type))};
    for (size_t i = 0; i < r->fields_n; i++)
        to[n++] = (struct field){copy(a, r->fields[i].name), copy(a, r->fields[i].value)};
    c->reply = *r;
    c->reply.fields = to;
    c->reply.fields_n = n;
    if (r->release == NULL)
        c->reply.body = copy(a, r->body);
}

void
call_reply(struct call *c, const struct reply *r)
{
    CHECK(r->status >= 200 && r->status <= 599);
    keep_reply(c, r);
    if (r->feed != NULL)
        feed_attach(feed_ref(r->feed), c->thread->mailbox, on_wake, c);
    if (edge_current() == c->thread && !c->gone) {
        deliver(c);
        return;
    }
    c->letter.open = open_reply;
    mailbox_post(c->thread->mailbox, &c->letter);
}

static void
free_text(void *arg)
{
    free(arg);
}

/* The error with its status; 401 and 429 say what to do. */
static void
fail_with(struct call *c, int status, const struct err *why, struct str allow)
{
    cleanup_buf struct buf body = BUF_INIT;
    struct field field = {.name = STR_NULL};
    struct reply r = {.status = status, .fields = &field, .release = free_text};

    call_write_error(c->thread->edge, call_request(c), status, why, &body, &r.content_type);
    if (status == 401)
        field = (struct field){STR("WWW-Authenticate"), STR("Bearer")};
    else if (status == 429)
        field = (struct field){STR("Retry-After"),
                               str_of(arena_printf(call_arena(c), "%d", EDGE_RETRY_AFTER_S))};
    else if (status == 405)
        field = (struct field){STR("Allow"), allow};
    r.fields_n = field.name.p != NULL;
    r.body.n = body.n;
    r.body.p = r.release_arg = buf_take(&body);
    call_reply(c, &r);
}

void
call_fail(struct call *c, const struct err *why)
{
    fail_with(c, err_status(why->code), why, STR_NULL);
}

void
call_forbid(struct call *c)
{
    const struct request *rq = call_request(c);
    const char *verb = str_is(rq->method, "GET") || str_is(rq->method, "HEAD") ? "get" : "use";
    struct err e = ERR_INIT;

    err_set(&e, ERR_FORBIDDEN, "forbidden: User \"%.*s\" cannot %s path \"%.*s\"",
            STR_ARG(c->caller.name), verb, STR_ARG(str_slice(rq->path, 0, 200)));
    call_fail(c, &e);
}

static void
on_proxied(void *arg, bool sent)
{
    finish(arg, sent);
}

void
call_proxy(struct call *c, const struct address *to, struct str path)
{
    const struct proxy_options o = {
        .client = c->thread->client, .to = to, .path = path, .done = on_proxied, .done_arg = c};

    take_up(c);
    if (c->gone)
        finish(c, false);
    else
        proxy_start(c->x, &o);
}

struct websocket *
call_websocket(struct call *c, const char *const *protocols,
               const struct websocket_handler *handler, void *arg, struct err *e)
{
    struct websocket *w;

    if (c->gone) {
        err_set(e, ERR_UNAVAILABLE, "the client has closed the connection");
        return NULL;
    }
    w = websocket_accept(c->x, protocols, handler, arg, e);
    if (w != NULL)
        take_up(c);
    return w;
}

/* Beginning. */

/* 0, or the status with which the call is refused. */
static int
check(struct edge_thread *t, struct call *c, struct exchange *x, struct buf *allow, struct err *e)
{
    struct edge *g = t->edge;
    const struct request *rq = exchange_request(x);
    enum routes_result found;

    if (gate_check(&g->options, x, &c->caller, e) < 0)
        return err_status(e->code);
    found = routes_find(c->routes, exchange_arena(x), rq->method, rq->path, &c->match, allow);
    if (c->caller.kind == CALLER_NONE &&
        (found != ROUTES_FOUND || c->match.entry->route.access == ROUTE_CALLERS)) {
        err_set(e, ERR_UNAUTHORIZED, "this needs a token: Authorization: Bearer TOKEN");
        return 401;
    }
    if (found == ROUTES_NO_PATH) {
        err_set(e, ERR_NOTFOUND, "nothing is served at '%.*s'",
                STR_ARG(str_slice(rq->path, 0, 200)));
        return 404;
    }
    if (found == ROUTES_NO_METHOD) {
        err_set(e, ERR_BADREQUEST, "the method %.*s is not served here; these are: %s",
                STR_ARG(str_slice(rq->method, 0, 40)), buf_cstring(allow));
        return 405;
    }
    if (atomic_load(&g->counts.calls) > g->options.max_calls) {
        err_set(e, ERR_TOOMANY, "%zu requests are being worked on: that is the limit",
                g->options.max_calls);
        return 429;
    }
    return 0;
}

void
call_begin(struct edge_thread *t, struct exchange *x)
{
    cleanup_buf struct buf allow = BUF_INIT;
    struct edge_counts *counts = &t->edge->counts;
    struct call *c = NEW(struct call);
    struct err e = ERR_INIT;
    int status;

    c->thread = t;
    c->x = x;
    c->routes = routes_ref(edge_routes(t));
    exchange_hold(x);
    exchange_own(x, &ops, c);
    t->open++;
    atomic_fetch_add(&counts->calls, 1);
    status = check(t, c, x, &allow, &e);
    if (status == 401)
        atomic_fetch_add(&counts->unauthorized, 1);
    if (status == 429)
        atomic_fetch_add(&counts->throttled, 1);
    if (status != 0)
        fail_with(c, status, &e, buf_view(&allow));
    else
        c->match.entry->route.handler(c->match.entry->route.arg, c);
}
