/*
 * A record is one event as people see it: something happened to an object, so many times.  It is
 * found again by object, type, reason and message.  Recording touches memory only, so it is not
 * undone with a message that fails: that it failed is often what the event says.
 *
 * The rider writes the records that changed whenever a turn commits anyway.  The longest quiet
 * leave memory when there are many: what happens once more then is another event.  Of them only
 * what it takes to delete them after an hour is kept.
 */
#include "api/events.h"

#include <stdarg.h>

#include "api/meta.h"
#include "api/objects.h"
#include "api/objects_int.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"

enum {
    KEPT_S = 3600,
    MAX_RECORDS = 1000,
    MAX_AT_EASE = 100,   /* of them, when the core has nothing to do */
    MAX_EVENTS = 20000,  /* beyond that new ones are dropped */
    EXPIRE_AT_ONCE = 16, /* deleted with one commit */
};

struct record {
    struct list age; /* on events.records, the longest quiet first */
    char *key;
    char *uid; /* of the Event, once it is written */
    char *ns, *name, *about_uid, *about_kind, *about_version, *component, *type, *reason, *message;
    int64_t about_rv, first_us, last_us, count;
    bool dirty;
};

/* An Event that is only to be deleted. */
struct quiet {
    char uid[META_UID_SIZE];
    int64_t last_us;
};

struct events {
    struct core *core;
    struct objects *objects;
    struct map by_key;
    struct list records;
    VEC(struct record *) dirty;
    /* A queue in a vector, the longest quiet first: its first `deleted` are gone. */
    VEC(struct quiet) quiet;
    size_t deleted;
};

static size_t
known(const struct events *ev)
{
    return ev->by_key.n + ev->quiet.n - ev->deleted;
}

static void
record_free(struct events *ev, struct record *r)
{
    map_remove(&ev->by_key, str_of(r->key));
    list_remove(&r->age);
    free(r->key);
    free(r->uid);
    free(r->ns);
    free(r->name);
    free(r->about_uid);
    free(r->about_kind);
    free(r->about_version);
    free(r->component);
    free(r->type);
    free(r->reason);
    free(r->message);
    free(r);
}

/* Recording. */

static struct record *
record_new(struct events *ev, char *key, const struct object *about, int64_t now_us)
{
    struct record *r = NEW(struct record);
    char version[128];

    kind_api_version(object_kind(about), version, sizeof version);
    *r = (struct record){
        .key = key,
        .ns = object_namespace(about).n > 0 ? str_dup(object_namespace(about)) : xstrdup("default"),
        .name = str_dup(object_name(about)),
        .about_uid = str_dup(object_uid(about)),
        .about_kind = xstrdup(object_kind(about)->kind),
        .about_version = xstrdup(version),
        .first_us = now_us,
    };
    list_append(&ev->records, &r->age);
    map_put(&ev->by_key, str_of(key), r);
    return r;
}

void
events_record(struct events *ev, struct turn *t, const struct object *about, const char *component,
              const char *type, const char *reason, const char *fmt, ...)
{
    cleanup_free char *message = NULL;
    struct record *r;
    char *key;
    va_list ap;

    va_start(ap, fmt);
    message = xvasprintf(fmt, ap);
    va_end(ap);
    key = xasprintf("%.*s %s %s %s", STR_ARG(object_uid(about)), type, reason, message);
    r = map_get(&ev->by_key, str_of(key));
    if (r == NULL && known(ev) >= MAX_EVENTS) {
        free(key);
        return;
    }
    if (r != NULL) {
        free(key);
    } else {
        r = record_new(ev, key, about, turn_now_us(t));
        r->component = xstrdup(component);
        r->type = xstrdup(type);
        r->reason = xstrdup(reason);
        r->message = TAKE(message);
    }
    r->about_rv = object_rv(about);
    r->last_us = turn_now_us(t);
    r->count++;
    list_remove(&r->age);
    list_append(&ev->records, &r->age);
    if (!r->dirty)
        vec_push(&ev->dirty, r);
    r->dirty = true;
}

