#include "http/server.h"

#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "http/conn.h"

struct server *
server_new(struct loop *l, const struct server_options *o)
{
    struct server *s = NEW(struct server);

    s->loop = l;
    s->options = *o;
    list_init(&s->conns);
    list_init(&s->guests);
    return s;
}

int
server_adopt(struct server *s, const struct server_arrival *a, struct err *e)
{
    struct conn *c = conn_new(s, a, e);

    if (c == NULL)
        return e->code;
    list_append(&s->conns, &c->link);
    s->conns_n++;
    server_count(&s->counts.accepted, 1);
    server_count(&s->counts.connections, 1);
    if (s->draining)
        conn_drain(c);
    return 0;
}

void
server_drain(struct server *s)
{
    struct conn *c;
    struct server_guest *g;

    s->draining = true;
    LIST_EACH (c, &s->conns, struct conn, link)
        conn_drain(c);
    LIST_EACH (g, &s->guests, struct server_guest, link)
        g->leave(g);
    if (s->conns_n == 0 && s->options.on_empty != NULL)
        s->options.on_empty(s->options.arg);
}

void
server_cut(struct server *s)
{
    struct conn *c;

    LIST_EACH (c, &s->conns, struct conn, link)
        conn_cut(c);
    while (!list_empty(&s->guests)) {
        struct server_guest *g = LIST_ITEM(s->guests.next, struct server_guest, link);

        g->cut(g);
    }
}

void
server_free(struct server *s)
{
    struct conn *c;

    if (s == NULL)
        return;
    s->options.on_empty = NULL;
    server_cut(s);
    LIST_EACH (c, &s->conns, struct conn, link)
        c->settle.fn(c);
    free(s);
}

void
server_add_guest(struct server *s, struct server_guest *g)
{
    list_init(&g->link);
    list_append(&s->guests, &g->link);
    s->conns_n++;
    server_count(&s->counts.connections, 1);
}

void
server_remove_guest(struct server *s, struct server_guest *g)
{
    list_remove(&g->link);
    s->conns_n--;
    server_count(&s->counts.connections, (uint64_t)-1);
    if (s->draining && s->conns_n == 0 && s->options.on_empty != NULL)
        s->options.on_empty(s->options.arg);
}

void
server_counts(const struct server *s, struct server_counts *ret)
{
    *ret = (struct server_counts){
        .accepted = s->counts.accepted,
        .requests = s->counts.requests,
        .malformed = s->counts.malformed,
        .bytes_in = s->counts.bytes_in,
        .bytes_out = s->counts.bytes_out,
        .connections = s->counts.connections,
    };
    for (size_t i = 0; i < ARRAY_LEN(ret->status); i++)
        ret->status[i] = s->counts.status[i];
}

void
server_dump(const struct server *s, struct buf *to)
{
    int64_t now = loop_boot_us(s->loop);
    const struct conn *c;

    LIST_EACH (c, &s->conns, struct conn, link) {
        buf_printf(to, "connection %s %.3fs requests=%llu", conn_state_name(c),
                   (double)(now - c->since_us) / CLOCK_SECOND, (unsigned long long)c->requests);
        if (c->state == CONN_EXCHANGE)
            buf_printf(to, " %.*s %.*s", STR_ARG(c->x->request.method),
                       STR_ARG(str_slice(c->x->request.path, 0, 200)));
        buf_char(to, '\n');
    }
}

const char *
server_date(struct server *s)
{
    time_t now = (time_t)(loop_wall_us(s->loop) / CLOCK_SECOND);
    struct tm tm;

    if (now == s->date_s)
        return s->date;
    s->date_s = now;
    gmtime_r(&now, &tm);
    strftime(s->date, sizeof s->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return s->date;
}
