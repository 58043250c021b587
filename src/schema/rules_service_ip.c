/* The addresses of a Service: one of each family, the first of which stays for its life. */

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

enum { IPS_MAX = 2 };

#define STAYS "may not change once set"

bool
rules_is_headless(const struct json *spec)
{
    const struct json *ips = json_get(spec, "clusterIPs");

    return json_count(ips) == 1 && str_is(json_str(json_item(ips, 0)), "None");
}

static bool
is_v6(struct str address)
{
    return str_find_char(address, ':', 0) >= 0;
}

/* The single field is the first of the list. */
static void
check_first(struct rules *r, const struct json *spec)
{
    struct str one = json_str(json_get(spec, "clusterIP"));
    const struct json *ips = json_get(spec, "clusterIPs");

    if (one.n == 0 && json_count(ips) > 0)
        rules_invalid(r, "clusterIPs", ips, "must be empty when `clusterIP` is not specified");
    else if (one.n > 0 && json_count(ips) == 0)
        rules_required(r, "clusterIPs", "");
    else if (one.n > 0 && !str_eq(json_str(json_item(ips, 0)), one))
        rules_invalid(r, "clusterIPs", ips, "first value must match `clusterIP`");
}

static void
check_families(struct rules *r, const struct json *spec)
{
    static const char *const families[] = {"IPv4", "IPv6", NULL};
    static const char *const policies[] = {"PreferDualStack", "RequireDualStack", "SingleStack",
                                           NULL};
    const struct json *list = json_get(spec, "ipFamilies");

    RULES_EACH (r, "ipFamilies", it, list) {
        rules_unsupported(r, NULL, json_str(it.value), families);
        JSON_EACH (other, list) {
            if (other.index >= it.index)
                break;
            if (json_equal(other.value, it.value)) {
                rules_duplicate(r, NULL, json_str(it.value));
                break;
            }
        }
    }
    rules_one_of(r, spec, "ipFamilyPolicy", policies);
}

/* False if one is none. */
static bool
check_each(struct rules *r, const struct json *old, const struct json *ips)
{
    bool good = true;
    size_t before = rules_enter(r, "clusterIPs"), inside;

    JSON_EACH (it, ips) {
        struct str ip = json_str(it.value);

        if (it.index == 0 && str_is(ip, "None")) {
            if (json_count(ips) > 1) {
                rules_invalid(r, NULL, ips, "'None' must be the first and only value");
                good = false;
            }
            continue;
        }
        inside = rules_enter_index(r, it.index);
        if (!rules_has_text(json_get(old, "clusterIPs"), ip)) {
            rules_address(r, NULL, ip);
            good = good && rules_is_address(ip);
        }
        rules_leave(r, inside);
    }
    rules_leave(r, before);
    return good;
}

static void
check_kinds(struct rules *r, const struct json *spec)
{
    const struct json *ips = json_get(spec, "clusterIPs");
    const struct json *families = json_get(spec, "ipFamilies");
    size_t v6 = 0;

    JSON_EACH (it, ips)
        v6 += is_v6(json_str(it.value));
    if (json_count(ips) > 1 && (v6 == 0 || v6 == json_count(ips)))
        rules_invalid(r, "clusterIPs", ips, "may specify no more than one IP for each IP family");
    if (rules_is_headless(spec))
        return;
    RULES_EACH (r, "clusterIPs", it, ips) {
        struct str family = json_str(json_item(families, it.index));
        bool six = is_v6(json_str(it.value));

        if ((str_is(family, "IPv4") && six) || (str_is(family, "IPv6") && !six)) {
            cleanup_free char *text =
                xasprintf("expected an %.*s value as indicated by `ipFamilies[%zu]`",
                          STR_ARG(family), it.index);

            rules_invalid(r, NULL, it.value, text);
        }
    }
}

void
rules_service_ips(struct rules *r, const struct json *old, const struct json *spec)
{
    const struct json *ips = json_get(spec, "clusterIPs");
    bool good;

    if (str_is(json_str(json_get(spec, "type")), "ExternalName"))
        return;
    check_first(r, spec);
    check_families(r, spec);
    good = check_each(r, old, ips);
    if (json_count(ips) > IPS_MAX)
        rules_invalid(r, "clusterIPs", ips, "may only hold up to 2 values");
    if (good)
        check_kinds(r, spec);
}

/* Updates. */

/* One that had a second address or family, and gave it up, must say so. */
static void
check_release(struct rules *r, const struct json *spec, const char *what)
{
    const struct json *policy = json_get(spec, "ipFamilyPolicy");
    cleanup_free char *text =
        xasprintf("must be set to 'SingleStack' when releasing the secondary %s", what);

    if (!str_is(json_str(policy), "SingleStack"))
        rules_invalid(r, "ipFamilyPolicy", policy, text);
}

static void
check_ips(struct rules *r, const struct json *old, const struct json *spec)
{
    const struct json *was = json_get(old, "clusterIPs"), *is = json_get(spec, "clusterIPs");
    size_t had = json_count(was), has = json_count(is);

    if (has == 0 && had > 0)
        rules_invalid_shown(r, "clusterIPs[0]", "null", "primary clusterIP can not be unset");
    JSON_EACH (it, was) {
        cleanup_free char *field = xasprintf("clusterIPs[%zu]", it.index);

        if ((had == has || it.index == 0) && has > 0 &&
            !json_equal(it.value, json_item(is, it.index)))
            rules_invalid(r, field, is, STAYS);
    }
    if (had > has && has == 1)
        check_release(r, spec, "clusterIP");
}

static void
check_kept_families(struct rules *r, const struct json *old, const struct json *spec)
{
    const struct json *was = json_get(old, "ipFamilies"), *is = json_get(spec, "ipFamilies");
    const struct json *ips = json_get(spec, "clusterIPs");
    size_t had = json_count(was), has = json_count(is);

    if (had > has && json_count(ips) == 0)
        rules_invalid(r, "ipFamilies[0]", is, "primary ipFamily can not be unset");
    JSON_EACH (it, was)
        if ((had == has || it.index == 0) && has > 0 &&
            !json_equal(it.value, json_item(is, it.index)))
            rules_invalid(r, "ipFamilies[0]", had == has ? is : ips, STAYS);
    if (had > has && has == 1)
        check_release(r, spec, "ipFamily");
}

void
rules_service_ip_update(struct rules *r, const struct json *old, const struct json *spec)
{
    bool was = rules_is_headless(old), is = rules_is_headless(spec);

    if (str_is(json_str(json_get(old, "type")), "ExternalName") ||
        str_is(json_str(json_get(spec, "type")), "ExternalName"))
        return;
    if (!was || !is)
        check_ips(r, old, spec);
    if (!was && !is)
        check_kept_families(r, old, spec);
}
