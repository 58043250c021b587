#include "api/render.h"

#include <inttypes.h>

#include "api/kindface.h"
#include "api/object.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "data/yaml.h"
#include "schema/columns.h"

bool
render_include_parse(struct str text, enum render_include *ret)
{
    *ret = RENDER_METADATA;
    if (str_is(text, "Object"))
        *ret = RENDER_OBJECT;
    else if (str_is(text, "None"))
        *ret = RENDER_NONE;
    else
        return text.n == 0 || str_is(text, "Metadata");
    return true;
}

static const char *
meta_version(const struct render *r)
{
    return r->accept.beta ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1";
}

static const struct columns *
columns(const struct render *r)
{
    const struct kind *k = kind_stored(r->kind);
    char version[128];

    kind_api_version(k, version, sizeof version);
    return columns_of(str_of(version), str_of(k->kind));
}

/* Metadata with its resourceVersion (0: without one). */
static void
add_metadata(struct json_build *b, const struct object *o, bool fresh)
{
    json_add_object(b, "metadata");
    if (!fresh)
        json_add_printf(b, "resourceVersion", "%" PRId64, object_rv(o));
    json_add_fields(b, object_at(o, "metadata"), NULL);
    json_end(b);
}

static void
add_partial(const struct render *r, struct json_build *b, const char *key,
            const struct object *stored, bool fresh)
{
    CLEANUP(object_unref) struct object *o = kindface_object(r->kind, stored);

    json_add_object(b, key);
    json_add_cstr(b, "kind", "PartialObjectMetadata");
    json_add_cstr(b, "apiVersion", meta_version(r));
    add_metadata(b, o, fresh);
    json_end(b);
}

static void
write_built(struct json_build *b, struct buf *to)
{
    cleanup_json struct json_doc *doc = json_build_done(b);

    json_write(to, json_root(doc));
}

static void
write_full(const struct render *r, const struct object *stored, bool fresh, struct buf *to)
{
    CLEANUP(object_unref) struct object *o = kindface_object(r->kind, stored);

    if (fresh)
        buf_str(to, object_text(o));
    else
        object_write(to, o);
}

static void
write_row(const struct render *r, const struct object *o, bool fresh, struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&b, NULL);
    columns_add_cells(columns(r), object_root(o), r->now_us, &b, "cells");
    if (r->include == RENDER_METADATA)
        add_partial(r, &b, "object", o, fresh);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
    if (r->include == RENDER_NONE) {
        buf_cut(to, to->n - 1);
        buf_cstr(to, ",\"object\":null}");
    } else if (r->include == RENDER_OBJECT) {
        buf_cut(to, to->n - 1);
        buf_cstr(to, ",\"object\":");
        write_full(r, o, fresh, to);
        buf_char(to, '}');
    }
}

static void
write_definitions(const struct render *r, struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&b, NULL);
    columns_add_definitions(columns(r), &b, "d");
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_get(json_root(doc), "d"));
}

static void
write_table(const struct render *r, const struct object *o, bool fresh, bool definitions,
            struct buf *to)
{
    buf_printf(to,
               "{\"kind\":\"Table\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":"
               "\"%" PRId64 "\"},\"columnDefinitions\":",
               meta_version(r), fresh ? 0 : object_rv(o));
    if (definitions)
        write_definitions(r, to);
    else
        buf_cstr(to, "null");
    buf_cstr(to, ",\"rows\":[");
    write_row(r, o, fresh, to);
    buf_cstr(to, "]}");
}

static void
write_as(const struct render *r, const struct object *o, bool fresh, bool definitions,
         struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;

    switch (r->accept.as) {
    case ACCEPT_TABLE:
        write_table(r, o, fresh, definitions, to);
        return;
    case ACCEPT_PARTIAL:
        add_partial(r, &b, NULL, o, fresh);
        write_built(&b, to);
        return;
    case ACCEPT_OBJECT:
    case ACCEPT_DISCOVERY:
        write_full(r, o, fresh, to);
        return;
    }
}