/* Writing. */

static void
add_about(struct json_build *b, const struct record *r)
{
    json_add_object(b, "involvedObject");
    json_add_cstr(b, "kind", r->about_kind);
    json_add_cstr(b, "namespace", r->ns);
    json_add_cstr(b, "name", r->name);
    json_add_cstr(b, "uid", r->about_uid);
    json_add_cstr(b, "apiVersion", r->about_version);
    json_add_printf(b, "resourceVersion", "%lld", (long long)r->about_rv);
    json_end(b);
}

/* An Event's name is its object's with a number behind it: here the time and a few random bits. */
static void
add_metadata(struct events *ev, struct json_build *b, const struct record *r,
             const struct object *old)
{
    uint16_t random = 0;

    json_add_object(b, "metadata");
    if (old != NULL) {
        json_add_str(b, "name", object_name(old));
    } else {
        core_random(ev->core, &random, sizeof random);
        json_add_printf(b, "name", "%.*s.%llx%04x", 228, r->name, (unsigned long long)r->first_us,
                        random);
    }
    json_end(b);
}

static struct json_doc *
compose(struct events *ev, const struct record *r, const struct object *old)
{
    char first[META_TIME_SIZE], last[META_TIME_SIZE];
    struct json_build b = JSON_BUILD_INIT;

    meta_time(r->first_us, first);
    meta_time(r->last_us, last);
    json_add_object(&b, NULL);
    add_metadata(ev, &b, r, old);
    add_about(&b, r);
    json_add_cstr(&b, "reason", r->reason);
    json_add_cstr(&b, "message", r->message);
    json_add_object(&b, "source");
    json_add_cstr(&b, "component", r->component);
    json_end(&b);
    json_add_cstr(&b, "firstTimestamp", first);
    json_add_cstr(&b, "lastTimestamp", last);
    json_add_int(&b, "count", r->count);
    json_add_cstr(&b, "type", r->type);
    json_add_null(&b, "eventTime");
    json_add_cstr(&b, "reportingComponent", r->component);
    json_add_cstr(&b, "reportingInstance", "");
    json_end(&b);
    return json_build_done(&b);
}

static int
write_record(struct events *ev, struct turn *t, struct record *r, struct err *e)
{
    cleanup_object struct object *old =
        r->uid != NULL ? objects_find_uid(ev->objects, t, str_of(r->uid)) : NULL;
    cleanup_json struct json_doc *doc = compose(ev, r, old);
    struct object *now = NULL;
    int rc = old != NULL ? objects_update(ev->objects, t, &kind_event, str_of(r->ns),
                                          json_root(doc), OBJECTS_ALL, &now, e)
                         : objects_create(ev->objects, t, &kind_event, str_of(r->ns),
                                          json_root(doc), &now, e);

    if (rc < 0)
        return rc;
    free(r->uid);
    r->uid = str_dup(object_uid(now));
    object_unref(now);
    return 0;
}

static void
add_quiet(struct events *ev, struct str uid, int64_t last_us)
{
    struct quiet *q = vec_grow(&ev->quiet);

    snprintf(q->uid, sizeof q->uid, "%.*s", STR_ARG(uid));
    q->last_us = last_us;
}

/* Records leave from the front of their list, so these are in the order of their last time, too.
 * One that waits for a commit stays, and so do those behind it, which wait as well. */
static void
retire(struct events *ev, size_t limit, int64_t before)
{
    while (!list_empty(&ev->records)) {
        struct record *r = LIST_ITEM(ev->records.next, struct record, age);

        if (r->dirty || (ev->by_key.n <= limit && r->last_us > before))
            return;
        if (r->uid != NULL)
            add_quiet(ev, str_of(r->uid), r->last_us);
        record_free(ev, r);
    }
}

