/*
 * Tree and text are made lazily by whichever thread asks first: both may make one, one of them wins
 * the exchange, the other throws its own away.  After that the pointer never changes, so readers
 * need no lock.
 */
#include "api/object.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"

struct text {
    size_t n;
    char p[];
};

struct object {
    atomic_uint refs;
    const struct kind *kind;
    int64_t rv;
    struct str ns, name, uid; /* in `names` */
    char *names;
    _Atomic(struct json_doc *) doc;
    _Atomic(struct text *) text;
};

static struct object *
make(const struct kind *k, struct str ns, struct str name, struct str uid, int64_t rv)
{
    struct object *o = NEW(struct object);

    o->refs = 1;
    o->kind = k;
    o->rv = rv;
    o->names = xasprintf("%.*s%c%.*s%c%.*s", STR_ARG(ns), 0, STR_ARG(name), 0, STR_ARG(uid));
    o->ns = str_make(o->names, ns.n);
    o->name = str_make(o->names + ns.n + 1, name.n);
    o->uid = str_make(o->names + ns.n + 1 + name.n + 1, uid.n);
    return o;
}

static struct str
or_empty(struct str s)
{
    return s.p != NULL ? s : STR("");
}

struct object *
object_new(const struct kind *k, struct json_doc *doc, int64_t rv)
{
    const struct json *meta = json_get(json_root(doc), "metadata");
    struct object *o = make(k, or_empty(json_str(json_get(meta, "namespace"))),
                            or_empty(json_str(json_get(meta, "name"))),
                            or_empty(json_str(json_get(meta, "uid"))), rv);

    o->doc = doc;
    return o;
}

static struct text *
text_new(struct str s)
{
    struct text *t = xrealloc(NULL, sizeof *t + s.n + 1, 1);

    t->n = s.n;
    memcpy(t->p, s.p, s.n);
    t->p[s.n] = '\0';
    return t;
}

struct object *
object_from_text(const struct kind *k, struct str ns, struct str name, struct str uid,
                 struct str text, int64_t rv)
{
    struct object *o = make(k, ns, name, uid, rv);

    o->text = text_new(text);
    return o;
}

struct object *
object_ref(const struct object *o)
{
    struct object *mine = (struct object *)(uintptr_t)o;

    atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

void
object_unref(const struct object *o)
{
    struct object *mine = (struct object *)(uintptr_t)o;

    if (mine == NULL || atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
        return;
    json_doc_unref(mine->doc);
    free(mine->text);
    free(mine->names);
    free(mine);
}

const struct kind *
object_kind(const struct object *o)
{
    return o->kind;
}

struct str
object_namespace(const struct object *o)
{
    return o->ns;
}

struct str
object_name(const struct object *o)
{
    return o->name;
}

struct str
object_uid(const struct object *o)
{
    return o->uid;
}

int64_t
object_rv(const struct object *o)
{
    return o->rv;
}

struct json_doc *
object_parse(struct str text)
{
    struct json_limits limits = {.bytes = JSON_MAX_BYTES, .depth = JSON_MAX_DEPTH + 8};
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    if (json_parse(text, &limits, &doc, &e) < 0)
        panic(__FILE__, __LINE__, "stored object '%.*s': %s", (int)(text.n < 200 ? text.n : 200),
              text.p, e.msg);
    return doc;
}

static struct json_doc *
parse(const struct object *o)
{
    const struct text *text = o->text;

    return object_parse(str_make(text->p, text->n));
}

struct json_doc *
object_doc(const struct object *o)
{
    struct object *mine = (struct object *)(uintptr_t)o;
    struct json_doc *seen = atomic_load_explicit(&mine->doc, memory_order_acquire), *made;

    if (seen != NULL)
        return seen;
    made = parse(o);
    if (atomic_compare_exchange_strong(&mine->doc, &seen, made))
        return made;
    json_doc_unref(made);
    return seen;
}

const struct json *
object_root(const struct object *o)
{
    return json_root(object_doc(o));
}

struct str
object_text(const struct object *o)
{
    struct object *mine = (struct object *)(uintptr_t)o;
    struct text *seen = atomic_load_explicit(&mine->text, memory_order_acquire), *made;
    cleanup_buf struct buf b = BUF_INIT;

    if (seen != NULL)
        return str_make(seen->p, seen->n);
    json_write(&b, object_root(o));
    made = text_new(buf_view(&b));
    if (atomic_compare_exchange_strong(&mine->text, &seen, made))
        seen = made;
    else
        free(made);
    return str_make(seen->p, seen->n);
}

/* Our writer puts apiVersion and kind before metadata, and neither can contain what is looked for.
 */
void
object_write_text(struct buf *to, struct str text, int64_t rv)
{
    static const char before[] = "\"metadata\":{";
    ptrdiff_t at = str_find(text, str_of(before), 0);
    size_t head;

    CHECK(at >= 0);
    head = (size_t)at + sizeof before - 1;
    buf_add(to, text.p, head);
    buf_printf(to, "\"resourceVersion\":\"%" PRId64 "\",", rv);
    buf_add(to, text.p + head, text.n - head);
}

void
object_write(struct buf *to, const struct object *o)
{
    object_write_text(to, object_text(o), o->rv);
}

const struct json *
object_at(const struct object *o, const char *dotted)
{
    return json_at_path(object_root(o), dotted);
}

struct str
object_label(const struct object *o, const char *key)
{
    return json_str(json_get(object_at(o, "metadata.labels"), key));
}

struct str
object_annotation(const struct object *o, const char *key)
{
    return json_str(json_get(object_at(o, "metadata.annotations"), key));
}

bool
object_is_deleting(const struct object *o)
{
    return json_str(object_at(o, "metadata.deletionTimestamp")).p != NULL;
}

bool
object_is_finished(const struct object *o)
{
    return o->kind->is_finished != NULL && o->kind->is_finished(object_root(o));
}

struct str
object_controller_uid(const struct object *o)
{
    JSON_EACH (it, object_at(o, "metadata.ownerReferences")) {
        if (json_bool_or(json_get(it.value, "controller"), false))
            return json_str(json_get(it.value, "uid"));
    }
    return STR_NULL;
}

size_t
object_bytes(const struct object *o)
{
    struct object *mine = (struct object *)(uintptr_t)o;
    const struct json_doc *doc = mine->doc;
    const struct text *text = mine->text;

    return sizeof *o + o->ns.n + o->name.n + o->uid.n + 3 +
           (doc != NULL ? json_doc_bytes(doc) : 0) + (text != NULL ? text->n : 0);
}
