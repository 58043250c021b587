#include "api/watchstream.h"

#include <inttypes.h>

#include "api/apifetch.h"
#include "api/apistream.h"
#include "api/watchlog.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "store/store.h"

enum {
    SLICE = 500,
    TAKEN = 64, /* events from the ring at a time */
};

#define BOOKMARK_PAUSE_US (60 * CLOCK_SECOND)
#define LAST_BOOKMARK_US (2 * CLOCK_SECOND) /* before the end, and once more a second later */

enum phase { INITIAL, CATCHUP, LIVE, EXPIRED, OVER };

struct watchstream {
    struct apistream stream;
    struct apifetch fetch;
    struct watchstream_config c;
    struct arena arena; /* of texts */
    enum phase phase;
    struct watchcursor cursor;
    int64_t ring_rv; /* CATCHUP: where the ring takes over */

    /* A slice: objects that are there, or changes. */
    VEC(struct watchevent) slice;
    size_t slice_bytes; /* of changes */
    size_t next;
    bool more;
    bool composes; /* objects are composed (objects.h), in turns after the slice was read */
    struct objects_composing *pieces; /* of the object that is being sent; NULL: none */
    struct buf piece;                 /* the core's while it is asked */
    bool last;                        /* it is the object's last one */
    char *after_ns, *after_name;
    int64_t after_rv;

    struct buf ready;
    size_t taken;
    bool first;                  /* nothing was sent */
    int64_t sent_rv;             /* everything up to this version was sent */
    int64_t bookmark_us, end_us; /* boot time */
};

static int64_t
now_us(const struct watchstream *w)
{
    return clock_boot_us(apiserver_config(w->c.server)->clock);
}

static void
clear_slice(struct watchstream *w)
{
    for (size_t i = 0; i < w->slice.n; i++)
        watchevent_done(&w->slice.at[i]);
    vec_clear(&w->slice);
    w->slice_bytes = 0;
    w->next = 0;
}

static void
release(struct apifetch *f)
{
    struct watchstream *w = CONTAINER_OF(f, struct watchstream, fetch);

    objects_composing_free(w->pieces);
    clear_slice(w);
    vec_done(&w->slice);
    apiselect_done(&w->c.selection);
    buf_done(&w->piece);
    buf_done(&w->ready);
    free(w->after_ns);
    free(w->after_name);
    arena_done(&w->arena);
    free(w);
}

/* In the core. */

static bool
matches(const struct watchstream *w, const struct object *o)
{
    return o != NULL && (w->c.ns.p == NULL || str_eq(object_namespace(o), w->c.ns)) &&
           (w->c.name.p == NULL || str_eq(object_name(o), w->c.name)) &&
           apiselect_matches(&w->c.selection, o);
}

static int
read_objects(struct watchstream *w, struct turn *t, struct err *e)
{
    struct objects *os = apiserver_config(w->c.server)->objects;
    struct objects_query q = {.kind = kind_stored(w->c.render.kind),
                              .ns = w->c.ns,
                              .after_ns = str_of(w->after_ns),
                              .after_name = str_of(w->after_name),
                              .limit = SLICE,
                              .bytes = APISTREAM_SLICE_BYTES};
    cleanup_objects object_vec page = VEC_INIT;
    struct str name = w->c.name.p != NULL ? w->c.name : apiselect_name(&w->c.selection);

    w->more = false;
    if (name.p != NULL && w->c.ns.p != NULL) {
        struct object *only = objects_find(os, t, q.kind, w->c.ns, name);

        if (only != NULL)
            vec_push(&page, only);
    } else {
        apiselect_index(&w->c.selection, &q);
        if (objects_list(os, t, &q, &page, &w->more, e) < 0)
            return e->code;
    }
    for (size_t i = 0; i < page.n; i++)
        vec_push(&w->slice, ((struct watchevent){.now = object_ref(page.at[i])}));
    if (page.n > 0) {
        free(w->after_ns);
        free(w->after_name);
        w->after_ns = str_dup(object_namespace(vec_last(&page)));
        w->after_name = str_dup(object_name(vec_last(&page)));
    }
    return 0;
}

static int
add_change(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct watchstream *w = arg;

    vec_push(&w->slice, ((struct watchevent){.before = before != NULL ? object_ref(before) : NULL,
                                             .now = object_ref(now),
                                             .gone = gone}));
    w->after_rv = object_rv(now);
    w->slice_bytes += object_text(now).n + (before != NULL ? object_text(before).n : 0);
    w->more = w->slice_bytes >= APISTREAM_SLICE_BYTES;
    return w->more;
}

static int
read_changes(struct watchstream *w, struct turn *t, struct err *e)
{
    int n;

    w->more = false;
    n = objects_changes(apiserver_config(w->c.server)->objects, t, kind_stored(w->c.render.kind),
                        w->after_rv, w->ring_rv, SLICE, add_change, w, e);

    w->more = w->more || n == SLICE;
    return n < 0 ? n : 0;
}

/* The rows were committed with the objects or later, so what is told is never older than that. */
static int
compose_piece(struct watchstream *w, struct turn *t, struct err *e)
{
    int rc = objects_composing_step(w->pieces, t, &w->piece, e);

    w->last = rc == 0;
    return rc < 0 ? rc : 0;
}

