#include "http/proxy.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/exchange.h"
#include "http/fetch.h"
#include "http/server.h"
#include "http/tunnel.h"
#include "io/address.h"
#include "io/stream.h"

struct proxy {
    struct exchange *x;
    struct fetch *fetch; /* NULL when it is over */
    void (*done)(void *arg, bool sent);
    void *done_arg;
    bool upgrade; /* the client asks for another protocol */
    bool wanted;  /* the client has room for the next piece */
    bool replying;
    bool last; /* the reply's last piece was given */
};

/* Fields. */

static bool
is_of_connection(const struct fields *f, struct str name)
{
    static const char *const always[] = {"Connection",
                                         "Keep-Alive",
                                         "Proxy-Connection",
                                         "Proxy-Authenticate",
                                         "Proxy-Authorization",
                                         "TE",
                                         "Trailer",
                                         "Transfer-Encoding",
                                         "Upgrade",
                                         "Content-Length"};

    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (fields_name_is(name, always[i]))
            return true;
    for (size_t i = 0; i < f->n; i++) {
        struct str rest = f->at[i].value, item;

        if (!fields_name_is(f->at[i].name, "Connection"))
            continue;
        while (fields_next_item(&rest, &item))
            if (fields_same(item, name))
                return true;
    }
    return false;
}

/* Copies the fields that may pass; `to` has room for all of them. */
static size_t
pass_fields(const struct fields *f, struct field *to, const char *const *dropped)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++) {
        struct str name = f->at[i].name;
        bool pass = !is_of_connection(f, name);

        for (const char *const *d = dropped; pass && *d != NULL; d++)
            pass = !fields_name_is(name, *d);
        if (pass)
            to[n++] = f->at[i];
    }
    return n;
}

/* The peer without its port, behind whoever was named before. */
static struct str
forwarded_for(struct exchange *x)
{
    const struct request *rq = exchange_request(x);
    cleanup_buf struct buf text = BUF_INIT;
    struct str before = fields_get(&rq->fields, "X-Forwarded-For"), peer;
    struct address address;

    exchange_peer(x, &address);
    address_write(&address, &text);
    peer = buf_view(&text);
    while (peer.n > 0 && peer.p[peer.n - 1] != ':')
        peer.n--;
    if (peer.n > 0)
        peer.n--;
    if (before.n == 0)
        return str_of(arena_printf(exchange_arena(x), "%.*s", STR_ARG(peer)));
    return str_of(arena_printf(exchange_arena(x), "%.*s, %.*s", STR_ARG(before), STR_ARG(peer)));
}

/* HTTP/1.0 may come without one. */
static struct str
host_field(struct exchange *x, const struct address *to)
{
    struct str host = fields_get(&exchange_request(x)->fields, "Host");
    cleanup_buf struct buf text = BUF_INIT;

    if (host.n > 0)
        return host;
    address_write(to, &text);
    return str_of(arena_strdup(exchange_arena(x), buf_cstring(&text)));
}

enum { ADDED_FIELDS = 6 };

static size_t
request_fields(struct proxy *p, bool keep_credentials, struct field *to)
{
    static const char *const dropped[] = {
        "Host",          "Expect", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
        "Authorization", NULL};
    const struct request *rq = exchange_request(p->x);
    const struct fields *f = &rq->fields;
    size_t n = pass_fields(f, to, dropped);

    if (keep_credentials && fields_count(f, "Authorization") > 0)
        to[n++] = (struct field){STR("Authorization"), fields_get(f, "Authorization")};
    to[n++] = (struct field){STR("X-Forwarded-For"), forwarded_for(p->x)};
    to[n++] = (struct field){STR("X-Forwarded-Proto"), rq->secure ? STR("https") : STR("http")};
    to[n++] = (struct field){STR("X-Forwarded-Host"), fields_get(f, "Host")};
    if (p->upgrade) {
        to[n++] = (struct field){STR("Connection"), STR("Upgrade")};
        to[n++] = (struct field){STR("Upgrade"), fields_get(f, "Upgrade")};
    }
    return n;
}

/* The reply. */

static void
fail(struct proxy *p, const struct err *why)
{
    fetch_free(TAKE(p->fetch));
    if (p->replying)
        exchange_cut(p->x);
    else
        exchange_fail(p->x, why->code == ERR_TIMEOUT ? 504 : 502, why);
}

