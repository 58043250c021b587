#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/names.h"
#include "schema/rules_int.h"

#define NOT_NEGATIVE "must be greater than or equal to 0"

/* Ports, environment. */

static bool
is_taken(const struct json *list, size_t index, const char *field)
{
    struct str text = json_str(json_get(json_item(list, index), field));

    JSON_EACH (it, list) {
        if (it.index >= index)
            break;
        if (str_eq(json_str(json_get(it.value, field)), text))
            return true;
    }
    return false;
}

static void
check_ports(struct rules *r, const struct json *ports)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    size_t before = rules_enter(r, "ports"), inside;

    JSON_EACH (it, ports) {
        struct str name = json_str(json_get(it.value, "name"));
        int64_t port = 0;

        inside = rules_enter_index(r, it.index);
        if (name.n > 0 && rules_port_name(r, it.value, "name") && is_taken(ports, it.index, "name"))
            rules_duplicate(r, "name", name);
        (void)json_int(json_get(it.value, "containerPort"), &port);
        if (port == 0)
            rules_required(r, "containerPort", "");
        else
            rules_in_range(r, it.value, "containerPort", 1, UINT16_MAX, RULES_PORT_TEXT);
        rules_in_range(r, it.value, "hostPort", 1, UINT16_MAX, RULES_PORT_TEXT);
        rules_one_of(r, it.value, "protocol", protocols);
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

static void
check_key_ref(struct rules *r, const struct json *from, const char *field)
{
    const struct json *ref = json_get(from, field);
    size_t before = rules_enter(r, field);
    const char *wrong = names_check_subdomain(json_str(json_get(ref, "name")));

    if (ref != NULL && wrong != NULL)
        rules_invalid_str(r, "name", json_str(json_get(ref, "name")), wrong);
    if (ref != NULL)
        rules_must_be_named(r, ref, "key", names_check_data_key);
    rules_leave(r, before);
}

static bool
is_listed(const char *const *list, struct str text)
{
    for (; *list != NULL; list++)
        if (str_is(text, *list))
            return true;
    return false;
}

static void
check_field_ref(struct rules *r, const struct json *ref)
{
    static const char *const paths[] = {"metadata.name",
                                        "metadata.namespace",
                                        "metadata.uid",
                                        "spec.nodeName",
                                        "spec.serviceAccountName",
                                        "status.hostIP",
                                        "status.hostIPs",
                                        "status.podIP",
                                        "status.podIPs",
                                        NULL};
    struct str path = json_str(json_get(ref, "fieldPath"));
    size_t before = rules_enter(r, "fieldRef");

    if (path.n == 0)
        rules_required(r, "fieldPath", "");
    else if (!str_starts(path, STR("metadata.labels['")) &&
             !str_starts(path, STR("metadata.annotations['")) && !is_listed(paths, path)) {
        cleanup_free char *text =
            xasprintf("error converting fieldPath: field label not supported: %.*s", STR_ARG(path));

        rules_invalid_str(r, "fieldPath", path, text);
    }
    rules_leave(r, before);
}

static void
check_resource_ref(struct rules *r, const struct json *ref)
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

    if (resource.n == 0)
        rules_required(r, "resource", "");
    else if (!str_starts(resource, STR("limits.hugepages-")) &&
             !str_starts(resource, STR("requests.hugepages-")))
        rules_one_of(r, ref, "resource", resources);
    rules_leave(r, before);
}

static void
check_value_from(struct rules *r, const struct json *env)
{
    const struct json *from = json_get(env, "valueFrom");
    size_t sources = json_count(from), before;

    if (json_is_null(from))
        return;
    before = rules_enter(r, "valueFrom");
    if (json_get(from, "fieldRef") != NULL)
        check_field_ref(r, json_get(from, "fieldRef"));
    if (json_get(from, "resourceFieldRef") != NULL)
        check_resource_ref(r, json_get(from, "resourceFieldRef"));
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
check_env(struct rules *r, const struct json *container)
{
    size_t before = rules_enter(r, "env"), inside;

    JSON_EACH (it, json_get(container, "env")) {
        inside = rules_enter_index(r, it.index);
        rules_must_be_named(r, it.value, "name", names_check_env);
        check_value_from(r, it.value);
        rules_leave(r, inside);
    }
    rules_leave(r, before);
    before = rules_enter(r, "envFrom");
    JSON_EACH (it, json_get(container, "envFrom")) {
        static const char *const refs[] = {"configMapRef", "secretRef"};
        size_t sources = 0;

        inside = rules_enter_index(r, it.index);
        rules_named(r, it.value, "prefix", names_check_env);
        for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
            const struct json *ref = json_get(it.value, refs[i]);
            size_t at = rules_enter(r, refs[i]);

            if (ref != NULL)
                rules_must_be_named(r, ref, "name", names_check_subdomain);
            sources += ref != NULL;
            rules_leave(r, at);
        }
        rules_leave(r, inside);
        if (sources == 0)
            rules_invalid_str(r, NULL, STR(""),
                              "must specify one of: `configMapRef` or `secretRef`");
        else if (sources > 1)
            rules_invalid_str(r, NULL, STR(""),
                              "may not have more than one field specified at a time");
    }
    rules_leave(r, before);
}

