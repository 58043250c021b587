#include "schema/openapi.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "data/json.h"
#include "data/openssl.h"
#include "schema/schema.h"

/* swagger: "2.0" in protobuf, and nothing else. */
const struct str openapi_v2_body = {"\x0a\x03"
                                    "2.0",
                                    5};
const struct str openapi_v2_content_type = {
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
    sizeof "application/com.github.proto-openapi.spec.v2.v1.0+protobuf" - 1};

struct openapi {
    struct json_build build;
    struct map seen;                  /* names of types, set when one is queued */
    VEC(const struct schema *) queue; /* types to write */
};

/* Names. */

void
openapi_path(struct str api_version, struct buf *to)
{
    buf_cstr(to, str_find_char(api_version, '/', 0) < 0 ? "api/" : "apis/");
    buf_str(to, api_version);
}

/* "io.k8s.api.core.v1", "io.argoproj.v1alpha1": the words of a group's domain backwards. */
static void
write_package(struct str api_version, struct buf *to)
{
    struct str version = api_version, group = str_cut(&version, '/');

    if (version.p == NULL) {
        buf_printf(to, "io.k8s.api.core.%.*s", STR_ARG(group));
        return;
    }
    if (str_is(group, "meta.k8s.io")) {
        buf_printf(to, "io.k8s.apimachinery.pkg.apis.meta.%.*s", STR_ARG(version));
        return;
    }
    if (str_ends(group, STR(".k8s.io"))) {
        buf_printf(to, "io.k8s.api.%.*s.%.*s", STR_ARG(str_cut(&group, '.')), STR_ARG(version));
        return;
    }
    for (size_t end = group.n; end > 0;) {
        size_t start = end;

        while (start > 0 && group.p[start - 1] != '.')
            start--;
        buf_str(to, str_slice(group, start, end));
        buf_char(to, '.');
        end = start > 0 ? start - 1 : 0;
    }
    buf_str(to, version);
}

static void
write_name(const struct schema *s, struct buf *to)
{
    write_package(str_of(schema_version(s)), to);
    buf_printf(to, ".%s", schema_name(s));
}

/* Schemas. */

static void
queue(struct openapi *o, const struct schema *s)
{
    cleanup_buf struct buf name = BUF_INIT;
    static char mark;

    write_name(s, &name);
    if (map_put(&o->seen, buf_view(&name), &mark) == NULL)
        vec_push(&o->queue, s);
}

static const struct leaf {
    enum schema_form form;
    const char *type, *format;
} leaves[] = {
    {SCHEMA_STRING, "string", NULL},
    {SCHEMA_BOOL, "boolean", NULL},
    {SCHEMA_INT32, "integer", "int32"},
    {SCHEMA_INT64, "integer", "int64"},
    {SCHEMA_DOUBLE, "number", "double"},
    {SCHEMA_BYTES, "string", "byte"},
    {SCHEMA_INT_OR_STRING, "string", "int-or-string"},
    {SCHEMA_ANY_STRING, "string", NULL},
    {SCHEMA_QUANTITY, "string", NULL},
    {SCHEMA_TIME, "string", "date-time"},
    {SCHEMA_MICROTIME, "string", "date-time"},
    {SCHEMA_DURATION, "string", NULL},
    {SCHEMA_FREE_OBJECT, "object", NULL},
};

/* The keywords of a type, into the open object. */
static void
add_type(struct openapi *o, const struct schema *s)
{
    enum schema_form form = schema_form(s);
    cleanup_buf struct buf name = BUF_INIT;

    if (form == SCHEMA_OBJECT) {
        queue(o, s);
        buf_cstr(&name, "#/components/schemas/");
        write_name(s, &name);
        json_add_str(&o->build, "$ref", buf_view(&name));
        return;
    }
    if (form == SCHEMA_LIST || form == SCHEMA_MAP) {
        json_add_cstr(&o->build, "type", form == SCHEMA_LIST ? "array" : "object");
        json_add_object(&o->build, form == SCHEMA_LIST ? "items" : "additionalProperties");
        add_type(o, schema_item(s));
        json_end(&o->build);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
        if (leaves[i].form != form)
            continue;
        json_add_cstr(&o->build, "type", leaves[i].type);
        if (leaves[i].format != NULL)
            json_add_cstr(&o->build, "format", leaves[i].format);
    }
}

