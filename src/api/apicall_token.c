/*
 * serviceaccounts/NAME/token: a token that speaks for the account, for a while, and no longer than
 * the Pod is there that it is bound to.
 */
#include "api/apicall_int.h"

#include "base/clock.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "schema/fielderror.h"

enum {
    TOKEN_DEFAULT_S = 3600,
    TOKEN_LEAST_S = 600,
    TOKEN_MOST_S = 24 * 365 * 3600, /* longer ones are asked for in vain */
};

#define TOKEN_BEYOND_S (INT64_C(1) << 32)

static int
prepare(struct apicall *c)
{
    if (apicall_config(c)->sign == NULL) {
        failure_status(&c->failure, 404, "NotFound", true,
                       "the server could not find the requested resource");
        return ERR_NOTFOUND;
    }
    if (apicall_read_options(c, "CreateOptions") < 0)
        return ERR_BADREQUEST;
    return apicall_read_object(c, "authentication.k8s.io", "v1", "TokenRequest");
}

static int
invalid_token(struct apicall *c, struct str name, const struct problems *ps)
{
    if (ps->n == 0)
        return 0;
    failure_invalid(&c->failure, "authentication.k8s.io", "TokenRequest", name, ps);
    return ERR_INVALID;
}

/* The body may say whose token it is; then it must be the account of the path. */
static int
check_metadata(struct apicall *c)
{
    const struct json *root = json_root(c->body);
    struct str name = json_str(json_at_path(root, "metadata.name"));
    struct str ns = json_str(json_at_path(root, "metadata.namespace"));
    cleanup_problems struct problems ps = PROBLEMS_INIT;

    if (name.n > 0 && !str_eq(name, c->name))
        fielderror_invalid_str(&ps, "metadata.name", name,
                               "must match the service account name if specified");
    else if (ns.n > 0 && !str_eq(ns, c->ns))
        fielderror_invalid_str(&ps, "metadata.namespace", ns,
                               "must match the service account namespace if specified");
    return invalid_token(c, c->name, &ps);
}

static int
read_lifetime(struct apicall *c, const struct json *spec, int64_t *ret_s)
{
    static const char field[] = "spec.expirationSeconds";
    cleanup_problems struct problems ps = PROBLEMS_INIT;

    *ret_s = TOKEN_DEFAULT_S;
    (void)json_int(json_get(spec, "expirationSeconds"), ret_s);
    if (*ret_s < TOKEN_LEAST_S)
        fielderror_invalid_int(&ps, field, *ret_s,
                               "may not specify a duration less than 10 minutes");
    else if (*ret_s > TOKEN_BEYOND_S)
        fielderror_invalid_int(&ps, field, *ret_s,
                               "may not specify a duration larger than 2^32 seconds");
    if (*ret_s > TOKEN_MOST_S)
        *ret_s = TOKEN_MOST_S;
    return invalid_token(c, STR(""), &ps);
}

static void
answer_token(struct apicall *c, const struct json *spec, const struct apitoken *t)
{
    static const char *const except[] = {"audiences", "expirationSeconds", NULL};
    const struct apiserver_config *config = apicall_config(c);
    cleanup_buf struct buf text = BUF_INIT, expires = BUF_INIT;
    struct json_build b = JSON_BUILD_INIT;

    config->sign(config->auth_arg, t, &text);
    timestamp_write(&expires, t->expires_us);
    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "TokenRequest");
    json_add_cstr(&b, "apiVersion", "authentication.k8s.io/v1");
    json_add_object(&b, "metadata");
    json_add_str(&b, "name", t->name);
    json_add_str(&b, "namespace", t->ns);
    json_end(&b);
    json_add_object(&b, "spec");
    json_add_array(&b, "audiences");
    json_add_str(&b, NULL, t->audience.n > 0 ? t->audience : STR(APITOKEN_AUDIENCE));
    json_end(&b);
    json_add_int(&b, "expirationSeconds", (t->expires_us - t->issued_us) / CLOCK_SECOND);
    json_add_fields(&b, spec, except);
    json_end(&b);
    json_add_object(&b, "status");
    json_add_str(&b, "token", buf_view(&text));
    json_add_str(&b, "expirationTimestamp", buf_view(&expires));
    json_end(&b);
    json_end(&b);
    apicall_answer_built(c, &b);
    c->status = 201;
}

/* The pod that the token is to be bound to, as it is stored. */
static int
bind_to(struct apicall *c, struct turn *t, const struct json *bound, const struct object *account,
        struct object **ret, struct err *e)
{
    struct str kind = json_str(json_get(bound, "kind")), uid = json_str(json_get(bound, "uid"));
    struct str version = json_str(json_get(bound, "apiVersion"));
    const char *runs_as;

    *ret = NULL;
    if (json_is_null(bound))
        return 0;
    if (!str_is(kind, "Pod") || !str_is(version, "v1"))
        return failure_set(
            &c->failure, ERR_BADREQUEST, "cannot bind token to object of type %s%.*s, Kind=%.*s",
            str_find_char(version, '/', 0) < 0 ? "/" : "", STR_ARG(version), STR_ARG(kind));
    if (objects_get(apicall_config(c)->objects, t, &kind_pod, c->ns,
                    json_str(json_get(bound, "name")), ret, e) < 0) {
        (void)apicall_fail(c, e);
        failure_about(&c->failure, &kind_pod, json_str(json_get(bound, "name")));
        return e->code;
    }
    runs_as = json_cstr_or(object_at(*ret, "spec.serviceAccountName"), "default");
    if (!str_is(object_name(account), runs_as))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "cannot bind token for serviceaccount \"%.*s\" to pod running with "
                           "different serviceaccount name.",
                           STR_ARG(object_name(account)));
    if (uid.n > 0 && !str_eq(uid, object_uid(*ret)))
        return failure_set(&c->failure, ERR_CONFLICT,
                           "the UID in the bound object reference (%.*s) does not match the UID in "
                           "record. The object might have been deleted and then recreated",
                           STR_ARG(uid));
    return 0;
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    CLEANUP(object_unref) struct object *pod = NULL;
    CLEANUP(object_unref) struct object *account = NULL;
    const struct json *spec = json_get(json_root(c->body), "spec");
    int64_t seconds;
    struct apitoken token = {.issued_us = turn_now_us(t)};

    if (check_metadata(c) < 0)
        return ERR_INVALID;
    if (objects_get(apicall_config(c)->objects, t, c->kind, c->ns, c->name, &account, e) < 0)
        return apicall_fail(c, e);
    if (read_lifetime(c, spec, &seconds) < 0)
        return ERR_INVALID;
    if (bind_to(c, t, json_get(spec, "boundObjectRef"), account, &pod, e) < 0)
        return c->failure.code;
    token.ns = object_namespace(account);
    token.name = object_name(account);
    token.uid = object_uid(account);
    token.audience = json_str(json_item(json_get(spec, "audiences"), 0));
    token.expires_us = token.issued_us + seconds * CLOCK_SECOND;
    if (pod != NULL) {
        token.pod_name = object_name(pod);
        token.pod_uid = object_uid(pod);
    }
    answer_token(c, spec, &token);
    return 0;
}

const struct apicall_verb apicall_token = {.name = "create", .prepare = prepare, .run = run};
