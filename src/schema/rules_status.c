/* What may be written to the status of a Pod or a Namespace.  The status of others is taken as it
 * comes. */

#include "data/json.h"
#include "schema/rules_int.h"

/* Pods. */

static void
check_conditions(struct rules *r, const struct json *conditions)
{
    static const char *const known[] = {"PodScheduled", "Ready", "Initialized", NULL};

    RULES_EACH (r, "conditions", it, conditions) {
        struct str type = json_str(json_get(it.value, "type"));

        rules_in_range(r, it.value, "observedGeneration", 0, INT64_MAX,
                       "must be a non-negative integer");
        /* Upstream writes this field's name so. */
        if (!rules_is_listed(known, type))
            rules_name(r, "Type", type, NAMES_QUALIFIED);
    }
}

/* Whether a container that ended with `code` may run again. */
static bool
may_restart(const struct json *spec, const struct json *container, const char *list, int64_t code)
{
    struct str policy = json_str(json_get(spec, "restartPolicy"));

    if (str_is(str_of(list), "ephemeralContainerStatuses"))
        return false;
    if (str_is(json_str(json_get(container, "restartPolicy")), "Always"))
        return true;
    return str_is(policy, "Always") || (str_is(policy, "OnFailure") && code != 0);
}

static const struct json *
named(const struct json *list, struct str name)
{
    JSON_EACH (it, list)
        if (str_eq(json_str(json_get(it.value, "name")), name))
            return it.value;
    return NULL;
}

/* What has ended stays so, unless it is to run again. */
static void
check_states(struct rules *r, const struct json *old, const struct json *status,
             const struct json *spec, const char *field, const char *list)
{
    RULES_EACH (r, field, it, json_get(old, field)) {
        struct str name = json_str(json_get(it.value, "name"));
        const struct json *ended = json_at_path(it.value, "state.terminated");
        const struct json *now = named(json_get(status, field), name);
        int64_t code = 0;

        (void)json_int(json_get(ended, "exitCode"), &code);
        if (ended != NULL && now != NULL && json_at_path(now, "state.terminated") == NULL &&
            !may_restart(spec, named(json_get(spec, list), name), field, code))
            rules_forbidden(r, "state", "may not be transitioned to non-terminated state");
    }
}

/* Addresses that are not there already. */
static void
check_addresses(struct rules *r, const struct json *old, const struct json *status,
                const char *field)
{
    const struct json *list = json_get(status, field);
    size_t before = rules_enter(r, field), v6 = 0;

    RULES_EACH (r, NULL, it, list) {
        struct str ip = json_str(json_get(it.value, "ip"));
        bool kept = false;

        JSON_EACH (was, json_get(old, field))
            kept = kept || str_eq(json_str(json_get(was.value, "ip")), ip);
        if (!kept)
            rules_address(r, NULL, ip);
        v6 += str_find_char(ip, ':', 0) >= 0;
    }
    if (json_count(list) > 2 || (json_count(list) == 2 && v6 != 1))
        rules_invalid(r, NULL, list, "may specify no more than one IP for each IP family");
    rules_leave(r, before);
}

void
rules_pod_status(struct rules *r, const struct json *old, const struct json *object)
{
    static const char *const lists[][2] = {{"containerStatuses", "containers"},
                                           {"initContainerStatuses", "initContainers"},
                                           {"ephemeralContainerStatuses", "ephemeralContainers"}};
    const struct json *was = json_get(old, "status"), *is = json_get(object, "status");
    const struct json *quality = json_get(is, "qosClass");
    struct str nominee = json_str(json_get(is, "nominatedNodeName"));
    size_t before = rules_enter(r, "status");

    check_conditions(r, json_get(is, "conditions"));
    if (nominee.n > 0 && !str_eq(nominee, json_str(json_get(was, "nominatedNodeName"))))
        rules_name(r, "nominatedNodeName", nominee, NAMES_SUBDOMAIN);
    rules_in_range(r, is, "observedGeneration", 0, INT64_MAX, "must be a non-negative integer");
    if (json_str(quality).n > 0 && !json_equal(quality, json_get(was, "qosClass")))
        rules_invalid(r, "qosClass", quality, "field is immutable");
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        check_states(r, was, is, json_get(old, "spec"), lists[i][0], lists[i][1]);
    check_addresses(r, was, is, "podIPs");
    check_addresses(r, was, is, "hostIPs");
    rules_leave(r, before);
}

/* Namespaces. */

/* Upstream writes this field's name so. */
void
rules_namespace_status(struct rules *r, const struct json *old, const struct json *object)
{
    struct str phase = json_str(json_at_path(object, "status.phase"));
    bool deleting = !json_is_null(json_at_path(object, "metadata.deletionTimestamp"));

    (void)old;
    if (!deleting && !str_is(phase, "Active"))
        rules_invalid_str(r, "status.Phase", phase,
                          "may only be 'Active' if `deletionTimestamp` is empty");
    else if (deleting && !str_is(phase, "Terminating"))
        rules_invalid_str(r, "status.Phase", phase,
                          "may only be 'Terminating' if `deletionTimestamp` is not empty");
}
