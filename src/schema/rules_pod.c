/* Pods: what their spec as a whole demands; its parts have files of their own. */

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

/* Names. */

enum { NAMESERVERS_MAX = 3, SEARCHES_MAX = 32, SEARCH_BYTES_MAX = 2048, HOSTNAME_MAX = 64 };

/* Labels that may begin with '_' and have it inside, too. */
static bool
is_search(struct str search)
{
    cleanup_buf struct buf plain = BUF_INIT;

    for (size_t i = 0; i < search.n; i++) {
        bool first = i == 0 || search.p[i - 1] == '.';

        if (search.p[i] != '_')
            buf_char(&plain, search.p[i]);
        else if (!first)
            buf_char(&plain, '-');
    }
    return names_check(NAMES_SUBDOMAIN, buf_view(&plain)) == NULL;
}

static void
check_searches(struct rules *r, const struct json *list)
{
    size_t bytes = json_count(list) > 0 ? json_count(list) - 1 : 0;

    JSON_EACH (it, list)
        bytes += json_str(it.value).n;
    if (json_count(list) > SEARCHES_MAX)
        rules_invalid(r, "searches", list, "must not have more than 32 search paths");
    if (bytes > SEARCH_BYTES_MAX)
        rules_invalid(r, "searches", list,
                      "must not have more than 2048 characters (including spaces) in the search "
                      "list");
    RULES_EACH (r, "searches", it, list) {
        struct str search = json_str(it.value);

        if (!str_is(search, ".")) {
            search.n -= str_ends(search, STR("."));
            if (!is_search(search))
                rules_invalid_str(
                    r, NULL, search,
                    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                    "characters, '_', '-' or '.', and must start and end with an alphanumeric "
                    "character (e.g. 'example.com', regex used for validation is "
                    "'_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')");
        }
    }
}

static void
check_resolver(struct rules *r, const struct json *config, bool none)
{
    const struct json *servers = json_get(config, "nameservers");

    if (none && json_is_null(config)) {
        rules_required(r, NULL, "must provide `dnsConfig` when `dnsPolicy` is None");
        return;
    }
    if (none && json_count(servers) == 0) {
        rules_required(r, "nameservers",
                       "must provide at least one DNS nameserver when `dnsPolicy` is None");
        return;
    }
    if (json_count(servers) > NAMESERVERS_MAX)
        rules_invalid(r, "nameservers", servers, "must not have more than 3 nameservers");
    RULES_EACH (r, "nameservers", it, servers)
        rules_address(r, NULL, json_str(it.value));
    check_searches(r, json_get(config, "searches"));
    RULES_EACH (r, "options", it, json_get(config, "options")) {
        if (json_str(json_get(it.value, "name")).n == 0)
            rules_required(r, NULL, "must not be empty");
    }
}

static void
check_aliases(struct rules *r, const struct json *aliases)
{
    RULES_EACH (r, NULL, it, aliases) {
        rules_address(r, "ip", json_str(json_get(it.value, "ip")));
        RULES_EACH (r, "hostnames", host, json_get(it.value, "hostnames"))
            rules_name(r, NULL, json_str(host.value), NAMES_SUBDOMAIN);
    }
}

static void
check_hostname(struct rules *r, const struct json *spec)
{
    struct str name = json_str(json_get(spec, "hostnameOverride"));

    if (name.p == NULL)
        return;
    if (json_bool_or(json_get(spec, "setHostnameAsFQDN"), false))
        rules_forbidden(r, "hostnameOverride",
                        "may not be specified when setHostnameAsFQDN is true");
    if (json_bool_or(json_get(spec, "hostNetwork"), false))
        rules_forbidden(r, "hostnameOverride", "may not be specified when hostNetwork is true");
    if (name.n > HOSTNAME_MAX)
        rules_too_long(r, "hostnameOverride", HOSTNAME_MAX);
    rules_name(r, "hostnameOverride", name, NAMES_SUBDOMAIN);
}

/* What is the host's. */

