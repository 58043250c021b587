#include "schema/defaults.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/defaults_int.h"
#include "schema/merge.h"
#include "schema/schema.h"

enum { MILLION = 1000000 };

struct defaults {
    struct json_build build;
    struct defaults_context context;
};

static void put(struct defaults *d, const struct schema *s, const struct json *v);

/* Amounts of resources have no more than thousandths. */
static void
put_amount(struct defaults *d, const struct json *v)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    struct quantity q;

    if (quantity_parse(json_str(v), &q, &ignored) < 0 || q.nano % MILLION == 0) {
        json_add_value(&d->build, NULL, v);
        return;
    }
    q.nano += q.nano > 0 ? MILLION - q.nano % MILLION : -(q.nano % MILLION);
    quantity_write(&text, q);
    json_add_str(&d->build, NULL, buf_view(&text));
}

static void
put_items(struct defaults *d, const struct schema *s, const struct json *v)
{
    bool map = schema_form(s) == SCHEMA_MAP;
    const struct schema *item = schema_item(s);

    (map ? json_add_object : json_add_array)(&d->build, NULL);
    JSON_EACH (it, v) {
        if (map)
            json_add_key(&d->build, it.key);
        if (map && schema_form(item) == SCHEMA_QUANTITY)
            put_amount(d, it.value);
        else
            put(d, item, it.value);
    }
    json_end(&d->build);
}

/* Whether a value stands for one that was not given. */
static bool
is_unset(const struct schema_field *field, const struct json *v)
{
    int64_t n = 0;

    if (json_is_null(v))
        return true;
    if (field->flags & SCHEMA_POINTER)
        return false;
    return (json_type(v) == JSON_STRING && json_str(v).n == 0) ||
           (json_type(v) == JSON_NUMBER && json_int(v, &n) && n == 0);
}

static void
put_constant(struct defaults *d, const struct schema_field *field)
{
    cleanup_json struct json_doc *value = NULL;
    struct err e = ERR_INIT;

    /* tools/gen-schema has checked that it is JSON. */
    if (json_parse(str_of(field->default_json), NULL, &value, &e) < 0)
        return;
    json_add_key(&d->build, field->name);
    json_add_value(&d->build, NULL, json_root(value));
}

static void
put_fields(struct defaults *d, const struct schema *s, const struct json *v)
{
    struct schema_field field;

    json_add_object(&d->build, NULL);
    JSON_EACH (it, v) {
        if (!schema_field(s, it.key, &field)) {
            json_add_key(&d->build, it.key);
            json_add_value(&d->build, NULL, it.value);
        } else if (field.default_json == NULL || !is_unset(&field, it.value)) {
            json_add_key(&d->build, it.key);
            put(d, field.type, it.value);
        }
    }
    for (size_t i = 0; i < schema_field_count(s); i++) {
        field = schema_field_at(s, i);
        if (field.default_json != NULL && is_unset(&field, json_get_str(v, field.name)))
            put_constant(d, &field);
    }
    json_end(&d->build);
}

/* Of a value with those of its defaults that follow from other values; NULL for the same. */
static struct json_doc *
filled(struct defaults *d, const struct schema *s, const struct json *v)
{
    defaults_fill_fn *fill =
        str_is(str_of(schema_version(s)), "v1") ? defaults_fill_of(str_of(schema_name(s))) : NULL;
    cleanup_json struct json_doc *patch = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (fill == NULL)
        return NULL;
    json_add_object(&b, NULL);
    fill(&d->context, v, &b);
    json_end(&b);
    patch = json_build_done(&b);
    return json_count(json_root(patch)) > 0 ? merge_patch(v, json_root(patch)) : NULL;
}

static void
put(struct defaults *d, const struct schema *s, const struct json *v)
{
    enum schema_form form = schema_form(s);
    cleanup_json struct json_doc *with = NULL;

    if (form == SCHEMA_OBJECT && json_type(v) == JSON_OBJECT) {
        with = filled(d, s, v);
        put_fields(d, s, with != NULL ? json_root(with) : v);
    } else if ((form == SCHEMA_LIST && json_type(v) == JSON_ARRAY) ||
               (form == SCHEMA_MAP && json_type(v) == JSON_OBJECT)) {
        put_items(d, s, v);
    } else {
        json_add_value(&d->build, NULL, v);
    }
}

struct json_doc *
defaults_apply(const struct schema *s, const struct json_doc *object)
{
    const struct json *root = json_root(object);
    struct defaults d = {
        .build = JSON_BUILD_INIT,
        .context = {.pod = str_is(str_of(schema_name(s)), "Pod"),
                    .service_type = json_str(json_at_path(root, "spec.type"))},
    };

    if (schema_is_custom(str_of(schema_version(s))))
        return json_copy(root);
    d.context.host_network =
        d.context.pod && json_bool_or(json_at_path(root, "spec.hostNetwork"), false);
    put(&d, s, root);
    return json_build_done(&d.build);
}
