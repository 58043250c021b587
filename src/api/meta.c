#include "api/meta.h"

#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "schema/check.h"
#include "schema/problem.h"
#include "schema/rules.h"
#include "schema/schema.h"

void
meta_time(int64_t us, char to[META_TIME_SIZE])
{
    time_t seconds = (time_t)(us / CLOCK_SECOND);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(to, META_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void
meta_of(const struct json *root, struct meta *ret)
{
    const struct json *m = json_get(root, "metadata");

    *ret = (struct meta){
        .ns = json_str(json_get(m, "namespace")),
        .name = json_str(json_get(m, "name")),
        .generate_name = json_str(json_get(m, "generateName")),
        .uid = json_str(json_get(m, "uid")),
        .created = json_str(json_get(m, "creationTimestamp")),
        .deleted = json_str(json_get(m, "deletionTimestamp")),
        .grace_seconds = -1,
    };
    (void)json_int(json_get(m, "generation"), &ret->generation);
    (void)json_int(json_get(m, "deletionGracePeriodSeconds"), &ret->grace_seconds);
}

/* Checking. */

/* "v1", "argoproj.io/v1alpha1" */
enum { VERSION_SIZE = 128 };

static struct rules_kind
rules_of(const struct kind *k, char version[VERSION_SIZE])
{
    kind_api_version(k, version, VERSION_SIZE);
    return (struct rules_kind){
        .api_version = str_of(version), .kind = str_of(k->kind), .namespaced = k->namespaced};
}

const char *
meta_name_problem(const struct kind *k, struct str name)
{
    char version[VERSION_SIZE];
    struct rules_kind rules = rules_of(k, version);

    return rules_name_problem(&rules, name);
}

enum { PARTLY = CHECK_IGNORE_REQUIRED | CHECK_IGNORE_UNKNOWN };

/* Of the whole object where a kind's rules count, else of its metadata. */
static void
check_shape(const struct kind *k, const struct rules_kind *rules, const struct json *root,
            struct problems *ps)
{
    cleanup_problems struct problems found = PROBLEMS_INIT;

    if (k->checked) {
        check_value(schema_lookup(rules->api_version, rules->kind), NULL, root, PARTLY, ps);
        return;
    }
    check_value(schema_type(STR("meta.k8s.io/v1"), STR("ObjectMeta")), NULL,
                json_get(root, "metadata"), PARTLY, &found);
    for (size_t i = 0; i < found.n; i++) {
        cleanup_free char *text = xasprintf("metadata.%s", found.at[i].text);

        problems_add_path(ps, PROBLEM_TYPE, "metadata", 0, 0, text);
    }
}

int
meta_check(const struct kind *k, const struct json *root, struct err *e)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_buf struct buf text = BUF_INIT;
    char version[VERSION_SIZE];
    struct rules_kind rules = rules_of(k, version);

    if (json_type(root) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "a %s must be an object, not %s", k->kind,
                       json_type_name(json_type(root)));
    if (k->checked)
        rules_create(&rules, root, &ps);
    else
        rules_metadata(&rules, root, &ps);
    check_shape(k, &rules, root, &ps);
    if (ps.n == 0)
        return 0;
    problems_message(&ps, &text);
    return err_set(e, ERR_INVALID, "%s%s%s \"%.*s\" is invalid: %s", k->kind,
                   k->group[0] != '\0' ? "." : "", k->group,
                   STR_ARG(json_str(json_at_path(root, "metadata.name"))), buf_cstring(&text));
}

/* Composing. */

static const char *const servers_own[] = {"name",
                                          "generateName",
                                          "namespace",
                                          "uid",
                                          "resourceVersion",
                                          "creationTimestamp",
                                          "generation",
                                          "deletionTimestamp",
                                          "deletionGracePeriodSeconds",
                                          "selfLink",
                                          NULL};

static void
add_text(struct json_build *b, const char *key, struct str value)
{
    if (value.n > 0)
        json_add_str(b, key, value);
}

/* The server's fields, and those of `from` that are not the server's; the container stays open. */
static void
begin_meta(struct json_build *b, const struct meta *m, const struct json *from,
           const char *const *except)
{
    json_add_object(b, "metadata");
    add_text(b, "name", m->name);
    add_text(b, "generateName", m->generate_name);
    add_text(b, "namespace", m->ns);
    add_text(b, "uid", m->uid);
    if (m->generation > 0)
        json_add_int(b, "generation", m->generation);
    add_text(b, "creationTimestamp", m->created);
    add_text(b, "deletionTimestamp", m->deleted);
    if (m->grace_seconds >= 0)
        json_add_int(b, "deletionGracePeriodSeconds", m->grace_seconds);
    JSON_EACH (it, from) {
        bool skip = json_is_null(it.value);

        for (const char *const *own = servers_own; !skip && *own != NULL; own++)
            skip = str_is(it.key, *own);
        for (const char *const *own = except; !skip && own != NULL && *own != NULL; own++)
            skip = str_is(it.key, *own);
        if (!skip) {
            json_add_key(b, it.key);
            json_add_value(b, NULL, it.value);
        }
    }
}

static void
begin_object(struct json_build *b, const struct kind *k)
{
    char version[128];

    kind_api_version(k, version, sizeof version);
    json_add_object(b, NULL);
    json_add_cstr(b, "apiVersion", version);
    json_add_cstr(b, "kind", k->kind);
}

static const char *const head[] = {"apiVersion", "kind", "metadata", NULL};
static const char *const head_and_status[] = {"apiVersion", "kind", "metadata", "status", NULL};

struct json_doc *
meta_compose(const struct kind *k, const struct meta *m, const struct json *meta_root,
             const struct json *body_root, const struct json *status)
{
    struct json_build b = JSON_BUILD_INIT;

    begin_object(&b, k);
    begin_meta(&b, m, json_get(meta_root, "metadata"), NULL);
    json_end(&b);
    json_add_fields(&b, body_root, head_and_status);
    json_add_value(&b, "status", json_is_null(status) ? NULL : status);
    json_end(&b);
    return json_build_done(&b);
}

struct json_doc *
meta_with_finalizers(const struct kind *k, const struct meta *m, const struct json *root,
                     struct str drop, struct str add)
{
    static const char *const except[] = {"finalizers", NULL};
    const struct json *from = json_get(root, "metadata");
    struct json_build b = JSON_BUILD_INIT;
    size_t kept = 0;

    begin_object(&b, k);
    begin_meta(&b, m, from, except);
    JSON_EACH (it, json_get(from, "finalizers")) {
        if (drop.p != NULL && str_eq(json_str(it.value), drop))
            continue;
        if (kept++ == 0)
            json_add_array(&b, "finalizers");
        json_add_value(&b, NULL, it.value);
    }
    if (add.p != NULL && kept++ == 0)
        json_add_array(&b, "finalizers");
    if (add.p != NULL)
        json_add_str(&b, NULL, add);
    if (kept > 0)
        json_end(&b);
    json_end(&b);
    json_add_fields(&b, root, head);
    json_end(&b);
    return json_build_done(&b);
}

struct json_doc *
meta_without_owner(const struct kind *k, const struct json *root, struct str owner_uid)
{
    static const char *const except[] = {"ownerReferences", NULL};
    const struct json *from = json_get(root, "metadata");
    struct json_build b = JSON_BUILD_INIT;
    struct meta m;
    size_t kept = 0;

    meta_of(root, &m);
    begin_object(&b, k);
    begin_meta(&b, &m, from, except);
    /* An empty list is left out, as one that was never there. */
    JSON_EACH (it, json_get(from, "ownerReferences")) {
        if (str_eq(json_str(json_get(it.value, "uid")), owner_uid))
            continue;
        if (kept++ == 0)
            json_add_array(&b, "ownerReferences");
        json_add_value(&b, NULL, it.value);
    }
    if (kept > 0)
        json_end(&b);
    json_end(&b);
    json_add_fields(&b, root, head);
    json_end(&b);
    return json_build_done(&b);
}
