#include "edge/gate.h"

#include "base/buf.h"
#include "base/err.h"
#include "http/exchange.h"
#include "io/address.h"
#include "io/peer.h"

/* Whoever sends one of these speaks for somebody else. */
static bool
is_forwarded(const struct fields *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct str name = f->at[i].name;

        if (fields_name_is(name, "Forwarded") || fields_name_is(name, "Via") ||
            fields_name_is(name, "X-Real-IP") ||
            fields_name_is(str_slice(name, 0, 12), "X-Forwarded-"))
            return true;
    }
    return false;
}

static bool
is_loopback_text(struct str host)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct address address;
    struct err e = ERR_INIT;
    bool v6 = str_find_char(host, ':', 0) >= 0;

    buf_printf(&text, v6 ? "[%.*s]:0" : "%.*s:0", STR_ARG(host));
    return address_parse(buf_view(&text), &address, &e) == 0 && address_is_loopback(&address);
}

/* Whether a host is one by which this machine's own browser may know the server. */
static bool
knows_host(const struct edge_options *o, struct str host)
{
    if (host.n == 0)
        return false;
    if (str_is(host, "localhost") || is_loopback_text(host))
        return true;
    for (const char *const *h = o->hosts; h != NULL && *h != NULL; h++)
        if (str_is(host, *h) || (**h == '.' && str_ends(host, str_of(*h))))
            return true;
    return false;
}

/* Whether an Origin, "http://host:port", is the server that the request went to. */
static bool
is_same_origin(const struct request *rq, struct str origin)
{
    struct str scheme = rq->secure ? STR("https://") : STR("http://");
    struct str host = fields_get(&rq->fields, "Host");

    return str_starts(origin, scheme) && fields_same(str_slice(origin, scheme.n, origin.n), host);
}

static int
check_token(const struct edge_options *o, struct exchange *x, struct caller *ret, struct err *e)
{
    const struct request *rq = exchange_request(x);
    struct str rest = fields_get(&rq->fields, "Authorization"), scheme = str_cut(&rest, ' ');
    struct str token = str_trim(rest);

    if (fields_count(&rq->fields, "Authorization") > 1)
        return err_set(e, ERR_UNAUTHORIZED, "more than one Authorization");
    if (!fields_name_is(scheme, "Bearer") || token.n == 0)
        return err_set(e, ERR_UNAUTHORIZED, "Authorization must be 'Bearer TOKEN'");
    if (o->authenticate == NULL)
        return err_set(e, ERR_UNAUTHORIZED, "this server knows no tokens");
    if (o->authenticate(o->authenticate_arg, exchange_arena(x), token, ret, e) < 0)
        return e->code;
    ret->kind = CALLER_TOKEN;
    return 0;
}

/* Whether a peer may be known by the kernel's word at all. */
static bool
may_be_own(const struct edge_options *o, const struct address *peer)
{
    return o->local != NULL &&
           (o->may_be_local == NULL || o->may_be_local(o->may_be_local_arg, peer));
}

static bool
is_own(uid_t uid)
{
    return uid == 0 || uid == geteuid();
}

bool
gate_is_own(const struct edge_options *o, int fd, const struct address *peer)
{
    struct err e = ERR_INIT;
    uid_t uid;

    return may_be_own(o, peer) && peer_uid(fd, &uid, &e) == 0 && is_own(uid);
}

static bool
is_local(const struct edge_options *o, struct exchange *x)
{
    const struct request *rq = exchange_request(x);
    struct address peer;
    struct err e = ERR_INIT;
    uid_t uid;

    if (rq->secure || is_forwarded(&rq->fields) || !knows_host(o, rq->host))
        return false;
    exchange_peer(x, &peer);
    return may_be_own(o, &peer) && exchange_peer_uid(x, &uid, &e) == 0 && is_own(uid);
}

static int
find_caller(const struct edge_options *o, struct exchange *x, struct caller *ret, struct err *e)
{
    const struct request *rq = exchange_request(x);
    struct str origin = fields_get(&rq->fields, "Origin");

    *ret = (struct caller){.kind = CALLER_NONE};
    if (fields_count(&rq->fields, "Authorization") > 0)
        return check_token(o, x, ret, e);
    if (origin.p != NULL && !is_same_origin(rq, origin))
        return err_set(e, ERR_FORBIDDEN,
                       "a page of '%.*s' has made this request: that needs a token",
                       STR_ARG(str_slice(origin, 0, 200)));
    if (is_local(o, x)) {
        *ret = *o->local;
        ret->kind = CALLER_LOCAL;
    }
    return 0;
}

/* Impersonate-User, -Group, -Uid, -Extra-KEY: a request to be taken for somebody else.  To leave
 * them unread would do with the caller's own rights what was to be tried with another's. */
static int
refuse_impersonation(const struct fields *f, const struct caller *who, struct err *e)
{
    for (size_t i = 0; i < f->n; i++) {
        struct str name = f->at[i].name;

        if (!fields_name_is(str_slice(name, 0, 12), "Impersonate-"))
            continue;
        if (who->kind == CALLER_NONE)
            return err_set(e, ERR_UNAUTHORIZED, "%.*s needs a token: Authorization: Bearer TOKEN",
                           STR_ARG(str_slice(name, 0, 100)));
        return err_set(e, ERR_FORBIDDEN,
                       "forbidden: User \"%.*s\" cannot act for others here: %.*s is not served",
                       STR_ARG(who->name), STR_ARG(str_slice(name, 0, 100)));
    }
    return 0;
}

int
gate_check(const struct edge_options *o, struct exchange *x, struct caller *ret, struct err *e)
{
    return find_caller(o, x, ret, e) < 0
               ? e->code
               : refuse_impersonation(&exchange_request(x)->fields, ret, e);
}
