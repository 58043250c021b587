#include "base/mem.h"
#include "data/json.h"
#include "schema/godump.h"
#include "schema/names.h"
#include "schema/rules_int.h"
#include "schema/schema.h"

#define CHANGEABLE \
    "pod updates may not change fields other than `spec.containers[*].image`," \
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only " \
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set " \
    "to 1 if it was previously negative)"

static void
check_toleration(struct rules *r, const struct json *t)
{
    static const char *const operators[] = {"Equal", "Exists", NULL};
    static const char *const effects[] = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};
    struct str key = json_str(json_get(t, "key")), value = json_str(json_get(t, "value"));
    struct str op = json_str(json_get(t, "operator"));
    struct str effect = json_str(json_get(t, "effect"));
    const char *wrong;

    rules_named(r, t, "key", names_check_qualified);
    if (key.n == 0 && !str_is(op, "Exists"))
        rules_invalid_str(r, "operator", op,
                          "operator must be Exists when `key` is empty, which means \"match all "
                          "values and all keys\"");
    if (json_get(t, "tolerationSeconds") != NULL && !str_is(effect, "NoExecute"))
        rules_invalid_str(r, "effect", effect,
                          "effect must be 'NoExecute' when `tolerationSeconds` is set");
    wrong = names_check_label_value(value);
    if ((op.n == 0 || str_is(op, "Equal")) && wrong != NULL)
        rules_invalid_str(r, "operator", value, wrong);
    else if (str_is(op, "Exists") && value.n > 0)
        rules_invalid_str(r, "operator", value, "value must be empty when `operator` is 'Exists'");
    else
        rules_one_of(r, t, "operator", operators);
    rules_one_of(r, t, "effect", effects);
}

