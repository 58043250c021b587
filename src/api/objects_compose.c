/*
 * What objects have only while somebody looks at one of them.
 */
#include "api/objects_int.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "store/store.h"

void
objects_set_composer(struct objects *os, const struct objects_composer *c)
{
    CHECK(!objects_is_composed(os, c->kind));
    vec_push(&os->composers, *c);
}

const struct objects_composer *
objects_composer(const struct objects *os, const struct kind *k)
{
    for (size_t i = 0; i < os->composers.n; i++) {
        if (os->composers.at[i].kind == k)
            return &os->composers.at[i];
    }
    return NULL;
}

bool
objects_is_composed(const struct objects *os, const struct kind *k)
{
    return objects_composer(os, k) != NULL;
}

int
objects_compose(struct objects *os, struct turn *t, struct object **o, struct err *e)
{
    const struct objects_composer *c = objects_composer(os, object_kind(*o));
    struct object *composed;
    struct json_doc *doc = NULL;

    if (c == NULL)
        return 0;
    if (c->compose(c->arg, t, *o, &doc, e) < 0)
        return e->code;
    composed = object_new(object_kind(*o), doc, object_rv(*o));
    object_unref(*o);
    *o = composed;
    return 0;
}

/* In pieces. */

struct objects_composing {
    struct objects *objects;
    const struct objects_composer *by;
    struct object *object; /* as it is stored */
    void *under_way;       /* the composer's; NULL: it composes in one piece */
    bool begun;            /* the piece with the metadata is written */
};

struct objects_composing *
objects_composing_new(struct objects *os, const struct object *o)
{
    const struct objects_composer *by = objects_composer(os, object_kind(o));
    struct objects_composing *c;

    if (by == NULL)
        return NULL;
    c = NEW(struct objects_composing);
    *c = (struct objects_composing){.objects = os, .by = by, .object = object_ref(o)};
    if (by->begin != NULL)
        c->under_way = by->begin(by->arg, o);
    return c;
}

static int
write_whole(struct objects_composing *c, struct turn *t, struct buf *to, struct err *e)
{
    cleanup_object struct object *whole = object_ref(c->object);

    if (objects_compose(c->objects, t, &whole, e) < 0)
        return e->code;
    object_write(to, whole);
    return 0;
}

int
objects_composing_step(struct objects_composing *c, struct turn *t, struct buf *to, struct err *e)
{
    cleanup_buf struct buf first = BUF_INIT;
    int rc;

    if (c->under_way == NULL)
        return write_whole(c, t, to, e);
    if (c->begun)
        return c->by->step(c->by->arg, c->under_way, t, to, e);
    rc = c->by->step(c->by->arg, c->under_way, t, &first, e);
    if (rc >= 0 && first.n > 0) {
        object_write_text(to, buf_view(&first), object_rv(c->object));
        c->begun = true;
    }
    return rc;
}

void
objects_composing_free(struct objects_composing *c)
{
    if (c == NULL)
        return;
    if (c->under_way != NULL)
        c->by->end(c->by->arg, c->under_way);
    object_unref(c->object);
    free(c);
}

struct json_doc *
objects_own_status(const struct object *live, const struct json *sent)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, sent, (const char *const[]){"status", NULL});
    json_add_value(&b, "status", live != NULL ? object_at(live, "status") : NULL);
    json_end(&b);
    return json_build_done(&b);
}

int
objects_touch(struct objects *os, struct turn *t, struct str uid, struct err *e)
{
    struct entry *en = objects_entry_uid(os, t, uid, e);

    if (en == NULL)
        return e->code < 0 ? e->code : 0;
    objects_change(os, t, en,
                   object_new(object_kind(en->object), json_doc_ref(object_doc(en->object)),
                              store_next_rv(turn_store(t))),
                   false);
    return 0;
}
