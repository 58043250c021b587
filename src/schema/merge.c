/*
 * merge - strategic merge patch and RFC 7386.
 *
 * Both walk base and patch side by side and write the result as they go, so nothing is copied
 * twice.  Lists that merge by a key are merge_list.c's.
 */
#include "schema/merge.h"

#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "data/json.h"
#include "schema/merge_int.h"
#include "schema/schema.h"

/* Objects with more fields than this are looked up by hash, lest a large patch take a square of
 * its size. */
enum { INDEX_FROM = 16, RETAIN_MAX = 200 };

/* An object whose fields are looked up many times. */
struct fields {
    const struct json *object;
    struct map index; /* empty while the object is small */
};

static struct fields
fields_of(const struct json *object)
{
    struct fields f = {.object = object};

    if (json_count(object) > INDEX_FROM)
        JSON_EACH (it, object)
            map_put(&f.index, it.key, (void *)(uintptr_t)it.value);
    return f;
}

static const struct json *
fields_get(const struct fields *f, struct str key)
{
    if (f->index.n > 0)
        return map_get(&f->index, key);
    return json_get_str(f->object, key);
}

static bool
is_directive(struct str key)
{
    return str_is(key, "$patch") || str_is(key, "$retainKeys") ||
           str_starts(key, MERGE_DELETE_PREFIX) || str_starts(key, MERGE_ORDER_PREFIX);
}

static bool
list_merges(const struct schema_field *field)
{
    return schema_form(field->type) == SCHEMA_LIST &&
           (field->merge_key != NULL || (field->flags & SCHEMA_SET));
}

/* What the schema says of a field; unknown ones have a NULL type. */
static struct schema_field
field_of(const struct schema *s, struct str name)
{
    struct schema_field field = {.name = name};

    if (s == NULL)
        return field;
    if (schema_form(s) == SCHEMA_MAP)
        field.type = schema_item(s);
    else
        schema_field(s, name, &field);
    return field;
}

/* One field that the patch names, or for whose list it has a directive. */
static int
merge_field(struct json_build *b, const struct schema *s, struct str name, const struct json *base,
            const struct json *patch, const struct json *whole, struct err *e)
{
    struct schema_field field = field_of(s, name);

    if (patch != NULL && json_is_null(patch))
        return 0;
    json_add_key(b, name);
    if (field.type != NULL && list_merges(&field) &&
        (patch == NULL || json_type(patch) == JSON_ARRAY) &&
        (json_is_null(base) || json_type(base) == JSON_ARRAY))
        return merge_list(b, &field, base, patch, whole, e);
    if (patch == NULL) {
        json_add_value(b, NULL, base);
        return 0;
    }
    if (merge_value(b, field.type, base, patch, e) < 0)
        return err_wrap(e, "%.*s", STR_ARG(name));
    return 0;
}

/* The fields of the base that may stay, as $retainKeys says. */
static bool
retained(const struct json *keys, struct str name)
{
    if (keys == NULL)
        return true;
    JSON_EACH (it, keys)
        if (str_eq(json_str(it.value), name))
            return true;
    return false;
}

static int
merge_fields(struct json_build *b, const struct schema *s, const struct json *base,
             const struct json *patch, struct err *e)
{
    const struct json *keys = json_get(patch, "$retainKeys");
    struct fields of_base = fields_of(base), of_patch = fields_of(patch);
    int rc = 0;

    if (json_count(keys) > RETAIN_MAX)
        rc = err_set(e, ERR_TOOLARGE, "$retainKeys has more than %d names", RETAIN_MAX);
    JSON_EACH (it, base)
        if (rc == 0 && retained(keys, it.key))
            rc = merge_field(b, s, it.key, it.value, fields_get(&of_patch, it.key), patch, e);
    JSON_EACH (it, patch)
        if (rc == 0 && !is_directive(it.key) && fields_get(&of_base, it.key) == NULL)
            rc = merge_field(b, s, it.key, NULL, it.value, patch, e);
    map_done(&of_base.index);
    map_done(&of_patch.index);
    return rc;
}

static int
merge_object(struct json_build *b, const struct schema *s, const struct json *base,
             const struct json *patch, struct err *e)
{
    struct str how = json_str(json_get(patch, "$patch"));
    int rc = 0;

    if (how.p != NULL && !str_is(how, "replace") && !str_is(how, "delete") && !str_is(how, "merge"))
        return err_set(e, ERR_BADREQUEST, "$patch must be replace, delete or merge, not '%.*s'",
                       STR_ARG(how));
    if (str_is(how, "replace") || str_is(how, "delete") || json_type(base) != JSON_OBJECT)
        base = NULL;
    json_add_object(b, NULL);
    if (!str_is(how, "delete"))
        rc = merge_fields(b, s, base, patch, e);
    if (rc == 0)
        json_end(b);
    return rc;
}

int
merge_value(struct json_build *b, const struct schema *s, const struct json *base,
            const struct json *patch, struct err *e)
{
    if (json_type(patch) == JSON_OBJECT)
        return merge_object(b, s, base, patch, e);
    json_add_value(b, NULL, patch);
    return 0;
}

int
merge_strategic(const struct schema *s, const struct json *base, const struct json *patch,
                struct json_doc **ret, struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    if (merge_value(&b, s, base, patch, e) < 0)
        return e->code;
    *ret = json_build_done(&b);
    return 0;
}

static void
patch_value(struct json_build *b, const struct json *base, const struct json *patch)
{
    struct fields of_base, of_patch;

    if (json_type(patch) != JSON_OBJECT) {
        json_add_value(b, NULL, patch);
        return;
    }
    if (json_type(base) != JSON_OBJECT)
        base = NULL;
    of_base = fields_of(base);
    of_patch = fields_of(patch);
    json_add_object(b, NULL);
    JSON_EACH (it, base) {
        const struct json *change = fields_get(&of_patch, it.key);

        if (change != NULL && json_is_null(change))
            continue;
        json_add_key(b, it.key);
        if (change != NULL)
            patch_value(b, it.value, change);
        else
            json_add_value(b, NULL, it.value);
    }
    JSON_EACH (it, patch)
        if (!json_is_null(it.value) && fields_get(&of_base, it.key) == NULL) {
            json_add_key(b, it.key);
            patch_value(b, NULL, it.value);
        }
    json_end(b);
    map_done(&of_base.index);
    map_done(&of_patch.index);
}

struct json_doc *
merge_patch(const struct json *base, const struct json *patch)
{
    struct json_build b = JSON_BUILD_INIT;

    if (patch == NULL)
        json_add_null(&b, NULL);
    else
        patch_value(&b, base, patch);
    return json_build_done(&b);
}
