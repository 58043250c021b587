#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/duration.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "schema/columns_int.h"

void
columns_write_age(int64_t us, struct buf *to)
{
    duration_write_age(to, us * 1000);
}

void
columns_write_since(const struct json *time, int64_t now_us, struct buf *to)
{
    struct err ignored = ERR_INIT;
    int64_t us;

    if (timestamp_parse(json_str(time), &us, &ignored) < 0)
        buf_cstr(to, "<unknown>");
    else
        columns_write_age(now_us - us, to);
}

void
columns_age(const struct json *object, int64_t now_us, struct buf *to)
{
    columns_write_since(json_at_path(object, "metadata.creationTimestamp"), now_us, to);
}

/* Lists of texts that are joined by commas. */
typedef VEC(struct str) texts_t;

static int
by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Sorted, each once; what is empty shows as `none`. */
static void
write_sorted(texts_t *texts, const char *none, struct buf *to)
{
    if (texts->n == 0)
        buf_cstr(to, none);
    else
        qsort(texts->at, texts->n, sizeof *texts->at, by_text);
    for (size_t i = 0; i < texts->n; i++)
        if (i == 0 || !str_eq(texts->at[i], texts->at[i - 1]))
            buf_printf(to, "%s%.*s", i > 0 ? "," : "", STR_ARG(texts->at[i]));
    vec_done(texts);
}

static void
write_list(const struct json *list, struct buf *to)
{
    JSON_EACH (it, list)
        buf_printf(to, "%s%.*s", it.index > 0 ? "," : "", STR_ARG(json_str(it.value)));
}

static void
write_or(struct str text, const char *otherwise, struct buf *to)
{
    buf_str(to, text.n > 0 ? text : str_of(otherwise));
}

/* Services. */

void
columns_labels_of_selector(const struct json *service, int64_t now_us, struct buf *to)
{
    texts_t pairs = VEC_INIT;
    VEC(char *) owned = VEC_INIT;

    (void)now_us;
    JSON_EACH (it, json_at_path(service, "spec.selector")) {
        char *pair = xasprintf("%.*s=%.*s", STR_ARG(it.key), STR_ARG(json_str(it.value)));

        vec_push(&owned, pair);
        vec_push(&pairs, str_of(pair));
    }
    write_sorted(&pairs, "<none>", to);
    for (size_t i = 0; i < owned.n; i++)
        free(owned.at[i]);
    vec_done(&owned);
}

void
columns_service_ip(const struct json *service, int64_t now_us, struct buf *to)
{
    struct str ip = json_str(json_item(json_at_path(service, "spec.clusterIPs"), 0));

    (void)now_us;
    if (ip.n == 0)
        ip = json_str(json_at_path(service, "spec.clusterIP"));
    write_or(ip, "<none>", to);
}

static void
write_balanced(const struct json *service, struct buf *to)
{
    texts_t ips = VEC_INIT;

    JSON_EACH (it, json_at_path(service, "status.loadBalancer.ingress")) {
        struct str ip = json_str(json_get(it.value, "ip"));
        struct str name = json_str(json_get(it.value, "hostname"));

        if (ip.n > 0 || name.n > 0)
            vec_push(&ips, ip.n > 0 ? ip : name);
    }
    write_sorted(&ips, "", to);
}

void
columns_service_external(const struct json *service, int64_t now_us, struct buf *to)
{
    struct str type = json_str(json_at_path(service, "spec.type"));
    const struct json *ips = json_at_path(service, "spec.externalIPs");
    size_t before = to->n;

    (void)now_us;
    if (str_is(type, "ExternalName")) {
        buf_str(to, json_str(json_at_path(service, "spec.externalName")));
        return;
    }
    if (str_is(type, "LoadBalancer"))
        write_balanced(service, to);
    else if (!str_is(type, "ClusterIP") && !str_is(type, "NodePort")) {
        buf_cstr(to, "<unknown>");
        return;
    }
    if (to->n > before && json_count(ips) > 0)
        buf_char(to, ',');
    write_list(ips, to);
    if (to->n == before)
        buf_cstr(to, str_is(type, "LoadBalancer") ? "<pending>" : "<none>");
}

