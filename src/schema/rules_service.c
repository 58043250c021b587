/* Services: their ports, their type, and what goes with it.  Their addresses are in
 * rules_service_ip.c. */

#include <inttypes.h>

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

enum { AFFINITY_MAX = 86400 };

#define BALANCED_ONLY "may only be used when `type` is 'LoadBalancer'"

/* Ports. */

/* What was met of earlier ports: names, and pairs of a number and a protocol. */
struct met {
    struct map names, ports, node_ports;
};

/* Whether an earlier port has the same number and protocol. */
static bool
is_repeated(struct map *met, const struct json *port, const char *number)
{
    cleanup_buf struct buf pair = BUF_INIT;

    json_write(&pair, json_get(port, number));
    buf_char(&pair, '/');
    json_write(&pair, json_get(port, "protocol"));
    return rules_meets_again(met, buf_view(&pair));
}

static void
check_port(struct rules *r, const struct json *port, bool alone, struct map *names)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    struct str name = json_str(json_get(port, "name"));

    if (name.n == 0 && !alone)
        rules_required(r, "name", "");
    rules_named(r, port, "name", NAMES_LABEL);
    if (name.n > 0 && rules_meets_again(names, name))
        rules_duplicate(r, "name", name);
    rules_in_range(r, port, "port", 1, UINT16_MAX, RULES_PORT_TEXT);
    rules_one_of(r, port, "protocol", protocols);
    rules_port(r, port, "targetPort");
    if (json_get(port, "appProtocol") != NULL)
        rules_name(r, "appProtocol", json_str(json_get(port, "appProtocol")), NAMES_QUALIFIED);
}

/* The fields by which ports are told apart, as a port of their own. */
static struct json_doc *
identity(const struct json *port)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_value(&b, "protocol", json_get(port, "protocol"));
    json_add_value(&b, "port", json_get(port, "port"));
    json_end(&b);
    return json_build_done(&b);
}

static void
check_ports(struct rules *r, const struct json *spec)
{
    const struct json *ports = json_get(spec, "ports");
    bool cluster = str_is(json_str(json_get(spec, "type")), "ClusterIP");
    struct met met = {.names = MAP_INIT};

    RULES_EACH (r, "ports", it, ports) {
        const struct json *port = it.value;
        int64_t node_port = 0;

        check_port(r, port, json_count(ports) == 1, &met.names);
        (void)json_int(json_get(port, "nodePort"), &node_port);
        if (node_port != 0 && cluster)
            rules_forbidden(r, "nodePort", "may not be used when `type` is 'ClusterIP'");
        if (node_port != 0 && is_repeated(&met.node_ports, port, "nodePort")) {
            cleanup_free char *text = xasprintf("%" PRId64, node_port);

            rules_duplicate_shown(r, "nodePort", text, "");
        }
        if (is_repeated(&met.ports, port, "port")) {
            cleanup_json struct json_doc *key = identity(port);

            rules_duplicate_type(r, NULL, "ServicePort", json_root(key), "");
        }
    }
    map_done(&met.names);
    map_done(&met.ports);
    map_done(&met.node_ports);
}

/* Types. */

static void
check_external_name(struct rules *r, const struct json *spec)
{
    static const char *const not_theirs[] = {"clusterIPs", "ipFamilies", "ipFamilyPolicy"};
    struct str name = json_str(json_get(spec, "externalName"));

    for (size_t i = 0; i < ARRAY_LEN(not_theirs); i++)
        if (!json_is_null(json_get(spec, not_theirs[i])))
            rules_forbidden(r, not_theirs[i], "may not be set for ExternalName services");
    if (str_ends(name, STR(".")))
        name.n--;
    if (name.n == 0)
        rules_required(r, "externalName", "");
    else
        rules_name(r, "externalName", name, NAMES_SUBDOMAIN);
}

static void
check_type(struct rules *r, const struct json *spec, struct str type)
{
    static const char *const headless[] = {"LoadBalancer", "NodePort"};
    bool none = rules_is_headless(spec);

    if (json_count(json_get(spec, "ports")) == 0 && !none && !str_is(type, "ExternalName"))
        rules_required(r, "ports", "");
    for (size_t i = 0; i < ARRAY_LEN(headless); i++) {
        cleanup_free char *text =
            xasprintf("may not be set to 'None' for %s services", headless[i]);

        if (none && str_is(type, headless[i]))
            rules_invalid_str(r, "clusterIPs[0]", STR("None"), text);
    }
    if (str_is(type, "ExternalName"))
        check_external_name(r, spec);
}

static void
check_affinity(struct rules *r, const struct json *spec)
{
    static const char *const affinities[] = {"ClientIP", "None", NULL};
    static const char why[] = "when session affinity type is ClientIP";
    const struct json *config = json_get(spec, "sessionAffinityConfig");
    const struct json *client = json_get(config, "clientIP");
    struct str affinity = json_str(json_get(spec, "sessionAffinity"));

    rules_must_be_one_of(r, spec, "sessionAffinity", affinities);
    if (str_is(affinity, "None") && !json_is_null(config))
        rules_forbidden(r, "sessionAffinityConfig",
                        "must not be set when session affinity is None");
    if (!str_is(affinity, "ClientIP"))
        return;
    if (json_is_null(config)) {
        rules_required(r, "sessionAffinityConfig", why);
    } else if (json_is_null(client)) {
        rules_required(r, "sessionAffinityConfig.clientIP", why);
    } else {
        size_t before = rules_enter(r, "sessionAffinityConfig.clientIP");

        if (json_is_null(json_get(client, "timeoutSeconds")))
            rules_required(r, "timeoutSeconds", why);
        rules_in_range(r, client, "timeoutSeconds", 1, AFFINITY_MAX,
                       "must be greater than 0 and less than 86400");
        rules_leave(r, before);
    }
}

