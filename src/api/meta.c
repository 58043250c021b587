#include "api/meta.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"

enum { MAX_SUBDOMAIN = 253, MAX_LABEL = 63 };

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

/* Names.  RFC 1123 and RFC 1035 as Kubernetes reads them. */

static bool
is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool
is_dns_label(struct str s, bool letter_first)
{
    if (s.n == 0 || !is_alnum(s.p[0]) || !is_alnum(s.p[s.n - 1]))
        return false;
    if (letter_first && s.p[0] <= '9')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_alnum(s.p[i]) && s.p[i] != '-')
            return false;
    }
    return true;
}

static bool
is_subdomain(struct str s)
{
    while (s.p != NULL) {
        if (!is_dns_label(str_cut(&s, '.'), false))
            return false;
    }
    return true;
}

static const char subdomain_rule[] =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', "
    "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
static const char label_rule[] =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must "
    "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
static const char label1035_rule[] =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const char *
meta_name_problem(const struct kind *k, struct str name)
{
    if (k->name_rule == KIND_NAME_SUBDOMAIN) {
        if (name.n > MAX_SUBDOMAIN)
            return "must be no more than 253 characters";
        return is_subdomain(name) ? NULL : subdomain_rule;
    }
    if (name.n > MAX_LABEL)
        return "must be no more than 63 characters";
    if (k->name_rule == KIND_NAME_LABEL1035)
        return is_dns_label(name, true) ? NULL : label1035_rule;
    return is_dns_label(name, false) ? NULL : label_rule;
}

/* Labels. */

static bool
is_label_text(struct str s)
{
    if (s.n == 0 || s.n > MAX_LABEL)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char lower = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
        bool inside = i > 0 && i + 1 < s.n;

        if (!is_alnum(lower) && !(inside && (lower == '-' || lower == '_' || lower == '.')))
            return false;
    }
    return true;
}

static bool
is_qualified_name(struct str s)
{
    ptrdiff_t slash = str_find_char(s, '/', 0);
    struct str prefix = slash >= 0 ? str_slice(s, 0, (size_t)slash) : STR_NULL;

    if (slash >= 0)
        s = str_slice(s, (size_t)slash + 1, s.n);
    return is_label_text(s) && (slash < 0 || (prefix.n <= MAX_SUBDOMAIN && is_subdomain(prefix)));
}

/* Problems, gathered as Kubernetes prints several: "[a, b]". */

struct problems {
    struct buf text;
    int n;
};

__attribute__((format(printf, 2, 3))) static void
problem(struct problems *p, const char *fmt, ...)
{
    va_list ap;

    if (p->n++ > 0)
        buf_cstr(&p->text, ", ");
    va_start(ap, fmt);
    buf_vprintf(&p->text, fmt, ap);
    va_end(ap);
}

static void
check_labels(struct problems *p, const struct json *labels)
{
    if (!json_is_null(labels) && json_type(labels) != JSON_OBJECT)
        problem(p, "metadata.labels: Invalid value: must be an object, not %s",
                json_type_name(json_type(labels)));
    JSON_EACH (it, labels) {
        struct str value = json_str(it.value);

        if (!is_qualified_name(it.key))
            problem(p,
                    "metadata.labels: Invalid value: \"%.*s\": name part must consist of "
                    "alphanumeric characters, '-', '_' or '.', and must start and end with an "
                    "alphanumeric character, with an optional DNS subdomain prefix and '/'",
                    STR_ARG(it.key));
        if (value.p == NULL)
            problem(p, "metadata.labels.%.*s: Invalid value: must be a string, not %s",
                    STR_ARG(it.key), json_type_name(json_type(it.value)));
        else if (value.n > MAX_LABEL)
            problem(p, "metadata.labels: Invalid value: \"%.*s\": must be no more than 63 bytes",
                    STR_ARG(value));
        else if (value.n > 0 && !is_label_text(value))
            problem(p,
                    "metadata.labels: Invalid value: \"%.*s\": a valid label must be an empty "
                    "string or consist of alphanumeric characters, '-', '_' or '.', and must "
                    "start and end with an alphanumeric character",
                    STR_ARG(value));
    }
}