static void
check_host_ports(struct rules *r, const struct json *spec)
{
    RULES_EACH (r, "containers", container,
                json_bool_or(json_get(spec, "hostNetwork"), false) ? json_get(spec, "containers")
                                                                   : NULL) {
        RULES_EACH (r, "ports", it, json_get(container.value, "ports")) {
            int64_t of_host = 0, own = 0;

            (void)json_int(json_get(it.value, "hostPort"), &of_host);
            (void)json_int(json_get(it.value, "containerPort"), &own);
            if (of_host != own)
                rules_invalid_int(r, "hostPort", of_host,
                                  "must match `containerPort` when `hostNetwork` is true");
        }
    }
}

/* Upstream writes two of these names so. */
static void
check_host_users(struct rules *r, const struct json *spec)
{
    static const struct {
        const char *field, *shown;
    } shared[] = {{"hostNetwork", "hostNetwork"}, {"hostPID", "HostPID"}, {"hostIPC", "HostIPC"}};
    static const char *const lists[] = {"initContainers", "containers", "ephemeralContainers"};
    static const char why[] = "when `hostUsers` is false";

    if (json_bool_or(json_get(spec, "hostUsers"), true))
        return;
    for (size_t i = 0; i < ARRAY_LEN(shared); i++)
        if (json_bool_or(json_get(spec, shared[i].field), false))
            rules_forbidden(r, shared[i].shown, why);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        RULES_EACH (r, lists[i], it, json_get(spec, lists[i])) {
            if (json_count(json_get(it.value, "volumeDevices")) > 0)
                rules_forbidden(r, "volumeDevices", why);
        }
    }
}

/* Gates, claims. */

static void
check_readiness_gates(struct rules *r, const struct json *gates)
{
    RULES_EACH (r, NULL, it, gates)
        rules_name(r, "conditionType", json_str(json_get(it.value, "conditionType")),
                   NAMES_QUALIFIED);
}

static void
check_scheduling_gates(struct rules *r, const struct json *gates)
{
    cleanup_map struct map names = MAP_INIT;

    RULES_EACH (r, NULL, it, gates) {
        struct str name = json_str(json_get(it.value, "name"));

        rules_name(r, NULL, name, NAMES_QUALIFIED);
        if (rules_meets_again(&names, name))
            rules_duplicate(r, NULL, name);
    }
}

static void
check_claims(struct rules *r, const struct json *claims)
{
    static const char *const names[] = {"resourceClaimName", "resourceClaimTemplateName"};
    cleanup_map struct map met = MAP_INIT;

    RULES_EACH (r, NULL, it, claims) {
        struct str name = json_str(json_get(it.value, "name"));
        size_t n = 0;

        if (name.n == 0)
            rules_required(r, "name", "");
        else if (rules_meets_again(&met, name))
            rules_duplicate(r, "name", name);
        else
            rules_name(r, "name", name, NAMES_LABEL);
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            n += !json_is_null(json_get(it.value, names[i]));
        if (n != 1)
            rules_invalid_type(r, NULL, "PodResourceClaim", it.value,
                               n == 0 ? "must specify one of: `resourceClaimName`, "
                                        "`resourceClaimTemplateName`"
                                      : "at most one of `resourceClaimName` or "
                                        "`resourceClaimTemplateName` may be specified");
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            if (!json_is_null(json_get(it.value, names[i])))
                rules_name(r, names[i], json_str(json_get(it.value, names[i])), NAMES_SUBDOMAIN);
    }
}

/* The spec. */

typedef void part_fn(struct rules *r, const struct json *part);

static void
check_part(struct rules *r, const struct json *spec, const char *field, part_fn *check)
{
    size_t before = rules_enter(r, field);

    check(r, json_get(spec, field));
    rules_leave(r, before);
}

