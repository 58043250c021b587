/* Labels, and selectors of them. */

#include "data/json.h"
#include "schema/rules_int.h"

void
rules_labels(struct rules *r, const struct json *labels)
{
    JSON_EACH (it, labels) {
        rules_name(r, NULL, it.key, NAMES_QUALIFIED);
        rules_name(r, NULL, json_str(it.value), NAMES_LABEL_VALUE);
    }
}

static void
check_requirement(struct rules *r, const struct json *requirement)
{
    struct str op = json_str(json_get(requirement, "operator"));
    const struct json *values = json_get(requirement, "values");
    bool of_values = str_is(op, "In") || str_is(op, "NotIn");
    bool of_keys = str_is(op, "Exists") || str_is(op, "DoesNotExist");

    if (of_values && json_count(values) == 0)
        rules_required(r, "values", "must be specified when `operator` is 'In' or 'NotIn'");
    else if (of_keys && json_count(values) > 0)
        rules_forbidden(r, "values",
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    else if (!of_values && !of_keys)
        rules_invalid_str(r, "operator", op, "not a valid selector operator");
    rules_name(r, "key", json_str(json_get(requirement, "key")), NAMES_QUALIFIED);
    rules_label_values(r, values);
}

void
rules_label_values(struct rules *r, const struct json *values)
{
    RULES_EACH (r, "values", it, values)
        rules_name(r, NULL, json_str(it.value), NAMES_LABEL_VALUE);
}

void
rules_label_selector(struct rules *r, const struct json *parent, const char *field)
{
    const struct json *selector = json_get(parent, field);
    size_t outer = rules_enter(r, field), before = rules_enter(r, "matchLabels");

    rules_labels(r, json_get(selector, "matchLabels"));
    rules_leave(r, before);
    RULES_EACH (r, "matchExpressions", it, json_get(selector, "matchExpressions"))
        check_requirement(r, it.value);
    rules_leave(r, outer);
}
