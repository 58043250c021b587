#include "schema/prepare.h"

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/merge.h"
#include "schema/schema.h"

/* Adds to an open object the merge patch (RFC 7386) that makes a new object of a kind complete. */
typedef void begin_fn(const struct json *object, struct json_build *patch);

/* Pods. */

static bool
tolerates(const struct json *tolerations, const char *key)
{
    JSON_EACH (it, tolerations) {
        struct str effect = json_str(json_get(it.value, "effect"));
        struct str of = json_str(json_get(it.value, "key"));

        if ((of.n == 0 || str_is(of, key)) && (effect.n == 0 || str_is(effect, "NoExecute")))
            return true;
    }
    return false;
}

enum { TOLERATION_SECONDS = 300 };

/* A Pod stays for five minutes where its node is not well, unless it says otherwise. */
static void
add_tolerations(const struct json *object, struct json_build *patch)
{
    static const char *const keys[] = {"node.kubernetes.io/not-ready",
                                       "node.kubernetes.io/unreachable"};
    const struct json *own = json_at_path(object, "spec.tolerations");

    json_add_array(patch, "tolerations");
    JSON_EACH (it, own)
        json_add_value(patch, NULL, it.value);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (tolerates(own, keys[i]))
            continue;
        json_add_object(patch, NULL);
        json_add_cstr(patch, "key", keys[i]);
        json_add_cstr(patch, "operator", "Exists");
        json_add_cstr(patch, "effect", "NoExecute");
        json_add_int(patch, "tolerationSeconds", TOLERATION_SECONDS);
        json_end(patch);
    }
    json_end(patch);
}

static bool
is_positive(const struct json *amount)
{
    struct err ignored = ERR_INIT;
    struct quantity q;

    return quantity_parse(json_str(amount), &q, &ignored) == 0 && q.nano > 0;
}

struct asked {
    bool any; /* for something */
    bool all; /* limits of CPU and memory, and requests as large */
};

static void
ask(const struct json *resources, struct asked *a)
{
    static const char *const counted[] = {"cpu", "memory"};

    for (size_t i = 0; i < ARRAY_LEN(counted); i++) {
        const struct json *limit = json_get(json_get(resources, "limits"), counted[i]);
        const struct json *request = json_get(json_get(resources, "requests"), counted[i]);

        a->any = a->any || is_positive(limit) || is_positive(request);
        a->all = a->all && is_positive(limit) && json_equal(limit, request);
    }
}

/* Guaranteed: limits everywhere, and requests as large.  BestEffort: nothing is asked for.
 * Burstable: the rest.  What the Pod as a whole asks for counts before its containers. */
static const char *
quality(const struct json *object)
{
    static const char *const lists[] = {"spec.initContainers", "spec.containers"};
    const struct json *whole = json_at_path(object, "spec.resources");
    struct asked a = {.all = true};

    if (json_count(json_get(whole, "requests")) + json_count(json_get(whole, "limits")) > 0) {
        ask(whole, &a);
    } else {
        for (size_t i = 0; i < ARRAY_LEN(lists); i++)
            JSON_EACH (it, json_at_path(object, lists[i]))
                ask(json_get(it.value, "resources"), &a);
    }
    return !a.any ? "BestEffort" : a.all ? "Guaranteed" : "Burstable";
}

static void
begin_pod(const struct json *object, struct json_build *patch)
{
    const struct json *spec = json_get(object, "spec");

    json_add_object(patch, "spec");
    add_tolerations(object, patch);
    if (json_get(spec, "priority") == NULL)
        json_add_int(patch, "priority", 0);
    if (json_get(spec, "preemptionPolicy") == NULL)
        json_add_cstr(patch, "preemptionPolicy", "PreemptLowerPriority");
    json_end(patch);
    json_add_object(patch, "status");
    json_add_cstr(patch, "phase", "Pending");
    json_add_cstr(patch, "qosClass", quality(object));
    json_end(patch);
}

/* The rest. */

static void
add_phase(const char *phase, struct json_build *patch)
{
    json_add_object(patch, "status");
    json_add_cstr(patch, "phase", phase);
    json_end(patch);
}

