#include "schema/typeshape.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/schema.h"

static struct typeshape
whole(const struct schema *type)
{
    return (struct typeshape){.kind = TYPESHAPE_WHOLE, .type = type};
}

static struct typeshape
open_shape(void)
{
    return (struct typeshape){.kind = TYPESHAPE_OPEN};
}

/* Of a value that is no field: the item of a list or map. */
static struct typeshape
of_type(const struct schema *type)
{
    switch (schema_form(type)) {
    case SCHEMA_OBJECT:
        if (schema_is_atomic(type))
            return whole(type);
        return (struct typeshape){.kind = TYPESHAPE_OBJECT, .type = type};
    case SCHEMA_MAP:
        return (struct typeshape){.kind = TYPESHAPE_MAP, .type = schema_item(type)};
    case SCHEMA_ANY:
    case SCHEMA_FREE_OBJECT:
        return open_shape();
    default:
        return whole(type);
    }
}

static struct typeshape
of_field(const struct schema_field *field)
{
    if (field->flags & SCHEMA_ATOMIC)
        return whole(field->type);
    if (schema_form(field->type) != SCHEMA_LIST)
        return of_type(field->type);
    if (field->list_keys != NULL)
        return (struct typeshape){
            .kind = TYPESHAPE_KEYED, .type = schema_item(field->type), .keys = field->list_keys};
    if (field->flags & SCHEMA_SET)
        return (struct typeshape){.kind = TYPESHAPE_SET, .type = schema_item(field->type)};
    return whole(field->type);
}

struct typeshape
typeshape_root(const struct schema *kind)
{
    return (struct typeshape){.kind = TYPESHAPE_OBJECT,
                              .type = kind,
                              .custom = schema_is_custom(str_of(schema_version(kind)))};
}

struct typeshape
typeshape_of_value(struct typeshape shape, const struct json *v)
{
    if (shape.kind != TYPESHAPE_OPEN || json_is_null(v))
        return shape;
    return json_type(v) == JSON_OBJECT ? (struct typeshape){.kind = TYPESHAPE_MAP} : whole(NULL);
}

struct typeshape
typeshape_field(struct typeshape shape, struct str name, bool *declared)
{
    struct schema_field field;

    *declared = false;
    if (shape.kind == TYPESHAPE_MAP)
        return shape.type != NULL ? of_type(shape.type) : open_shape();
    if (shape.kind != TYPESHAPE_OBJECT || !schema_field(shape.type, name, &field))
        return open_shape();
    *declared = true;
    if (shape.custom && schema_form(field.type) == SCHEMA_OBJECT && !str_is(name, "metadata"))
        return open_shape();
    return of_field(&field);
}

struct typeshape
typeshape_item(struct typeshape shape)
{
    return shape.type != NULL ? of_type(shape.type) : open_shape();
}

static struct str
keep(struct arena *a, const struct buf *text)
{
    return str_make(str_dup_arena(a, buf_view(text)), text->n);
}

struct str
typeshape_field_element(struct arena *a, struct str name)
{
    char *text = arena_alloc(a, name.n + 3);

    memcpy(text, "f:", 2);
    memcpy(text + 2, name.p, name.n);
    return str_make(text, name.n + 2);
}

/* What a key is that an item leaves out, as JSON text; NULL if it then is no part of the element.
 */
static const char *
key_default(const struct schema *item, struct str key)
{
    struct schema_field field;

    if (item == NULL || !schema_field(item, key, &field))
        return NULL;
    if (field.default_json != NULL || !(field.flags & SCHEMA_ALWAYS))
        return field.default_json;
    return schema_form(field.type) == SCHEMA_STRING ? "\"\"" : "0";
}

/* The schemas name keys in alphabetical order, or the order is made here: at most a few. */
static bool
next_key(const char *keys, struct str after, struct str *ret)
{
    struct str rest = str_of(keys);
    bool found = false;

    while (rest.p != NULL) {
        struct str key = str_cut(&rest, ',');

        if ((after.p == NULL || str_cmp(key, after) > 0) && (!found || str_cmp(key, *ret) < 0)) {
            *ret = key;
            found = true;
        }
    }
    return found;
}

static int
keyed_element(struct typeshape list, const struct json *item, struct buf *text, struct err *e)
{
    struct str key = STR_NULL;
    size_t found = 0;

    if (json_type(item) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "associative list with keys may not have %s",
                       json_is_null(item) ? "a null element" : "non-map elements");
    buf_cstr(text, "k:{");
    while (next_key(list.keys, key, &key)) {
        const struct json *value = json_get_str(item, key);
        const char *otherwise = key_default(list.type, key);

        if (value == NULL && otherwise == NULL)
            continue;
        if (found++ > 0)
            buf_char(text, ',');
        json_write_string(text, key);
        buf_char(text, ':');
        if (value != NULL)
            json_write_sorted(text, value);
        else
            buf_cstr(text, otherwise);
    }
    buf_char(text, '}');
    if (found == 0)
        return err_set(
            e, ERR_BADREQUEST,
            "associative list with keys has an element that omits all key fields [\"%s\"]"
            " (and doesn't have default values for any key fields)",
            list.keys);
    return 0;
}

static int
set_element(const struct json *item, struct buf *text, struct err *e)
{
    if (json_type(item) == JSON_OBJECT || json_type(item) == JSON_ARRAY || json_is_null(item))
        return err_set(e, ERR_BADREQUEST,
                       json_type(item) == JSON_OBJECT
                           ? "associative list without keys has an element that's a map type"
                       : json_is_null(item)
                           ? "associative list without keys has an element that's an explicit null"
                           : "not supported: associative list with lists as elements");
    buf_cstr(text, "v:");
    json_write(text, item);
    return 0;
}

int
typeshape_element(struct arena *a, struct typeshape list, const struct json *item, struct str *ret,
                  struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    int rc = list.kind == TYPESHAPE_KEYED ? keyed_element(list, item, &text, e)
                                          : set_element(item, &text, e);

    if (rc == 0)
        *ret = keep(a, &text);
    return rc;
}