void
columns_service_ports(const struct json *service, int64_t now_us, struct buf *to)
{
    const struct json *ports = json_at_path(service, "spec.ports");

    (void)now_us;
    JSON_EACH (it, ports) {
        int64_t port = 0, node_port = 0;

        (void)json_int(json_get(it.value, "port"), &port);
        (void)json_int(json_get(it.value, "nodePort"), &node_port);
        buf_printf(to, "%s%" PRId64, it.index > 0 ? "," : "", port);
        if (node_port > 0)
            buf_printf(to, ":%" PRId64, node_port);
        buf_printf(to, "/%s", json_cstr_or(json_get(it.value, "protocol"), ""));
    }
    if (json_count(ports) == 0)
        buf_cstr(to, "<none>");
}

/* Events. */

void
columns_event_first(const struct json *event, int64_t now_us, struct buf *to)
{
    const struct json *time = json_get(event, "firstTimestamp");

    columns_write_since(json_is_null(time) ? json_get(event, "eventTime") : time, now_us, to);
}

void
columns_event_last(const struct json *event, int64_t now_us, struct buf *to)
{
    const struct json *time = json_get(event, "lastTimestamp");

    if (!json_is_null(json_get(event, "series")))
        columns_write_since(json_at_path(event, "series.lastObservedTime"), now_us, to);
    else if (json_is_null(time))
        columns_event_first(event, now_us, to);
    else
        columns_write_since(time, now_us, to);
}

void
columns_event_object(const struct json *event, int64_t now_us, struct buf *to)
{
    const struct json *about = json_get(event, "involvedObject");
    struct str kind = json_str(json_get(about, "kind")), name = json_str(json_get(about, "name"));

    (void)now_us;
    for (size_t i = 0; i < kind.n; i++)
        buf_char(to, kind.p[i] >= 'A' && kind.p[i] <= 'Z' ? (char)(kind.p[i] | 0x20) : kind.p[i]);
    if (name.n > 0)
        buf_printf(to, "/%.*s", STR_ARG(name));
}

void
columns_event_source(const struct json *event, int64_t now_us, struct buf *to)
{
    struct str component = json_str(json_at_path(event, "source.component"));
    struct str host = json_str(json_at_path(event, "source.host"));

    (void)now_us;
    if (component.n == 0)
        component = json_str(json_get(event, "reportingComponent"));
    if (host.n == 0)
        host = json_str(json_get(event, "reportingInstance"));
    buf_printf(to, "%.*s%s%.*s", STR_ARG(component), host.n > 0 ? ", " : "", STR_ARG(host));
}

void
columns_event_message(const struct json *event, int64_t now_us, struct buf *to)
{
    (void)now_us;
    buf_str(to, str_trim(json_str(json_get(event, "message"))));
}

void
columns_event_count(const struct json *event, int64_t now_us, struct buf *to)
{
    int64_t count = 0;

    (void)now_us;
    if (json_is_null(json_get(event, "series"))) {
        (void)json_int(json_get(event, "count"), &count);
        count = count == 0 ? 1 : count;
    } else {
        (void)json_int(json_at_path(event, "series.count"), &count);
    }
    buf_printf(to, "%" PRId64, count);
}

/* Nodes. */

void
columns_node_status(const struct json *node, int64_t now_us, struct buf *to)
{
    const char *status = "Unknown";

    (void)now_us;
    JSON_EACH (it, json_at_path(node, "status.conditions"))
        if (str_is(json_str(json_get(it.value, "type")), "Ready"))
            status = str_is(json_str(json_get(it.value, "status")), "True") ? "Ready" : "NotReady";
    buf_cstr(to, status);
    if (json_bool_or(json_at_path(node, "spec.unschedulable"), false))
        buf_cstr(to, ",SchedulingDisabled");
}

void
columns_node_roles(const struct json *node, int64_t now_us, struct buf *to)
{
    struct str prefix = STR("node-role.kubernetes.io/");
    texts_t roles = VEC_INIT;

    (void)now_us;
    JSON_EACH (it, json_at_path(node, "metadata.labels")) {
        if (str_starts(it.key, prefix) && it.key.n > prefix.n)
            vec_push(&roles, str_slice(it.key, prefix.n, it.key.n));
        else if (str_is(it.key, "kubernetes.io/role") && json_str(it.value).n > 0)
            vec_push(&roles, json_str(it.value));
    }
    write_sorted(&roles, "<none>", to);
}

