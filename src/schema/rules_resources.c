/* How much a container or Pod asks for, and how much it may take. */

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/podsum.h"
#include "schema/rules_int.h"

/* Names of resources. */

static bool
has_domain(struct str resource)
{
    return str_find_char(resource, '/', 0) >= 0;
}

/* Those that Kubernetes itself knows. */
static bool
is_native(struct str resource)
{
    return !has_domain(resource) || str_find(resource, STR("kubernetes.io/"), 0) >= 0;
}

static bool
is_huge_pages(struct str resource)
{
    return str_starts(resource, STR("hugepages-"));
}

static bool
may_overcommit(struct str resource)
{
    return is_native(resource) && !is_huge_pages(resource);
}

/* It must still be a name behind "requests.", as a quota has it. */
static bool
is_extended(struct str resource)
{
    cleanup_free char *in_quota = xasprintf("requests.%.*s", STR_ARG(resource));

    return !is_native(resource) && !str_starts(resource, STR("requests.")) &&
           names_check(NAMES_QUALIFIED, str_of(in_quota)) == NULL;
}

static const char *const of_containers[] = {"cpu", "memory", "ephemeral-storage", NULL};
/* Counted in whole numbers. */
static const char *const counted[] = {"pods",
                                      "resourcequotas",
                                      "services",
                                      "replicationcontrollers",
                                      "secrets",
                                      "configmaps",
                                      "persistentvolumeclaims",
                                      "services.nodeports",
                                      "services.loadbalancers",
                                      NULL};
static const char *const measured[] = {
    "requests.cpu", "requests.memory",  "requests.ephemeral-storage",
    "limits.cpu",   "limits.memory",    "limits.ephemeral-storage",
    "storage",      "requests.storage", NULL};

static bool
is_standard(struct str resource)
{
    return rules_is_listed(of_containers, resource) || rules_is_listed(counted, resource) ||
           rules_is_listed(measured, resource) || is_huge_pages(resource) ||
           str_starts(resource, STR("requests.hugepages-"));
}

/* False if no more is to be said of the name. */
static bool
check_standard(struct rules *r, struct str resource)
{
    bool good = rules_name(r, NULL, resource, NAMES_QUALIFIED);

    if (good && !has_domain(resource) && !is_standard(resource)) {
        rules_invalid_str(r, NULL, resource, "must be a standard resource type or fully qualified");
        good = false;
    }
    return good;
}

static void
check_of_container(struct rules *r, struct str resource)
{
    check_standard(r, resource);
    if (!has_domain(resource) && !rules_is_listed(of_containers, resource) &&
        !is_huge_pages(resource))
        rules_invalid_str(r, NULL, resource, "must be a standard resource for containers");
    else if (!is_native(resource) && !is_extended(resource))
        rules_invalid_str(r, NULL, resource, "doesn't follow extended resource name standard");
}

static void
check_of_pod(struct rules *r, struct str resource)
{
    static const char *const supported[] = {"cpu", "hugepages-", "memory", NULL};

    if (check_standard(r, resource) && !is_huge_pages(resource))
        rules_unsupported(r, NULL, resource, supported);
}

/* Amounts. */

static bool
read_amount(const struct json *amount, struct quantity *ret)
{
    struct err ignored = ERR_INIT;

    return quantity_parse(json_str(amount), ret, &ignored) == 0;
}

void
rules_amount(struct rules *r, struct str resource, const struct json *amount)
{
    struct quantity q;

    if (!read_amount(amount, &q))
        return;
    if (q.nano < 0)
        rules_invalid(r, NULL, amount, "must be greater than or equal to 0");
    if ((rules_is_listed(counted, resource) || is_extended(resource)) &&
        quantity_milli(q) % 1000 != 0)
        rules_invalid(r, NULL, amount, "must be an integer");
}

static void
check_pages(struct rules *r, struct str resource, const struct json *amount)
{
    struct err ignored = ERR_INIT;
    struct quantity size, q;
    bool good = quantity_parse(str_slice(resource, sizeof "hugepages-" - 1, resource.n), &size,
                               &ignored) == 0;

    if (!read_amount(amount, &q))
        return;
    good = good && size.nano > 0 && quantity_milli(size) % 1000 == 0 &&
           quantity_value(q) % quantity_value(size) == 0;
    if (!good) {
        cleanup_free char *text = xasprintf("%.*s is not positive integer multiple of %.*s",
                                            STR_ARG(json_str(amount)), STR_ARG(resource));

        rules_invalid(r, NULL, amount, text);
    }
}

