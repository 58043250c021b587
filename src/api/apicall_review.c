/*
 * Reviews: objects that are answered from who asks and never stored.
 */
#include "api/apiaccount.h"
#include "api/apicall_int.h"

#include "base/clock.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "edge/caller.h"
#include "schema/fielderror.h"
#include "schema/problem.h"

static void
add_text(struct json_build *b, const char *key, struct str value)
{
    if (value.n > 0)
        json_add_str(b, key, value);
}

static void
add_extra(struct json_build *b, const char *key, struct str value)
{
    json_add_array(b, key);
    json_add_str(b, NULL, value);
    json_end(b);
}

static void
add_user(struct json_build *b, const char *key, const struct caller *who)
{
    json_add_object(b, key);
    json_add_str(b, "username",
                 who != NULL && who->name.n > 0 ? who->name : STR("system:anonymous"));
    if (who != NULL)
        add_text(b, "uid", who->uid);
    json_add_array(b, "groups");
    for (size_t i = 0; who != NULL && i < who->groups_n; i++)
        json_add_str(b, NULL, who->groups[i]);
    if (who == NULL || who->name.n == 0)
        json_add_cstr(b, NULL, "system:unauthenticated");
    json_end(b);
    if (who != NULL && who->pod_uid.n > 0) {
        json_add_object(b, "extra");
        add_extra(b, "authentication.kubernetes.io/pod-name", who->pod_name);
        add_extra(b, "authentication.kubernetes.io/pod-uid", who->pod_uid);
        json_end(b);
    }
    json_end(b);
}

/* What each kind of review has for a status: adds its fields. */

static void
self_subject(struct apicall *c, struct turn *t, const struct json *spec, struct json_build *b)
{
    (void)t;
    (void)spec;
    add_user(b, "userInfo", c->rq.caller);
}

static bool
is_allowed(struct apicall *c, const struct caller *who, const struct json *spec)
{
    const struct apiserver_config *config = apicall_config(c);
    const struct json *r = json_get(spec, "resourceAttributes");
    const struct json *n = json_get(spec, "nonResourceAttributes");
    struct apiright right = {
        .verb = json_str(json_get(r != NULL ? r : n, "verb")),
        .group = json_str(json_get(r, "group")),
        .version = json_str(json_get(r, "version")),
        .resource = json_str(json_get(r, "resource")),
        .subresource = json_str(json_get(r, "subresource")),
        .ns = json_str(json_get(r, "namespace")),
        .name = json_str(json_get(r, "name")),
        .path = json_str(json_get(n, "path")),
    };

    return config->authorize == NULL || config->authorize(config->auth_arg, who, &right);
}

static void
self_access(struct apicall *c, struct turn *t, const struct json *spec, struct json_build *b)
{
    (void)t;
    json_add_bool(b, "allowed", is_allowed(c, c->rq.caller, spec));
}

/* Of somebody who is named. */
static void
access_of(struct apicall *c, struct turn *t, const struct json *spec, struct json_build *b)
{
    const struct json *groups = json_get(spec, "groups");
    struct str *names = ARENA_ARRAY(&c->arena, struct str, json_count(groups) + 1);
    struct caller who = {.kind = CALLER_TOKEN,
                         .name = json_str(json_get(spec, "user")),
                         .uid = json_str(json_get(spec, "uid")),
                         .groups = names};

    (void)t;
    JSON_EACH (it, groups)
        names[who.groups_n++] = json_str(it.value);
    json_add_bool(b, "allowed", is_allowed(c, &who, spec));
}

static void
self_rules(struct apicall *c, struct turn *t, const struct json *spec, struct json_build *b)
{
    const struct apiserver_config *config = apicall_config(c);
    cleanup_buf struct buf text = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;

    (void)t;
    if (config->rules != NULL) {
        config->rules(config->auth_arg, c->rq.caller, json_str(json_get(spec, "namespace")), &text);
        doc = object_parse(buf_view(&text));
    }
    if (doc != NULL) {
        json_add_fields(b, json_root(doc), NULL);
        return;
    }
    json_add_array(b, "resourceRules");
    json_end(b);
    json_add_array(b, "nonResourceRules");
    json_end(b);
    json_add_bool(b, "incomplete", true);
}

