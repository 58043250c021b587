/*
 * One connection of a route:
 *
 *   CONNECTING -- the one behind is there --> JOINED (http/tunnel.h has both streams)
 *   CONNECTING -- cannot be reached, others are left --> CONNECTING to the next
 *   CONNECTING -- none is left, or the client has gone --> over, and the client is reset
 *   JOINED -- both directions have ended, or one side broke --> over
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "edge/forward_int.h"
#include "http/server.h"
#include "http/tunnel.h"
#include "io/stream.h"
#include "io/timer.h"

struct forward_link {
    struct list link; /* of forward.links */
    struct forward *forward;
    struct stream *client, *behind;
    struct address peer, source;
    struct forward_backends *backends;
    size_t next, tries;
    struct timer timer;         /* of connecting */
    struct server_guest *guest; /* once joined */
};

/* How many connections each client has. */

struct str
forward_client_key(const struct address *a)
{
    if (a->any.sa_family == AF_INET)
        return (struct str){(const char *)&a->v4.sin_addr, sizeof a->v4.sin_addr};
    return (struct str){(const char *)&a->v6.sin6_addr, sizeof a->v6.sin6_addr};
}

static bool
count_in(struct forward *f, const struct address *peer)
{
    uintptr_t n = (uintptr_t)map_get(&f->peers, forward_client_key(peer));

    if (f->connections >= f->limit || n >= f->limit / FORWARD_PEER_SHARE)
        return false;
    map_put(&f->peers, forward_client_key(peer), (void *)(n + 1));
    f->connections++;
    return true;
}

static void
count_out(struct forward *f, const struct address *peer)
{
    uintptr_t n = (uintptr_t)map_get(&f->peers, forward_client_key(peer));

    if (n > 1)
        map_put(&f->peers, forward_client_key(peer), (void *)(n - 1));
    else
        map_remove(&f->peers, forward_client_key(peer));
    f->connections--;
}

static void
release(struct forward_link *l)
{
    count_out(l->forward, &l->peer);
    list_remove(&l->link);
    timer_stop(&l->timer);
    forward_backends_unref(l->backends);
    free(l);
}

static void
give_up(struct forward_link *l)
{
    stream_reset(l->client);
    stream_free(l->behind);
    release(l);
}

/* Joined. */

static void
add_guest(void *link, struct server_guest *g)
{
    ((struct forward_link *)link)->guest = g;
}

static void
remove_guest(void *link, struct server_guest *g)
{
    (void)g;
    release(link);
}

static void
join(struct forward_link *l)
{
    const struct tunnel_home home = {add_guest, remove_guest, l};

    timer_stop(&l->timer);
    tunnel_start(&home, TAKE(l->client), TAKE(l->behind));
}

/* Connecting. */

static size_t
on_read(void *link, struct str bytes)
{
    (void)link, (void)bytes;
    return 0;
}

static void
on_end(void *link)
{
    (void)link;
}

static void
on_client_drain(void *link)
{
    (void)link;
}

static void
on_client_close(void *link, const struct err *why)
{
    (void)why;
    give_up(link);
}

static const struct stream_handler client_handler = {on_read, on_end, on_client_drain,
                                                     on_client_close};

static void connect_next(struct forward_link *l);

static void
on_connected(void *link)
{
    join(link);
}

static void
on_unreachable(void *link, const struct err *why)
{
    struct forward_link *l = link;

    log_debug("forward", "%s", why->msg);
    stream_free(TAKE(l->behind));
    connect_next(l);
}

static const struct stream_handler behind_handler = {on_read, on_end, on_connected, on_unreachable};

static void
connect_next(struct forward_link *l)
{
    struct forward *f = l->forward;
    const struct forward_backends *b = l->backends;
    struct err e = ERR_INIT;

    while (l->behind == NULL && l->tries < b->n && l->tries < FORWARD_TRIES) {
        size_t i = l->next++ % b->n;

        l->tries++;
        l->behind = stream_connect_from(f->loop, b->at[i].here ? &l->source : NULL, &b->at[i].to,
                                        &behind_handler, l, &e);
    }
    if (l->behind != NULL) {
        timer_after(&l->timer, FORWARD_CONNECT_US);
        return;
    }
    give_up(l);
}

static void
on_timer(void *link)
{
    struct forward_link *l = link;

    stream_free(TAKE(l->behind));
    connect_next(l);
}

void
forward_link_start(struct forward *f, int fd, const struct address *peer,
                   const struct address *source, struct forward_backends *b, size_t first)
{
    struct forward_link *l;
    struct err e = ERR_INIT;

    if (!count_in(f, peer)) {
        close(fd);
        return;
    }
    l = NEW(struct forward_link);
    *l = (struct forward_link){
        .forward = f, .peer = *peer, .source = *source, .backends = b, .next = first};
    b->refs++;
    timer_init(&l->timer, f->loop, on_timer, l);
    list_init(&l->link);
    list_append(&f->links, &l->link);
    l->client = stream_new(f->loop, fd, &client_handler, l, &e);
    if (l->client == NULL) {
        log_warn("forward", "%s", e.msg);
        release(l);
        return;
    }
    connect_next(l);
}

void
forward_link_cut_all(struct forward *f)
{
    while (!list_empty(&f->links)) {
        struct forward_link *l = LIST_ITEM(f->links.next, struct forward_link, link);

        if (l->guest != NULL)
            l->guest->cut(l->guest);
        else
            give_up(l);
    }
}
