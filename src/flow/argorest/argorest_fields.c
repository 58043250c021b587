#include "flow/argorest/argorest_fields.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"

void
argorest_fields_read(struct arena *a, struct str text, struct argorest_fields *ret)
{
    size_t n = 1;

    *ret = (struct argorest_fields){.exclude = text.n > 0 && text.p[0] == '-'};
    text = str_slice(text, ret->exclude, text.n);
    if (text.n == 0)
        return;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == ',';
    ret->paths = ARENA_ARRAY(a, struct str, n);
    while (text.p != NULL) {
        struct str path = str_trim(str_cut(&text, ','));

        if (path.n > 0)
            ret->paths[ret->n++] = path;
    }
}

/* Whether `path` is `ancestor`, or is below it. */
static bool
is_within(struct str path, struct str ancestor)
{
    return str_starts(path, ancestor) &&
           (path.n == ancestor.n || path.p[ancestor.n] == '.' || ancestor.n == 0);
}

static bool
is_named(const struct argorest_fields *f, struct str path)
{
    for (size_t i = 0; i < f->n; i++)
        if (is_within(path, f->paths[i]))
            return true;
    return false;
}

static bool
leads_to_one(const struct argorest_fields *f, struct str path)
{
    for (size_t i = 0; i < f->n; i++)
        if (is_within(f->paths[i], path))
            return true;
    return false;
}

bool
argorest_fields_want(const struct argorest_fields *f, struct str path)
{
    if (f->n == 0)
        return true;
    if (f->exclude)
        return !is_named(f, path);
    return is_named(f, path) || leads_to_one(f, path);
}

static bool
is_time_to_come(struct str key, const struct json *value)
{
    return json_type(value) == JSON_NULL && (str_is(key, "startedAt") || str_is(key, "finishedAt"));
}

static void add(const struct argorest_fields *f, struct json_build *b, struct buf *path,
                const struct json *v);

/* A field of the object at `path`. */
static void
add_field(const struct argorest_fields *f, struct json_build *b, struct buf *path, struct str key,
          const struct json *v, bool is_root)
{
    size_t n = path->n;

    if (is_time_to_come(key, v))
        return;
    if (n > 0)
        buf_char(path, '.');
    buf_str(path, key);
    if (argorest_fields_want(f, buf_view(path))) {
        json_add_key(b, key);
        add(f, b, path, v);
    } else if (is_root && (str_is(key, "metadata") || str_is(key, "spec"))) {
        json_add_key(b, key); /* clients rely on the two */
        json_add_object(b, NULL);
        json_end(b);
    }
    buf_cut(path, n);
}

static void
add_fields(const struct argorest_fields *f, struct json_build *b, struct buf *path,
           const struct json *v, bool is_root)
{
    json_add_object(b, NULL);
    JSON_EACH (it, v)
        add_field(f, b, path, it.key, it.value, is_root);
    json_end(b);
}

/* `path` is that of v; it grows and is cut again on the way. */
static void
add(const struct argorest_fields *f, struct json_build *b, struct buf *path, const struct json *v)
{
    if (json_type(v) == JSON_OBJECT) {
        add_fields(f, b, path, v, false);
        return;
    }
    if (json_type(v) != JSON_ARRAY) {
        json_add_value(b, NULL, v);
        return;
    }
    json_add_array(b, NULL);
    JSON_EACH (it, v)
        add(f, b, path, it.value);
    json_end(b);
}

/* Most objects go as they are. */
static bool
is_plain(const struct argorest_fields *f, struct str object)
{
    return f->n == 0 && str_find(object, STR("edAt\":null"), 0) < 0;
}

int
argorest_fields_pass(const struct argorest_fields *f, struct str prefix, struct str object,
                     struct buf *to, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *whole = NULL, *part = NULL;
    cleanup_buf struct buf path = BUF_INIT;

    if (is_plain(f, object)) {
        buf_str(to, object);
        return 0;
    }
    if (json_parse(object, NULL, &whole, e) < 0)
        return e->code;
    buf_str(&path, prefix);
    add_fields(f, &b, &path, json_root(whole), true);
    part = json_build_done(&b);
    json_write(to, json_root(part));
    return 0;
}
