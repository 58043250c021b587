#include "base/err.h"
#include "base/mem.h"
#include "data/base64.h"
#include "data/json.h"
#include "schema/fielderror.h"
#include "schema/rules_int.h"

enum { DATA_MAX = 1024 * 1024 };

#define FROZEN "field is immutable when `immutable` is set"

/* What an object that was made immutable holds stays as it is. */
static void
check_frozen(struct rules *r, const struct json *old, const struct json *next,
             const char *const *fields)
{
    if (!json_bool_or(json_get(old, "immutable"), false))
        return;
    if (!json_bool_or(json_get(next, "immutable"), false))
        rules_forbidden(r, "immutable", FROZEN);
    for (; *fields != NULL; fields++) {
        const struct json *a = json_get(old, *fields), *b = json_get(next, *fields);

        if (!(json_count(a) == 0 && json_count(b) == 0) && !json_equal(a, b))
            rules_forbidden(r, *fields, FROZEN);
    }
}

static size_t
bytes_of(const struct json *base64)
{
    cleanup_buf struct buf bytes = BUF_INIT;

    return base64_decode_loose(json_str(base64), &bytes) ? bytes.n : 0;
}

/* Keys of a map of data; returns how many bytes it holds. */
static size_t
check_data(struct rules *r, const struct json *object, const char *field, bool base64)
{
    const struct json *binary = json_get(object, "binaryData");
    size_t bytes = 0, before = rules_enter(r, field);

    JSON_EACH (it, json_get(object, field)) {
        size_t inside = rules_enter_key(r, it.key);

        rules_name(r, NULL, it.key, NAMES_DATA_KEY);
        if (!base64 && json_get_str(binary, it.key) != NULL)
            rules_invalid_str(r, NULL, it.key, "duplicate of key present in binaryData");
        bytes += base64 ? bytes_of(it.value) : json_str(it.value).n;
        rules_leave(r, inside);
    }
    rules_leave(r, before);
    return bytes;
}

void
rules_of_config_map(struct rules *r, const struct json *old, const struct json *object)
{
    static const char *const fields[] = {"data", "binaryData", NULL};

    check_frozen(r, old, object, fields);
    if (check_data(r, object, "data", false) + check_data(r, object, "binaryData", true) > DATA_MAX)
        fielderror_too_long(r->problems, "[]", DATA_MAX);
}

static void
need_key(struct rules *r, const struct json *data, const char *key)
{
    size_t before = rules_enter(r, "data"), inside = rules_enter_key(r, str_of(key));

    if (json_get(data, key) == NULL)
        fielderror_required(r->problems, buf_cstring(&r->path), "");
    rules_leave(r, inside);
    rules_leave(r, before);
}

static void
need_json(struct rules *r, const struct json *data, const char *key)
{
    cleanup_json struct json_doc *doc = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    size_t before;

    need_key(r, data, key);
    if (json_get(data, key) == NULL || !base64_decode_loose(json_str(json_get(data, key)), &text) ||
        (json_parse(buf_view(&text), NULL, &doc, &e) == 0 &&
         json_type(json_root(doc)) == JSON_OBJECT))
        return;
    before = rules_enter(r, "data");
    (void)rules_enter_key(r, str_of(key));
    rules_invalid_str(r, NULL, STR("<secret contents redacted>"),
                      text.n == 0  ? "unexpected end of JSON input"
                      : e.code < 0 ? e.msg
                                   : "must be a JSON object");
    rules_leave(r, before);
}

/* What each type of secret must hold. */
static void
check_type(struct rules *r, const struct json *secret)
{
    const struct json *data = json_get(secret, "data");
    struct str type = json_str(json_get(secret, "type"));

    if (str_is(type, "kubernetes.io/service-account-token")) {
        if (json_str(json_get(json_at_path(secret, "metadata.annotations"),
                              "kubernetes.io/service-account.name"))
                .n == 0)
            fielderror_required(r->problems,
                                "metadata.annotations[kubernetes.io/service-account.name]", "");
    } else if (str_is(type, "kubernetes.io/dockercfg")) {
        need_json(r, data, ".dockercfg");
    } else if (str_is(type, "kubernetes.io/dockerconfigjson")) {
        need_json(r, data, ".dockerconfigjson");
    } else if (str_is(type, "kubernetes.io/basic-auth")) {
        if (json_get(data, "username") == NULL && json_get(data, "password") == NULL) {
            need_key(r, data, "username");
            need_key(r, data, "password");
        }
    } else if (str_is(type, "kubernetes.io/ssh-auth")) {
        if (json_str(json_get(data, "ssh-privatekey")).n == 0)
            rules_required(r, "data[ssh-privatekey]", "");
    } else if (str_is(type, "kubernetes.io/tls")) {
        need_key(r, data, "tls.crt");
        need_key(r, data, "tls.key");
    }
}

void
rules_of_secret(struct rules *r, const struct json *old, const struct json *object)
{
    static const char *const fields[] = {"data", NULL};

    if (old != NULL)
        rules_immutable(r, old, object, "type", "field is immutable");
    check_frozen(r, old, object, fields);
    if (check_data(r, object, "data", true) > DATA_MAX)
        fielderror_too_long(r->problems, "data", DATA_MAX);
    check_type(r, object);
}

void
rules_namespace_finalizers(struct rules *r, const struct json *list)
{
    RULES_EACH (r, "spec.finalizers", it, list) {
        rules_name(r, NULL, json_str(it.value), NAMES_QUALIFIED);
        rules_finalizer(r, json_str(it.value));
    }
}

void
rules_of_namespace(struct rules *r, const struct json *old, const struct json *object)
{
    size_t before = rules_enter(r, "spec.finalizers");

    /* Who holds a namespace is the server's to say afterwards.  Upstream names the list here. */
    JSON_EACH (it, old == NULL ? json_at_path(object, "spec.finalizers") : NULL) {
        rules_name(r, NULL, json_str(it.value), NAMES_QUALIFIED);
        rules_finalizer(r, json_str(it.value));
    }
    rules_leave(r, before);
}

/* Upstream names the field twice. */
static void
check_strategy(struct rules *r, struct str strategy)
{
    static const char *const known[] = {"OldestEmulationVersion", NULL};

    if (strategy.n == 0 || str_find_char(strategy, '/', 0) < 0)
        rules_unsupported(r, "strategy.strategy", strategy, known);
    else
        rules_name(r, "strategy", strategy, NAMES_QUALIFIED);
}

void
rules_of_lease(struct rules *r, const struct json *old, const struct json *object)
{
    const struct json *spec = json_get(object, "spec");
    size_t before = rules_enter(r, "spec");

    (void)old;
    rules_in_range(r, spec, "leaseDurationSeconds", 1, INT32_MAX, "must be greater than 0");
    rules_in_range(r, spec, "leaseTransitions", 0, INT32_MAX, "must be greater than or equal to 0");
    if (json_get(spec, "strategy") != NULL)
        check_strategy(r, json_str(json_get(spec, "strategy")));
    if (json_str(json_get(spec, "preferredHolder")).n > 0 &&
        json_str(json_get(spec, "strategy")).n == 0)
        rules_forbidden(r, "preferredHolder", "may only be specified if `strategy` is defined");
    rules_leave(r, before);
}
