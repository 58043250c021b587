#include "schema/podsum.h"

#include "base/err.h"
#include "data/json.h"
#include "data/quantity.h"

static bool
add_amount(const struct json *container, const char *list, struct str resource,
           struct quantity *sum)
{
    const struct json *resources = json_get(container, "resources");
    const struct json *amount = json_get_str(json_get(resources, list), resource);
    struct err ignored = ERR_INIT;
    struct quantity q;

    if (amount == NULL)
        amount = json_get_str(json_get(resources, "limits"), resource);
    if (quantity_parse(json_str(amount), &q, &ignored) < 0)
        return false;
    *sum = quantity_add(*sum, q);
    return true;
}

bool
podsum_of(const struct json *spec, const char *list, struct str resource, struct quantity *ret)
{
    struct quantity all = {0}, sidecars = {0}, highest = {0};
    bool any = false;

    JSON_EACH (it, json_get(spec, "containers"))
        any = add_amount(it.value, list, resource, &all) || any;
    JSON_EACH (it, json_get(spec, "initContainers")) {
        struct quantity now = sidecars;

        any = add_amount(it.value, list, resource, &now) || any;
        if (str_is(json_str(json_get(it.value, "restartPolicy")), "Always")) {
            (void)add_amount(it.value, list, resource, &all);
            sidecars = now;
        }
        if (quantity_cmp(now, highest) > 0)
            highest = now;
    }
    *ret = quantity_cmp(highest, all) > 0 ? highest : all;
    return any;
}
