#include "schema/rules.h"

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/quantity.h"
#include "schema/fielderror.h"
#include "schema/names.h"
#include "schema/problem.h"
#include "schema/rules_int.h"
#include "schema/schema.h"

/* Paths. */

size_t
rules_enter(struct rules *r, const char *field)
{
    size_t before = r->path.n;

    buf_printf(&r->path, "%s%s", before > 0 ? "." : "", field);
    return before;
}

size_t
rules_enter_index(struct rules *r, size_t i)
{
    size_t before = r->path.n;

    buf_printf(&r->path, "[%zu]", i);
    return before;
}

size_t
rules_enter_key(struct rules *r, struct str key)
{
    size_t before = r->path.n;

    buf_printf(&r->path, "[%.*s]", STR_ARG(key));
    return before;
}

void
rules_leave(struct rules *r, size_t before)
{
    buf_cut(&r->path, before);
}

static size_t
enter_or_stay(struct rules *r, const char *field)
{
    return field != NULL ? rules_enter(r, field) : r->path.n;
}

/* Problems. */

void
rules_required(struct rules *r, const char *field, const char *detail)
{
    size_t before = enter_or_stay(r, field);

    fielderror_required(r->problems, buf_cstring(&r->path), detail);
    rules_leave(r, before);
}

void
rules_invalid(struct rules *r, const char *field, const struct json *value, const char *detail)
{
    size_t before = enter_or_stay(r, field);

    fielderror_invalid(r->problems, buf_cstring(&r->path), value, detail);
    rules_leave(r, before);
}

void
rules_invalid_str(struct rules *r, const char *field, struct str value, const char *detail)
{
    size_t before = enter_or_stay(r, field);

    fielderror_invalid_str(r->problems, buf_cstring(&r->path), value, detail);
    rules_leave(r, before);
}

void
rules_forbidden(struct rules *r, const char *field, const char *detail)
{
    size_t before = enter_or_stay(r, field);

    fielderror_forbidden(r->problems, buf_cstring(&r->path), detail);
    rules_leave(r, before);
}

void
rules_duplicate(struct rules *r, const char *field, struct str value)
{
    size_t before = enter_or_stay(r, field);

    fielderror_duplicate(r->problems, buf_cstring(&r->path), value);
    rules_leave(r, before);
}

/* Checks of a field. */

void
rules_one_of(struct rules *r, const struct json *v, const char *field, const char *const *supported)
{
    struct str value = json_str(json_get(v, field));
    size_t before;

    if (value.p == NULL)
        return;
    for (size_t i = 0; supported[i] != NULL; i++)
        if (str_is(value, supported[i]))
            return;
    before = rules_enter(r, field);
    fielderror_unsupported(r->problems, buf_cstring(&r->path), value, supported);
    rules_leave(r, before);
}

void
rules_named(struct rules *r, const struct json *v, const char *field, rules_name_fn *check)
{
    struct str name = json_str(json_get(v, field));
    const char *wrong = name.n > 0 ? check(name) : NULL;

    if (wrong != NULL)
        rules_invalid_str(r, field, name, wrong);
}

void
rules_must_be_named(struct rules *r, const struct json *v, const char *field, rules_name_fn *check)
{
    rules_must_have(r, v, field);
    rules_named(r, v, field, check);
}

void
rules_must_have(struct rules *r, const struct json *v, const char *field)
{
    if (json_str(json_get(v, field)).n == 0)
        rules_required(r, field, "");
}

void
rules_in_range(struct rules *r, const struct json *v, const char *field, int64_t low, int64_t high,
               const char *detail)
{
    const struct json *number = json_get(v, field);
    int64_t n;

    if (json_int(number, &n) && (n < low || n > high))
        rules_invalid(r, field, number, detail);
}

enum { PORT_NAME_MAX = 15 };