static int
run_slice(struct apifetch *f, struct turn *t, struct err *e)
{
    struct watchstream *w = CONTAINER_OF(f, struct watchstream, fetch);

    if (w->pieces != NULL)
        return compose_piece(w, t, e);
    return w->phase == INITIAL ? read_objects(w, t, e) : read_changes(w, t, e);
}

static void
on_event(void *arg)
{
    struct watchstream *w = arg;

    if (w->stream.on_ready != NULL)
        w->stream.on_ready(w->stream.on_ready_arg);
}

int
watchstream_open(struct watchstream *w, struct turn *t, struct err *e)
{
    const struct apiserver_config *config = apiserver_config(w->c.server);
    int64_t rv = w->c.rv;

    w->cursor.on_event = on_event;
    w->cursor.arg = w;
    if (w->c.initial) {
        w->phase = INITIAL;
        if (read_objects(w, t, e) < 0)
            return e->code;
        /* The list shows what this turn has changed so far: the ring will tell of it again, and the
         * cursor skips it. */
        objects_hold_still(config->objects, t);
        rv = store_rv(turn_store(t));
        (void)watchlog_open(config->watchlog, kind_stored(w->c.render.kind), rv, &w->cursor,
                            &w->ring_rv);
        w->sent_rv = rv;
        return 0;
    }
    if (rv < objects_oldest_rv(config->objects)) {
        w->phase = EXPIRED;
        w->ring_rv = objects_oldest_rv(config->objects);
        return 0;
    }
    w->sent_rv = rv;
    if (watchlog_open(config->watchlog, kind_stored(w->c.render.kind), rv, &w->cursor,
                      &w->ring_rv)) {
        w->phase = LIVE;
        return 0;
    }
    w->phase = CATCHUP;
    w->after_rv = rv;
    return read_changes(w, t, e);
}

/* Rendering. */

/* One that is composed only begins here. */
static void
send(struct watchstream *w, const char *type, const struct object *o)
{
    if (w->composes) {
        buf_printf(&w->ready, "{\"type\":\"%s\",\"object\":", type);
        w->pieces = objects_composing_new(apiserver_config(w->c.server)->objects, o);
        return;
    }
    render_event(&w->c.render, type, o, w->first, &w->ready);
    w->first = false;
}

/* What the core has made of the object, and the question for the next piece. */
static void
send_piece(struct watchstream *w)
{
    buf_str(&w->ready, buf_view(&w->piece));
    buf_clear(&w->piece);
    if (!w->last) {
        apifetch_ask(&w->fetch);
        return;
    }
    buf_cstr(&w->ready, "}\n");
    w->last = false;
    objects_composing_free(TAKE(w->pieces));
}

static void
send_as_it_was(struct watchstream *w, const struct object *before, int64_t rv)
{
    struct object *o =
        object_from_text(object_kind(before), object_namespace(before), object_name(before),
                         object_uid(before), object_text(before), rv);

    send(w, "DELETED", o);
    object_unref(o);
}

static void
send_change(struct watchstream *w, const struct watchevent *e)
{
    bool was = matches(w, e->before), is = !e->gone && matches(w, e->now);

    if (e->gone) {
        if (was)
            send(w, "DELETED", e->now);
    } else if (is) {
        send(w, was ? "MODIFIED" : "ADDED", e->now);
    } else if (was) {
        send_as_it_was(w, e->before, object_rv(e->now));
    }
    w->sent_rv = object_rv(e->now);
}

static void
send_expired(struct watchstream *w, int64_t rv, int64_t oldest)
{
    struct failure f = FAILURE_INIT;

    failure_set(&f, ERR_GONE, "too old resource version: %" PRId64 " (%" PRId64 ")", rv, oldest);
    buf_cstr(&w->ready, "{\"type\":\"ERROR\",\"object\":");
    failure_write(&f, &w->ready);
    buf_cut(&w->ready, w->ready.n - 1);
    buf_cstr(&w->ready, "}\n");
    failure_done(&f);
    w->phase = OVER;
}

static void
begin_live(struct watchstream *w)
{
    bool initial = w->phase == INITIAL;

    clear_slice(w);
    w->phase = LIVE;
    if (!initial) {
        w->cursor.after_rv = w->ring_rv;
        w->sent_rv = w->ring_rv;
    } else if (w->c.initial_end) {
        render_bookmark(&w->c.render, w->sent_rv, true, &w->ready);
    }
}

/* One slice of INITIAL or CATCHUP, or events of objects that are composed, one at a time. */
static void
send_slice(struct watchstream *w, size_t room)
{
    while (w->next < w->slice.n && w->ready.n < room && w->pieces == NULL) {
        const struct watchevent *e = &w->slice.at[w->next++];

        if (w->phase != INITIAL)
            send_change(w, e);
        else if (matches(w, e->now))
            send(w, "ADDED", e->now);
    }
    if (w->next < w->slice.n || w->pieces != NULL)
        return;
    if (w->phase == LIVE) {
        clear_slice(w);
        return;
    }
    if (!w->more) {
        begin_live(w);
        return;
    }
    clear_slice(w);
    apifetch_ask(&w->fetch);
}

