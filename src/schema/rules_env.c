/* Where variables and files get what is known of a Pod, a ConfigMap or a Secret from. */

#include <ctype.h>

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/rules_int.h"

static void
check_key_ref(struct rules *r, const struct json *from, const char *field)
{
    const struct json *ref = json_get(from, field);
    size_t before = rules_enter(r, field);

    if (ref != NULL) {
        rules_name(r, "name", json_str(json_get(ref, "name")), NAMES_SUBDOMAIN);
        rules_must_be_named(r, ref, "key", NAMES_DATA_KEY);
    }
    rules_leave(r, before);
}

/* Fields. */

/* "metadata.labels['a']" in two; false if it is none. */
static bool
split_subscript(struct str path, struct str *ret_path, struct str *ret_key)
{
    ptrdiff_t open = str_find(path, STR("['"), 0);

    if (open <= 0 || path.n < (size_t)open + 4 || !str_ends(path, STR("']")))
        return false;
    *ret_path = str_slice(path, 0, (size_t)open);
    *ret_key = str_slice(path, (size_t)open + 2, path.n - 2);
    return true;
}

static void
cannot_convert(struct rules *r, struct str path, const char *why, struct str what)
{
    cleanup_free char *text =
        xasprintf("error converting fieldPath: field label %s: %.*s", why, STR_ARG(what));

    rules_invalid_str(r, "fieldPath", path, text);
}

static void
check_subscript(struct rules *r, struct str path, struct str of, struct str key)
{
    cleanup_free char *lower = str_dup(key);

    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    if (str_is(of, "metadata.labels"))
        rules_name(r, NULL, key, NAMES_QUALIFIED);
    else if (str_is(of, "metadata.annotations"))
        rules_name(r, NULL, str_of(lower), NAMES_QUALIFIED);
    else
        cannot_convert(r, path, "does not support subscript", path);
}

void
rules_field_ref(struct rules *r, const struct json *ref, const char *const *supported)
{
    static const char *const known[] = {
        "metadata.annotations", "metadata.labels", "metadata.name",      "metadata.namespace",
        "metadata.uid",         "spec.nodeName",   "spec.restartPolicy", "spec.serviceAccountName",
        "spec.schedulerName",   "status.phase",    "status.hostIP",      "status.hostIPs",
        "status.podIP",         "status.podIPs",   "spec.host",          NULL};
    struct str path = json_str(json_get(ref, "fieldPath")), of, key;
    struct str version = json_str(json_get(ref, "apiVersion"));
    size_t before = rules_enter(r, "fieldRef");

    if (path.n == 0) {
        rules_required(r, "fieldPath", "");
    } else if (!str_is(version, "v1")) {
        cleanup_free char *text = xasprintf(
            "error converting fieldPath: unsupported pod version: %.*s", STR_ARG(version));

        rules_invalid_str(r, "fieldPath", path, text);
    } else if (split_subscript(path, &of, &key)) {
        check_subscript(r, path, of, key);
    } else if (!rules_is_listed(known, path)) {
        cannot_convert(r, path, "not supported", path);
    } else {
        rules_unsupported(r, "fieldPath", str_is(path, "spec.host") ? STR("spec.nodeName") : path,
                          supported);
    }
    rules_leave(r, before);
}

/* Resources. */

#define SIZES "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei"

static const char *const units_of_cpu[] = {"1m", "1", NULL};
static const char *const units_of_bytes[] = {"1",   "1k",  "1M",  "1G",  "1T",  "1P",  "1E",
                                             "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei", NULL};

static const struct {
    const char *resource; /* behind "limits." or "requests." */
    const char *const *units;
    const char *detail;
} divisors[] = {
    {"cpu", units_of_cpu, "only divisor's values 1m and 1 are supported with the cpu resource"},
    {"memory", units_of_bytes,
     "only divisor's values " SIZES " are supported with the memory resource"},
    {"ephemeral-storage", units_of_bytes,
     "only divisor's values " SIZES " are supported with the local ephemeral storage resource"},
    {"hugepages-", units_of_bytes,
     "only divisor's values " SIZES " are supported with the hugepages resource"},
};

