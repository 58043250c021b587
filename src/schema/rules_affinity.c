/* Where a Pod would rather run: affinities to nodes and Pods, tolerations, how it spreads. */

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"

enum { WEIGHT_MAX = 100 };

#define NO_OPERATOR "not a valid selector operator"
#define WEIGHT_TEXT "must be in the range 1-100"

/* Nodes. */

static void
check_node_requirement(struct rules *r, const struct json *requirement, bool values_too)
{
    struct str op = json_str(json_get(requirement, "operator"));
    const struct json *values = json_get(requirement, "values");

    if (str_is(op, "In") || str_is(op, "NotIn")) {
        if (json_count(values) == 0)
            rules_required(r, "values", "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (str_is(op, "Exists") || str_is(op, "DoesNotExist")) {
        if (json_count(values) > 0)
            rules_forbidden(r, "values",
                            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else if (str_is(op, "Gt") || str_is(op, "Lt")) {
        if (json_count(values) != 1)
            rules_required(r, "values",
                           "must be specified single value when `operator` is 'Lt' or 'Gt'");
    } else {
        rules_invalid_str(r, "operator", op, NO_OPERATOR);
    }
    rules_name(r, "key", json_str(json_get(requirement, "key")), NAMES_QUALIFIED);
    if (values_too)
        rules_label_values(r, values);
}

static void
check_node_field(struct rules *r, const struct json *requirement)
{
    struct str op = json_str(json_get(requirement, "operator"));
    struct str key = json_str(json_get(requirement, "key"));
    const struct json *values = json_get(requirement, "values");

    if (!str_is(op, "In") && !str_is(op, "NotIn"))
        rules_invalid_str(r, "operator", op, NO_OPERATOR);
    else if (json_count(values) != 1)
        rules_required(r, "values",
                       "must be only one value when `operator` is 'In' or 'NotIn' for node field "
                       "selector");
    if (!str_is(key, "metadata.name")) {
        rules_invalid_str(r, "key", key, "not a valid field selector key");
        return;
    }
    RULES_EACH (r, "values", it, values)
        rules_name(r, NULL, json_str(it.value), NAMES_SUBDOMAIN);
}

static void
check_node_term(struct rules *r, const struct json *term, bool values_too)
{
    RULES_EACH (r, "matchExpressions", it, json_get(term, "matchExpressions"))
        check_node_requirement(r, it.value, values_too);
    RULES_EACH (r, "matchFields", it, json_get(term, "matchFields"))
        check_node_field(r, it.value);
}

static void
check_required_nodes(struct rules *r, const struct json *selector)
{
    const struct json *terms = json_get(selector, "nodeSelectorTerms");

    if (json_count(terms) == 0)
        rules_required(r, "nodeSelectorTerms", "must have at least one node selector term");
    RULES_EACH (r, "nodeSelectorTerms", it, terms)
        check_node_term(r, it.value, true);
}

/* A preference that no label can meet does no harm, so its values are not looked at. */
static void
check_preferred_nodes(struct rules *r, const struct json *terms)
{
    RULES_EACH (r, NULL, it, terms) {
        size_t inside;

        rules_in_range(r, it.value, "weight", 1, WEIGHT_MAX, WEIGHT_TEXT);
        inside = rules_enter(r, "preference");
        check_node_term(r, json_get(it.value, "preference"), false);
        rules_leave(r, inside);
    }
}

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED "preferredDuringSchedulingIgnoredDuringExecution"

static void
check_node_affinity(struct rules *r, const struct json *affinity)
{
    const struct json *required = json_get(affinity, REQUIRED);
    size_t before = rules_enter(r, REQUIRED);

    if (!json_is_null(required))
        check_required_nodes(r, required);
    rules_leave(r, before);
    before = rules_enter(r, PREFERRED);
    check_preferred_nodes(r, json_get(affinity, PREFERRED));
    rules_leave(r, before);
}

/* Pods. */

static void
check_label_keys(struct rules *r, const struct json *term, const char *field)
{
    const struct json *keys = json_get(term, field);
    size_t before = rules_enter(r, field);

    if (json_count(keys) > 0 && json_is_null(json_get(term, "labelSelector"))) {
        rules_forbidden(r, NULL, "must not be specified when labelSelector is not set");
    } else {
        RULES_EACH (r, NULL, it, keys)
            rules_name(r, NULL, json_str(it.value), NAMES_QUALIFIED);
    }
    rules_leave(r, before);
}

/* Keys whose values come from the Pod itself must not be narrowed by hand, too. */
static void
check_key_lists(struct rules *r, const struct json *term)
{
    const struct json *keys = json_get(term, "matchLabelKeys");
    const struct json *selector = json_get(term, "labelSelector");
    cleanup_map struct map of_keys = MAP_INIT, of_others = MAP_INIT, named = MAP_INIT;

    rules_meet_texts(&of_keys, keys);
    rules_meet_texts(&of_others, json_get(term, "mismatchLabelKeys"));
    JSON_EACH (it, json_get(selector, "matchLabels"))
        (void)rules_meets_again(&named, it.key);
    check_label_keys(r, term, "matchLabelKeys");
    check_label_keys(r, term, "mismatchLabelKeys");
    JSON_EACH (expression, json_get(selector, "matchExpressions")) {
        struct str key = json_str(json_get(expression.value, "key"));

        if (!rules_meets_again(&named, key) || map_get(&of_keys, key) == NULL || rules_are_over(r))
            continue;
        RULES_EACH (r, NULL, it, keys) {
            if (!str_eq(json_str(it.value), key))
                continue;
            /* Upstream leaves the field out of this path. */
            rules_invalid_str(r, NULL, key, "exists in both matchLabelKeys and labelSelector");
        }
    }
    RULES_EACH (r, "matchLabelKeys", it, keys) {
        if (map_get(&of_others, json_str(it.value)) != NULL)
            rules_invalid_str(r, NULL, json_str(it.value),
                              "exists in both matchLabelKeys and mismatchLabelKeys");
    }
}

static void
check_pod_term(struct rules *r, const struct json *term)
{
    struct str topology = json_str(json_get(term, "topologyKey"));

    rules_label_selector(r, term, "labelSelector");
    rules_label_selector(r, term, "namespaceSelector");
    JSON_EACH (it, json_get(term, "namespaces"))
        rules_name(r, "namespace", json_str(it.value), NAMES_LABEL);
    check_key_lists(r, term);
    if (topology.n == 0)
        rules_required(r, "topologyKey", "can not be empty");
    rules_name(r, "topologyKey", topology, NAMES_QUALIFIED);
}

static void
check_pod_affinity(struct rules *r, const struct json *affinity)
{
    size_t term;

    RULES_EACH (r, REQUIRED, it, json_get(affinity, REQUIRED))
        check_pod_term(r, it.value);
    RULES_EACH (r, PREFERRED, it, json_get(affinity, PREFERRED)) {
        rules_in_range(r, it.value, "weight", 1, WEIGHT_MAX, WEIGHT_TEXT);
        term = rules_enter(r, "podAffinityTerm");
        check_pod_term(r, json_get(it.value, "podAffinityTerm"));
        rules_leave(r, term);
    }
}

void
rules_affinity(struct rules *r, const struct json *affinity)
{
    static const struct {
        const char *field;
        void (*check)(struct rules *r, const struct json *affinity);
    } kinds[] = {
        {"nodeAffinity", check_node_affinity},
        {"podAffinity", check_pod_affinity},
        {"podAntiAffinity", check_pod_affinity},
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t before = rules_enter(r, kinds[i].field);

        kinds[i].check(r, json_get(affinity, kinds[i].field));
        rules_leave(r, before);
    }
}

/* Spreading. */

/* Upstream names the field of the pair so. */
#define PAIR "{topologyKey, whenUnsatisfiable}"

static char *
pair_of(const struct json *constraint)
{
    return xasprintf("{%s, %s}", json_cstr_or(json_get(constraint, "topologyKey"), ""),
                     json_cstr_or(json_get(constraint, "whenUnsatisfiable"), ""));
}

/* All but the last of several with the same pair are told. */
static void
check_pair(struct rules *r, const struct json *constraint, const struct map *last)
{
    cleanup_free char *pair = pair_of(constraint);

    if (map_get(last, str_of(pair)) != constraint)
        rules_duplicate(r, PAIR, str_of(pair));
}

static void
check_domains(struct rules *r, const struct json *constraint)
{
    const struct json *domains = json_get(constraint, "minDomains");
    const char *action = json_cstr_or(json_get(constraint, "whenUnsatisfiable"), "");

    if (json_is_null(domains))
        return;
    rules_in_range(r, constraint, "minDomains", 1, INT32_MAX, "must be greater than zero");
    if (!str_is(str_of(action), "DoNotSchedule")) {
        cleanup_free char *text =
            xasprintf("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not %s", action);

        rules_invalid(r, "minDomains", domains, text);
    }
}

void
rules_spread(struct rules *r, const struct json *constraints)
{
    static const char *const actions[] = {"DoNotSchedule", "ScheduleAnyway", NULL};
    static const char *const policies[] = {"Honor", "Ignore", NULL};
    cleanup_map struct map last = MAP_INIT;

    JSON_EACH (it, constraints) {
        cleanup_free char *pair = pair_of(it.value);

        (void)map_put(&last, str_of(pair), (void *)(uintptr_t)it.value);
    }
    RULES_EACH (r, NULL, it, constraints) {
        rules_in_range(r, it.value, "maxSkew", 1, INT32_MAX, "must be greater than zero");
        if (json_str(json_get(it.value, "topologyKey")).n == 0)
            rules_required(r, "topologyKey", "can not be empty");
        rules_unsupported(r, "whenUnsatisfiable", json_str(json_get(it.value, "whenUnsatisfiable")),
                          actions);
        check_pair(r, it.value, &last);
        check_domains(r, it.value);
        rules_one_of(r, it.value, "nodeAffinityPolicy", policies);
        rules_one_of(r, it.value, "nodeTaintsPolicy", policies);
        check_key_lists(r, it.value);
        rules_label_selector(r, it.value, "labelSelector");
    }
}

/* Tolerations. */

void
rules_taint_effect(struct rules *r, const struct json *v)
{
    static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};

    rules_unsupported(r, "effect", json_str(json_get(v, "effect")), effects);
}

static void
check_toleration(struct rules *r, const struct json *t)
{
    static const char *const operators[] = {"Equal", "Exists", NULL};
    struct str key = json_str(json_get(t, "key")), value = json_str(json_get(t, "value"));
    struct str op = json_str(json_get(t, "operator"));
    struct str effect = json_str(json_get(t, "effect"));

    rules_named(r, t, "key", NAMES_QUALIFIED);
    if (key.n == 0 && !str_is(op, "Exists"))
        rules_invalid_str(r, "operator", op,
                          "operator must be Exists when `key` is empty, which means \"match all "
                          "values and all keys\"");
    if (json_get(t, "tolerationSeconds") != NULL && !str_is(effect, "NoExecute"))
        rules_invalid_str(r, "effect", effect,
                          "effect must be 'NoExecute' when `tolerationSeconds` is set");
    if (op.n == 0 || str_is(op, "Equal"))
        rules_name_joined(r, "operator", value, NAMES_LABEL_VALUE);
    else if (str_is(op, "Exists") && value.n > 0)
        rules_invalid_str(r, "operator", value, "value must be empty when `operator` is 'Exists'");
    else
        rules_one_of(r, t, "operator", operators);
    if (effect.n > 0)
        rules_taint_effect(r, t);
}

void
rules_tolerations(struct rules *r, const struct json *list)
{
    RULES_EACH (r, NULL, it, list)
        check_toleration(r, it.value);
}
