/* Endpoints: where the Pods behind a Service are.  Upstream refuses addresses of the loopback; here
 * they are what Pods have. */

#include <arpa/inet.h>
#include <stdio.h>

#include "data/json.h"
#include "schema/rules_int.h"

/* Nobody is there: no host, or everybody on a link. */
static void
check_reachable(struct rules *r, const char *field, struct str address)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in_addr v4;
    struct in6_addr v6;
    bool none = false, link = false, many = false;

    if (address.n >= sizeof text)
        return;
    snprintf(text, sizeof text, "%.*s", STR_ARG(address));
    if (inet_pton(AF_INET, text, &v4) == 1) {
        uint32_t bits = ntohl(v4.s_addr);

        none = bits == INADDR_ANY;
        link = bits >> 16 == 0xa9fe;  /* 169.254.0.0/16 */
        many = bits >> 8 == 0xe00000; /* 224.0.0.0/24 */
    } else if (inet_pton(AF_INET6, text, &v6) == 1) {
        none = IN6_IS_ADDR_UNSPECIFIED(&v6);
        link = IN6_IS_ADDR_LINKLOCAL(&v6);
        many = IN6_IS_ADDR_MC_LINKLOCAL(&v6);
    }
    if (none) {
        snprintf(text, sizeof text, "%.*s", STR_ARG(address));
        rules_invalid_str(r, field, address,
                          str_is(address, "::") ? "may not be unspecified (::)"
                                                : "may not be unspecified (0.0.0.0)");
    }
    if (link)
        rules_invalid_str(r, field, address,
                          "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    if (many)
        rules_invalid_str(r, field, address,
                          "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
}

void
rules_endpoint_address(struct rules *r, const char *field, struct str address)
{
    rules_address(r, field, address);
    if (rules_is_address(address))
        check_reachable(r, field, address);
}

static void
check_addresses(struct rules *r, const struct json *subset, const char *field)
{
    RULES_EACH (r, field, it, json_get(subset, field)) {
        struct str address = json_str(json_get(it.value, "ip"));

        rules_endpoint_address(r, "ip", address);
        if (!rules_is_address(address))
            rules_invalid_str(r, "ip", address, "must be a valid IP address");
        rules_named(r, it.value, "hostname", NAMES_LABEL);
        if (json_get(it.value, "nodeName") != NULL)
            rules_name(r, "nodeName", json_str(json_get(it.value, "nodeName")), NAMES_SUBDOMAIN);
    }
}

static void
check_ports(struct rules *r, const struct json *ports)
{
    static const char *const protocols[] = {"SCTP", "TCP", "UDP", NULL};

    RULES_EACH (r, "ports", it, ports) {
        if (json_count(ports) > 1)
            rules_must_have(r, it.value, "name");
        rules_named(r, it.value, "name", NAMES_LABEL);
        rules_in_range(r, it.value, "port", 1, UINT16_MAX, RULES_PORT_TEXT);
        rules_must_be_one_of(r, it.value, "protocol", protocols);
        if (json_get(it.value, "appProtocol") != NULL)
            rules_name(r, "appProtocol", json_str(json_get(it.value, "appProtocol")),
                       NAMES_QUALIFIED);
    }
}

void
rules_of_endpoints(struct rules *r, const struct json *old, const struct json *object)
{
    const struct json *subsets = json_get(object, "subsets");

    RULES_EACH (r, "subsets", it,
                old != NULL && json_equal(json_get(old, "subsets"), subsets) ? NULL : subsets) {
        if (json_count(json_get(it.value, "addresses")) == 0 &&
            json_count(json_get(it.value, "notReadyAddresses")) == 0)
            rules_required(r, NULL, "must specify `addresses` or `notReadyAddresses`");
        check_addresses(r, it.value, "addresses");
        check_addresses(r, it.value, "notReadyAddresses");
        check_ports(r, json_get(it.value, "ports"));
    }
}
