#include "api/watchlog.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "api/kind.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "core/core.h"
#include "core/turn.h"
#include "store/store.h"

enum { LOOK_BYTES = 64 * 1024 }; /* appended between two looks at what cursors still need */

struct kept {
    struct watchevent event;
    size_t bytes;
};

struct watchring {
    struct watchlog *log;
    pthread_mutex_t lock;
    /* A queue in a vector: its first `dropped` places are empty and are closed up now and then. */
    VEC(struct kept) events;
    size_t dropped;
    uint64_t first; /* number of the event at place `dropped` */
    int64_t floor;  /* every later change is here */
    size_t bytes, look_at;
    struct list cursors;
};

struct watchlog {
    pthread_mutex_t lock; /* guards the map */
    struct map rings;     /* by resource */
    int64_t start_rv;
    bool started;
    _Atomic int64_t rv;
    _Atomic size_t watchers;
};

void
watchevent_done(struct watchevent *e)
{
    object_unref(e->before);
    object_unref(e->now);
}

static uint64_t
end_of(const struct watchring *r)
{
    return r->first + (r->events.n - r->dropped);
}

static void
drop_first(struct watchring *r)
{
    struct kept *k = &r->events.at[r->dropped++];

    r->bytes -= k->bytes;
    r->floor = object_rv(k->event.now);
    r->first++;
    watchevent_done(&k->event);
    if (r->dropped * 2 > r->events.n) {
        size_t left = r->events.n - r->dropped;

        memmove(r->events.at, r->events.at + r->dropped, left * sizeof *r->events.at);
        r->events.n = left;
        r->dropped = 0;
    }
}

static uint64_t
slowest(const struct watchring *r)
{
    uint64_t least = end_of(r);
    struct watchcursor *c;

    LIST_EACH (c, &r->cursors, struct watchcursor, link) {
        if (!c->lost && c->next < least)
            least = c->next;
    }
    return least;
}

/* Down to a limit, but for events that a cursor still needs. */
static void
drop_taken(struct watchring *r, size_t limit)
{
    uint64_t needed = slowest(r);

    while (r->bytes > limit && r->first < needed)
        drop_first(r);
    r->look_at = r->bytes + LOOK_BYTES;
}

static void
trim(struct watchring *r)
{
    while (r->bytes > WATCHLOG_MAX_BYTES && r->first + 1 < end_of(r))
        drop_first(r);
    if (r->bytes > WATCHLOG_IDLE_BYTES && r->bytes >= r->look_at)
        drop_taken(r, WATCHLOG_IDLE_BYTES);
}

static struct watchring *
ring_of(struct watchlog *w, const struct kind *k)
{
    struct watchring *r;

    pthread_mutex_lock(&w->lock);
    r = map_get(&w->rings, str_of(k->resource));
    if (r == NULL) {
        r = NEW(struct watchring);
        r->log = w;
        pthread_mutex_init(&r->lock, NULL);
        list_init(&r->cursors);
        /* Made when the first change comes, or before: nothing of this run is missing. */
        r->floor = w->start_rv;
        map_put(&w->rings, str_of(k->resource), r);
    }
    pthread_mutex_unlock(&w->lock);
    return r;
}

static void
append(void *arg, const struct object *before, const struct object *now, bool gone)
{
    struct watchlog *w = arg;
    struct watchring *r = ring_of(w, object_kind(now));
    struct watchcursor *c;
    struct kept k = {.event = {.before = before != NULL ? object_ref(before) : NULL,
                               .now = object_ref(now),
                               .gone = gone},
                     .bytes = sizeof k + object_bytes(now)};

    pthread_mutex_lock(&r->lock);
    vec_push(&r->events, k);
    r->bytes += k.bytes;
    trim(r);
    w->rv = object_rv(now);
    LIST_EACH (c, &r->cursors, struct watchcursor, link) {
        if (!c->told) {
            c->told = true;
            c->on_event(c->arg);
        }
    }
    pthread_mutex_unlock(&r->lock);
}

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct watchlog *w = self;

    (void)e;
    if (!w->started)
        w->rv = w->start_rv = store_rv(turn_store(t));
    w->started = true;
    return 0;
}

