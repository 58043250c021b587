#include "api/objects_int.h"

#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "store/versions.h"

char *
objects_key(const struct kind *k, struct str ns, struct str name)
{
    return xasprintf("%s/%.*s/%.*s", k->resource, STR_ARG(ns), STR_ARG(name));
}

void
objects_entry_wakes_up(struct objects *os, struct entry *en)
{
    if (list_empty(&en->idle))
        return;
    list_remove(&en->idle);
    os->idle_bytes -= en->bytes;
}

void
objects_entry_settle(struct objects *os, struct entry *en)
{
    objects_entry_wakes_up(os, en);
    if (en->dirty || !object_is_finished(en->object) || object_is_deleting(en->object))
        return;
    en->bytes = object_bytes(en->object) + sizeof *en;
    os->idle_bytes += en->bytes;
    list_append(&os->idle, &en->idle);
}

struct entry *
objects_entry_add(struct objects *os, struct object *o)
{
    struct entry *en = NEW(struct entry);

    en->object = o;
    en->key = objects_key(object_kind(o), object_namespace(o), object_name(o));
    list_init(&en->idle);
    map_put(&os->by_key, str_of(en->key), en);
    map_put(&os->by_uid, object_uid(o), en);
    return en;
}

void
objects_entry_drop(struct objects *os, struct entry *en)
{
    CHECK(!en->dirty);
    objects_entry_wakes_up(os, en);
    if (map_get(&os->by_key, str_of(en->key)) == en)
        map_remove(&os->by_key, str_of(en->key));
    if (map_get(&os->by_uid, object_uid(en->object)) == en)
        map_remove(&os->by_uid, object_uid(en->object));
    object_unref(en->object);
    free(en->key);
    free(en);
}

void
objects_shrink(struct objects *os, size_t limit)
{
    while (os->idle_bytes > limit && !list_empty(&os->idle))
        objects_entry_drop(os, LIST_ITEM(os->idle.next, struct entry, idle));
}

void
objects_clear(struct objects *os)
{
    CHECK(os->dirty.n == 0);
    MAP_EACH (&os->by_uid, it) {
        struct entry *en = it.value;

        object_unref(en->object);
        free(en->key);
        free(en);
    }
    map_done(&os->by_uid);
    map_done(&os->by_key);
    list_init(&os->idle);
    os->idle_bytes = 0;
    MAP_EACH (&os->gc_cursors, it)
        free(it.value);
    map_done(&os->gc_cursors);
}

/* Loading. */

struct load {
    struct objects *os;
    struct entry *found;
};

static int
load_row(void *arg, const struct version *v, struct err *e)
{
    struct load *l = arg;
    const struct kind *k = kind_of_resource(l->os->kinds, v->resource);

    (void)e;
    if (k == NULL) {
        log_debug(NULL, "an object of the unknown resource %.*s is skipped", STR_ARG(v->resource));
        return 0;
    }
    l->found =
        objects_entry_add(l->os, object_from_text(k, v->ns, v->name, v->uid, v->json, v->rv));
    if (v->finished)
        objects_entry_settle(l->os, l->found);
    return 1;
}

/* Touches one that is idle, so that it is dropped later than others. */
static struct entry *
used(struct objects *os, struct entry *en)
{
    if (!list_empty(&en->idle)) {
        list_remove(&en->idle);
        list_append(&os->idle, &en->idle);
    }
    return en;
}

struct entry *
objects_entry(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
              struct str name, struct err *e)
{
    cleanup_free char *key = objects_key(k, ns, name);
    struct entry *en = map_get(&os->by_key, str_of(key));
    struct load l = {.os = os};

    e->code = 0;
    if (en != NULL)
        return used(os, en);
    if (versions_by_key(turn_db(t), str_of(k->resource), ns, name, load_row, &l, e) < 0)
        return NULL;
    e->code = 0;
    return l.found;
}

struct entry *
objects_entry_uid(struct objects *os, struct turn *t, struct str uid, struct err *e)
{
    struct entry *en = map_get(&os->by_uid, uid);
    struct load l = {.os = os};

    e->code = 0;
    if (en != NULL)
        return en->gone ? NULL : used(os, en);
    if (versions_by_uid(turn_db(t), uid, load_row, &l, e) < 0)
        return NULL;
    e->code = 0;
    return l.found;
}
