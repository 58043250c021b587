#include "api/apifeed.h"

#include "api/apistream.h"
#include "base/mem.h"
#include "edge/call.h"
#include "edge/feed.h"
#include "io/timer.h"

struct apifeed {
    struct apistream *stream;
    struct feed *feed;
    struct loop *loop;
    struct timer timer; /* for what the stream wants at a certain time */
};

static void
wake(void *arg)
{
    feed_wake(((struct apifeed *)arg)->feed);
}

static enum feed_state
pull(void *arg, struct buf *to, size_t room)
{
    struct apifeed *f = arg;
    enum feed_state state = apistream_pull(f->stream, to, room);
    int64_t at = state == FEED_WAIT ? apistream_next_us(f->stream) : INT64_MAX;

    if (at != INT64_MAX)
        timer_after(&f->timer, at - loop_boot_us(f->loop));
    else
        timer_stop(&f->timer);
    return state;
}

static void
close_stream(void *arg)
{
    struct apifeed *f = arg;

    timer_stop(&f->timer);
    apistream_free(f->stream);
    feed_unref(f->feed);
    free(f);
}

static const struct feed_ops ops = {.pull = pull, .close = close_stream};

void
apifeed_reply(struct call *c, struct loop *loop, struct reply *r, struct apistream *stream)
{
    struct apifeed *f = NEW(struct apifeed);

    f->stream = stream;
    f->loop = loop;
    timer_init(&f->timer, loop, wake, f);
    f->feed = feed_new(&ops, f, stream->endless);
    apistream_listen(stream, wake, f);
    r->feed = f->feed;
    call_reply(c, r);
}
