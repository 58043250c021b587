#include "api/apistream.h"

#include "base/buf.h"

void
apistream_listen(struct apistream *s, void (*on_ready)(void *arg), void *arg)
{
    s->on_ready = on_ready;
    s->on_ready_arg = arg;
}

enum feed_state
apistream_pull(struct apistream *s, struct buf *to, size_t room)
{
    return s->ops->pull(s, to, room);
}

int64_t
apistream_next_us(struct apistream *s)
{
    return s->ops->next_us != NULL ? s->ops->next_us(s) : INT64_MAX;
}

void
apistream_free(struct apistream *s)
{
    if (s != NULL)
        s->ops->free(s);
}

bool
apistream_drain(struct buf *from, size_t *at, struct buf *to, size_t room)
{
    size_t left = from->n - *at, n = left < room ? left : room;

    buf_add(to, from->p + *at, n);
    *at += n;
    if (*at < from->n)
        return true;
    buf_clear(from);
    *at = 0;
    return false;
}
