#include <arpa/inet.h>
#include <stdio.h>

#include "data/json.h"
#include "schema/names.h"
#include "schema/rules_int.h"

enum { AFFINITY_MAX = 86400 };

static bool
is_ip(struct str text)
{
    char copy[INET6_ADDRSTRLEN + 1];
    unsigned char bytes[16];

    if (text.n >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", STR_ARG(text));
    return inet_pton(AF_INET, copy, bytes) == 1 || inet_pton(AF_INET6, copy, bytes) == 1;
}

static bool
is_headless(const struct json *spec)
{
    return str_is(json_str(json_get(spec, "clusterIP")), "None");
}

/* Whether an earlier port has the same fields; `b` may be NULL. */
static bool
is_repeated(const struct json *ports, size_t index, const char *a, const char *b)
{
    const struct json *port = json_item(ports, index);

    for (size_t i = 0; i < index; i++) {
        const struct json *other = json_item(ports, i);

        if (json_equal(json_get(port, a), json_get(other, a)) &&
            (b == NULL || json_equal(json_get(port, b), json_get(other, b))))
            return true;
    }
    return false;
}

static void
check_port(struct rules *r, const struct json *ports, size_t index, bool cluster)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};
    const struct json *port = json_item(ports, index);
    struct str name = json_str(json_get(port, "name"));
    int64_t node_port = 0;

    if (name.n == 0 && json_count(ports) > 1)
        rules_required(r, "name", "");
    rules_named(r, port, "name", names_check_label);
    if (name.n > 0 && is_repeated(ports, index, "name", NULL))
        rules_duplicate(r, "name", name);
    rules_in_range(r, port, "port", 1, UINT16_MAX, RULES_PORT_TEXT);
    rules_one_of(r, port, "protocol", protocols);
    rules_port(r, port, "targetPort");
    rules_named(r, port, "appProtocol", names_check_qualified);
    (void)json_int(json_get(port, "nodePort"), &node_port);
    if (node_port != 0 && cluster)
        rules_forbidden(r, "nodePort", "may not be used when `type` is 'ClusterIP'");
    if (node_port != 0 && is_repeated(ports, index, "nodePort", "protocol"))
        rules_duplicate(r, "nodePort", json_number_text(json_get(port, "nodePort")));
}

static void
check_ports(struct rules *r, const struct json *spec)
{
    const struct json *ports = json_get(spec, "ports");
    struct str type = json_str(json_get(spec, "type"));
    size_t before, inside;

    if (json_count(ports) == 0 && !is_headless(spec) && !str_is(type, "ExternalName"))
        rules_required(r, "ports", "");
    before = rules_enter(r, "ports");
    for (size_t i = 0; i < json_count(ports); i++) {
        inside = rules_enter_index(r, i);
        check_port(r, ports, i, str_is(type, "ClusterIP"));
        if (is_repeated(ports, i, "port", "protocol"))
            rules_duplicate(r, NULL, json_number_text(json_get(json_item(ports, i), "port")));
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

static void
check_type(struct rules *r, const struct json *spec)
{
    static const char *const types[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort",
                                        NULL};
    struct str type = json_str(json_get(spec, "type"));
    struct str name = json_str(json_get(spec, "externalName"));
    const char *wrong;

    if (is_headless(spec) && str_is(type, "LoadBalancer"))
        rules_invalid_str(r, "clusterIPs[0]", STR("None"),
                          "may not be set to 'None' for LoadBalancer services");
    if (is_headless(spec) && str_is(type, "NodePort"))
        rules_invalid_str(r, "clusterIPs[0]", STR("None"),
                          "may not be set to 'None' for NodePort services");
    rules_one_of(r, spec, "type", types);
    if (!str_is(type, "ExternalName"))
        return;
    if (json_count(json_get(spec, "clusterIPs")) > 0)
        rules_forbidden(r, "clusterIPs", "may not be set for ExternalName services");
    if (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    wrong = name.n > 0 ? names_check_subdomain(name) : NULL;
    if (name.n == 0)
        rules_required(r, "externalName", "");
    else if (wrong != NULL)
        rules_invalid_str(r, "externalName", name, wrong);
}

static void
check_affinity(struct rules *r, const struct json *spec)
{
    static const char *const affinities[] = {"ClientIP", "None", NULL};
    const struct json *client = json_at_path(spec, "sessionAffinityConfig.clientIP");

    rules_one_of(r, spec, "sessionAffinity", affinities);
    if (str_is(json_str(json_get(spec, "sessionAffinity")), "ClientIP")) {
        size_t before = rules_enter(r, "sessionAffinityConfig"),
               inside = rules_enter(r, "clientIP");

        rules_in_range(r, client, "timeoutSeconds", 1, AFFINITY_MAX,
                       "must be greater than 0 and less than 86400");
        rules_leave(r, inside);
        rules_leave(r, before);
    }
}

static void
check_addresses(struct rules *r, const struct json *spec)
{
    struct str ip = json_str(json_get(spec, "clusterIP"));
    size_t before = rules_enter(r, "externalIPs"), inside;

    JSON_EACH (it, json_get(spec, "externalIPs")) {
        inside = rules_enter_index(r, it.index);
        if (!is_ip(json_str(it.value)))
            rules_invalid_str(r, NULL, json_str(it.value),
                              "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        rules_leave(r, inside);
    }
    rules_leave(r, before);
    if (ip.n > 0 && !str_is(ip, "None") && !is_ip(ip))
        rules_invalid_str(r, "clusterIPs[0]", ip,
                          "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

/* An address that clients have stays, unless the service becomes a name or ceases to be one. */
static void
check_change(struct rules *r, const struct json *old, const struct json *spec)
{
    struct str was = json_str(json_get(old, "clusterIP")),
               is = json_str(json_get(spec, "clusterIP"));
    bool named = str_is(json_str(json_get(old, "type")), "ExternalName") ||
                 str_is(json_str(json_get(spec, "type")), "ExternalName");

    if (named || was.n == 0 || str_eq(was, is))
        return;
    rules_invalid(r, "clusterIPs[0]",
                  is.n > 0 ? json_get(spec, "clusterIP") : json_get(spec, "clusterIPs"),
                  is.n > 0 ? "may not change once set" : "primary clusterIP can not be unset");
}

void
rules_of_service(struct rules *r, const struct json *old, const struct json *object)
{
    const struct json *spec = json_get(object, "spec");
    size_t before = rules_enter(r, "spec"), inside;

    if (old != NULL)
        check_change(r, json_get(old, "spec"), spec);
    check_ports(r, spec);
    check_type(r, spec);
    inside = rules_enter(r, "selector");
    rules_labels(r, json_get(spec, "selector"));
    rules_leave(r, inside);
    check_affinity(r, spec);
    check_addresses(r, spec);
    rules_leave(r, before);
}
