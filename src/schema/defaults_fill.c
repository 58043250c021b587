#include "base/buf.h"
#include "base/mem.h"
#include "data/base64.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/defaults_int.h"
#include "schema/imagetag.h"
#include "schema/podsum.h"

static bool
has(const struct json *v, const char *field)
{
    return !json_is_null(json_get(v, field));
}

static bool
is_empty_text(const struct json *v, const char *field)
{
    return json_str(json_get(v, field)).n == 0;
}

/* Pods. */

static void
fill_pull_policy(const struct json *v, const char *image, const char *policy,
                 struct json_build *patch)
{
    struct str tag = imagetag_of(json_str(json_get(v, image)));

    if (is_empty_text(v, policy))
        json_add_cstr(patch, policy, str_is(tag, "latest") ? "Always" : "IfNotPresent");
}

static void
fill_image(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    (void)c;
    fill_pull_policy(v, "image", "imagePullPolicy", patch);
}

static void
fill_image_volume(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    (void)c;
    fill_pull_policy(v, "reference", "pullPolicy", patch);
}

/* On the host's network a container's ports are the host's. */
static void
host_ports(const struct json *ports, struct json_build *patch)
{
    int64_t port;

    json_add_array(patch, "ports");
    JSON_EACH (it, ports) {
        json_add_object(patch, NULL);
        json_add_fields(patch, it.value, NULL);
        if (!json_int(json_get(it.value, "hostPort"), &port) &&
            json_int(json_get(it.value, "containerPort"), &port) && port != 0)
            json_add_int(patch, "hostPort", port);
        json_end(patch);
    }
    json_end(patch);
}

/* Requests that are not there are what the limits say. */
static void
fill_container(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    const struct json *limits = json_at_path(v, "resources.limits");
    const struct json *requests = json_at_path(v, "resources.requests");

    fill_image(c, v, patch);
    if (c->host_network && has(v, "ports"))
        host_ports(json_get(v, "ports"), patch);
    if (!c->pod || json_count(limits) == 0)
        return;
    json_add_object(patch, "resources");
    json_add_object(patch, "requests");
    JSON_EACH (it, limits) {
        if (json_get_str(requests, it.key) == NULL) {
            json_add_key(patch, it.key);
            json_add_value(patch, NULL, it.value);
        }
    }
    json_end(patch);
    json_end(patch);
}

static void
fill_volume(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    (void)c;
    if (json_count(v) <= (has(v, "name") ? 1 : 0)) {
        json_add_object(patch, "emptyDir");
        json_end(patch);
    }
}

/* What the containers ask for, as one amount; else what the Pod as a whole may take. */
static void
add_request(struct json_build *patch, const struct json *spec, const struct json *limits,
            const char *resource)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct quantity sum;

    if (podsum_of(spec, "requests", str_of(resource), &sum)) {
        quantity_write(&text, sum);
        json_add_str(patch, resource, buf_view(&text));
    } else {
        json_add_value(patch, resource, json_get(limits, resource));
    }
}

/* Requests of the whole Pod, where it has limits. */
static void
fill_pod_requests(const struct json *spec, struct json_build *patch)
{
    static const char *const summed[] = {"cpu", "memory"};
    const struct json *limits = json_at_path(spec, "resources.limits");
    const struct json *requests = json_at_path(spec, "resources.requests");
    cleanup_json struct json_doc *more = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (json_count(limits) == 0)
        return;
    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(summed); i++)
        if (json_get(requests, summed[i]) == NULL)
            add_request(&b, spec, limits, summed[i]);
    JSON_EACH (it, limits) {
        if (str_starts(it.key, STR("hugepages-")) && json_get_str(requests, it.key) == NULL) {
            json_add_key(&b, it.key);
            json_add_value(&b, NULL, it.value);
        }
    }
    json_end(&b);
    more = json_build_done(&b);
    if (json_count(json_root(more)) == 0)
        return;
    json_add_object(patch, "resources");
    json_add_value(patch, "requests", json_root(more));
    json_end(patch);
}