static void
close_up(struct events *ev)
{
    size_t left = ev->quiet.n - ev->deleted;

    if (ev->deleted * 2 <= ev->quiet.n)
        return;
    memmove(ev->quiet.at, ev->quiet.at + ev->deleted, left * sizeof *ev->quiet.at);
    ev->quiet.n = left;
    ev->deleted = 0;
}

static void
expire(struct events *ev, struct turn *t)
{
    int64_t before = turn_now_us(t) - KEPT_S * CLOCK_SECOND;

    retire(ev, MAX_RECORDS, before);
    for (int i = 0; i < EXPIRE_AT_ONCE && ev->deleted < ev->quiet.n; i++) {
        const struct quiet *q = &ev->quiet.at[ev->deleted];
        struct err e = ERR_INIT;

        if (q->last_us > before)
            break;
        if (objects_remove(ev->objects, t, str_of(q->uid), &e) < 0)
            log_debug(q->uid, "expire an event: %s", e.msg);
        ev->deleted++;
    }
    close_up(ev);
}

/* An event that cannot be written is dropped: it must not keep the turn from being stored.  If the
 * database itself fails, the turn fails with it. */
static int
ride(void *arg, struct turn *t, struct err *e)
{
    struct events *ev = arg;

    for (size_t i = 0; i < ev->dirty.n; i++) {
        struct err why = ERR_INIT;

        if (write_record(ev, t, ev->dirty.at[i], &why) < 0)
            log_debug(ev->dirty.at[i]->name, "event not written: %s", why.msg);
        ev->dirty.at[i]->dirty = false;
    }
    vec_clear(&ev->dirty);
    expire(ev, t);
    return objects_flush_last(ev->objects, t, e);
}

/* The module. */

/* Events of an earlier process: their hour starts anew. */
static int
restore(void *self, struct turn *t, struct err *e)
{
    struct events *ev = self;
    struct objects_query q = {.kind = &kind_event};
    bool more = true;

    while (more) {
        cleanup_objects object_vec page = VEC_INIT;

        if (objects_list(ev->objects, t, &q, &page, &more, e) < 0)
            return e->code;
        for (size_t i = 0; i < page.n; i++)
            add_quiet(ev, object_uid(page.at[i]), turn_now_us(t));
        if (!more)
            break;
        q.after_ns = str_of(str_dup_arena(turn_arena(t), object_namespace(vec_last(&page))));
        q.after_name = str_of(str_dup_arena(turn_arena(t), object_name(vec_last(&page))));
    }
    return 0;
}

static void
forget(void *self)
{
    struct events *ev = self;
    struct record *r;

    LIST_EACH (r, &ev->records, struct record, age)
        record_free(ev, r);
    vec_clear(&ev->dirty);
    vec_clear(&ev->quiet);
    ev->deleted = 0;
}

/* Each keeps a page or two from going back. */
static void
shrink(void *self)
{
    retire(self, MAX_AT_EASE, INT64_MIN);
}

static void
dump(void *self, struct buf *to)
{
    const struct events *ev = self;

    buf_printf(to, "%zu known, %zu of them may count on, %zu to be written\n", known(ev),
               ev->by_key.n, ev->dirty.n);
}

static const struct core_module module = {
    .name = "events", .restore = restore, .forget = forget, .shrink = shrink, .dump = dump};

struct events *
events_new(struct core *c, struct objects *os)
{
    struct events *ev = NEW(struct events);

    ev->core = c;
    ev->objects = os;
    list_init(&ev->records);
    core_add_module(c, &module, ev);
    core_add_rider(c, ride, ev);
    return ev;
}

struct events *
events_free(struct events *ev)
{
    if (ev == NULL)
        return NULL;
    forget(ev);
    map_done(&ev->by_key);
    vec_done(&ev->dirty);
    vec_done(&ev->quiet);
    free(ev);
    return NULL;
}
