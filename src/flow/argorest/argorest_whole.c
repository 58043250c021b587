/*
 * One object that comes in pieces (composestream.h), with the fields that the client wants.
 *
 * Those are chosen of the whole text, so the whole is in memory; but it is made in many short
 * turns, and put together where others do not wait for it.
 */
#include "api/apistream.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "flow/argorest/argorest_fields.h"
#include "flow/argorest/argorest_int.h"

enum { ROOM = 64 * 1024 };

struct argorest_whole {
    struct apistream stream;
    struct apistream *inner;
    struct arena arena; /* of the fields */
    struct argorest_fields fields;
    struct buf raw, ready;
    size_t taken;
    bool over; /* nothing more comes from inside */
};

/* FEED_MORE: it is ready. */
static enum feed_state
take_all(struct argorest_whole *w)
{
    struct err e = ERR_INIT;
    enum feed_state state;

    while ((state = apistream_pull(w->inner, &w->raw, ROOM)) == FEED_MORE)
        ;
    if (state != FEED_END)
        return state;
    w->over = true;
    if (argorest_fields_pass(&w->fields, STR(""), str_trim(buf_view(&w->raw)), &w->ready, &e) < 0) {
        log_warn(NULL, "an object broke off: %s", e.msg);
        return FEED_BREAK;
    }
    buf_done(&w->raw);
    return FEED_MORE;
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct argorest_whole *w = CONTAINER_OF(s, struct argorest_whole, stream);

    if (!w->over)
        return take_all(w);
    if (w->ready.n == 0)
        return FEED_END;
    (void)apistream_drain(&w->ready, &w->taken, to, room);
    return FEED_MORE;
}

static void
free_stream(struct apistream *s)
{
    struct argorest_whole *w = CONTAINER_OF(s, struct argorest_whole, stream);

    apistream_free(w->inner);
    arena_done(&w->arena);
    buf_done(&w->raw);
    buf_done(&w->ready);
    free(w);
}

static const struct apistream_ops ops = {.pull = pull, .free = free_stream};

static void
on_inner(void *arg)
{
    struct argorest_whole *w = arg;

    if (w->stream.on_ready != NULL)
        w->stream.on_ready(w->stream.on_ready_arg);
}

struct apistream *
argorest_whole(struct argorest_call *c, struct apistream *inner)
{
    struct argorest_whole *w = NEW(struct argorest_whole);
    struct str fields = argorest_param(c, "fields");

    w->stream.ops = &ops;
    w->inner = inner;
    if (fields.n > 0)
        argorest_fields_read(&w->arena, str_of(str_dup_arena(&w->arena, fields)), &w->fields);
    apistream_listen(inner, on_inner, w);
    return &w->stream;
}
