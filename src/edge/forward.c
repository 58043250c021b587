#include "edge/forward.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "edge/forward_int.h"
#include "io/descriptors.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/mailbox.h"
#include "io/timer.h"

struct route {
    struct forward *forward;
    char *key;
    struct address at, source;
    struct forward_backends *backends;
    bool sticky, failed;
    size_t next;
    struct listener *listener; /* NULL: closed or failed */
    struct timer retry;
};

/* A change on its way to the thread. */
struct change {
    struct letter letter;
    struct forward *forward;
    char *key;
    struct forward_backends *backends; /* NULL: no route */
    struct address at, source;
    bool sticky;
};

/* Addresses behind a route. */

/* One of this machine's own addresses can be bound to. */
static bool
is_here(const struct address *a)
{
    cleanup_close int fd = -1;
    struct address probe = *a;

    if (address_is_loopback(a))
        return true;
    address_set_port(&probe, 0);
    fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && bind(fd, &probe.any, probe.n) == 0;
}

static struct forward_backends *
backends_new(const struct forward_route *r)
{
    struct forward_backends *b = xcalloc(1, sizeof *b + r->to_n * sizeof b->at[0]);

    b->refs = 1;
    b->n = r->to_n;
    for (size_t i = 0; i < r->to_n; i++) {
        b->at[i].to = r->to[i];
        b->at[i].here = is_here(&r->to[i]);
    }
    return b;
}

/* The thread has all references but the one in a change. */
void
forward_backends_unref(struct forward_backends *b)
{
    if (b != NULL && --b->refs == 0)
        free(b);
}

/* Routes. */

/* The address of the client's choice by rendezvous: when one goes, only its clients move. */
static size_t
choice_of(const struct forward_backends *b, const struct address *peer)
{
    uint64_t best = 0;
    size_t at = 0;

    for (size_t i = 0; i < b->n; i++) {
        cleanup_buf struct buf pair = BUF_INIT;
        uint64_t weight;

        buf_str(&pair, forward_client_key(peer));
        address_write(&b->at[i].to, &pair);
        weight = map_hash(buf_view(&pair));
        if (i == 0 || weight > best) {
            best = weight;
            at = i;
        }
    }
    return at;
}

static void
on_accept(void *arg, int fd, const struct address *peer)
{
    struct route *r = arg;
    size_t first = r->sticky ? choice_of(r->backends, peer) : r->next++ % r->backends->n;
    const struct address *source =
        r->forward->options.keeps_source(peer) ? peer : (const struct address *)&r->source;

    forward_link_start(r->forward, fd, peer, source, r->backends, first);
}

static void
listen_now(struct route *r)
{
    struct forward *f = r->forward;
    struct err e = ERR_INIT;

    r->listener = listener_new(&r->at, &e);
    if (r->listener != NULL && listener_start(r->listener, f->loop, on_accept, r, &e) == 0) {
        r->failed = false;
        return;
    }
    listener_free(TAKE(r->listener));
    if (!r->failed)
        f->options.on_failure(f->options.arg, str_of(r->key), &e);
    r->failed = true;
    timer_after(&r->retry, FORWARD_RETRY_US);
}

static void
on_retry(void *arg)
{
    listen_now(arg);
}

static void
close_route(struct route *r)
{
    timer_stop(&r->retry);
    listener_free(TAKE(r->listener));
}

static void
free_route(struct route *r)
{
    close_route(r);
    forward_backends_unref(r->backends);
    free(r->key);
    free(r);
}

static struct route *
route_of(struct forward *f, const char *key)
{
    struct route *r = map_get(&f->routes, str_of(key));

    if (r == NULL) {
        r = NEW(struct route);
        r->forward = f;
        r->key = xstrdup(key);
        timer_init(&r->retry, f->loop, on_retry, r);
        map_put(&f->routes, str_of(key), r);
    }
    return r;
}

static void
apply(struct forward *f, struct change *c)
{
    struct route *r;

    if (c->backends == NULL) {
        r = map_remove(&f->routes, str_of(c->key));
        if (r != NULL)
            free_route(r);
        return;
    }
    r = route_of(f, c->key);
    if (!address_equal(&r->at, &c->at)) {
        close_route(r);
        r->failed = false;
        r->at = c->at;
    }
    r->source = c->source;
    r->sticky = c->sticky;
    forward_backends_unref(r->backends);
    r->backends = TAKE(c->backends);
    if (r->backends->n == 0)
        close_route(r);
    else if (r->listener == NULL)
        listen_now(r);
}

static void
free_change(struct change *c)
{
    forward_backends_unref(c->backends);
    free(c->key);
    free(c);
}

static void
open_change(struct letter *l)
{
    struct change *c = CONTAINER_OF(l, struct change, letter);

    apply(c->forward, c);
    free_change(c);
}

void
forward_set(struct forward *f, struct str key, const struct forward_route *r)
{
    struct change *c = NEW(struct change);

    *c = (struct change){.letter = {.open = open_change}, .forward = f, .key = str_dup(key)};
    if (r != NULL) {
        c->backends = backends_new(r);
        c->at = r->at;
        c->source = r->source;
        c->sticky = r->sticky;
    }
    mailbox_post(f->mailbox, &c->letter);
}

/* The thread. */

static void *
run_thread(void *arg)
{
    struct forward *f = arg;

    loop_run(f->loop);
    return NULL;
}

static size_t
limit_of_process(void)
{
    size_t most = descriptors_for_passed_on() / 2; /* each has two */

    return most < FORWARD_MAX_CONNECTIONS ? most : FORWARD_MAX_CONNECTIONS;
}

struct forward *
forward_new(const struct forward_options *o, struct err *e)
{
    struct forward *f = NEW(struct forward);

    f->options = *o;
    f->limit = limit_of_process();
    list_init(&f->links);
    f->loop = loop_new(e);
    if (f->loop != NULL)
        f->mailbox = mailbox_new(f->loop, e);
    if (f->mailbox == NULL || pthread_create(&f->thread, NULL, run_thread, f) != 0) {
        if (f->mailbox != NULL)
            err_set(e, ERR_UNAVAILABLE, "cannot start the thread of Services");
        mailbox_free(f->mailbox);
        loop_free(f->loop);
        free(f);
        return NULL;
    }
    return f;
}

struct last_change {
    struct letter letter;
    struct loop *loop;
};

static void
open_last(struct letter *l)
{
    loop_stop(CONTAINER_OF(l, struct last_change, letter)->loop);
}

void
forward_free(struct forward *f)
{
    struct last_change last;

    if (f == NULL)
        return;
    last = (struct last_change){.letter = {.open = open_last}, .loop = f->loop};
    mailbox_post(f->mailbox, &last.letter);
    pthread_join(f->thread, NULL);
    mailbox_open_all(f->mailbox); /* changes that came too late */
    MAP_EACH (&f->routes, it)
        free_route(it.value);
    map_done(&f->routes);
    forward_link_cut_all(f);
    map_done(&f->peers);
    mailbox_free(f->mailbox);
    loop_free(f->loop);
    free(f);
}
