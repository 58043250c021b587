#include "http/client.h"

#include <stdlib.h>

#include "base/err.h"
#include "http/client_int.h"
#include "http/tls.h"
#include "io/stream.h"

struct client *
client_new(struct loop *l)
{
    struct client *c = NEW(struct client);

    c->loop = l;
    list_init(&c->idle);
    return c;
}

static void
unlist(struct client_link *l)
{
    if (list_empty(&l->list))
        return;
    list_remove(&l->list);
    l->client->idle_n--;
}

void
client_drop(struct client_link *l)
{
    unlist(l);
    timer_stop(&l->timer);
    stream_free(l->stream);
    free(l);
}

void
client_free(struct client *c)
{
    if (c == NULL)
        return;
    while (!list_empty(&c->idle))
        client_drop(LIST_ITEM(c->idle.next, struct client_link, list));
    free(c);
}

size_t
client_idle(const struct client *c)
{
    return c->idle_n;
}

/* An idle connection has nothing to say. */

static size_t
on_idle_read(void *arg, struct str bytes)
{
    client_drop(arg);
    return bytes.n;
}

static void
on_idle_end(void *arg)
{
    client_drop(arg);
}

static void
on_idle_drain(void *arg)
{
    (void)arg;
}

static void
on_idle_close(void *arg, const struct err *why)
{
    (void)why;
    client_drop(arg);
}

static const struct stream_handler idle_handler = {on_idle_read, on_idle_end, on_idle_drain,
                                                   on_idle_close};

static void
on_idle_timer(void *arg)
{
    client_drop(arg);
}

void
client_give(struct client_link *l)
{
    struct client *c = l->client;

    if (c->idle_n == CLIENT_MAX_IDLE)
        client_drop(LIST_ITEM(c->idle.next, struct client_link, list));
    list_append(&c->idle, &l->list);
    c->idle_n++;
    stream_set_handler(l->stream, &idle_handler, l);
    stream_read(l->stream, true);
    timer_after(&l->timer, CLIENT_IDLE_US);
}

/* The one that was used last: the others then can go. */
static struct client_link *
find_idle(struct client *c, const struct client_place *place)
{
    struct client_link *l, *found = NULL;

    LIST_EACH (l, &c->idle, struct client_link, list)
        if (l->tls == place->tls && address_equal(&l->to, place->to))
            found = l;
    return found;
}

static struct client_link *
dial(struct client *c, const struct client_place *place, const struct stream_handler *handler,
     void *arg, struct err *e)
{
    struct client_link *l = NEW(struct client_link);

    *l = (struct client_link){.client = c, .to = *place->to, .tls = place->tls};
    list_init(&l->list);
    timer_init(&l->timer, c->loop, on_idle_timer, l);
    l->stream = stream_connect(c->loop, place->to, handler, arg, e);
    if (l->stream == NULL ||
        (place->tls != NULL && tls_connect(place->tls, l->stream, place->tls_host, e) < 0)) {
        client_drop(l);
        return NULL;
    }
    return l;
}

struct client_link *
client_take(struct client *c, const struct client_place *place, bool fresh,
            const struct stream_handler *handler, void *arg, bool *ret_used, struct err *e)
{
    struct client_link *l = fresh ? NULL : find_idle(c, place);

    *ret_used = l != NULL;
    if (l == NULL)
        return dial(c, place, handler, arg, e);
    unlist(l);
    timer_stop(&l->timer);
    stream_set_handler(l->stream, handler, arg);
    return l;
}
