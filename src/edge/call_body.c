/*
 * The body of a call: collected whole, or handed on in pieces as it comes.
 */
#include "edge/call_int.h"
#include "http/exchange.h"
#include "http/limits.h"

/* A failure that is known within a call of the handler is told at the loop's next pass. */
static void
open_failure(struct letter *l)
{
    struct call *c = CONTAINER_OF(l, struct call, letter);

    if (c->on_body != NULL)
        TAKE(c->on_body)(c->on_body_arg, c, c->why);
}

static void
too_large(const struct call *c, struct err *e)
{
    err_set(e, ERR_TOOLARGE, "the body is longer than the limit of %zu bytes", c->body_limit);
}

static void
on_bytes(void *arg, struct exchange *x, struct str bytes, bool last, const struct err *why)
{
    struct call *c = arg;
    struct err e = ERR_INIT;

    if (c->on_piece != NULL) {
        TAKE(c->on_piece)(c->on_body_arg, c, bytes, last, why);
        return;
    }
    if (why == NULL && bytes.n > c->body_limit - c->body.n) {
        too_large(c, &e);
        why = &e;
    }
    if (why == NULL && !last) {
        buf_str(&c->body, bytes);
        exchange_read(x, on_bytes, c);
        return;
    }
    if (why == NULL)
        buf_str(&c->body, bytes);
    TAKE(c->on_body)(c->on_body_arg, c, why);
}

void
call_collect(struct call *c, size_t limit, call_body_fn *fn, void *arg)
{
    struct err e = ERR_INIT;
    int64_t length = call_request(c)->length;

    c->on_body = fn;
    c->on_body_arg = arg;
    c->body_limit = limit;
    if (length <= 0 || (uint64_t)length <= limit) {
        if (length > 0)
            buf_reserve(&c->body, length < LIMIT_PIECE_BYTES ? (size_t)length : LIMIT_PIECE_BYTES);
        exchange_read(c->x, on_bytes, c);
        return;
    }
    too_large(c, &e);
    c->why = xmemdup(&e, sizeof e);
    c->letter.open = open_failure;
    mailbox_post(c->thread->mailbox, &c->letter);
}

struct str
call_body(const struct call *c)
{
    return c->body.n > 0 ? buf_view(&c->body) : STR("");
}

void
call_read(struct call *c, call_piece_fn *fn, void *arg)
{
    c->on_piece = fn;
    c->on_body_arg = arg;
    exchange_read(c->x, on_bytes, c);
}

void
call_body_gone(struct call *c)
{
    struct err e = ERR_INIT;

    if (c->on_body == NULL && c->on_piece == NULL)
        return;
    if (c->why != NULL)
        return; /* the letter is on its way, and would be posted again by the reply */
    err_set(&e, ERR_UNAVAILABLE, "the client has closed the connection");
    if (c->on_body != NULL)
        TAKE(c->on_body)(c->on_body_arg, c, &e);
    else
        TAKE(c->on_piece)(c->on_body_arg, c, STR(""), true, &e);
}
