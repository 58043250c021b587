#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/godump.h"
#include "schema/names.h"
#include "schema/problem.h"
#include "schema/rules_int.h"
#include "schema/schema.h"

static const char *const access_modes[] = {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce",
                                           "ReadWriteOncePod", NULL};

static void
check_modes(struct rules *r, const struct json *modes)
{
    bool alone = false, shared = false;

    if (json_count(modes) == 0)
        rules_required(r, "accessModes", "at least 1 access mode is required");
    JSON_EACH (it, modes) {
        struct str mode = json_str(it.value);

        /* Upstream names the list, not the item. */
        rules_unsupported(r, "accessModes", mode, access_modes);
        alone = alone || str_is(mode, "ReadWriteOncePod");
        for (size_t i = 0; access_modes[i] != NULL; i++)
            shared = shared || (str_is(mode, access_modes[i]) && !str_is(mode, "ReadWriteOncePod"));
    }
    if (alone && shared)
        rules_forbidden(r, "accessModes", "may not use ReadWriteOncePod with other access modes");
}

static int64_t
bytes_of(const struct json *amount)
{
    struct err ignored = ERR_INIT;
    struct quantity q;

    return quantity_parse(json_scalar_text(amount), &q, &ignored) == 0 ? quantity_value(q) : 0;
}

static void
check_storage(struct rules *r, const struct json *spec)
{
    const struct json *storage = json_at_path(spec, "resources.requests.storage");
    size_t before = rules_enter(r, "resources"), inside = rules_enter_key(r, STR("storage"));

    if (storage == NULL)
        rules_required(r, NULL, "");
    else if (bytes_of(storage) <= 0)
        rules_invalid(r, NULL, storage, "must be greater than zero");
    rules_leave(r, inside);
    rules_leave(r, before);
}

/* A spec with one field of another. */
static struct json_doc *
with_field(const struct json *spec, const char *field, const struct json *value)
{
    const char *const except[] = {field, NULL};
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, spec, except);
    json_add_value(&b, field, value);
    json_end(&b);
    return json_build_done(&b);
}

/* The new spec of a bound claim with the old one's size and class of attributes. */
static struct json_doc *
with_old_size(const struct json *spec, const struct json *old)
{
    const struct json *resources = json_get(spec, "resources");
    const struct json *storage = json_at_path(old, "resources.requests.storage");
    cleanup_json struct json_doc *requests =
        with_field(json_get(resources, "requests"), "storage", storage);
    cleanup_json struct json_doc *sized = with_field(resources, "requests", json_root(requests));
    cleanup_json struct json_doc *b = with_field(spec, "resources", json_root(sized));

    return with_field(json_root(b), "volumeAttributesClassName",
                      json_get(old, "volumeAttributesClassName"));
}

static bool
has_old_class(const struct json *claim)
{
    return json_get(json_at_path(claim, "metadata.annotations"),
                    "volume.beta.kubernetes.io/storage-class") != NULL;
}

static void
check_change(struct rules *r, const struct json *old, const struct json *claim)
{
    bool bound = str_is(json_str(json_at_path(claim, "status.phase")), "Bound");
    const struct json *was = json_get(old, "spec"), *is = json_get(claim, "spec");
    const char *const size = "resources.requests.storage";
    int64_t before = bytes_of(json_at_path(was, size)), after = bytes_of(json_at_path(is, size));
    cleanup_json struct json_doc *a = NULL, *b = NULL;
    cleanup_buf struct buf text = BUF_INIT;

    a = json_str(json_get(was, "volumeName")).n > 0
            ? json_copy(was)
            : with_field(was, "volumeName", json_get(is, "volumeName"));
    b = bound ? with_old_size(is, was) : json_copy(is);
    if (json_get(was, "storageClassName") == NULL && !has_old_class(old)) {
        /* A claim without a class may get one. */
        struct json_doc *classless = with_field(json_root(b), "storageClassName", NULL);

        json_doc_unref(b);
        b = classless;
    }
    if (!json_equal(json_root(a), json_root(b))) {
        buf_cstr(&text, "spec is immutable after creation except resources.requests and "
                        "volumeAttributesClassName for bound claims\n");
        godump_diff(schema_type(STR("v1"), STR("PersistentVolumeClaimSpec")), json_root(a),
                    json_root(b), &text);
        rules_forbidden(r, "spec", buf_cstring(&text));
    }
    if (after < before && after <= bytes_of(json_at_path(old, "status.capacity.storage")))
        rules_forbidden(r, "spec.resources.requests.storage",
                        "field can not be less than status.capacity");
    /* Upstream leaves the spec out of this path. */
    rules_immutable(r, was, is, "volumeMode", "field is immutable");
}

/* Data to begin with. */

static void
check_source(struct rules *r, const struct json *spec, const char *field)
{
    const struct json *source = json_get(spec, field);
    struct str group = json_str(json_get(source, "apiGroup"));
    struct str kind = json_str(json_get(source, "kind"));
    size_t before = rules_enter(r, field);

    if (!json_is_null(source)) {
        rules_must_have(r, source, "name");
        rules_must_have(r, source, "kind");
        if (group.n == 0 && !str_is(kind, "PersistentVolumeClaim"))
            rules_invalid_str(r, NULL, kind,
                              "must be 'PersistentVolumeClaim' when referencing the default "
                              "apiGroup");
        rules_named(r, source, "apiGroup", NAMES_SUBDOMAIN);
        rules_named(r, source, "namespace", NAMES_LABEL);
    }
    rules_leave(r, before);
}

/* Two fields say the same, the second one with a namespace; upstream shows an empty value. */
static void
check_sources(struct rules *r, const struct json *spec)
{
    static const char *const parts[] = {"apiGroup", "kind", "name"};
    const struct json *a = json_get(spec, "dataSource"), *b = json_get(spec, "dataSourceRef");
    bool same = true;

    check_source(r, spec, "dataSource");
    check_source(r, spec, "dataSourceRef");
    if (json_is_null(a) || json_is_null(b))
        return;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        same = same && str_eq(json_str(json_get(a, parts[i])), json_str(json_get(b, parts[i])));
    if (json_str(json_get(b, "namespace")).n > 0)
        rules_invalid_shown(r, NULL, "{}",
                            "may not be specified when dataSourceRef.namespace is specified");
    else if (!same)
        rules_invalid_shown(r, NULL, "{}", "must match dataSourceRef");
}

void
rules_claim_spec(struct rules *r, const struct json *spec)
{
    static const char *const modes[] = {"Block", "Filesystem", NULL};

    check_modes(r, json_get(spec, "accessModes"));
    rules_label_selector(r, spec, "selector");
    check_storage(r, spec);
    rules_named(r, spec, "storageClassName", NAMES_SUBDOMAIN);
    rules_one_of(r, spec, "volumeMode", modes);
    check_sources(r, spec);
    rules_named(r, spec, "volumeAttributesClassName", NAMES_SUBDOMAIN);
}

void
rules_of_claim(struct rules *r, const struct json *old, const struct json *object)
{
    size_t before = rules_enter(r, "spec");

    rules_claim_spec(r, json_get(object, "spec"));
    rules_leave(r, before);
    if (old != NULL)
        check_change(r, old, object);
}
