/* Containers: what all have in common, and what sets init containers and ephemeral ones apart. */

#include <inttypes.h>

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

static void
check_ports(struct rules *r, const struct json *ports)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    cleanup_map struct map names = MAP_INIT;

    RULES_EACH (r, "ports", it, ports) {
        struct str name = json_str(json_get(it.value, "name"));
        int64_t port = 0, host = 0;

        if (name.n > 0 && rules_name(r, "name", name, NAMES_PORT) &&
            rules_meets_again(&names, name))
            rules_duplicate(r, "name", name);
        (void)json_int(json_get(it.value, "containerPort"), &port);
        if (port == 0)
            rules_required(r, "containerPort", "");
        else
            rules_in_range(r, it.value, "containerPort", 1, UINT16_MAX, RULES_PORT_TEXT);
        if (json_int(json_get(it.value, "hostPort"), &host) && host != 0)
            rules_in_range(r, it.value, "hostPort", 1, UINT16_MAX, RULES_PORT_TEXT);
        rules_one_of(r, it.value, "protocol", protocols);
    }
}

/* How it may be resized while it runs; upstream names the list, but the item that is repeated. */
static void
check_resizes(struct rules *r, const struct json *list)
{
    static const char *const resources[] = {"cpu", "memory", NULL};
    static const char *const policies[] = {"NotRequired", "RestartContainer", NULL};
    bool never = str_is(json_str(json_get(r->spec, "restartPolicy")), "Never");
    cleanup_map struct map met = MAP_INIT;

    JSON_EACH (it, list) {
        struct str resource = json_str(json_get(it.value, "resourceName"));
        struct str policy = json_str(json_get(it.value, "restartPolicy"));
        size_t before = rules_enter_index(r, it.index);

        if (rules_meets_again(&met, resource))
            rules_duplicate(r, NULL, resource);
        rules_leave(r, before);
        if (resource.n == 0)
            rules_required(r, NULL, "");
        else
            rules_unsupported(r, NULL, resource, resources);
        if (policy.n == 0)
            rules_required(r, NULL, "");
        else
            rules_unsupported(r, NULL, policy, policies);
        if (never && !str_is(policy, "NotRequired"))
            rules_invalid_str(r, NULL, policy,
                              "must be 'NotRequired' when `restartPolicy` is 'Never'");
    }
}

static void
check_common(struct rules *r, const struct json *container)
{
    static const char *const policies[] = {"File", "FallbackToLogsOnError", NULL};
    static const char *const pulls[] = {"Always", "IfNotPresent", "Never", NULL};
    struct str image = json_str(json_get(container, "image"));
    size_t before;

    rules_must_be_named(r, container, "name", NAMES_LABEL);
    rules_must_have(r, container, "image");
    rules_one_of(r, container, "terminationMessagePolicy", policies);
    check_ports(r, json_get(container, "ports"));
    rules_env(r, container);
    rules_mounts(r, container);
    rules_one_of(r, container, "imagePullPolicy", pulls);
    before = rules_enter(r, "resources");
    rules_resources(r, json_get(container, "resources"));
    rules_leave(r, before);
    before = rules_enter(r, "resizePolicy");
    check_resizes(r, json_get(container, "resizePolicy"));
    rules_leave(r, before);
    before = rules_enter(r, "securityContext");
    rules_container_security(r, json_get(container, "securityContext"));
    rules_leave(r, before);
    if (image.n != str_trim(image).n)
        rules_invalid_str(r, "image", image, "must not have leading or trailing whitespace");
}

/* Ports of the host. */

static char *
host_port(const struct json *port)
{
    int64_t n = 0;

    (void)json_int(json_get(port, "hostPort"), &n);
    if (n == 0)
        return NULL;
    return xasprintf("%s/%s/%" PRId64, json_cstr_or(json_get(port, "protocol"), ""),
                     json_cstr_or(json_get(port, "hostIP"), ""), n);
}

/* Containers that run at the same time cannot share a port; init containers only with themselves.
 */
