/* What may change in a Pod: little, since its containers run already. */

#include "base/mem.h"
#include "data/json.h"
#include "schema/godump.h"
#include "schema/rules_int.h"
#include "schema/schema.h"

#define CHANGEABLE \
    "pod updates may not change fields other than `spec.containers[*].image`," \
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only " \
    "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set " \
    "to 1 if it was previously negative)"

/* False if nothing more is to be said. */
static bool
check_images(struct rules *r, const struct json *old, const struct json *spec, const char *field)
{
    if (json_count(json_get(old, field)) != json_count(json_get(spec, field))) {
        rules_forbidden(r, field, "pod updates may not add or remove containers");
        return false;
    }
    RULES_EACH (r, field, it, json_get(spec, field)) {
        struct str image = json_str(json_get(it.value, "image"));

        if (image.n == 0)
            rules_required(r, "image", "");
        if (image.n != str_trim(image).n)
            rules_invalid_str(r, "image", image, "must not have leading or trailing whitespace");
    }
    return true;
}

/* False if nothing more is to be said. */
static bool
check_deadline(struct rules *r, const struct json *old, const struct json *spec)
{
    const struct json *is = json_get(spec, "activeDeadlineSeconds");
    int64_t before, after;

    if (json_int(is, &after) && (after < 0 || after > INT32_MAX)) {
        rules_invalid(r, "activeDeadlineSeconds", is,
                      "must be between 0 and 2147483647, inclusive");
        return false;
    }
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

/* All of a toleration but its tolerationSeconds. */
static char *
without_seconds(const struct json *toleration)
{
    static const char *const fields[] = {"key", "operator", "value", "effect"};
    struct buf text = BUF_INIT;

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        json_write_string(&text, json_str(json_get(toleration, fields[i])));
    return buf_take(&text);
}

static void
check_kept_tolerations(struct rules *r, const struct json *old, const struct json *spec)
{
    cleanup_map struct map kept = MAP_INIT;

    JSON_EACH (it, json_get(spec, "tolerations")) {
        cleanup_free char *text = without_seconds(it.value);

        (void)rules_meets_again(&kept, str_of(text));
    }
    JSON_EACH (it, json_get(old, "tolerations")) {
        cleanup_free char *text = without_seconds(it.value);

        if (map_get(&kept, str_of(text)) == NULL) {
            rules_forbidden(r, "tolerations",
                            "existing toleration can not be modified except its "
                            "tolerationSeconds");
            return;
        }
    }
}

/* Gates: as long as one holds a Pod back, it may still be narrowed where it runs. */

static void
check_gates(struct rules *r, const struct json *old, const struct json *spec)
{
    cleanup_map struct map gates = MAP_INIT;

    rules_meet_all(&gates, json_get(old, "schedulingGates"), "name");
    RULES_EACH (r, "schedulingGates", it, json_get(spec, "schedulingGates")) {
        struct str name = json_str(json_get(it.value, "name"));

        if (map_get(&gates, name) == NULL) {
            cleanup_free char *text = xasprintf(
                "only deletion is allowed, but found new scheduling gate '%.*s'", STR_ARG(name));

            rules_forbidden(r, "name", text);
        }
    }
}

static void
check_node_selector(struct rules *r, const struct json *old, const struct json *spec)
{
    const struct json *is = json_get(spec, "nodeSelector");

    JSON_EACH (it, json_get(old, "nodeSelector")) {
        if (!json_equal(it.value, json_get_str(is, it.key))) {
            rules_invalid(r, "nodeSelector", is,
                          "only additions to spec.nodeSelector are allowed (no mutations or "
                          "deletions)");
            return;
        }
    }
}

/* Whether a list begins with all of another. */
static bool
begins_with(const struct json *list, const struct json *start)
{
    JSON_EACH (it, start)
        if (!json_equal(it.value, json_item(list, it.index)))
            return false;
    return true;
}

static bool
only_adds(const struct json *term, const struct json *old)
{
    static const char *const lists[] = {"matchExpressions", "matchFields"};
    bool was_empty = true, is_empty = true, good = true;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        was_empty = was_empty && json_count(json_get(old, lists[i])) == 0;
        is_empty = is_empty && json_count(json_get(term, lists[i])) == 0;
        good = good && begins_with(json_get(term, lists[i]), json_get(old, lists[i]));
    }
    /* An empty term matches nothing; one more condition would widen it. */
    return good && (!was_empty || is_empty);
}