typedef void name_fn(struct rules *r, struct str resource);

static void
check_amount(struct rules *r, struct str resource, const struct json *amount, name_fn *check_name)
{
    size_t before = rules_enter_key(r, resource);

    check_name(r, resource);
    rules_amount(r, resource, amount);
    if (is_huge_pages(resource))
        check_pages(r, resource, amount);
    rules_leave(r, before);
}

/* Requests and limits. */

static void
check_request(struct rules *r, struct str resource, const struct json *request,
              const struct json *limit)
{
    cleanup_free char *text = NULL;
    struct quantity a, b;
    int order;

    if (!read_amount(request, &a) || !read_amount(limit, &b))
        return;
    order = quantity_cmp(a, b);
    if (order == 0 || (order < 0 && may_overcommit(resource)))
        return;
    text = xasprintf("must be %s %.*s limit of %.*s",
                     may_overcommit(resource) ? "less than or equal to" : "equal to",
                     STR_ARG(resource), STR_ARG(json_str(limit)));
    rules_invalid(r, NULL, request, text);
}

static bool
any_is(const struct json *amounts, bool pages)
{
    JSON_EACH (it, amounts)
        if (pages ? is_huge_pages(it.key) : str_is(it.key, "cpu") || str_is(it.key, "memory"))
            return true;
    return false;
}

static void
check_both(struct rules *r, const struct json *resources, name_fn *check_name)
{
    const struct json *limits = json_get(resources, "limits");
    const struct json *requests = json_get(resources, "requests");
    size_t inside = rules_enter(r, "limits");

    JSON_EACH (it, limits)
        check_amount(r, it.key, it.value, check_name);
    rules_leave(r, inside);
    inside = rules_enter(r, "requests");
    JSON_EACH (it, requests) {
        const struct json *limit = json_get_str(limits, it.key);

        check_amount(r, it.key, it.value, check_name);
        if (limit != NULL)
            check_request(r, it.key, it.value, limit);
    }
    rules_leave(r, inside);
    JSON_EACH (it, requests)
        if (json_get_str(limits, it.key) == NULL && !may_overcommit(it.key))
            rules_required(r, "limits", "Limit must be set for non overcommitable resources");
    if ((any_is(limits, true) || any_is(requests, true)) && !any_is(limits, false) &&
        !any_is(requests, false))
        rules_forbidden(r, NULL, "HugePages require cpu or memory");
}

void
rules_overhead(struct rules *r, const struct json *amounts)
{
    size_t inside = rules_enter(r, "limits");

    JSON_EACH (it, amounts)
        check_amount(r, it.key, it.value, check_of_container);
    rules_leave(r, inside);
    if (any_is(amounts, true) && !any_is(amounts, false))
        rules_forbidden(r, NULL, "HugePages require cpu or memory");
}

/* Claims of devices. */

/* What was met of earlier entries: claims, those that were taken as a whole, and requests. */
struct claimed {
    struct map claims, whole, requests;
};

/* Whether an earlier entry means the same devices: the same claim and request, or all of it. */
static bool
is_claimed(struct claimed *c, struct str name, struct str request)
{
    cleanup_buf struct buf key = BUF_INIT;
    bool any = rules_meets_again(&c->claims, name);

    if (request.n == 0)
        return rules_meets_again(&c->whole, name) || any;
    buf_printf(&key, "%zu/%.*s/%.*s", name.n, STR_ARG(name), STR_ARG(request));
    return rules_meets_again(&c->requests, buf_view(&key)) || map_get(&c->whole, name) != NULL;
}

static int
by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Says which there are, in their order. */
static void
no_claim(struct rules *r, struct str name)
{
    cleanup_buf struct buf text = BUF_INIT;
    VEC(struct str) names = VEC_INIT;

    JSON_EACH (it, json_get(r->spec, "resourceClaims"))
        if (json_str(json_get(it.value, "name")).n > 0)
            vec_push(&names, json_str(json_get(it.value, "name")));
    if (names.n > 0)
        qsort(names.at, names.n, sizeof *names.at, by_text);
    buf_cstr(&text, "must be one of the names in pod.spec.resourceClaims");
    buf_cstr(&text, names.n == 0 ? " which is empty" : "");
    for (size_t i = 0; i < names.n; i++)
        buf_printf(&text, "%s%.*s", i == 0 ? ": " : ", ", STR_ARG(names.at[i]));
    rules_not_found(r, NULL, name, buf_cstring(&text));
    vec_done(&names);
}

