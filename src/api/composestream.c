#include "api/composestream.h"

#include "api/apifetch.h"
#include "api/apistream.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/log.h"

struct composestream {
    struct apistream stream;
    struct apifetch fetch;
    struct objects_composing *pieces;
    struct buf ready; /* the core's while it is asked */
    size_t taken;
    bool whole;
};

static int
run_piece(struct apifetch *f, struct turn *t, struct err *e)
{
    struct composestream *c = CONTAINER_OF(f, struct composestream, fetch);
    int rc = objects_composing_step(c->pieces, t, &c->ready, e);

    if (rc == 0) {
        buf_char(&c->ready, '\n');
        c->whole = true;
    }
    return rc < 0 ? rc : 0;
}

static void
release(struct apifetch *f)
{
    struct composestream *c = CONTAINER_OF(f, struct composestream, fetch);

    objects_composing_free(c->pieces);
    buf_done(&c->ready);
    free(c);
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct composestream *c = CONTAINER_OF(s, struct composestream, stream);

    while (!apifetch_is_asked(&c->fetch)) {
        if (c->ready.n > 0) {
            (void)apistream_drain(&c->ready, &c->taken, to, room);
            return FEED_MORE;
        }
        if (c->whole)
            return FEED_END;
        if (c->fetch.why.code < 0) {
            log_warn(NULL, "an object broke off: %s", c->fetch.why.msg);
            return FEED_BREAK;
        }
        apifetch_ask(&c->fetch);
    }
    return FEED_WAIT;
}

static void
free_stream(struct apistream *s)
{
    apifetch_close(&CONTAINER_OF(s, struct composestream, stream)->fetch);
}

static const struct apistream_ops ops = {.pull = pull, .free = free_stream};

struct apistream *
composestream_new(struct core *core, struct objects_composing *pieces, struct buf *begun)
{
    struct composestream *c = NEW(struct composestream);

    c->stream.ops = &ops;
    c->pieces = pieces;
    if (begun != NULL) {
        c->ready = *begun;
        *begun = BUF_INIT;
    }
    apifetch_init(&c->fetch, core, &c->stream, run_piece, release);
    return &c->stream;
}