void
render_one(const struct render *r, const struct object *o, bool fresh, struct buf *to)
{
    cleanup_buf struct buf json = BUF_INIT;

    if (!r->accept.yaml) {
        write_as(r, o, fresh, true, to);
        buf_char(to, '\n');
        return;
    }
    write_as(r, o, fresh, true, &json);
    render_body(&r->accept, buf_view(&json), to);
}

void
render_list_head(const struct render *r, struct buf *to)
{
    char version[128];

    kind_api_version(r->kind, version, sizeof version);
    if (r->accept.as == ACCEPT_TABLE) {
        buf_printf(to, "{\"kind\":\"Table\",\"apiVersion\":\"%s\",\"columnDefinitions\":",
                   meta_version(r));
        write_definitions(r, to);
        buf_cstr(to, ",\"rows\":[");
    } else if (r->accept.as == ACCEPT_PARTIAL) {
        buf_printf(to, "{\"kind\":\"PartialObjectMetadataList\",\"apiVersion\":\"%s\",\"items\":[",
                   meta_version(r));
    } else {
        buf_printf(to, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\",\"items\":[", r->kind->kind,
                   version);
    }
}

void
render_list_item(const struct render *r, const struct object *o, bool first, struct buf *to)
{
    if (!first)
        buf_char(to, ',');
    if (r->accept.as == ACCEPT_TABLE)
        write_row(r, o, false, to);
    else
        write_as(r, o, false, false, to);
}

void
render_list_tail(const struct render *r, int64_t rv, const char *go_on, int64_t remaining,
                 struct buf *to)
{
    (void)r;
    buf_printf(to, "],\"metadata\":{\"resourceVersion\":\"%" PRId64 "\"", rv);
    if (go_on != NULL)
        buf_printf(to, ",\"continue\":\"%s\"", go_on);
    if (remaining >= 0)
        buf_printf(to, ",\"remainingItemCount\":%" PRId64, remaining);
    buf_cstr(to, "}}\n");
}

void
render_event(const struct render *r, const char *type, const struct object *o, bool first,
             struct buf *to)
{
    buf_printf(to, "{\"type\":\"%s\",\"object\":", type);
    write_as(r, o, false, first, to);
    buf_cstr(to, "}\n");
}

void
render_bookmark(const struct render *r, int64_t rv, bool initial_end, struct buf *to)
{
    const char *mark =
        initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "";
    char version[128];

    kind_api_version(r->kind, version, sizeof version);
    buf_cstr(to, "{\"type\":\"BOOKMARK\",\"object\":");
    if (r->accept.as == ACCEPT_TABLE) {
        buf_printf(to,
                   "{\"kind\":\"Table\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":"
                   "\"%" PRId64 "\"},\"columnDefinitions\":null,\"rows\":[]}}\n",
                   meta_version(r), rv);
        return;
    }
    buf_printf(to,
               "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%" PRId64
               "\"%s}}}\n",
               r->accept.as == ACCEPT_PARTIAL ? "PartialObjectMetadata" : r->kind->kind,
               r->accept.as == ACCEPT_PARTIAL ? meta_version(r) : version, rv, mark);
}

/* What is turned into YAML was written here, so it parses. */
void
render_body(const struct accept *a, struct str json, struct buf *to)
{
    struct json_limits limits = {.bytes = JSON_MAX_BYTES, .depth = JSON_MAX_DEPTH + 16};
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    if (!a->yaml) {
        buf_str(to, json);
        return;
    }
    if (json_parse(json, &limits, &doc, &e) < 0)
        log_warn(NULL, "an answer as YAML: %s", e.msg);
    else
        yaml_write(to, json_root(doc));
}

const char *
render_content_type(const struct accept *a)
{
    return a->yaml ? "application/yaml" : "application/json";
}
