#include "schema/rules.h"

#include "base/mem.h"
#include "data/json.h"
#include "schema/rules_int.h"
#include "schema/schema.h"

static const struct row {
    const char *api_version, *kind;
    enum names_rule name;
    rules_fn *check;  /* NULL: metadata only */
    bool again;       /* an update is checked as a new object is, too */
    rules_fn *status; /* what may be written there; NULL: anything */
} rows[] = {
    {"v1", "ConfigMap", NAMES_SUBDOMAIN, rules_of_config_map, true, NULL},
    {"v1", "Endpoints", NAMES_SUBDOMAIN, rules_of_endpoints, true, NULL},
    {"v1", "Event", NAMES_PATH_SEGMENT, rules_of_event, false, NULL},
    {"v1", "Namespace", NAMES_LABEL, rules_of_namespace, false, rules_namespace_status},
    {"v1", "Node", NAMES_SUBDOMAIN, rules_of_node, false, NULL},
    {"v1", "PersistentVolumeClaim", NAMES_SUBDOMAIN, rules_of_claim, true, NULL},
    {"v1", "Pod", NAMES_SUBDOMAIN, rules_of_pod, true, rules_pod_status},
    {"v1", "Secret", NAMES_SUBDOMAIN, rules_of_secret, true, NULL},
    {"v1", "Service", NAMES_SERVICE, rules_of_service, false, NULL},
    {"v1", "ServiceAccount", NAMES_SUBDOMAIN, NULL, true, NULL},
    {"coordination.k8s.io/v1", "Lease", NAMES_SUBDOMAIN, rules_of_lease, false, NULL},
};

static const struct row *
row_of(const struct rules_kind *k)
{
    static const struct row others = {"", "", NAMES_SUBDOMAIN, NULL, false, NULL};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(k->kind, rows[i].kind) && str_is(k->api_version, rows[i].api_version))
            return &rows[i];
    return &others;
}

static bool
has_bare_finalizers(const struct rules_kind *k)
{
    return schema_is_custom(k->api_version) || str_is(k->kind, "Lease");
}

static void
check(const struct rules_kind *k, const struct json *old, const struct json *object,
      struct problems *ps)
{
    const struct row *row = row_of(k);
    struct rules r = {.problems = ps,
                      .bare_finalizers = has_bare_finalizers(k),
                      .by_face = k->by_face,
                      .kept_annotations = json_at_path(old, "metadata.annotations")};

    if (old != NULL) {
        /* Upstream checks an update once for all kinds and once for each, and lists both. */
        rules_of_meta_update(&r, json_get(old, "metadata"), json_get(object, "metadata"), true);
        rules_of_meta_update(&r, json_get(old, "metadata"), json_get(object, "metadata"), false);
    }
    if (old == NULL || row->again)
        rules_of_meta(&r, json_get(object, "metadata"), k->namespaced, row->name);
    if (row->check != NULL)
        row->check(&r, old, object);
    buf_done(&r.path);
    buf_done(&r.place);
    map_done(&r.volumes);
}

void
rules_create(const struct rules_kind *k, const struct json *object, struct problems *ps)
{
    check(k, NULL, object, ps);
}

void
rules_update(const struct rules_kind *k, const struct json *old, const struct json *next,
             struct problems *ps)
{
    check(k, old, next, ps);
}

void
rules_metadata(const struct rules_kind *k, const struct json *object, struct problems *ps)
{
    struct rules r = {.problems = ps, .bare_finalizers = true, .ours = true};

    rules_of_meta(&r, json_get(object, "metadata"), k->namespaced, row_of(k)->name);
    buf_done(&r.path);
    buf_done(&r.place);
}

void
rules_update_status(const struct rules_kind *k, const struct json *old, const struct json *next,
                    struct problems *ps)
{
    const struct json *was = json_get(old, "metadata"), *is = json_get(next, "metadata");
    struct rules r = {.problems = ps,
                      .bare_finalizers = has_bare_finalizers(k),
                      .kept_annotations = json_get(was, "annotations")};

    rules_of_meta_update(&r, was, is, true);
    rules_of_meta_update(&r, was, is, false);
    if (row_of(k)->status != NULL)
        row_of(k)->status(&r, old, next);
    buf_done(&r.path);
    buf_done(&r.place);
}

void
rules_finalize(const struct json *ns, struct problems *ps)
{
    struct rules r = {.problems = ps};

    rules_namespace_finalizers(&r, json_at_path(ns, "spec.finalizers"));
    buf_done(&r.path);
    buf_done(&r.place);
}

const char *
rules_name_problem(const struct rules_kind *k, struct str name)
{
    return names_check(row_of(k)->name, name);
}