static void
check_divisor(struct rules *r, const struct json *ref)
{
    struct str resource = json_str(json_get(ref, "resource")), name = resource;
    struct str list = str_cut(&name, '.');
    cleanup_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    struct quantity q;

    if (quantity_parse(json_str(json_get(ref, "divisor")), &q, &ignored) < 0 || q.nano == 0 ||
        (!str_is(list, "limits") && !str_is(list, "requests")))
        return;
    quantity_write(&text, q);
    for (size_t i = 0; i < ARRAY_LEN(divisors); i++) {
        struct str of = str_of(divisors[i].resource);
        bool found = str_ends(of, STR("-")) ? str_starts(name, of) : str_eq(name, of);

        if (found && !rules_is_listed(divisors[i].units, buf_view(&text)))
            rules_invalid_str(r, "divisor", resource, divisors[i].detail);
    }
}

void
rules_resource_ref(struct rules *r, const struct json *ref, bool volume)
{
    static const char *const resources[] = {"limits.cpu",
                                            "limits.ephemeral-storage",
                                            "limits.memory",
                                            "requests.cpu",
                                            "requests.ephemeral-storage",
                                            "requests.memory",
                                            NULL};
    struct str resource = json_str(json_get(ref, "resource"));
    size_t before = rules_enter(r, "resourceFieldRef");

    if (volume && json_str(json_get(ref, "containerName")).n == 0)
        rules_required(r, "containerName", "");
    else if (resource.n == 0)
        rules_required(r, "resource", "");
    else if (!str_starts(resource, STR("limits.hugepages-")) &&
             !str_starts(resource, STR("requests.hugepages-")))
        rules_one_of(r, ref, "resource", resources);
    check_divisor(r, ref);
    rules_leave(r, before);
}

/* Variables. */

static void
check_value_from(struct rules *r, const struct json *env)
{
    static const char *const fields[] = {"metadata.name",
                                         "metadata.namespace",
                                         "metadata.uid",
                                         "spec.nodeName",
                                         "spec.serviceAccountName",
                                         "status.hostIP",
                                         "status.hostIPs",
                                         "status.podIP",
                                         "status.podIPs",
                                         NULL};
    const struct json *from = json_get(env, "valueFrom");
    size_t sources = json_count(from), before;

    if (json_is_null(from))
        return;
    if (json_get(from, "fileKeyRef") != NULL)
        sources--; /* upstream's default is not to know it */
    before = rules_enter(r, "valueFrom");
    if (json_get(from, "fieldRef") != NULL)
        rules_field_ref(r, json_get(from, "fieldRef"), fields);
    if (json_get(from, "resourceFieldRef") != NULL)
        rules_resource_ref(r, json_get(from, "resourceFieldRef"), false);
    check_key_ref(r, from, "configMapKeyRef");
    check_key_ref(r, from, "secretKeyRef");
    if (sources == 0)
        rules_invalid_str(r, NULL, STR(""),
                          "must specify one of: `fieldRef`, `resourceFieldRef`, "
                          "`configMapKeyRef` or `secretKeyRef`");
    else if (json_str(json_get(env, "value")).n > 0)
        rules_invalid_str(r, NULL, STR(""), "may not be specified when `value` is not empty");
    else if (sources > 1)
        rules_invalid_str(r, NULL, STR(""), "may not have more than one field specified at a time");
    rules_leave(r, before);
}

static void
check_env_from(struct rules *r, const struct json *list)
{
    static const char *const refs[] = {"configMapRef", "secretRef"};

    JSON_EACH (it, list) {
        size_t inside = rules_enter_index(r, it.index), sources = 0;

        rules_named(r, it.value, "prefix", NAMES_ENV);
        for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
            const struct json *ref = json_get(it.value, refs[i]);
            size_t at = rules_enter(r, refs[i]);

            if (ref != NULL)
                rules_must_be_named(r, ref, "name", NAMES_SUBDOMAIN);
            sources += ref != NULL;
            rules_leave(r, at);
        }
        rules_leave(r, inside);
        /* Upstream names the list, not the item. */
        if (sources == 0)
            rules_invalid_str(r, NULL, STR(""),
                              "must specify one of: `configMapRef` or `secretRef`");
        else if (sources > 1)
            rules_invalid_str(r, NULL, STR(""),
                              "may not have more than one field specified at a time");
    }
}

void
rules_env(struct rules *r, const struct json *container)
{
    size_t before;

    RULES_EACH (r, "env", it, json_get(container, "env")) {
        rules_must_be_named(r, it.value, "name", NAMES_ENV);
        check_value_from(r, it.value);
    }
    before = rules_enter(r, "envFrom");
    check_env_from(r, json_get(container, "envFrom"));
    rules_leave(r, before);
}