static void
add_list_rules(struct openapi *o, const struct schema_field *field)
{
    struct str keys = str_of(field->list_keys != NULL ? field->list_keys : "");

    if (schema_form(field->type) == SCHEMA_LIST) {
        json_add_cstr(&o->build, "x-kubernetes-list-type",
                      keys.n > 0                         ? "map"
                      : (field->flags & SCHEMA_SET) != 0 ? "set"
                                                         : "atomic");
        if (keys.n > 0) {
            json_add_array(&o->build, "x-kubernetes-list-map-keys");
            while (keys.p != NULL)
                json_add_str(&o->build, NULL, str_cut(&keys, ','));
            json_end(&o->build);
        }
    }
    if (field->merge_key != NULL) {
        json_add_cstr(&o->build, "x-kubernetes-patch-merge-key", field->merge_key);
        json_add_cstr(&o->build, "x-kubernetes-patch-strategy", "merge");
    }
}

static void
add_property(struct openapi *o, const struct schema_field *field)
{
    json_add_key(&o->build, field->name);
    json_add_object(&o->build, NULL);
    json_add_cstr(&o->build, "description", field->help != NULL ? field->help : "");
    if (schema_form(field->type) == SCHEMA_OBJECT) {
        /* A reference has no neighbours, so it stands in an allOf. */
        json_add_array(&o->build, "allOf");
        json_add_object(&o->build, NULL);
        add_type(o, field->type);
        json_end(&o->build);
        json_end(&o->build);
    } else {
        add_type(o, field->type);
    }
    add_list_rules(o, field);
    json_end(&o->build);
}

static void
add_kind_mark(struct openapi *o, struct str api_version, struct str kind)
{
    struct str version = api_version, group = str_cut(&version, '/');

    json_add_str(&o->build, "group", version.p != NULL ? group : STR(""));
    json_add_str(&o->build, "kind", kind);
    json_add_str(&o->build, "version", version.p != NULL ? version : group);
}

static void
add_required(struct openapi *o, const struct schema *s)
{
    bool any = false;

    for (size_t i = 0; i < schema_field_count(s); i++) {
        struct schema_field field = schema_field_at(s, i);

        if ((field.flags & SCHEMA_REQUIRED) == 0)
            continue;
        if (!any)
            json_add_array(&o->build, "required");
        any = true;
        json_add_str(&o->build, NULL, field.name);
    }
    if (any)
        json_end(&o->build);
}

static void
add_schema(struct openapi *o, const struct schema *s)
{
    struct str version = str_of(schema_version(s)), name = str_of(schema_name(s));
    cleanup_buf struct buf full = BUF_INIT;

    write_name(s, &full);
    json_add_key(&o->build, buf_view(&full));
    json_add_object(&o->build, NULL);
    json_add_printf(&o->build, "description", "%s of %s", schema_name(s), schema_version(s));
    json_add_cstr(&o->build, "type", "object");
    json_add_object(&o->build, "properties");
    for (size_t i = 0; i < schema_field_count(s); i++) {
        struct schema_field field = schema_field_at(s, i);

        add_property(o, &field);
    }
    json_end(&o->build);
    add_required(o, s);
    if (schema_is_atomic(s))
        json_add_cstr(&o->build, "x-kubernetes-map-type", "atomic");
    if (schema_lookup(version, name) == s) {
        json_add_array(&o->build, "x-kubernetes-group-version-kind");
        json_add_object(&o->build, NULL);
        add_kind_mark(o, version, name);
        json_end(&o->build);
        json_end(&o->build);
    }
    json_end(&o->build);
}

/* Paths. */

static void
add_parameter(struct openapi *o, const char *name, const char *in, const char *help)
{
    json_add_object(&o->build, NULL);
    json_add_cstr(&o->build, "name", name);
    json_add_cstr(&o->build, "in", in);
    if (str_is(str_of(in), "path"))
        json_add_bool(&o->build, "required", true);
    json_add_cstr(&o->build, "description", help);
    json_add_object(&o->build, "schema");
    json_add_cstr(&o->build, "type", "string");
    json_add_bool(&o->build, "uniqueItems", true);
    json_end(&o->build);
    json_end(&o->build);
}