/* Balancers and outside addresses. */

static void
check_balancer(struct rules *r, const struct json *spec, bool balanced)
{
    const struct json *ports = json_get(spec, "allocateLoadBalancerNodePorts");
    const struct json *class = json_get(spec, "loadBalancerClass");

    if (json_count(json_get(spec, "loadBalancerSourceRanges")) > 0 && !balanced)
        rules_forbidden(r, "LoadBalancerSourceRanges", BALANCED_ONLY);
    if (!json_is_null(ports) && !balanced)
        rules_forbidden(r, "allocateLoadBalancerNodePorts", BALANCED_ONLY);
    if (!json_is_null(class) && balanced)
        rules_name(r, "loadBalancerClass", json_str(class), NAMES_QUALIFIED);
    else if (!json_is_null(class))
        rules_forbidden(r, "loadBalancerClass", BALANCED_ONLY);
}

static void
check_health_port(struct rules *r, const struct json *spec, bool needed)
{
    const struct json *port = json_get(spec, "healthCheckNodePort");
    int64_t n = 0;

    (void)json_int(port, &n);
    if (!needed && n != 0)
        rules_invalid(r, "healthCheckNodePort", port,
                      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` "
                      "is 'Local'");
    else if (needed && n == 0)
        rules_required(r, "healthCheckNodePort", "");
    else if (needed)
        rules_in_range(r, spec, "healthCheckNodePort", 1, UINT16_MAX, RULES_PORT_TEXT);
}

static void
check_traffic(struct rules *r, const struct json *spec, struct str type)
{
    static const char *const policies[] = {"Cluster", "Local", NULL};
    static const char *const distributions[] = {"PreferClose", "PreferSameZone", "PreferSameNode",
                                                NULL};
    bool balanced = str_is(type, "LoadBalancer");
    bool outside = balanced || str_is(type, "NodePort") ||
                   (str_is(type, "ClusterIP") && json_count(json_get(spec, "externalIPs")) > 0);
    struct str policy = json_str(json_get(spec, "externalTrafficPolicy"));

    if (!outside && policy.n > 0)
        rules_invalid_str(r, "externalTrafficPolicy", policy,
                          "may only be set for externally-accessible services");
    else if (outside)
        rules_must_be_one_of(r, spec, "externalTrafficPolicy", policies);
    check_health_port(r, spec, balanced && str_is(policy, "Local"));
    rules_one_of(r, spec, "internalTrafficPolicy", policies);
    rules_one_of(r, spec, "trafficDistribution", distributions);
}

static void
check_external_ips(struct rules *r, const struct json *old, const struct json *spec)
{
    cleanup_map struct map known = MAP_INIT;

    rules_meet_texts(&known, json_get(old, "externalIPs"));
    RULES_EACH (r, "externalIPs", it, json_get(spec, "externalIPs")) {
        if (map_get(&known, json_str(it.value)) == NULL)
            rules_endpoint_address(r, NULL, json_str(it.value));
    }
}

/* The whole. */

static void
check_kept(struct rules *r, const struct json *old, const struct json *spec, bool balanced)
{
    if (!balanced || !str_is(json_str(json_get(old, "type")), "LoadBalancer"))
        return;
    rules_immutable(r, old, spec, "loadBalancerClass", "may not change once set");
    if (str_is(json_str(json_get(old, "externalTrafficPolicy")), "Local") &&
        str_is(json_str(json_get(spec, "externalTrafficPolicy")), "Local") &&
        !json_equal(json_get(old, "healthCheckNodePort"), json_get(spec, "healthCheckNodePort")))
        rules_forbidden(r, "healthCheckNodePort", "field is immutable");
}

void
rules_of_service(struct rules *r, const struct json *old, const struct json *object)
{
    static const char *const types[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort",
                                        NULL};
    const struct json *spec = json_get(object, "spec"), *was = json_get(old, "spec");
    struct str type = json_str(json_get(spec, "type"));
    bool balanced = str_is(type, "LoadBalancer");
    size_t before = rules_enter(r, "spec"), inside;

    if (old != NULL) {
        rules_service_ip_update(r, was, spec);
        check_kept(r, was, spec, balanced);
    }
    check_type(r, spec, type);
    check_ports(r, spec);
    inside = rules_enter(r, "selector");
    rules_labels(r, json_get(spec, "selector"));
    rules_leave(r, inside);
    check_affinity(r, spec);
    rules_service_ips(r, was, spec);
    check_external_ips(r, was, spec);
    rules_must_be_one_of(r, spec, "type", types);
    check_balancer(r, spec, balanced);
    check_traffic(r, spec, type);
    rules_leave(r, before);
}