static void
check_claims(struct rules *r, const struct json *claims)
{
    cleanup_map struct map of_pod = MAP_INIT;
    struct claimed met = {.claims = MAP_INIT};

    rules_meet_all(&of_pod, json_get(r->spec, "resourceClaims"), "name");
    RULES_EACH (r, NULL, it, claims) {
        struct str name = json_str(json_get(it.value, "name"));
        struct str request = json_str(json_get(it.value, "request"));

        if (name.n == 0) {
            rules_required(r, NULL, "");
        } else {
            rules_named(r, it.value, "request", NAMES_LABEL);
            if (is_claimed(&met, name, request)) {
                cleanup_free char *text = xasprintf("%.*s%s%.*s", STR_ARG(name),
                                                    request.n > 0 ? "/" : "", STR_ARG(request));

                rules_duplicate(r, NULL, str_of(text));
            }
            if (map_get(&of_pod, name) == NULL && !rules_are_over(r))
                no_claim(r, name);
        }
    }
    map_done(&met.claims);
    map_done(&met.whole);
    map_done(&met.requests);
}

void
rules_resources(struct rules *r, const struct json *resources)
{
    size_t before;

    check_both(r, resources, check_of_container);
    before = rules_enter(r, "claims");
    check_claims(r, json_get(resources, "claims"));
    rules_leave(r, before);
}

/* Of the whole Pod. */

static void
check_sums(struct rules *r, const struct json *spec, const char *list, bool pages_only)
{
    cleanup_free char *path = xasprintf("resources.%s", list);
    size_t before = rules_enter(r, list);

    JSON_EACH (it, json_at_path(spec, path)) {
        struct quantity have, sum;
        cleanup_buf struct buf text = BUF_INIT;
        size_t inside;

        if ((pages_only && !is_huge_pages(it.key)) || !read_amount(it.value, &have) ||
            !podsum_of(spec, list, it.key, &sum) || quantity_cmp(sum, have) <= 0)
            continue;
        inside = rules_enter_key(r, it.key);
        buf_printf(&text, "must be greater than or equal to aggregate container %s of ", list);
        quantity_write(&text, sum);
        rules_invalid(r, NULL, it.value, buf_cstring(&text));
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

static void
check_each_limit(struct rules *r, const struct json *spec)
{
    size_t key;

    RULES_EACH (r, "containers", container, json_get(spec, "containers")) {
        JSON_EACH (it, json_at_path(container.value, "resources.limits")) {
            const struct json *of_pod =
                json_get_str(json_at_path(spec, "resources.limits"), it.key);
            struct quantity mine, most;

            if (!read_amount(it.value, &mine) || !read_amount(of_pod, &most) ||
                quantity_cmp(mine, most) <= 0)
                continue;
            cleanup_free char *text = xasprintf("must be less than or equal to pod limits of %.*s",
                                                STR_ARG(json_str(of_pod)));

            key = rules_enter_key(r, it.key);
            rules_invalid(r, "limits", it.value, text);
            rules_leave(r, key);
        }
    }
}

void
rules_pod_resources(struct rules *r, const struct json *spec)
{
    const struct json *resources = json_get(spec, "resources");
    size_t before;

    if (json_is_null(resources))
        return;
    if (str_is(json_str(json_at_path(spec, "os.name")), "windows")) {
        rules_forbidden(r, NULL, "may not be set for a windows pod");
        return;
    }
    if (!json_is_null(json_get(resources, "claims")))
        rules_forbidden(r, "claims", "claims may not be set for Resources at pod-level");
    check_both(r, resources, check_of_pod);
    before = rules_enter(r, "claims");
    check_claims(r, json_get(resources, "claims"));
    rules_leave(r, before);
    check_sums(r, spec, "requests", false);
    check_sums(r, spec, "limits", true);
    check_each_limit(r, spec);
}
