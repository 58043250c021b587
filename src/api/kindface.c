#include "api/kindface.h"

#include <stdio.h>

#include "api/kind.h"
#include "api/object.h"
#include "data/json.h"

struct renaming {
    const struct kind *face;
    bool to_stored;
};

static struct str
renamed(const struct renaming *n, struct str name)
{
    for (const struct kind_rename *r = n->face->renames; r->stored != NULL; r++) {
        if (str_is(name, n->to_stored ? r->shown : r->stored))
            return str_of(n->to_stored ? r->stored : r->shown);
    }
    return name;
}

/* {"f:note":{}}: only the first step of a path is a field of the object itself. */
static void
add_paths(struct json_build *b, const struct renaming *n, const struct json *fields)
{
    json_add_object(b, "fieldsV1");
    JSON_EACH (it, fields) {
        char key[128];

        if (str_starts(it.key, STR("f:")) && it.key.n < sizeof key / 2) {
            struct str to = renamed(n, str_slice(it.key, 2, it.key.n));

            snprintf(key, sizeof key, "f:%.*s", STR_ARG(to));
            json_add_value(b, key, it.value);
        } else {
            json_add_key(b, it.key);
            json_add_value(b, NULL, it.value);
        }
    }
    json_end(b);
}

static void
add_managers(struct json_build *b, const struct renaming *n, const struct json *managers)
{
    static const char *const except[] = {"apiVersion", "fieldsV1", NULL};
    char version[128];

    kind_api_version(n->to_stored ? kind_stored(n->face) : n->face, version, sizeof version);
    json_add_array(b, "managedFields");
    JSON_EACH (it, managers) {
        json_add_object(b, NULL);
        json_add_fields(b, it.value, except);
        if (json_get(it.value, "apiVersion") != NULL)
            json_add_cstr(b, "apiVersion", version);
        if (json_get(it.value, "fieldsV1") != NULL)
            add_paths(b, n, json_get(it.value, "fieldsV1"));
        json_end(b);
    }
    json_end(b);
}

static void
add_metadata(struct json_build *b, const struct renaming *n, const struct json *metadata)
{
    static const char *const except[] = {"managedFields", NULL};
    bool managed = json_type(json_get(metadata, "managedFields")) == JSON_ARRAY;

    json_add_object(b, "metadata");
    json_add_fields(b, metadata, managed ? except : NULL);
    if (managed)
        add_managers(b, n, json_get(metadata, "managedFields"));
    json_end(b);
}

static struct json_doc *
rename_all(const struct renaming *n, const struct json *object)
{
    struct json_build b = JSON_BUILD_INIT;
    char version[128];

    kind_api_version(n->to_stored ? kind_stored(n->face) : n->face, version, sizeof version);
    json_add_object(&b, NULL);
    json_add_cstr(&b, "apiVersion", version);
    JSON_EACH (it, object) {
        if (str_is(it.key, "apiVersion"))
            continue;
        if (str_is(it.key, "metadata") && json_type(it.value) == JSON_OBJECT) {
            add_metadata(&b, n, it.value);
            continue;
        }
        json_add_key(&b, renamed(n, it.key));
        json_add_value(&b, NULL, it.value);
    }
    json_end(&b);
    return json_build_done(&b);
}

struct json_doc *
kindface_stored(const struct kind *face, const struct json *shown)
{
    return rename_all(&(struct renaming){.face = face, .to_stored = true}, shown);
}

struct json_doc *
kindface_shown(const struct kind *face, const struct json *stored)
{
    return rename_all(&(struct renaming){.face = face}, stored);
}

struct object *
kindface_object(const struct kind *k, const struct object *o)
{
    if (k->face_of == NULL || object_kind(o) == k)
        return object_ref(o);
    return object_new(k, kindface_shown(k, object_root(o)), object_rv(o));
}