static void
check_tolerations(struct rules *r, const struct json *list)
{
    size_t before = rules_enter(r, "tolerations"), inside;

    JSON_EACH (it, list) {
        inside = rules_enter_index(r, it.index);
        check_toleration(r, it.value);
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

static void
check_containers(struct rules *r, const struct json *spec)
{
    const struct json *containers = json_get(spec, "containers");
    size_t before;

    if (json_count(containers) == 0)
        rules_required(r, "containers", "");
    before = rules_enter(r, "containers");
    rules_containers(r, containers, spec, false);
    rules_leave(r, before);
    before = rules_enter(r, "initContainers");
    rules_containers(r, json_get(spec, "initContainers"), spec, true);
    rules_leave(r, before);
}

static void
check_spec(struct rules *r, const struct json *spec)
{
    static const char *const restarts[] = {"Always", "OnFailure", "Never", NULL};
    static const char *const dns[] = {"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None",
                                      NULL};
    static const char *const preemptions[] = {"Never", "PreemptLowerPriority", NULL};
    size_t before = rules_enter(r, "volumes");

    rules_volumes(r, json_get(spec, "volumes"));
    rules_leave(r, before);
    check_containers(r, spec);
    rules_one_of(r, spec, "restartPolicy", restarts);
    rules_one_of(r, spec, "dnsPolicy", dns);
    before = rules_enter(r, "nodeSelector");
    rules_labels(r, json_get(spec, "nodeSelector"));
    rules_leave(r, before);
    rules_named(r, spec, "serviceAccountName", names_check_subdomain);
    rules_named(r, spec, "nodeName", names_check_subdomain);
    rules_in_range(r, spec, "activeDeadlineSeconds", 1, INT32_MAX,
                   "must be between 1 and 2147483647, inclusive");
    rules_named(r, spec, "hostname", names_check_label);
    rules_named(r, spec, "subdomain", names_check_label);
    check_tolerations(r, json_get(spec, "tolerations"));
    rules_named(r, spec, "priorityClassName", names_check_subdomain);
    rules_named(r, spec, "runtimeClassName", names_check_subdomain);
    rules_one_of(r, spec, "preemptionPolicy", preemptions);
}

/* Updates. */

static bool
check_images(struct rules *r, const struct json *old, const struct json *spec, const char *field)
{
    if (json_count(json_get(old, field)) == json_count(json_get(spec, field)))
        return true;
    rules_forbidden(r, field, "pod updates may not add or remove containers");
    return false;
}

/* False if nothing more is to be said. */
static bool
check_deadline(struct rules *r, const struct json *old, const struct json *spec)
{
    const struct json *is = json_get(spec, "activeDeadlineSeconds");
    int64_t before, after;

    if (!json_int(json_get(old, "activeDeadlineSeconds"), &before))
        return true;
    if (!json_int(is, &after))
        rules_invalid(r, "activeDeadlineSeconds", NULL,
                      "must not update from a positive integer to nil value");
    else if (before < after)
        rules_invalid(r, "activeDeadlineSeconds", is,
                      "must be less than or equal to previous value");
    return !json_int(is, &after) || before >= after;
}

static bool
same_but_seconds(const struct json *a, const struct json *b)
{
    static const char *const fields[] = {"key", "operator", "value", "effect"};

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (!str_eq(json_str(json_get(a, fields[i])), json_str(json_get(b, fields[i]))))
            return false;
    return true;
}

static void
check_kept_tolerations(struct rules *r, const struct json *old, const struct json *spec)
{
    JSON_EACH (was, json_get(old, "tolerations")) {
        bool found = false;

        JSON_EACH (is, json_get(spec, "tolerations"))
            found = found || same_but_seconds(was.value, is.value);
        if (!found) {
            rules_forbidden(r, "tolerations",
                            "existing toleration can not be modified except its "
                            "tolerationSeconds");
            return;
        }
    }
}

/* A list of containers with the images of another. */
static void
add_with_images(struct json_build *b, const struct json *spec, const struct json *old,
                const char *field)
{
    static const char *const image[] = {"image", NULL};

    if (json_get(spec, field) == NULL)
        return;
    json_add_array(b, field);
    JSON_EACH (it, json_get(spec, field)) {
        json_add_object(b, NULL);
        json_add_fields(b, it.value, image);
        json_add_value(b, "image", json_get(json_item(json_get(old, field), it.index), "image"));
        json_end(b);
    }
    json_end(b);
}

/* The new spec with the old one's values wherever they may differ. */
static struct json_doc *
with_changes_undone(const struct json *spec, const struct json *old)
{
    static const char *const free_fields[] = {"activeDeadlineSeconds", "tolerations",
                                              "schedulingGates", NULL};
    static const char *const except[] = {
        "containers",  "initContainers",  "activeDeadlineSeconds",
        "tolerations", "schedulingGates", "terminationGracePeriodSeconds",
        NULL};
    struct json_build b = JSON_BUILD_INIT;
    int64_t was = 0, is = 0;

    (void)json_int(json_get(old, "terminationGracePeriodSeconds"), &was);
    (void)json_int(json_get(spec, "terminationGracePeriodSeconds"), &is);
    json_add_object(&b, NULL);
    json_add_fields(&b, spec, except);
    add_with_images(&b, spec, old, "containers");
    add_with_images(&b, spec, old, "initContainers");
    for (size_t i = 0; free_fields[i] != NULL; i++)
        json_add_value(&b, free_fields[i], json_get(old, free_fields[i]));
    json_add_value(&b, "terminationGracePeriodSeconds",
                   json_get(was < 0 && is == 1 ? old : spec, "terminationGracePeriodSeconds"));
    json_end(&b);
    return json_build_done(&b);
}

static void
check_change(struct rules *r, const struct json *old, const struct json *spec)
{
    cleanup_json struct json_doc *undone = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    if (!check_images(r, old, spec, "containers") || !check_images(r, old, spec, "initContainers"))
        return;
    if (!check_deadline(r, old, spec))
        return;
    check_kept_tolerations(r, old, spec);
    undone = with_changes_undone(spec, old);
    if (json_equal(json_root(undone), old))
        return;
    buf_cstr(&text, CHANGEABLE "\n");
    godump_diff(schema_type(STR("v1"), STR("PodSpec")), old, json_root(undone), &text);
    rules_forbidden(r, NULL, buf_cstring(&text));
}

void
rules_of_pod(struct rules *r, const struct json *old, const struct json *object)
{
    const struct json *spec = json_get(object, "spec");
    size_t before = rules_enter(r, "spec");

    check_spec(r, spec);
    if (old != NULL)
        check_change(r, json_get(old, "spec"), spec);
    else if (json_count(json_get(spec, "ephemeralContainers")) > 0)
        rules_forbidden(r, "ephemeralContainers", "cannot be set on create");
    rules_leave(r, before);
}
