#include "edge/share.h"

#include <netinet/in.h>
#include <pthread.h>

#include "base/map.h"
#include "io/address.h"

struct share_client {
    struct share *share;
    size_t n;
    char key[8];
    size_t key_n;
};

struct share {
    pthread_mutex_t lock;
    size_t limit, taken;
    struct map clients; /* by key: those that have connections */
};

struct share *
share_new(size_t limit)
{
    struct share *s = NEW(struct share);

    s->limit = limit;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void
share_free(struct share *s)
{
    if (s == NULL)
        return;
    map_done(&s->clients);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* What tells one client from another; one at a Unix socket is the server's own user. */
static struct str
key_of(const struct address *a)
{
    const char *six = (const char *)a->v6.sin6_addr.s6_addr;

    switch (a->any.sa_family) {
    case AF_INET:
        return str_make((const char *)&a->v4.sin_addr, sizeof a->v4.sin_addr);
    case AF_INET6:
        return IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr) ? str_make(six + 12, 4) : str_make(six, 8);
    default:
        return STR("");
    }
}

static struct share_client *
client_of(struct share *s, struct str key)
{
    struct share_client *c = map_get(&s->clients, key);

    if (c != NULL)
        return c;
    c = NEW(struct share_client);
    c->share = s;
    c->key_n = key.n;
    for (size_t i = 0; i < key.n; i++)
        c->key[i] = key.p[i];
    map_put(&s->clients, key, c);
    return c;
}

static void
forget_if_empty(struct share_client *c)
{
    if (c->n > 0)
        return;
    map_remove(&c->share->clients, str_make(c->key, c->key_n));
    free(c);
}

void *
share_take(struct share *s, const struct address *client, bool privileged)
{
    struct share_client *c;
    size_t left;

    pthread_mutex_lock(&s->lock);
    c = client_of(s, key_of(client));
    left = s->limit - s->taken;
    if (left > 0 && (privileged || c->n < left)) {
        c->n++;
        s->taken++;
    } else {
        forget_if_empty(c);
        c = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    return c;
}

void
share_give(void *taken)
{
    struct share_client *c = taken;
    struct share *s = c->share;

    pthread_mutex_lock(&s->lock);
    c->n--;
    s->taken--;
    forget_if_empty(c);
    pthread_mutex_unlock(&s->lock);
}
