#include "flow/argo/argo_resource.h"

#include "api/objects.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/jsonpath.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_podless.h"
#include "flow/flow_int.h"

enum { LOOK_PAUSE_US = 1000 * 1000 };

/* Outputs. */

/* "{.a.b}" of jq's ".a.b", or NULL: more than a plain path is another language. */
static char *
path_of_filter(struct str filter)
{
    filter = str_trim(filter);
    if (filter.n == 0 || filter.p[0] != '.')
        return NULL;
    for (size_t i = 0; i < filter.n; i++) {
        char c = filter.p[i];
        bool name =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';

        if (!name && (c != '.' || (i > 0 && filter.p[i - 1] == '.')))
            return NULL;
    }
    return filter.n == 1 ? xstrdup("{}") : xasprintf("{%.*s}", STR_ARG(filter));
}

static int
output_value(const struct json *from, const struct json *object, struct buf *to, struct err *e)
{
    struct str path = json_str(json_get(from, "jsonPath"));
    struct str filter = json_str(json_get(from, "jqFilter"));
    cleanup_free char *plain = NULL;

    if (path.n == 0 && filter.n == 0)
        return err_set(e, ERR_INVALID, "it has neither jsonPath nor jqFilter");
    if (path.n != 0)
        return jsonpath_template(path, object, to, e);
    plain = path_of_filter(filter);
    if (plain == NULL)
        return err_set(e, ERR_UNSUPPORTED,
                       "jqFilter '%.*s': only a plain path such as .metadata.name can be used here",
                       STR_ARG(str_slice(filter, 0, 100)));
    return jsonpath_template(str_of(plain), object, to, e);
}

static int
add_output(struct json_build *b, const struct json *declared, const struct json *object,
           struct err *e)
{
    const struct json *from = json_get(declared, "valueFrom");
    const struct json *otherwise = json_get(from, "default");
    cleanup_buf struct buf value = BUF_INIT;
    struct err why = ERR_INIT;

    if (json_get(declared, "value") != NULL) {
        json_add_value(b, NULL, declared);
        return 0;
    }
    if (output_value(from, object, &value, &why) < 0) {
        if (otherwise == NULL)
            return err_set(e, ERR_INVALID, "outputs.parameters.%.*s: %s",
                           STR_ARG(json_str(json_get(declared, "name"))), why.msg);
        buf_clear(&value);
        buf_str(&value, json_scalar_text(otherwise));
    }
    json_add_object(b, NULL);
    json_add_fields(b, declared, (const char *const[]){"value", NULL});
    json_add_str(b, "value", buf_view(&value));
    json_end(b);
    return 0;
}

static int
outputs_of(const struct json *tmpl, const struct object *o, struct json_doc **ret, struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *whole = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    /* As clients see it, with its resourceVersion. */
    if (o != NULL) {
        object_write(&text, o);
        if (json_parse(buf_view(&text), NULL, &whole, e) < 0)
            return e->code;
    }
    json_add_object(&b, NULL);
    json_add_array(&b, "parameters");
    JSON_EACH (p, json_at_path(tmpl, "outputs.parameters")) {
        if (o != NULL && add_output(&b, p.value, json_root(whole), e) < 0)
            return e->code;
    }
    json_end(&b);
    json_add_cstr(&b, "exitCode", "0");
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

static int
succeed(struct flow_node *leaf, const struct json *tmpl, const struct object *o,
        struct flow_result *r, struct err *e)
{
    struct err why = ERR_INIT;

    if (outputs_of(tmpl, o, &r->outputs, &why) < 0)
        return argo_podless_blame(r, &why, e);
    r->phase = FLOW_SUCCEEDED;
    argo_output_publish(leaf->run, json_root(r->outputs));
    return 0;
}

/* Waiting. */

/* What the node remembers while it waits. */
static struct json_doc *
memory_of(const struct object *o)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "object");
    json_add_cstr(&b, "resource", object_kind(o)->resource);
    json_add_str(&b, "namespace", object_namespace(o));
    json_add_str(&b, "name", object_name(o));
    json_add_str(&b, "uid", object_uid(o));
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

static int
look_at(struct turn *t, struct flow_node *leaf, const struct json *tmpl, const struct object *o,
        struct flow_result *r, int64_t *again_us, struct err *e)
{
    const struct json *resource = json_get(tmpl, "resource");
    struct err why = ERR_INIT;
    int met = argo_resource_met(resource, o, &why);

    if (met > 0)
        return succeed(leaf, tmpl, o, r, e);
    if (met < 0)
        return argo_podless_blame(r, &why, e);
    *again_us = turn_now_us(t) + LOOK_PAUSE_US;
    if (leaf->outputs == NULL)
        r->outputs = memory_of(o);
    return 0;
}

static int
go_on(struct turn *t, struct flow_node *leaf, const struct json *tmpl, struct flow_result *r,
      int64_t *again_us, struct err *e)
{
    const struct json *known = json_get(json_root(leaf->outputs), "object");
    cleanup_object struct object *o =
        objects_find_uid(leaf->run->flow->objects, t, json_str(json_get(known, "uid")));
    cleanup_free char *text = NULL;

    if (o != NULL)
        return look_at(t, leaf, tmpl, o, r, again_us, e);
    text = xasprintf("%.*s \"%.*s\" was deleted while its conditions were waited for",
                     STR_ARG(json_str(json_get(known, "resource"))),
                     STR_ARG(json_str(json_get(known, "name"))));
    return argo_podless_fail(r, FLOW_FAILED, "main: Error (exit code 64): ", text);
}

int
argo_resource_tend(struct turn *t, struct flow_node *leaf, const struct json *tmpl,
                   struct flow_result *r, int64_t *again_us, struct err *e)
{
    cleanup_object struct object *o = NULL;
    struct err why = ERR_INIT;

    if (leaf->outputs != NULL)
        return go_on(t, leaf, tmpl, r, again_us, e);
    if (argo_resource_act(t, leaf, json_get(tmpl, "resource"), &o, &why) < 0)
        return argo_podless_blame(r, &why, e);
    return o != NULL ? look_at(t, leaf, tmpl, o, r, again_us, e) : succeed(leaf, tmpl, o, r, e);
}