bool
rules_port_name(struct rules *r, const struct json *v, const char *field)
{
    struct str name = json_str(json_get(v, field));
    bool letter = false, other = name.n == 0;
    size_t before = r->problems->n;

    for (size_t i = 0; i < name.n; i++) {
        bool lower = name.p[i] >= 'a' && name.p[i] <= 'z';

        letter = letter || lower;
        other = other || !(lower || (name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '-');
    }
    if (name.n > PORT_NAME_MAX)
        rules_invalid_str(r, field, name, "must be no more than 15 characters");
    if (other)
        rules_invalid_str(r, field, name,
                          "must contain only alpha-numeric characters (a-z, 0-9), "
                          "and hyphens (-)");
    if (!letter)
        rules_invalid_str(r, field, name, "must contain at least one letter (a-z)");
    if (str_find(name, STR("--"), 0) >= 0)
        rules_invalid_str(r, field, name, "must not contain consecutive hyphens");
    if (name.n > 0 && (name.p[0] == '-' || name.p[name.n - 1] == '-'))
        rules_invalid_str(r, field, name, "must not begin or end with a hyphen");
    return r->problems->n == before;
}

void
rules_port(struct rules *r, const struct json *v, const char *field)
{
    const struct json *port = json_get(v, field);

    if (json_type(port) == JSON_STRING)
        rules_port_name(r, v, field);
    else
        rules_in_range(r, v, field, 1, UINT16_MAX, RULES_PORT_TEXT);
}

void
rules_immutable(struct rules *r, const struct json *old, const struct json *next, const char *field,
                const char *detail)
{
    const struct json *a = json_get(old, field), *b = json_get(next, field);

    if (!(json_is_null(a) && json_is_null(b)) && !json_equal(a, b))
        rules_invalid(r, field, b, detail);
}

void
rules_label_selector(struct rules *r, const struct json *selector)
{
    static const char *const operators[] = {"In", "NotIn", "Exists", "DoesNotExist", NULL};
    size_t before = rules_enter(r, "matchLabels"), inside;

    rules_labels(r, json_get(selector, "matchLabels"));
    rules_leave(r, before);
    before = rules_enter(r, "matchExpressions");
    JSON_EACH (it, json_get(selector, "matchExpressions")) {
        struct str op = json_str(json_get(it.value, "operator"));
        size_t values = json_count(json_get(it.value, "values"));
        bool of_values = str_is(op, "In") || str_is(op, "NotIn");

        inside = rules_enter_index(r, it.index);
        if (of_values && values == 0)
            rules_required(r, "values", "must be specified when `operator` is 'In' or 'NotIn'");
        else if ((str_is(op, "Exists") || str_is(op, "DoesNotExist")) && values > 0)
            rules_forbidden(r, "values",
                            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        else if (!of_values && values == 0)
            rules_one_of(r, it.value, "operator", operators);
        rules_named(r, it.value, "key", names_check_qualified);
        rules_leave(r, inside);
    }
    rules_leave(r, before);
}

void
rules_amount(struct rules *r, const struct json *amount)
{
    struct err ignored = ERR_INIT;
    struct quantity q;

    if (quantity_parse(json_str(amount), &q, &ignored) == 0 && q.nano < 0)
        rules_invalid(r, NULL, amount, "must be greater than or equal to 0");
}

/* Kinds. */

/* The part of a generated name that is not to come may end with a dash. */
static struct str
whole(struct str name, bool prefix)
{
    return prefix && name.n > 1 && name.p[name.n - 1] == '-' ? str_slice(name, 0, name.n - 1)
                                                             : name;
}

static const char *
name_label(struct str name, bool prefix)
{
    return names_check_label(whole(name, prefix));
}

static const char *
name_service(struct str name, bool prefix)
{
    return names_check_service(whole(name, prefix));
}

static const char *
name_subdomain(struct str name, bool prefix)
{
    return names_check_subdomain(whole(name, prefix));
}

static const struct row {
    const char *api_version, *kind;
    const char *(*name)(struct str name, bool prefix);
    rules_fn *check; /* NULL: metadata only */
    bool again;      /* an update is checked as a new object is, too */
} rows[] = {
    {"v1", "ConfigMap", name_subdomain, rules_of_config_map, true},
    {"v1", "Event", name_subdomain, rules_of_event, false},
    {"v1", "Namespace", name_label, rules_of_namespace, false},
    {"v1", "Node", name_subdomain, rules_of_node, false},
    {"v1", "PersistentVolumeClaim", name_subdomain, rules_of_claim, true},
    {"v1", "Pod", name_subdomain, rules_of_pod, true},
    {"v1", "Secret", name_subdomain, rules_of_secret, true},
    {"v1", "Service", name_service, rules_of_service, false},
    {"coordination.k8s.io/v1", "Lease", name_subdomain, rules_of_lease, false},
};

static const struct row *
row_of(const struct rules_kind *k)
{
    static const struct row others = {"", "", name_subdomain, NULL, false};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (str_is(k->kind, rows[i].kind) && str_is(k->api_version, rows[i].api_version))
            return &rows[i];
    return &others;
}

static void
check(const struct rules_kind *k, const struct json *old, const struct json *object,
      struct problems *ps)
{
    const struct row *row = row_of(k);
    struct rules r = {.problems = ps,
                      .path = BUF_INIT,
                      .custom = schema_is_custom(k->api_version),
                      .volumes = VEC_INIT};

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
    vec_done(&r.volumes);
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
rules_update_status(const struct rules_kind *k, const struct json *old, const struct json *next,
                    struct problems *ps)
{
    const struct json *was = json_get(old, "metadata"), *is = json_get(next, "metadata");
    struct rules r = {.problems = ps,
                      .path = BUF_INIT,
                      .custom = schema_is_custom(k->api_version),
                      .volumes = VEC_INIT};

    rules_of_meta_update(&r, was, is, true);
    rules_of_meta_update(&r, was, is, false);
    buf_done(&r.path);
}

const char *
rules_name_problem(const struct rules_kind *k, struct str name, bool prefix)
{
    return row_of(k)->name(name, prefix);
}