static void
add_operation(struct openapi *o, const char *method, const char *action,
              const struct openapi_resource *r)
{
    json_add_object(&o->build, method);
    json_add_printf(&o->build, "description", "%s a %.*s", action, STR_ARG(r->kind));
    if (!str_is(str_of(method), "get") && !str_is(str_of(method), "delete")) {
        json_add_array(&o->build, "parameters");
        add_parameter(o, "dryRun", "query", "All: check everything and store nothing");
        add_parameter(o, "fieldManager", "query", "who writes");
        add_parameter(o, "fieldValidation", "query",
                      "what unknown and duplicate fields mean: Ignore, Warn or Strict");
        json_end(&o->build);
    }
    json_add_object(&o->build, "responses");
    json_add_object(&o->build, "200");
    json_add_cstr(&o->build, "description", "OK");
    json_end(&o->build);
    json_end(&o->build);
    json_add_cstr(&o->build, "x-kubernetes-action", action);
    json_add_object(&o->build, "x-kubernetes-group-version-kind");
    add_kind_mark(o, r->api_version, r->kind);
    json_end(&o->build);
    json_end(&o->build);
}

static void
begin_path(struct openapi *o, const struct openapi_resource *r, bool item)
{
    cleanup_buf struct buf path = BUF_INIT;

    buf_char(&path, '/');
    openapi_path(r->api_version, &path);
    if (r->namespaced)
        buf_cstr(&path, "/namespaces/{namespace}");
    buf_printf(&path, "/%.*s%s", STR_ARG(r->plural), item ? "/{name}" : "");
    json_add_key(&o->build, buf_view(&path));
    json_add_object(&o->build, NULL);
    if (!item && !r->namespaced)
        return;
    json_add_array(&o->build, "parameters");
    if (item)
        add_parameter(o, "name", "path", "name of the object");
    if (r->namespaced)
        add_parameter(o, "namespace", "path", "where it lives");
    json_end(&o->build);
}

static void
add_paths(struct openapi *o, const struct openapi_resource *r)
{
    begin_path(o, r, false);
    add_operation(o, "get", "list", r);
    add_operation(o, "post", "post", r);
    add_operation(o, "delete", "deletecollection", r);
    json_end(&o->build);
    begin_path(o, r, true);
    add_operation(o, "get", "get", r);
    add_operation(o, "put", "put", r);
    add_operation(o, "patch", "patch", r);
    add_operation(o, "delete", "delete", r);
    json_end(&o->build);
}

void
openapi_write(struct str api_version, const struct openapi_resource *resources, size_t n,
              struct buf *to)
{
    struct openapi o = {.build = JSON_BUILD_INIT, .seen = MAP_INIT, .queue = VEC_INIT};
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&o.build, NULL);
    json_add_cstr(&o.build, "openapi", "3.0.0");
    json_add_object(&o.build, "info");
    json_add_cstr(&o.build, "title", "Kubernetes");
    json_add_cstr(&o.build, "version", "v1.34");
    json_end(&o.build);
    json_add_object(&o.build, "paths");
    for (size_t i = 0; i < n; i++) {
        const struct schema *s = schema_lookup(resources[i].api_version, resources[i].kind);

        if (!str_eq(resources[i].api_version, api_version))
            continue;
        add_paths(&o, &resources[i]);
        if (s != NULL)
            queue(&o, s);
    }
    json_end(&o.build);
    json_add_object(&o.build, "components");
    json_add_object(&o.build, "schemas");
    for (size_t i = 0; i < o.queue.n; i++)
        add_schema(&o, o.queue.at[i]);
    json_end(&o.build);
    json_end(&o.build);
    json_end(&o.build);
    doc = json_build_done(&o.build);
    json_write(to, json_root(doc));
    map_done(&o.seen);
    vec_done(&o.queue);
}

static void
write_hash(struct str text, struct buf *to)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    openssl()->SHA256((const unsigned char *)text.p, text.n, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        buf_printf(to, "%02X", digest[i]);
}

/* Whether a resource before i has the same group-version. */
static bool
is_repeated(const struct openapi_resource *resources, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (str_eq(resources[k].api_version, resources[i].api_version))
            return true;
    return false;
}

void
openapi_write_index(const struct openapi_resource *resources, size_t n, struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&b, NULL);
    json_add_object(&b, "paths");
    for (size_t i = 0; i < n; i++) {
        cleanup_buf struct buf path = BUF_INIT, text = BUF_INIT, hash = BUF_INIT;

        if (is_repeated(resources, i))
            continue;
        openapi_path(resources[i].api_version, &path);
        openapi_write(resources[i].api_version, resources, n, &text);
        write_hash(buf_view(&text), &hash);
        json_add_key(&b, buf_view(&path));
        json_add_object(&b, NULL);
        json_add_printf(&b, "serverRelativeURL", "/openapi/v3/%s?hash=%s", buf_cstring(&path),
                        buf_cstring(&hash));
        json_end(&b);
    }
    json_end(&b);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
}