static void
check_node_affinity(struct rules *r, const struct json *old, const struct json *spec)
{
    static const char path[] =
        "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    const struct json *was = json_at_path(old, path), *is = json_at_path(spec, path);
    size_t before = rules_enter(r, path);

    if (json_count(was) > 0 && json_count(was) != json_count(is)) {
        rules_invalid_type(r, NULL, "[]NodeSelectorTerm", is,
                           "no additions/deletions to non-empty NodeSelectorTerms list are "
                           "allowed");
    } else {
        RULES_EACH (r, NULL, it, was) {
            if (!only_adds(json_item(is, it.index), it.value))
                rules_invalid_type(r, NULL, "NodeSelectorTerm", json_item(is, it.index),
                                   "only additions are allowed (no mutations or deletions)");
        }
    }
    rules_leave(r, before);
}

/* The whole. */

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

/* The new affinities with the old one to nodes. */
static void
add_affinity(struct json_build *b, const struct json *spec, const struct json *old)
{
    static const char *const node[] = {"nodeAffinity", NULL};
    const struct json *is = json_get(spec, "affinity");
    const struct json *nodes = json_at_path(old, "affinity.nodeAffinity");
    bool others = json_get(is, "podAffinity") != NULL || json_get(is, "podAntiAffinity") != NULL;

    if (nodes == NULL && !others && (is == NULL || json_get(old, "affinity") == NULL))
        return;
    json_add_object(b, "affinity");
    json_add_fields(b, is, node);
    json_add_value(b, "nodeAffinity", nodes);
    json_end(b);
}

/* The new spec with the old one's values wherever they may differ. */
static struct json_doc *
with_changes_undone(const struct json *spec, const struct json *old)
{
    static const char *const free_fields[] = {"activeDeadlineSeconds", "tolerations",
                                              "schedulingGates", NULL};
    static const char *const except[] = {"containers",
                                         "initContainers",
                                         "tolerations",
                                         "activeDeadlineSeconds",
                                         "schedulingGates",
                                         "terminationGracePeriodSeconds",
                                         "nodeSelector",
                                         "affinity",
                                         NULL};
    bool gated = json_count(json_get(old, "schedulingGates")) > 0;
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
    json_add_value(&b, "nodeSelector", json_get(gated ? old : spec, "nodeSelector"));
    if (gated)
        add_affinity(&b, spec, old);
    else
        json_add_value(&b, "affinity", json_get(spec, "affinity"));
    json_end(&b);
    return json_build_done(&b);
}

void
rules_pod_update(struct rules *r, const struct json *old, const struct json *spec)
{
    cleanup_json struct json_doc *undone = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    if (!check_images(r, old, spec, "containers") || !check_images(r, old, spec, "initContainers"))
        return;
    if (!check_deadline(r, old, spec))
        return;
    check_kept_tolerations(r, old, spec);
    check_gates(r, old, spec);
    if (json_count(json_get(old, "schedulingGates")) > 0) {
        check_node_selector(r, old, spec);
        check_node_affinity(r, old, spec);
    }
    undone = with_changes_undone(spec, old);
    if (json_equal(json_root(undone), old))
        return;
    buf_cstr(&text, CHANGEABLE "\n");
    godump_diff(schema_type(STR("v1"), STR("PodSpec")), old, json_root(undone), &text);
    rules_forbidden(r, NULL, buf_cstring(&text));
}