/* serviceAccount is an older name of serviceAccountName. */
static void
fill_pod_spec(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    const struct json *name = json_get(v, "serviceAccountName");
    const struct json *old = json_get(v, "serviceAccount");
    int64_t grace = 0;

    json_add_value(patch, "serviceAccount", name);
    if (name == NULL)
        json_add_value(patch, "serviceAccountName", old);
    if (!c->pod)
        return;
    fill_pod_requests(v, patch);
    if (!has(v, "enableServiceLinks"))
        json_add_bool(patch, "enableServiceLinks", true);
    if (json_int(json_get(v, "terminationGracePeriodSeconds"), &grace) && grace < 0)
        json_add_int(patch, "terminationGracePeriodSeconds", 1);
}

/* podIPs begins with podIP. */
static void
fill_pod_status(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    const struct json *ip = json_get(v, "podIP"), *ips = json_get(v, "podIPs");
    const struct json *first = json_get(json_item(ips, 0), "ip");

    (void)c;
    if (json_str(ip).n == 0) {
        if (json_str(first).n > 0)
            json_add_value(patch, "podIP", first);
    } else if (!json_equal(ip, first)) {
        json_add_array(patch, "podIPs");
        json_add_object(patch, NULL);
        json_add_value(patch, "ip", ip);
        json_end(patch);
        json_end(patch);
    }
}

/* Services. */

static void
fill_service_port(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    const struct json *target = json_get(v, "targetPort");
    int64_t n = 0;

    (void)c;
    if (json_is_null(target) || (json_type(target) == JSON_STRING && json_str(target).n == 0) ||
        (json_type(target) == JSON_NUMBER && json_int(target, &n) && n == 0))
        json_add_value(patch, "targetPort", json_get(v, "port"));
}

enum { AFFINITY_SECONDS = 3 * 60 * 60 };

static void
fill_affinity(const struct json *v, struct json_build *patch)
{
    if (str_is(json_str(json_get(v, "sessionAffinity")), "ClientIP")) {
        if (!json_is_null(json_at_path(v, "sessionAffinityConfig.clientIP.timeoutSeconds")))
            return;
        json_add_object(patch, "sessionAffinityConfig");
        json_add_object(patch, "clientIP");
        json_add_int(patch, "timeoutSeconds", AFFINITY_SECONDS);
        json_end(patch);
        json_end(patch);
    } else if (has(v, "sessionAffinityConfig") &&
               (is_empty_text(v, "sessionAffinity") ||
                str_is(json_str(json_get(v, "sessionAffinity")), "None"))) {
        json_add_null(patch, "sessionAffinityConfig");
    }
}

static void
fill_service_spec(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    struct str type = is_empty_text(v, "type") ? STR("ClusterIP") : json_str(json_get(v, "type"));
    bool balanced = str_is(type, "LoadBalancer"), node = str_is(type, "NodePort");
    bool cluster = str_is(type, "ClusterIP");

    (void)c;
    fill_affinity(v, patch);
    if ((balanced || node || (cluster && json_count(json_get(v, "externalIPs")) > 0)) &&
        is_empty_text(v, "externalTrafficPolicy"))
        json_add_cstr(patch, "externalTrafficPolicy", "Cluster");
    if ((balanced || node || cluster) && !has(v, "internalTrafficPolicy"))
        json_add_cstr(patch, "internalTrafficPolicy", "Cluster");
    if (balanced && !has(v, "allocateLoadBalancerNodePorts"))
        json_add_bool(patch, "allocateLoadBalancerNodePorts", true);
}

static void
fill_ingress(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    if (str_is(c->service_type, "LoadBalancer") && !is_empty_text(v, "ip") && !has(v, "ipMode"))
        json_add_cstr(patch, "ipMode", "VIP");
}