static void
check_simple(struct rules *r, const struct json *spec)
{
    static const struct {
        const char *field;
        enum names_rule rule;
    } named[] = {
        {"serviceAccountName", NAMES_SUBDOMAIN},
        {"nodeName", NAMES_SUBDOMAIN},
        {"hostname", NAMES_LABEL},
        {"subdomain", NAMES_LABEL},
        {"priorityClassName", NAMES_SUBDOMAIN},
        {"runtimeClassName", NAMES_SUBDOMAIN},
    };
    static const char *const preemptions[] = {"PreemptLowerPriority", "Never", NULL};

    for (size_t i = 0; i < ARRAY_LEN(named); i++)
        rules_named(r, spec, named[i].field, named[i].rule);
    rules_in_range(r, spec, "activeDeadlineSeconds", 1, INT32_MAX,
                   "must be between 1 and 2147483647, inclusive");
    if (json_get(spec, "preemptionPolicy") != NULL)
        rules_must_be_one_of(r, spec, "preemptionPolicy", preemptions);
}

static void
check_spec(struct rules *r, const struct json *spec)
{
    static const char *const restarts[] = {"Always", "OnFailure", "Never", NULL};
    static const char *const dns[] = {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None",
                                      NULL};
    size_t before;

    check_part(r, spec, "volumes", rules_volumes);
    check_part(r, spec, "resourceClaims", check_claims);
    rules_containers(r, spec);
    rules_ephemeral_containers(r, spec);
    before = rules_enter(r, "resources");
    rules_pod_resources(r, spec);
    rules_leave(r, before);
    check_host_ports(r, spec);
    rules_one_of(r, spec, "restartPolicy", restarts);
    rules_one_of(r, spec, "dnsPolicy", dns);
    check_part(r, spec, "nodeSelector", rules_labels);
    before = rules_enter(r, "securityContext");
    rules_pod_security(r, json_get(spec, "securityContext"), spec);
    rules_leave(r, before);
    check_part(r, spec, "affinity", rules_affinity);
    before = rules_enter(r, "dnsConfig");
    check_resolver(r, json_get(spec, "dnsConfig"),
                   str_is(json_str(json_get(spec, "dnsPolicy")), "None"));
    rules_leave(r, before);
    check_part(r, spec, "readinessGates", check_readiness_gates);
    check_part(r, spec, "schedulingGates", check_scheduling_gates);
    check_part(r, spec, "topologySpreadConstraints", rules_spread);
    check_host_users(r, spec);
    check_hostname(r, spec);
    check_simple(r, spec);
    check_part(r, spec, "tolerations", rules_tolerations);
    check_part(r, spec, "hostAliases", check_aliases);
    check_part(r, spec, "overhead", rules_overhead);
    rules_system(r, spec);
}

/* Tokens are of the service account, so there must be one. */
static void
check_tokens(struct rules *r, const struct json *spec)
{
    RULES_EACH (r, "volumes", volume,
                json_str(json_get(spec, "serviceAccountName")).n == 0 ? json_get(spec, "volumes")
                                                                      : NULL) {
        RULES_EACH (r, "projected.sources", it, json_at_path(volume.value, "projected.sources")) {
            if (json_get(it.value, "serviceAccountToken") != NULL)
                rules_forbidden(r, "serviceAccountToken",
                                "must not be specified when serviceAccountName is not set");
        }
    }
}

void
rules_of_pod(struct rules *r, const struct json *old, const struct json *object)
{
    const struct json *spec = json_get(object, "spec");
    size_t before = rules_enter(r, "spec");

    r->spec = spec;
    r->pod_name = json_at_path(object, "metadata.name");
    check_spec(r, spec);
    check_tokens(r, spec);
    if (old != NULL) {
        rules_pod_update(r, json_get(old, "spec"), spec);
    } else {
        if (json_count(json_get(spec, "ephemeralContainers")) > 0)
            rules_forbidden(r, "ephemeralContainers", "cannot be set on create");
        if (json_str(json_get(spec, "nodeName")).n > 0 &&
            json_count(json_get(spec, "schedulingGates")) > 0)
            rules_forbidden(r, "nodeName",
                            "cannot be set until all schedulingGates have been cleared");
    }
    rules_leave(r, before);
}