static void
token(struct apicall *c, struct turn *t, const struct json *spec, struct json_build *b)
{
    const struct apiserver_config *config = apicall_config(c);
    struct str text = json_str(json_get(spec, "token"));
    struct caller who = {.kind = CALLER_NONE};
    struct err e = ERR_INIT;

    if (config->authenticate == NULL ||
        config->authenticate(config->auth_arg, &c->arena, text, &who, &e) < 0) {
        json_add_cstr(b, "error", "[invalid bearer token]");
        return;
    }
    if (apiaccount_check(config->objects, t, &who, &e) < 0) {
        json_add_cstr(b, "error",
                      "[invalid bearer token, service account token has been invalidated]");
        return;
    }
    json_add_bool(b, "authenticated", true);
    add_user(b, "user", &who);
    json_add_array(b, "audiences");
    json_add_cstr(b, NULL, APITOKEN_AUDIENCE);
    json_end(b);
}

static const struct {
    const struct kind *kind;
    void (*status)(struct apicall *c, struct turn *t, const struct json *spec,
                   struct json_build *b);
} rows[] = {
    {&kind_self_subject_review, self_subject},      {&kind_self_subject_access_review, self_access},
    {&kind_self_subject_rules_review, self_rules},  {&kind_subject_access_review, access_of},
    {&kind_local_subject_access_review, access_of}, {&kind_token_review, token},
};

static void
add_created(struct apicall *c, struct json_build *b)
{
    cleanup_buf struct buf now = BUF_INIT;

    timestamp_write(&now, clock_wall_us(apicall_config(c)->clock));
    json_add_object(b, "metadata");
    json_add_str(b, "creationTimestamp", buf_view(&now));
    json_end(b);
}

/* A review of access asks about one thing, of one who is named or asks. */
static int
check_access(struct apicall *c, const struct json *spec)
{
    const struct json *resource = json_get(spec, "resourceAttributes");
    const struct json *other = json_get(spec, "nonResourceAttributes");
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    bool self = c->kind == &kind_self_subject_access_review;

    if (!self && c->kind != &kind_subject_access_review &&
        c->kind != &kind_local_subject_access_review)
        return 0;
    if (resource != NULL && other != NULL)
        fielderror_invalid(&ps, "spec.nonResourceAttributes", other,
                           "cannot be specified in combination with resourceAttributes");
    if (resource == NULL && other == NULL)
        fielderror_invalid(
            &ps, "spec.resourceAttributes", NULL,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified");
    if (!self && json_str(json_get(spec, "user")).n == 0 &&
        json_count(json_get(spec, "groups")) == 0)
        fielderror_invalid_str(&ps, "spec.user", STR(""),
                               "at least one of user or group must be specified");
    return ps.n > 0 ? apicall_invalid(c, STR(""), &ps) : 0;
}

static int
prepare_review(struct apicall *c)
{
    if (apicall_read_options(c, "CreateOptions") < 0 ||
        apicall_read_object(c, c->kind->group, c->kind->version, c->kind->kind) < 0)
        return ERR_BADREQUEST;
    return check_access(c, json_get(json_root(c->body), "spec"));
}

/* In a turn, since whoever asks must be there still. */
static int
run_review(struct apicall *c, struct turn *t, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;
    const struct json *spec = json_get(json_root(c->body), "spec");
    char version[128];

    (void)e;
    kind_api_version(c->kind, version, sizeof version);
    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", c->kind->kind);
    json_add_cstr(&b, "apiVersion", version);
    add_created(c, &b);
    json_add_value(&b, "spec", spec);
    json_add_object(&b, "status");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].kind == c->kind)
            rows[i].status(c, t, spec, &b);
    }
    json_end(&b);
    json_end(&b);
    apicall_answer_built(c, &b);
    c->status = 201;
    return 0;
}

const struct apicall_verb apicall_review = {
    .name = "create", .prepare = prepare_review, .run = run_review};
