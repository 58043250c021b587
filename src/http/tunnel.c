#include "http/tunnel.h"

#include <stdlib.h>

#include "base/mem.h"
#include "http/server.h"
#include "io/stream.h"

struct side {
    struct tunnel *tunnel;
    struct side *other;
    struct stream *stream;
    bool ended; /* it sends nothing more */
};

struct tunnel {
    struct server_guest guest;
    struct tunnel_home home;
    struct side a, b;
};

static void
end(struct tunnel *t, void (*close)(struct stream *s))
{
    close(t->a.stream);
    close(t->b.stream);
    t->home.remove(t->home.owner, &t->guest);
    free(t);
}

/* When both directions have ended and all of it is the kernels'. */
static bool
end_if_over(struct tunnel *t)
{
    bool over = t->a.ended && t->b.ended && stream_pending(t->a.stream) == 0 &&
                stream_pending(t->b.stream) == 0;

    if (over)
        end(t, stream_free);
    return over;
}

static size_t
on_read(void *arg, struct str bytes)
{
    struct side *from = arg;

    if (!stream_write(from->other->stream, &bytes, 1))
        stream_read(from->stream, false); /* until the other has room */
    return bytes.n;
}

static void
on_end(void *arg)
{
    struct side *from = arg;

    from->ended = true;
    stream_finish(from->other->stream);
    end_if_over(from->tunnel);
}

static void
on_drain(void *arg)
{
    struct side *to = arg;

    if (!end_if_over(to->tunnel) && !to->other->ended)
        stream_read(to->other->stream, true);
}

static void
on_close(void *arg, const struct err *why)
{
    struct side *side = arg;

    (void)why;
    end(side->tunnel, stream_reset);
}

static const struct stream_handler handler = {on_read, on_end, on_drain, on_close};

static void
on_leave(struct server_guest *g)
{
    end(CONTAINER_OF(g, struct tunnel, guest), stream_free);
}

void
tunnel_start(const struct tunnel_home *home, struct stream *a, struct stream *b)
{
    struct tunnel *t = NEW(struct tunnel);

    t->home = *home;
    t->guest.leave = t->guest.cut = on_leave;
    t->a = (struct side){.tunnel = t, .other = &t->b, .stream = a};
    t->b = (struct side){.tunnel = t, .other = &t->a, .stream = b};
    home->add(home->owner, &t->guest);
    stream_set_handler(a, &handler, &t->a);
    stream_set_handler(b, &handler, &t->b);
    stream_read(a, true);
    stream_read(b, true);
}

static void
add_to_server(void *server, struct server_guest *g)
{
    server_add_guest(server, g);
}

static void
remove_from_server(void *server, struct server_guest *g)
{
    server_remove_guest(server, g);
}

void
tunnel_start_in(struct server *s, struct stream *a, struct stream *b)
{
    tunnel_start(&(struct tunnel_home){add_to_server, remove_from_server, s}, a, b);
}