/* Probes and hooks. */

static void
check_http(struct rules *r, const struct json *http)
{
    static const char *const schemes[] = {"HTTP", "HTTPS", NULL};

    rules_must_have(r, http, "path");
    rules_port(r, http, "port");
    rules_one_of(r, http, "scheme", schemes);
}

static void
check_handler(struct rules *r, const struct json *handler)
{
    static const char *const types[] = {"exec", "httpGet", "tcpSocket", "grpc", "sleep"};
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct json *action = json_get(handler, types[i]);
        size_t before;

        if (json_is_null(action))
            continue;
        if (n++ > 0) {
            rules_forbidden(r, types[i], "may not specify more than 1 handler type");
            continue;
        }
        before = rules_enter(r, types[i]);
        if (i == 0 && json_count(json_get(action, "command")) == 0)
            rules_required(r, "command", "");
        else if (i == 1)
            check_http(r, action);
        else if (i == 2)
            rules_port(r, action, "port");
        else if (i == 3)
            rules_in_range(r, action, "port", 1, UINT16_MAX, RULES_PORT_TEXT);
        rules_leave(r, before);
    }
    if (n == 0)
        rules_required(r, NULL, "must specify a handler type");
}

static void
check_probe(struct rules *r, const struct json *container, const char *field)
{
    static const char *const counts[] = {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                                         "successThreshold", "failureThreshold"};
    const struct json *probe = json_get(container, field);
    bool readiness = str_is(str_of(field), "readinessProbe");
    size_t before = rules_enter(r, field);

    if (!json_is_null(probe)) {
        check_handler(r, probe);
        for (size_t i = 0; i < ARRAY_LEN(counts); i++)
            rules_in_range(r, probe, counts[i], 0, INT32_MAX, NOT_NEGATIVE);
        rules_in_range(r, probe, "terminationGracePeriodSeconds", 1, INT64_MAX,
                       "must be greater than 0");
        if (!readiness)
            rules_in_range(r, probe, "successThreshold", 1, 1, "must be 1");
        else if (json_get(probe, "terminationGracePeriodSeconds") != NULL)
            rules_invalid(r, "terminationGracePeriodSeconds",
                          json_get(probe, "terminationGracePeriodSeconds"),
                          "must not be set for readinessProbes");
    }
    rules_leave(r, before);
}

static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe"};

static void
check_life(struct rules *r, const struct json *container)
{
    static const char *const hooks[] = {"postStart", "preStop"};
    size_t before = rules_enter(r, "lifecycle"), inside;

    for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
        const struct json *hook = json_at_path(json_get(container, "lifecycle"), hooks[i]);

        inside = rules_enter(r, hooks[i]);
        if (!json_is_null(hook))
            check_handler(r, hook);
        rules_leave(r, inside);
    }
    rules_leave(r, before);
    for (size_t i = 0; i < ARRAY_LEN(probes); i++)
        check_probe(r, container, probes[i]);
}

/* An init container that ends has no life to look after. */
static void
forbid_life(struct rules *r, const struct json *container)
{
    static const char text[] = "may not be set for init containers without restartPolicy=Always";

    if (!json_is_null(json_get(container, "lifecycle")))
        rules_forbidden(r, "lifecycle", text);
    for (size_t i = 0; i < ARRAY_LEN(probes); i++)
        if (!json_is_null(json_get(container, probes[i])))
            rules_forbidden(r, probes[i], text);
}

/* Resources. */

static bool
may_overcommit(struct str resource)
{
    return str_find_char(resource, '/', 0) < 0 && !str_starts(resource, STR("hugepages-"));
}