static void
shrink(void *self)
{
    struct watchlog *w = self;

    pthread_mutex_lock(&w->lock);
    MAP_EACH (&w->rings, it) {
        struct watchring *r = it.value;

        pthread_mutex_lock(&r->lock);
        drop_taken(r, 0);
        if (r->events.n == 0)
            vec_done(&r->events);
        pthread_mutex_unlock(&r->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

/* How many there are, and how far the last one is behind. */
static size_t
cursors(const struct watchring *r, uint64_t *ret_behind)
{
    const struct watchcursor *c;
    size_t n = 0;

    LIST_EACH (c, &r->cursors, struct watchcursor, link) {
        uint64_t behind = end_of(r) - c->next;

        if (behind > *ret_behind)
            *ret_behind = behind;
        n++;
    }
    return n;
}

static void
dump(void *self, struct buf *to)
{
    struct watchlog *w = self;

    buf_printf(to, "%zu open\n", (size_t)w->watchers);
    pthread_mutex_lock(&w->lock);
    MAP_EACH (&w->rings, it) {
        struct watchring *r = it.value;
        uint64_t behind = 0;

        pthread_mutex_lock(&r->lock);
        buf_printf(to, "%.*s: %zu events, %zu bytes, %zu watches", STR_ARG(it.key),
                   r->events.n - r->dropped, r->bytes, cursors(r, &behind));
        buf_printf(to, ", the last one %" PRIu64 " events behind\n", behind);
        pthread_mutex_unlock(&r->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

/* A rebuild of the core keeps the rings: they hold only what was committed. */
static const struct core_module module = {
    .name = "watches", .restore = restore, .shrink = shrink, .dump = dump};

struct watchlog *
watchlog_new(struct core *c, struct objects *os)
{
    struct watchlog *w = NEW(struct watchlog);

    pthread_mutex_init(&w->lock, NULL);
    core_add_module(c, &module, w);
    objects_on_published(os, append, w);
    return w;
}

void
watchlog_free(struct watchlog *w)
{
    if (w == NULL)
        return;
    MAP_EACH (&w->rings, it) {
        struct watchring *r = it.value;

        for (size_t i = r->dropped; i < r->events.n; i++)
            watchevent_done(&r->events.at[i].event);
        vec_done(&r->events);
        pthread_mutex_destroy(&r->lock);
        free(r);
    }
    map_done(&w->rings);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* The number of the first event behind a version. */
static uint64_t
first_after(const struct watchring *r, int64_t rv)
{
    size_t low = r->dropped, high = r->events.n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (object_rv(r->events.at[middle].event.now) > rv)
            high = middle;
        else
            low = middle + 1;
    }
    return r->first + (low - r->dropped);
}

bool
watchlog_open(struct watchlog *w, const struct kind *k, int64_t rv, struct watchcursor *cursor,
              int64_t *ret_rv)
{
    struct watchring *r = ring_of(w, k);
    bool reaches;

    pthread_mutex_lock(&r->lock);
    reaches = rv >= r->floor;
    cursor->ring = r;
    cursor->next = reaches ? first_after(r, rv) : end_of(r);
    cursor->after_rv = rv;
    list_append(&r->cursors, &cursor->link);
    *ret_rv = w->rv;
    pthread_mutex_unlock(&r->lock);
    w->watchers++;
    return reaches;
}

size_t
watchlog_take(struct watchcursor *cursor, struct watchevent *to, size_t max)
{
    struct watchring *r = cursor->ring;
    size_t n = 0, bytes = 0;

    pthread_mutex_lock(&r->lock);
    cursor->lost = cursor->lost || cursor->next < r->first;
    for (; !cursor->lost && n < max && bytes < WATCHLOG_TAKEN_BYTES && cursor->next < end_of(r);
         cursor->next++) {
        const struct kept *k = &r->events.at[r->dropped + (cursor->next - r->first)];
        const struct watchevent *e = &k->event;

        if (object_rv(e->now) <= cursor->after_rv)
            continue;
        bytes += k->bytes;
        to[n++] = (struct watchevent){.before = e->before != NULL ? object_ref(e->before) : NULL,
                                      .now = object_ref(e->now),
                                      .gone = e->gone};
    }
    cursor->told = cursor->next < end_of(r);
    pthread_mutex_unlock(&r->lock);
    return n;
}

void
watchlog_close(struct watchcursor *cursor)
{
    struct watchring *r = cursor->ring;

    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    list_remove(&cursor->link);
    pthread_mutex_unlock(&r->lock);
    cursor->ring = NULL;
    r->log->watchers--;
}

int64_t
watchlog_rv(const struct watchlog *w)
{
    return w->rv;
}