/* Times. */

/* About once a minute; a watch of more than a minute also says shortly before its end how far it
 * has come, so that the next one begins there. */
static int64_t
next_bookmark(const struct watchstream *w, int64_t now)
{
    int64_t before_end = w->end_us - LAST_BOOKMARK_US, next = now + BOOKMARK_PAUSE_US;

    if (w->c.timeout_us < BOOKMARK_PAUSE_US)
        return next;
    if (before_end <= now)
        before_end = w->end_us - LAST_BOOKMARK_US / 2;
    return before_end > now && before_end < next ? before_end : next;
}

/* True if something was sent or the watch is over. */
static bool
look_at_clock(struct watchstream *w, int64_t settled_rv)
{
    int64_t now = now_us(w);

    if (now >= w->end_us) {
        w->phase = OVER;
        return true;
    }
    if (!w->c.bookmarks || now < w->bookmark_us)
        return false;
    w->bookmark_us = next_bookmark(w, now);
    if (settled_rv > w->sent_rv)
        w->sent_rv = settled_rv;
    render_bookmark(&w->c.render, w->sent_rv, false, &w->ready);
    return true;
}

/* Sends some events of the ring, or keeps them as a slice to be composed.  True: there may be more.
 */
static bool
take_events(struct watchstream *w)
{
    struct watchevent events[TAKEN];
    size_t n = watchlog_take(&w->cursor, events, TAKEN);

    for (size_t i = 0; i < n; i++) {
        if (w->composes && (matches(w, events[i].before) || matches(w, events[i].now))) {
            vec_push(&w->slice, events[i]);
            continue;
        }
        send_change(w, &events[i]);
        watchevent_done(&events[i]);
    }
    return n > 0;
}

/* False: there is nothing now. */
static bool
send_live(struct watchstream *w, size_t room)
{
    int64_t settled = watchlog_rv(apiserver_config(w->c.server)->watchlog);

    while (take_events(w) && w->ready.n < room && w->slice.n < SLICE)
        ;
    if (w->cursor.lost) {
        send_expired(w, w->sent_rv, settled);
        return true;
    }
    return w->ready.n > 0 || w->slice.n > 0 || look_at_clock(w, settled);
}

static enum feed_state
pull(struct apistream *s, struct buf *to, size_t room)
{
    struct watchstream *w = CONTAINER_OF(s, struct watchstream, stream);

    for (;;) {
        if (w->ready.n > 0) {
            (void)apistream_drain(&w->ready, &w->taken, to, room);
            return FEED_MORE;
        }
        if (w->phase == OVER)
            return FEED_END;
        if (apifetch_is_asked(&w->fetch))
            return FEED_WAIT;
        if (w->fetch.why.code < 0) {
            log_warn(NULL, "a watch broke off: %s", w->fetch.why.msg);
            return FEED_BREAK;
        }
        if (w->phase == EXPIRED)
            send_expired(w, w->c.rv, w->ring_rv);
        else if (w->pieces != NULL)
            send_piece(w);
        else if (w->phase != LIVE || w->slice.n > 0)
            send_slice(w, room);
        else if (!send_live(w, room))
            return FEED_WAIT;
    }
}

static int64_t
next_us(struct apistream *s)
{
    const struct watchstream *w = CONTAINER_OF(s, struct watchstream, stream);

    return w->c.bookmarks && w->bookmark_us < w->end_us ? w->bookmark_us : w->end_us;
}

static void
free_stream(struct apistream *s)
{
    struct watchstream *w = CONTAINER_OF(s, struct watchstream, stream);

    watchlog_close(&w->cursor);
    apifetch_close(&w->fetch);
}

static const struct apistream_ops ops = {.pull = pull, .next_us = next_us, .free = free_stream};

static struct str
keep(struct watchstream *w, struct str s)
{
    return s.p != NULL ? str_of(str_dup_arena(&w->arena, s)) : STR_NULL;
}

static bool
is_of_one(const struct watchstream *w)
{
    return w->c.name.p != NULL || apiselect_name(&w->c.selection).p != NULL;
}

struct watchstream *
watchstream_new(const struct watchstream_config *config)
{
    struct watchstream *w = NEW(struct watchstream);

    w->stream.ops = &ops;
    w->stream.endless = true;
    w->c = *config;
    w->c.ns = keep(w, config->ns);
    w->c.name = keep(w, config->name);
    w->composes = is_of_one(w) && w->c.render.accept.as == ACCEPT_OBJECT &&
                  objects_is_composed(apiserver_config(config->server)->objects, w->c.render.kind);
    w->first = true;
    w->end_us = now_us(w) + config->timeout_us;
    w->bookmark_us = next_bookmark(w, now_us(w));
    list_init(&w->cursor.link);
    apifetch_init(&w->fetch, apiserver_config(config->server)->core, &w->stream, run_slice,
                  release);
    return w;
}

struct apistream *
watchstream_body(struct watchstream *w)
{
    return &w->stream;
}