static void
begin_namespace(const struct json *object, struct json_build *patch)
{
    const struct json *finalizers = json_at_path(object, "spec.finalizers");
    bool held = false;

    JSON_EACH (it, finalizers)
        held = held || str_is(json_str(it.value), "kubernetes");
    json_add_object(patch, "spec");
    json_add_array(patch, "finalizers");
    JSON_EACH (it, finalizers)
        json_add_value(patch, NULL, it.value);
    if (!held)
        json_add_cstr(patch, NULL, "kubernetes");
    json_end(patch);
    json_end(patch);
    add_phase("Active", patch);
}

/* A claim does not go while a Pod uses it. */
static void
begin_claim(const struct json *object, struct json_build *patch)
{
    static const char protection[] = "kubernetes.io/pvc-protection";
    const struct json *finalizers = json_at_path(object, "metadata.finalizers");
    bool held = false;

    json_add_object(patch, "metadata");
    json_add_array(patch, "finalizers");
    JSON_EACH (it, finalizers) {
        held = held || str_is(json_str(it.value), protection);
        json_add_value(patch, NULL, it.value);
    }
    if (!held)
        json_add_cstr(patch, NULL, protection);
    json_end(patch);
    json_end(patch);
    add_phase("Pending", patch);
}

static void
begin_volume(const struct json *object, struct json_build *patch)
{
    (void)object;
    add_phase("Pending", patch);
}

static void
begin_service(const struct json *object, struct json_build *patch)
{
    (void)object;
    json_add_object(patch, "status");
    json_add_object(patch, "loadBalancer");
    json_end(patch);
    json_end(patch);
}

static const struct row {
    const char *kind;
    begin_fn *begin;
} rows[] = {
    {"Namespace", begin_namespace},
    {"PersistentVolume", begin_volume},
    {"PersistentVolumeClaim", begin_claim},
    {"Pod", begin_pod},
    {"Service", begin_service},
};

/* Whether the kind has a status that only its own endpoint changes.  A Node's is its own to set
 * when it registers. */
static bool
has_status(const struct schema *s)
{
    struct schema_field status;

    return s != NULL && !schema_is_custom(str_of(schema_version(s))) &&
           schema_field(s, STR("status"), &status) && (status.flags & SCHEMA_STATUS);
}

static struct json_doc *
without_status(const struct json *object)
{
    static const char *const except[] = {"status", NULL};
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object, except);
    json_end(&b);
    return json_build_done(&b);
}

struct json_doc *
prepare_create(const struct schema *s, struct str api_version, struct str kind,
               const struct json *object)
{
    cleanup_json struct json_doc *bare = NULL, *patch = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (!has_status(s) || str_is(kind, "Node"))
        return json_copy(object);
    bare = without_status(object);
    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(api_version, "v1") && str_is(kind, rows[i].kind))
            rows[i].begin(object, &b);
    json_end(&b);
    patch = json_build_done(&b);
    return merge_patch(json_root(bare), json_root(patch));
}

/* One object with a field of another. */
static struct json_doc *
with_field(const struct json *object, const char *field, const struct json *value)
{
    const char *const except[] = {field, NULL};
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object, except);
    json_add_value(&b, field, value);
    json_end(&b);
    return json_build_done(&b);
}

/* The metadata of a status writer: it says nothing of owners, nor of a deletion. */
static void
add_status_meta(struct json_build *b, const struct json *old, const struct json *next)
{
    static const char *const kept[] = {"ownerReferences", "deletionTimestamp", NULL};

    json_add_object(b, "metadata");
    json_add_fields(b, next, kept);
    for (size_t i = 0; kept[i] != NULL; i++)
        json_add_value(b, kept[i], json_get(old, kept[i]));
    json_end(b);
}

/* The old object with metadata and status of the next. */
static struct json_doc *
with_status_of(const struct json *old, const struct json *next)
{
    static const char *const except[] = {"metadata", "status", NULL};
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, old, except);
    add_status_meta(&b, json_get(old, "metadata"), json_get(next, "metadata"));
    json_add_value(&b, "status", json_get(next, "status"));
    json_end(&b);
    return json_build_done(&b);
}

struct json_doc *
prepare_update(struct str api_version, struct str kind, const struct json *old,
               const struct json *next, bool status)
{
    if (status)
        return with_status_of(old, next);
    if (!has_status(schema_lookup(api_version, kind)))
        return json_copy(next);
    return with_field(next, "status", json_get(old, "status"));
}