static void
join(struct proxy *p)
{
    const struct fields *f = fetch_fields(p->fetch);
    struct field *to = ARENA_ARRAY(exchange_arena(p->x), struct field, f->n + 2);
    static const char *const dropped[] = {NULL};
    size_t n = pass_fields(f, to, dropped);
    struct server *server = exchange_server(p->x);
    struct stream *down;

    to[n++] = (struct field){STR("Connection"), STR("Upgrade")};
    to[n++] = (struct field){STR("Upgrade"), fields_get(f, "Upgrade")};
    down = exchange_upgrade(p->x, to, n);
    tunnel_start_in(server, down, fetch_upgrade(p->fetch));
    fetch_free(TAKE(p->fetch));
}

static void
on_head(void *arg)
{
    static const char *const dropped[] = {"Date", NULL}; /* ours stands in the head already */
    struct proxy *p = arg;
    const struct fields *f = fetch_fields(p->fetch);
    int status = fetch_status(p->fetch);
    struct field *to;
    struct err e = ERR_INIT;

    if (status == 101 && p->upgrade) {
        join(p);
        return;
    }
    if (status == 101) {
        err_set(&e, ERR_BADREQUEST, "the server switches to a protocol that nobody asked for");
        fail(p, &e);
        return;
    }
    p->replying = true;
    to = ARENA_ARRAY(exchange_arena(p->x), struct field, f->n + 1);
    exchange_begin(p->x, status, to, pass_fields(f, to, dropped), fetch_length(p->fetch));
}

static void
on_piece(void *arg, struct str bytes, bool last)
{
    struct proxy *p = arg;

    p->wanted = false;
    p->last = last;
    exchange_send(p->x, &bytes, 1, last);
    if (last)
        fetch_free(TAKE(p->fetch));
}

static void
on_fail(void *arg, const struct err *why)
{
    fail(arg, why);
}

static void
on_proceed(void *arg, struct exchange *x)
{
    struct proxy *p = arg;

    (void)x;
    p->wanted = true;
    fetch_read(p->fetch);
}

/* The request. */

static void
on_body(void *arg, struct exchange *x, struct str bytes, bool last, const struct err *why)
{
    struct proxy *p = arg;

    (void)x;
    if (p->fetch == NULL)
        return; /* the reply came before the request's end */
    if (why == NULL) {
        fetch_send(p->fetch, bytes, last);
        return;
    }
    fetch_free(TAKE(p->fetch));
    if (p->replying)
        exchange_cut(p->x);
    else
        exchange_fail(p->x, why->code == ERR_TIMEOUT ? 408 : 400, why);
}

static void
on_room(void *arg)
{
    struct proxy *p = arg;

    exchange_read(p->x, on_body, p);
}

static void
on_end(void *arg, struct exchange *x, bool sent)
{
    struct proxy *p = arg;

    (void)x;
    fetch_free(p->fetch);
    p->done(p->done_arg, sent);
    free(p);
}

static const struct exchange_ops exchange_ops = {.proceed = on_proceed, .end = on_end};
static const struct fetch_handler fetch_ops = {on_room, on_head, on_piece, on_fail};

void
proxy_start(struct exchange *x, const struct proxy_options *o)
{
    const struct request *rq = exchange_request(x);
    struct proxy *p = NEW(struct proxy);
    struct arena *a = exchange_arena(x);
    struct field *fields = ARENA_ARRAY(a, struct field, rq->fields.n + ADDED_FIELDS);
    struct str path = o->path.p != NULL ? o->path : rq->path;
    struct fetch_request out;
    struct err e = ERR_INIT;

    *p = (struct proxy){.x = x, .done = o->done, .done_arg = o->done_arg};
    p->upgrade = fields_has_token(&rq->fields, "Connection", "Upgrade") && rq->length == 0 &&
                 fields_get(&rq->fields, "Upgrade").n > 0;
    exchange_own(x, &exchange_ops, p);
    out = (struct fetch_request){
        .to = o->to,
        .tls = o->tls,
        .tls_host = o->tls_host,
        .method = rq->method,
        .target = path,
        .host = host_field(x, o->to),
        .fields = fields,
        .fields_n = request_fields(p, o->keep_credentials, fields),
        .length = rq->length,
        .head_us = o->head_us,
    };
    if (rq->query.p != NULL)
        out.target = str_of(arena_printf(a, "%.*s?%.*s", STR_ARG(path), STR_ARG(rq->query)));
    p->fetch = fetch_new(o->client, &out, &fetch_ops, p, &e);
    if (p->fetch == NULL)
        exchange_fail(x, 502, &e);
}