static void
check_resource_name(struct rules *r, struct str resource)
{
    static const char *const standard[] = {"cpu", "memory", "ephemeral-storage", NULL};
    const char *wrong = names_check_qualified(resource);

    if (wrong != NULL)
        rules_invalid_str(r, NULL, resource, wrong);
    if (str_find_char(resource, '/', 0) >= 0 || str_starts(resource, STR("hugepages-")))
        return;
    if (is_listed(standard, resource))
        return;
    rules_invalid_str(r, NULL, resource, "must be a standard resource type or fully qualified");
    rules_invalid_str(r, NULL, resource, "must be a standard resource for containers");
}

static void
check_amount(struct rules *r, struct str resource, const struct json *amount)
{
    size_t before = rules_enter_key(r, resource);

    check_resource_name(r, resource);
    rules_amount(r, amount);
    rules_leave(r, before);
}

static void
check_request(struct rules *r, struct str resource, const struct json *request,
              const struct json *limit)
{
    cleanup_free char *text = NULL;
    struct err ignored = ERR_INIT;
    struct quantity a, b;
    int order;

    if (quantity_parse(json_str(request), &a, &ignored) < 0 ||
        quantity_parse(json_str(limit), &b, &ignored) < 0)
        return;
    order = quantity_cmp(a, b);
    if (order == 0 || (order < 0 && may_overcommit(resource)))
        return;
    text = xasprintf("must be %s %.*s limit of %.*s",
                     may_overcommit(resource) ? "less than or equal to" : "equal to",
                     STR_ARG(resource), STR_ARG(json_str(limit)));
    rules_invalid(r, NULL, request, text);
}

static void
check_resources(struct rules *r, const struct json *resources)
{
    const struct json *limits = json_get(resources, "limits");
    size_t before = rules_enter(r, "resources"), inside = rules_enter(r, "limits");

    JSON_EACH (it, limits)
        check_amount(r, it.key, it.value);
    rules_leave(r, inside);
    inside = rules_enter(r, "requests");
    JSON_EACH (it, json_get(resources, "requests")) {
        const struct json *limit = json_get_str(limits, it.key);

        check_amount(r, it.key, it.value);
        if (limit != NULL)
            check_request(r, it.key, it.value, limit);
    }
    rules_leave(r, inside);
    JSON_EACH (it, json_get(resources, "requests"))
        if (json_get_str(limits, it.key) == NULL && !may_overcommit(it.key))
            rules_required(r, "limits", "Limit must be set for non overcommitable resources");
    rules_leave(r, before);
}

/* Containers. */

static void
check_common(struct rules *r, const struct json *container)
{
    static const char *const policies[] = {"File", "FallbackToLogsOnError", NULL};
    static const char *const pulls[] = {"Always", "IfNotPresent", "Never", NULL};
    struct str image = json_str(json_get(container, "image"));
    size_t before;

    rules_must_be_named(r, container, "name", names_check_label);
    rules_must_have(r, container, "image");
    rules_one_of(r, container, "terminationMessagePolicy", policies);
    check_ports(r, json_get(container, "ports"));
    check_env(r, container);
    before = rules_enter(r, "volumeMounts");
    rules_volume_mounts(r, json_get(container, "volumeMounts"));
    rules_leave(r, before);
    rules_one_of(r, container, "imagePullPolicy", pulls);
    check_resources(r, json_get(container, "resources"));
    if (image.n != str_trim(image).n)
        rules_invalid_str(r, "image", image, "must not have leading or trailing whitespace");
}

static bool
has_name(const struct json *containers, struct str name)
{
    JSON_EACH (it, containers)
        if (str_eq(json_str(json_get(it.value, "name")), name))
            return true;
    return false;
}

static void
check_init(struct rules *r, const struct json *container)
{
    static const char *const always[] = {"Always", NULL};
    struct str policy = json_str(json_get(container, "restartPolicy"));

    rules_one_of(r, container, "restartPolicy", always);
    if (str_is(policy, "Always"))
        check_life(r, container);
    else
        forbid_life(r, container);
}

void
rules_containers(struct rules *r, const struct json *list, const struct json *spec, bool init)
{
    JSON_EACH (it, list) {
        struct str name = json_str(json_get(it.value, "name"));
        size_t before = rules_enter_index(r, it.index);

        check_common(r, it.value);
        if (is_taken(list, it.index, "name") ||
            (init && name.n > 0 && has_name(json_get(spec, "containers"), name)))
            rules_duplicate(r, "name", name);
        if (init) {
            check_init(r, it.value);
        } else {
            check_life(r, it.value);
            if (!json_is_null(json_get(it.value, "restartPolicy")))
                rules_forbidden(r, "restartPolicy", "may not be set for non-init containers");
        }
        rules_leave(r, before);
    }
}
