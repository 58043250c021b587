/* Nodes: what keeps Pods off them, how much they have, and what is set once. */

#include "data/json.h"
#include "schema/rules_int.h"

/* Upstream's path of these is that of the metadata. */
static void
check_taints(struct rules *r, const struct json *taints)
{
    RULES_EACH (r, "metadata.taints", it, taints) {
        struct str effect = json_str(json_get(it.value, "effect"));

        rules_name(r, "key", json_str(json_get(it.value, "key")), NAMES_QUALIFIED);
        rules_name_joined(r, "value", json_str(json_get(it.value, "value")), NAMES_LABEL_VALUE);
        if (effect.n == 0)
            rules_required(r, "effect", "");
        else
            rules_taint_effect(r, it.value);
        JSON_EACH (other, taints) {
            if (other.index >= it.index)
                break;
            if (str_eq(json_str(json_get(other.value, "effect")), effect) &&
                str_eq(json_str(json_get(other.value, "key")),
                       json_str(json_get(it.value, "key")))) {
                rules_duplicate_type(r, NULL, "Taint", it.value,
                                     "taints must be unique by key and effect pair");
                break;
            }
        }
    }
}

static void
check_amounts(struct rules *r, const struct json *node, const char *field)
{
    size_t before = rules_enter(r, field), inside;

    JSON_EACH (it, json_at_path(node, field)) {
        inside = rules_enter(r, it.key.p); /* keys of documents end with NUL */
        rules_amount(r, it.key, it.value);
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

/* What is set once. */
static void
check_change(struct rules *r, const struct json *old, const struct json *node)
{
    const struct json *ranges = json_at_path(old, "spec.podCIDRs");
    struct str provider = json_str(json_at_path(old, "spec.providerID"));

    if (json_count(ranges) > 0 && !json_equal(ranges, json_at_path(node, "spec.podCIDRs")))
        rules_forbidden(r, "spec.podCIDRs",
                        "node updates may not change podCIDR except from \"\" to valid");
    if (provider.n > 0 && !str_eq(provider, json_str(json_at_path(node, "spec.providerID"))))
        rules_forbidden(r, "spec.providerID",
                        "node updates may not change providerID except from \"\" to valid");
}

void
rules_of_node(struct rules *r, const struct json *old, const struct json *object)
{
    check_taints(r, json_at_path(object, "spec.taints"));
    check_amounts(r, object, "status.capacity");
    check_amounts(r, object, "status.allocatable");
    if (old != NULL)
        check_change(r, old, object);
}