static void
write_address(const struct json *node, const char *type, struct buf *to)
{
    JSON_EACH (it, json_at_path(node, "status.addresses")) {
        if (str_is(json_str(json_get(it.value, "type")), type)) {
            buf_str(to, json_str(json_get(it.value, "address")));
            return;
        }
    }
    buf_cstr(to, "<none>");
}

void
columns_node_internal(const struct json *node, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_address(node, "InternalIP", to);
}

void
columns_node_external(const struct json *node, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_address(node, "ExternalIP", to);
}

/* Endpoints: the first three. */

enum { SHOWN_ENDPOINTS = 3 };

struct shown {
    struct buf *to;
    size_t n, all;
    bool more;
};

static void
show_addresses(struct shown *s, const struct json *addresses, const struct json *port)
{
    s->all += json_count(addresses);
    JSON_EACH (it, addresses) {
        struct str ip = json_str(json_get(it.value, "ip"));
        bool six = str_find_char(ip, ':', 0) >= 0 && port != NULL;
        int64_t number = 0;

        if (s->n == SHOWN_ENDPOINTS) {
            s->more = true;
            return;
        }
        buf_printf(s->to, "%s%s%.*s%s", s->n++ > 0 ? "," : "", six ? "[" : "", STR_ARG(ip),
                   six ? "]" : "");
        if (port != NULL) {
            (void)json_int(json_get(port, "port"), &number);
            buf_printf(s->to, ":%" PRId64, number);
        }
    }
}

void
columns_endpoints(const struct json *endpoints, int64_t now_us, struct buf *to)
{
    const struct json *subsets = json_get(endpoints, "subsets");
    struct shown s = {.to = to};

    (void)now_us;
    JSON_EACH (it, subsets) {
        const struct json *addresses = json_get(it.value, "addresses");
        const struct json *ports = json_get(it.value, "ports");

        if (json_count(ports) == 0)
            show_addresses(&s, addresses, NULL);
        JSON_EACH (port, ports)
            show_addresses(&s, addresses, port.value);
    }
    if (json_count(subsets) == 0)
        buf_cstr(to, "<none>");
    if (s.more)
        buf_printf(to, " + %zu more...", s.all - SHOWN_ENDPOINTS);
}

/* Counts. */

void
columns_data_count(const struct json *object, int64_t now_us, struct buf *to)
{
    (void)now_us;
    buf_printf(to, "%zu",
               json_count(json_get(object, "data")) + json_count(json_get(object, "binaryData")));
}

void
columns_secret_count(const struct json *object, int64_t now_us, struct buf *to)
{
    (void)now_us;
    buf_printf(to, "%zu", json_count(json_get(object, "data")));
}

void
columns_account_count(const struct json *object, int64_t now_us, struct buf *to)
{
    (void)now_us;
    buf_printf(to, "%zu", json_count(json_get(object, "secrets")));
}

/* Quotas: "NAME: used/hard" for each, limits.* in a column of their own. */
static void
write_quota(const struct json *quota, bool limits, struct buf *to)
{
    const struct json *used = json_at_path(quota, "status.used");
    const struct json *hard = json_at_path(quota, "status.hard");
    texts_t names = VEC_INIT;
    size_t before = to->n;

    JSON_EACH (it, hard)
        if (str_starts(it.key, STR("limits.")) == limits)
            vec_push(&names, it.key);
    if (names.n > 0)
        qsort(names.at, names.n, sizeof *names.at, by_text);
    for (size_t i = 0; i < names.n; i++)
        buf_printf(to, "%s%.*s: %s/%s", to->n > before ? ", " : "", STR_ARG(names.at[i]),
                   json_cstr_or(json_get_str(used, names.at[i]), "0"),
                   json_cstr_or(json_get_str(hard, names.at[i]), "0"));
    vec_done(&names);
}

void
columns_quota_requests(const struct json *quota, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_quota(quota, false, to);
}

void
columns_quota_limits(const struct json *quota, int64_t now_us, struct buf *to)
{
    (void)now_us;
    write_quota(quota, true, to);
}
