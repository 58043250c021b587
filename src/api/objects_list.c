/*
 * Lists: pages of current objects by an index, and what a kind's objects were at an earlier
 * version.
 */
#include "api/objects_int.h"

#include <string.h>

#include "base/err.h"
#include "data/json.h"
#include "store/store.h"
#include "store/versions.h"

enum {
    PAGE = 500,
    MAX_AT = 20000, /* objects of a list at an earlier version: it is made in one turn */
};

struct listing {
    struct objects *os;
    const struct kind *kind;
    object_vec *to;
    struct str ns; /* of a list at an earlier version; STR_NULL: all */
    size_t limit, n;
    size_t max_bytes, bytes; /* 0: any */
    bool more;
};

static int
list_row(void *arg, const struct version *v, struct err *e)
{
    struct listing *l = arg;
    const struct entry *en = map_get(&l->os->by_uid, v->uid);

    (void)e;
    if (l->n == l->limit || (l->max_bytes > 0 && l->bytes >= l->max_bytes)) {
        l->more = true;
        return 1;
    }
    l->n++;
    l->bytes += v->json.n;
    vec_push(l->to, en != NULL ? object_ref(en->object)
                               : object_from_text(l->kind, v->ns, v->name, v->uid, v->json, v->rv));
    return 0;
}

static void
choose_index(const struct objects_query *q, struct versions_query *v)
{
    if (q->owner_uid.p != NULL) {
        v->by = VERSIONS_OWNER;
        v->value = q->owner_uid;
    } else if (q->label_key != NULL) {
        v->by = VERSIONS_LABEL;
        v->key = str_of(q->label_key);
        v->value = str_of(q->label_value);
    } else if (q->field_path != NULL) {
        v->by = VERSIONS_FIELD;
        v->key = str_of(q->field_path);
        v->value = str_of(q->field_value);
    }
}

int
objects_list(struct objects *os, struct turn *t, const struct objects_query *q, object_vec *ret,
             bool *more, struct err *e)
{
    struct listing l = {.os = os,
                        .kind = q->kind,
                        .to = ret,
                        .limit = q->limit != 0 ? q->limit : PAGE,
                        .max_bytes = q->bytes};
    struct versions_query v = {.resource = str_of(q->kind->resource),
                               .ns = q->kind->namespaced ? q->ns : STR(""),
                               .after_ns = q->after_ns,
                               .after_name = q->after_name,
                               .limit = l.limit + 1};

    if (more != NULL)
        *more = false;
    choose_index(q, &v);
    if (objects_flush(os, t, e) < 0 || versions_list(turn_db(t), &v, list_row, &l, e) < 0)
        return e->code;
    if (more != NULL)
        *more = l.more;
    return 0;
}

int
objects_count(struct objects *os, struct turn *t, const struct objects_query *q, size_t max,
              int64_t *ret, struct err *e)
{
    struct versions_query v = {.resource = str_of(q->kind->resource),
                               .ns = q->kind->namespaced ? q->ns : STR(""),
                               .after_ns = q->after_ns,
                               .after_name = q->after_name,
                               .limit = max + 1};

    if (objects_flush(os, t, e) < 0 || versions_count(turn_db(t), &v, ret, e) < 0)
        return e->code;
    if (*ret > (int64_t)max)
        *ret = -1;
    return 0;
}

int64_t
objects_oldest_rv(const struct objects *os)
{
    return os->pruned_rv;
}

static int
at_row(void *arg, const struct version *v, struct err *e)
{
    struct listing *l = arg;
    struct object *o;

    if (l->n++ == MAX_AT)
        return err_set(e, ERR_TOOLARGE, "a list at an earlier version may have at most %d objects",
                       (int)MAX_AT);
    o = object_new(l->kind, object_parse(v->json), v->rv);
    if (l->ns.p != NULL && !str_eq(object_namespace(o), l->ns))
        object_unref(o);
    else
        vec_push(l->to, o);
    return 0;
}

static int
by_place(const void *a, const void *b)
{
    const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
    int order = str_cmp(object_namespace(x), object_namespace(y));

    return order != 0 ? order : str_cmp(object_name(x), object_name(y));
}

int
objects_list_at(struct objects *os, struct turn *t, const struct kind *k, struct str ns, int64_t rv,
                object_vec *ret, struct err *e)
{
    struct listing l = {.os = os, .kind = k, .to = ret, .ns = k->namespaced ? ns : STR("")};

    if (objects_flush(os, t, e) < 0 ||
        versions_at(turn_db(t), str_of(k->resource), rv, at_row, &l, e) < 0)
        return e->code;
    qsort(ret->at, ret->n, sizeof *ret->at, by_place);
    return 0;
}

struct changing {
    struct objects *os;
    const struct kind *kind;
    objects_change_fn *fn;
    void *arg;
};

static int
change_row(void *arg, const struct version *v, struct err *e)
{
    const struct changing *c = arg;
    struct object *now = object_new(c->kind, object_parse(v->json), v->rv), *before = NULL;
    int rc;

    (void)e;
    if (v->prev_json.p != NULL)
        before = object_new(c->kind, object_parse(v->prev_json), v->prev_rv);
    rc = c->fn(c->arg, before, now, v->op == 'D');
    object_unref(now);
    object_unref(before);
    return rc;
}

int
objects_changes(struct objects *os, struct turn *t, const struct kind *k, int64_t after,
                int64_t last, size_t limit, objects_change_fn *fn, void *arg, struct err *e)
{
    struct changing c = {.os = os, .kind = k, .fn = fn, .arg = arg};

    return versions_changes(turn_db(t), str_of(k->resource), after, last, limit, change_row, &c, e);
}

void
objects_hold_still(struct objects *os, struct turn *t)
{
    if (os->dirty.n > 0)
        turn_close(t);
}