static void
check_host_ports(struct rules *r, const struct json *containers, bool init)
{
    cleanup_map struct map bound = MAP_INIT;

    JSON_EACH (container, containers) {
        /* Upstream looks at each init container as at a list of its own. */
        size_t before = rules_enter_index(r, init ? 0 : container.index);

        if (init)
            map_done(&bound);
        RULES_EACH (r, "ports", it, json_get(container.value, "ports")) {
            cleanup_free char *port = host_port(it.value);

            if (port != NULL && rules_meets_again(&bound, str_of(port)))
                rules_duplicate(r, "hostPort", str_of(port));
        }
        rules_leave(r, before);
    }
}

/* Kinds of containers. */

static void
check_main(struct rules *r, const struct json *container)
{
    rules_life(r, container);
    if (!json_is_null(json_get(container, "restartPolicy")))
        rules_forbidden(r, "restartPolicy", "may not be set for non-init containers");
}

/* One that ends has no life to look after. */
static void
check_init(struct rules *r, const struct json *container)
{
    static const char *const always[] = {"Always", NULL};

    rules_one_of(r, container, "restartPolicy", always);
    if (str_is(json_str(json_get(container, "restartPolicy")), "Always"))
        rules_life(r, container);
    else
        rules_no_life(r, container,
                      "may not be set for init containers without restartPolicy=Always");
}

void
rules_containers(struct rules *r, const struct json *spec)
{
    static const struct {
        const char *field;
        void (*check)(struct rules *r, const struct json *container);
    } kinds[] = {{"containers", check_main}, {"initContainers", check_init}};
    struct map names[ARRAY_LEN(kinds)] = {MAP_INIT, MAP_INIT};

    if (json_count(json_get(spec, "containers")) == 0)
        rules_required(r, "containers", "");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const struct json *list = json_get(spec, kinds[i].field);
        size_t before = rules_enter(r, kinds[i].field);

        RULES_EACH (r, NULL, it, list) {
            struct str name = json_str(json_get(it.value, "name"));
            bool again = rules_meets_again(&names[i], name);

            check_common(r, it.value);
            if ((again && (i == 0 || name.n > 0)) || (i > 0 && map_get(&names[0], name) != NULL))
                rules_duplicate(r, "name", name);
            kinds[i].check(r, it.value);
        }
        check_host_ports(r, list, i > 0);
        rules_leave(r, before);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        map_done(&names[i]);
}

/* What a guest must not bring along. */
static const char *const not_for_guests[] = {
    "ports",         "resources",      "resizePolicy", "restartPolicy", "restartPolicyRules",
    "livenessProbe", "readinessProbe", "startupProbe", "lifecycle",     NULL};

/* `hosts`: the names of the Pod's other containers. */
static void
check_guest(struct rules *r, const struct json *container, const struct map *hosts)
{
    static const char why[] = "cannot be set for an Ephemeral Container";
    static const char *const subs[] = {"subPath", "subPathExpr"};
    struct str target = json_str(json_get(container, "targetContainerName"));

    if (target.n > 0 && map_get(hosts, target) == NULL)
        rules_not_found(r, "targetContainerName", target, "");
    for (size_t i = 0; not_for_guests[i] != NULL; i++) {
        const struct json *v = json_get(container, not_for_guests[i]);

        if (!json_is_null(v) &&
            !(str_is(str_of(not_for_guests[i]), "resources") && json_count(v) == 0))
            rules_forbidden(r, not_for_guests[i], why);
    }
    RULES_EACH (r, "volumeMounts", it, json_get(container, "volumeMounts")) {
        for (size_t i = 0; i < ARRAY_LEN(subs); i++)
            if (json_str(json_get(it.value, subs[i])).n > 0)
                rules_forbidden(r, subs[i], why);
    }
}

void
rules_ephemeral_containers(struct rules *r, const struct json *spec)
{
    const struct json *list = json_get(spec, "ephemeralContainers");
    cleanup_map struct map hosts = MAP_INIT, names = MAP_INIT;

    rules_meet_all(&hosts, json_get(spec, "containers"), "name");
    rules_meet_all(&hosts, json_get(spec, "initContainers"), "name");
    RULES_EACH (r, "ephemeralContainers", it, list) {
        struct str name = json_str(json_get(it.value, "name"));

        check_common(r, it.value);
        if (rules_meets_again(&names, name) || map_get(&hosts, name) != NULL)
            rules_duplicate(r, "name", name);
        check_guest(r, it.value, &hosts);
    }
}