/* The rest. */

static void
fill_secret(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    const struct json *texts = json_get(v, "stringData");

    (void)c;
    if (json_count(texts) == 0)
        return;
    json_add_object(patch, "data");
    JSON_EACH (it, texts) {
        cleanup_buf struct buf text = BUF_INIT;

        base64_encode(json_str(it.value), BASE64_STANDARD, &text);
        json_add_key(patch, it.key);
        json_add_str(patch, NULL, buf_view(&text));
    }
    json_end(patch);
    json_add_null(patch, "stringData");
}

static void
fill_namespace(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    struct str name = json_str(json_at_path(v, "metadata.name"));

    (void)c;
    if (name.n == 0)
        return;
    json_add_object(patch, "metadata");
    json_add_object(patch, "labels");
    json_add_str(patch, "kubernetes.io/metadata.name", name);
    json_end(patch);
    json_end(patch);
}

/* podCIDRs begins with podCIDR. */
static void
fill_node_spec(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    const struct json *range = json_get(v, "podCIDR"), *ranges = json_get(v, "podCIDRs");
    const struct json *first = json_item(ranges, 0);

    (void)c;
    if (json_str(range).n == 0) {
        if (json_str(first).n > 0)
            json_add_value(patch, "podCIDR", first);
    } else if (!json_equal(range, first)) {
        json_add_array(patch, "podCIDRs");
        json_add_value(patch, NULL, range);
        json_end(patch);
    }
}

static void
fill_node_status(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    (void)c;
    if (!has(v, "allocatable"))
        json_add_value(patch, "allocatable", json_get(v, "capacity"));
}

static void
add_missing(const struct json *from, const struct json *have, const struct json *also,
            struct json_build *patch)
{
    JSON_EACH (it, from) {
        if (json_get_str(have, it.key) == NULL && json_get_str(also, it.key) == NULL) {
            json_add_key(patch, it.key);
            json_add_value(patch, NULL, it.value);
        }
    }
}

/* Of containers: a limit is at most the maximum, a request the limit, else at least the minimum. */
static void
fill_limit_range(const struct defaults_context *c, const struct json *v, struct json_build *patch)
{
    const struct json *limit = json_get(v, "default"), *request = json_get(v, "defaultRequest");
    const struct json *max = json_get(v, "max"), *min = json_get(v, "min");
    cleanup_json struct json_doc *limits = NULL;
    struct json_build all = JSON_BUILD_INIT;

    (void)c;
    if (!str_is(json_str(json_get(v, "type")), "Container"))
        return;
    json_add_object(patch, "default");
    add_missing(max, limit, NULL, patch);
    json_end(patch);
    json_add_object(&all, NULL);
    add_missing(limit, NULL, NULL, &all);
    add_missing(max, limit, NULL, &all);
    json_end(&all);
    limits = json_build_done(&all);
    json_add_object(patch, "defaultRequest");
    add_missing(json_root(limits), request, NULL, patch);
    add_missing(min, request, json_root(limits), patch);
    json_end(patch);
}

static const struct row {
    const char *type;
    defaults_fill_fn *fill;
} rows[] = {
    {"Container", fill_container},
    {"EphemeralContainer", fill_image},
    {"ImageVolumeSource", fill_image_volume},
    {"LimitRangeItem", fill_limit_range},
    {"LoadBalancerIngress", fill_ingress},
    {"Namespace", fill_namespace},
    {"NodeSpec", fill_node_spec},
    {"NodeStatus", fill_node_status},
    {"PodSpec", fill_pod_spec},
    {"PodStatus", fill_pod_status},
    {"Secret", fill_secret},
    {"ServicePort", fill_service_port},
    {"ServiceSpec", fill_service_spec},
    {"Volume", fill_volume},
};

defaults_fill_fn *
defaults_fill_of(struct str type_name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(type_name, rows[i].type))
            return rows[i].fill;
    return NULL;
}