static void
check_owners(struct problems *p, const struct json *owners)
{
    static const char *const needed[] = {"apiVersion", "kind", "name", "uid"};
    int controllers = 0;

    if (!json_is_null(owners) && json_type(owners) != JSON_ARRAY)
        problem(p, "metadata.ownerReferences: Invalid value: must be an array, not %s",
                json_type_name(json_type(owners)));
    JSON_EACH (it, owners) {
        for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
            if (json_str(json_get(it.value, needed[i])).n == 0)
                problem(p, "metadata.ownerReferences[%zu].%s: Required value: must not be empty",
                        it.index, needed[i]);
        }
        controllers += json_bool_or(json_get(it.value, "controller"), false);
    }
    if (controllers > 1)
        problem(p, "metadata.ownerReferences: Invalid value: only one reference can have "
                   "controller set to true");
}

static void
check_finalizers(struct problems *p, const struct json *finalizers)
{
    if (!json_is_null(finalizers) && json_type(finalizers) != JSON_ARRAY)
        problem(p, "metadata.finalizers: Invalid value: must be an array, not %s",
                json_type_name(json_type(finalizers)));
    JSON_EACH (it, finalizers) {
        if (!is_qualified_name(json_str(it.value)))
            problem(p, "metadata.finalizers[%zu]: Invalid value: must be a qualified name",
                    it.index);
    }
}

static void
kind_name(const struct kind *k, struct buf *to)
{
    buf_cstr(to, k->kind);
    if (k->group[0] != '\0')
        buf_printf(to, ".%s", k->group);
}

static int
report(const struct kind *k, struct str name, struct problems *p, struct err *e)
{
    cleanup_buf struct buf kind = BUF_INIT;

    if (p->n == 0)
        return 0;
    kind_name(k, &kind);
    return err_set(e, ERR_INVALID, "%s \"%.*s\" is invalid: %s%s%s", buf_cstring(&kind),
                   STR_ARG(name), p->n > 1 ? "[" : "", buf_cstring(&p->text), p->n > 1 ? "]" : "");
}

int
meta_check(const struct kind *k, struct str name, const struct json *root, struct err *e)
{
    const struct json *m = json_get(root, "metadata");
    struct problems p = {.text = BUF_INIT};
    struct err wrong = ERR_INIT;
    const char *why;
    int rc;

    if (json_type(root) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "a %s must be an object, not %s", k->kind,
                       json_type_name(json_type(root)));
    if (!json_is_null(m) && json_type(m) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "metadata must be an object, not %s",
                       json_type_name(json_type(m)));
    if (name.n == 0)
        problem(&p, "metadata.name: Required value: name or generateName is required");
    else if ((why = meta_name_problem(k, name)) != NULL)
        problem(&p, "metadata.name: Invalid value: \"%.*s\": %s", STR_ARG(name), why);
    check_labels(&p, json_get(m, "labels"));
    check_finalizers(&p, json_get(m, "finalizers"));
    check_owners(&p, json_get(m, "ownerReferences"));
    if (k->check != NULL && k->check(root, &wrong) < 0)
        problem(&p, "%s", wrong.msg);
    rc = report(k, name, &p, e);
    buf_done(&p.text);
    return rc;
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

    begin_object(&b, k);
    begin_meta(&b, m, from, except);
    json_add_array(&b, "finalizers");
    JSON_EACH (it, json_get(from, "finalizers")) {
        if (drop.p == NULL || !str_eq(json_str(it.value), drop))
            json_add_value(&b, NULL, it.value);
    }
    if (add.p != NULL)
        json_add_str(&b, NULL, add);
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

    meta_of(root, &m);
    begin_object(&b, k);
    begin_meta(&b, &m, from, except);
    json_add_array(&b, "ownerReferences");
    JSON_EACH (it, json_get(from, "ownerReferences")) {
        if (!str_eq(json_str(json_get(it.value, "uid")), owner_uid))
            json_add_value(&b, NULL, it.value);
    }
    json_end(&b);
    json_end(&b);
    json_add_fields(&b, root, head);
    json_end(&b);
    return json_build_done(&b);
}
