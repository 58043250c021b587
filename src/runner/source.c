#include "runner/source.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/base64.h"
#include "data/json.h"
#include "runner/amount.h"
#include "runner/podspec.h"
#include "runner/runtime.h"

/* The object of kind "ConfigMap" or "Secret", or NULL. */
static const struct json *
find_object(const struct plan *p, const char *kind, struct str name)
{
    for (size_t i = 0; i < p->sources_n; i++)
        if (strcmp(p->sources[i].kind, kind) == 0 && str_is(name, p->sources[i].name))
            return json_root(p->sources[i].object);
    return NULL;
}

int
source_require(const struct plan *p, const char *kind, struct str name, bool optional,
               const struct json **ret, struct err *e)
{
    *ret = find_object(p, kind, name);
    if (*ret == NULL && !optional)
        return err_set(e, ERR_NOTFOUND, "%s \"%.*s\" not found",
                       strcmp(kind, "Secret") == 0 ? "secret" : "configmap", STR_ARG(name));
    return 0;
}

static int
decode(struct str key, const struct json *v, struct buf *to, struct err *e)
{
    if (!base64_decode_loose(json_str(v), to))
        return err_set(e, ERR_INVALID, "key '%.*s' is no valid base64", STR_ARG(key));
    return 1;
}

/* A ConfigMap has text in data and base64 in binaryData; a Secret has base64 in data, and text in
 * stringData where it comes from a file that no API server has seen. */
static bool
is_secret(const struct json *object)
{
    return str_is(json_str(json_get(object, "kind")), "Secret");
}

int
source_key(const struct json *object, struct str key, struct buf *to, struct err *e)
{
    bool secret = is_secret(object);
    const char *plain = secret ? "stringData" : "data", *coded = secret ? "data" : "binaryData";
    const struct json *v = json_get_str(json_get(object, plain), key);

    if (v != NULL) {
        buf_str(to, json_scalar_text(v));
        return 1;
    }
    v = json_get_str(json_get(object, coded), key);
    return v != NULL ? decode(key, v, to, e) : 0;
}

int
source_each(const struct json *object, source_each_fn *fn, void *arg, struct err *e)
{
    bool secret = is_secret(object);

    JSON_EACH (it, json_get(object, secret ? "stringData" : "data")) {
        if (fn(arg, it.key, json_scalar_text(it.value), e) < 0)
            return e->code;
    }
    JSON_EACH (it, json_get(object, secret ? "data" : "binaryData")) {
        cleanup_buf struct buf value = BUF_INIT;

        if (decode(it.key, it.value, &value, e) < 0 || fn(arg, it.key, buf_view(&value), e) < 0)
            return e->code;
    }
    return 0;
}

/* labels['k'] and annotations['k'].  1: written, 0: the path is another. */
static int
field_of_map(const struct podspec *s, struct str path, struct buf *to)
{
    static const char *const maps[] = {"labels", "annotations"};

    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        char prefix[32];
        int n = snprintf(prefix, sizeof prefix, "metadata.%s['", maps[i]);

        if (!str_starts(path, str_make(prefix, (size_t)n)) || !str_ends(path, STR("']")))
            continue;

        struct str key = str_slice(path, (size_t)n, path.n - 2);

        buf_str(to, json_str(json_get_str(json_get(json_get(s->root, "metadata"), maps[i]), key)));
        return 1;
    }
    return 0;
}

/* All labels or annotations, one per line: key="escaped value". */
static int
whole_map(const struct podspec *s, struct str path, struct buf *to)
{
    const char *name = str_is(path, "metadata.labels")        ? "labels"
                       : str_is(path, "metadata.annotations") ? "annotations"
                                                              : NULL;

    if (name == NULL)
        return 0;
    JSON_EACH (it, json_get(json_get(s->root, "metadata"), name)) {
        if (to->n > 0)
            buf_char(to, '\n');
        buf_printf(to, "%.*s=", STR_ARG(it.key));
        json_write_string(to, json_str(it.value));
    }
    return 1;
}

int
source_field(const struct podspec *s, const struct source_machine *m, struct str path,
             bool in_volume, struct buf *to, struct err *e)
{
    const struct json *account = json_at_path(s->root, "spec.serviceAccountName");
    const struct {
        const char *path;
        struct str value;
    } fields[] = {
        {"metadata.name", s->name},
        {"metadata.namespace", s->namespace},
        {"metadata.uid", s->uid},
        {"spec.nodeName", str_of(m->node_name)},
        {"spec.serviceAccountName", str_of(json_cstr_or(account, "default"))},
        {"status.hostIP", str_of(m->host_ip)},
        {"status.hostIPs", str_of(m->host_ip)},
        {"status.podIP", str_of(m->pod_ip)},
        {"status.podIPs", str_of(m->pod_ip)},
    };

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (str_is(path, fields[i].path)) {
            buf_str(to, fields[i].value);
            return 0;
        }
    if (field_of_map(s, path, to) == 1 || (in_volume && whole_map(s, path, to) == 1))
        return 0;
    return err_set(e, ERR_INVALID, "field label not supported: %.*s", STR_ARG(path));
}

static int64_t
divided(int64_t value, int64_t by)
{
    return by <= 0 ? value : value / by + (value % by != 0);
}

int
source_resource(const struct podspec *s, const struct podspec_container *c,
                const struct source_machine *m, const struct json *ref, struct buf *to,
                struct err *e)
{
    struct str resource = json_str(json_get(ref, "resource"));
    struct str other = json_str(json_get(ref, "containerName"));
    struct str divisor = json_scalar_text(json_get(ref, "divisor"));
    const struct podspec_container *of = other.n > 0 ? podspec_container(s, other) : c;
    bool cpu = str_ends(resource, STR(".cpu"));
    int64_t value, by = 0;

    if (of == NULL)
        return err_set(e, ERR_INVALID, "container %.*s not found", STR_ARG(other));
    if (str_is(resource, "limits.cpu"))
        value = of->resources.cpu_limit > 0 ? of->resources.cpu_limit : m->cpu_milli;
    else if (str_is(resource, "limits.memory"))
        value = of->resources.memory_limit > 0 ? of->resources.memory_limit : m->memory_bytes;
    else if (str_is(resource, "requests.cpu"))
        value = of->resources.cpu_request;
    else if (str_is(resource, "requests.memory"))
        value = of->resources.memory_request;
    else
        return err_set(e, ERR_INVALID, "unsupported container resource: %.*s", STR_ARG(resource));
    if (divisor.n > 0 && !(cpu ? amount_milli(divisor, &by) : amount_value(divisor, &by)))
        return err_set(e, ERR_INVALID, "divisor '%.*s' is no quantity", STR_ARG(divisor));
    if (by == 0)
        by = cpu ? 1000 : 1;
    buf_printf(to, "%" PRId64, divided(value, by));
    return 0;
}
