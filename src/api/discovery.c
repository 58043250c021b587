#include "api/discovery.h"

#include <stdio.h>
#include <string.h>

#include "api/apicall_int.h"
#include "api/discovery_list.h"
#include "api/discovery_openapi.h"
#include "base/err.h"
#include "data/json.h"

bool
discovery_has_version(const struct kind *const *kinds, struct str group, struct str version)
{
    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        const struct kind *k = kind_at(kinds, i);

        if (k->verbs != 0 && str_is(group, k->group) && str_is(version, k->version))
            return true;
    }
    return false;
}

/* /version. */

static bool
answer_version(struct apicall *c)
{
    static const char *const pairs[][2] = {
        {"major", DISCOVERY_MAJOR},
        {"minor", DISCOVERY_MINOR},
        {"emulationMajor", DISCOVERY_MAJOR},
        {"emulationMinor", DISCOVERY_MINOR},
        {"gitVersion", DISCOVERY_VERSION},
        {"gitCommit", ""},
        {"gitTreeState", "clean"},
        {"buildDate", "2025-01-01T00:00:00Z"},
        {"goVersion", ""},
        {"compiler", ""},
        {"platform", "linux/amd64"},
    };
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        json_add_cstr(&b, pairs[i][0], pairs[i][1]);
    json_end(&b);
    doc = json_build_done(&b);
    json_write_pretty(&c->text, json_root(doc));
    return true;
}

/* Groups, the old way. */

static void
add_version(struct json_build *b, const char *key, const struct kind *k)
{
    char version[128];

    kind_api_version(k, version, sizeof version);
    json_add_object(b, key);
    json_add_cstr(b, "groupVersion", version);
    json_add_cstr(b, "version", k->version);
    json_end(b);
}

/* Row i is the first of its group. */
static bool
begins_group(const struct kind *const *kinds, size_t i)
{
    const struct kind *k = kind_at(kinds, i);

    if (k->verbs == 0 || k->group[0] == '\0')
        return false;
    for (size_t j = 0; j < i; j++) {
        const struct kind *other = kind_at(kinds, j);

        if (other->verbs != 0 && strcmp(other->group, k->group) == 0)
            return false;
    }
    return true;
}

static bool
begins_version(const struct kind *const *kinds, size_t i)
{
    const struct kind *k = kind_at(kinds, i);

    if (k->verbs == 0)
        return false;
    for (size_t j = 0; j < i; j++) {
        const struct kind *other = kind_at(kinds, j);

        if (other->verbs != 0 && strcmp(other->group, k->group) == 0 &&
            strcmp(other->version, k->version) == 0)
            return false;
    }
    return true;
}

static void
add_group(struct json_build *b, const struct kind *const *kinds, const struct kind *first)
{
    json_add_cstr(b, "name", first->group);
    json_add_array(b, "versions");
    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        const struct kind *k = kind_at(kinds, i);

        if (strcmp(k->group, first->group) == 0 && begins_version(kinds, i))
            add_version(b, NULL, k);
    }
    json_end(b);
    add_version(b, "preferredVersion", first);
}

static bool
answer_groups(struct apicall *c)
{
    const struct kind *const *kinds = apicall_config(c)->kinds;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "APIGroupList");
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_array(&b, "groups");
    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        if (!begins_group(kinds, i))
            continue;
        json_add_object(&b, NULL);
        add_group(&b, kinds, kind_at(kinds, i));
        json_end(&b);
    }
    json_end(&b);
    json_end(&b);
    apicall_answer_built(c, &b);
    return true;
}

static bool
answer_group(struct apicall *c)
{
    const struct kind *const *kinds = apicall_config(c)->kinds;

    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        struct json_build b = JSON_BUILD_INIT;

        if (!begins_group(kinds, i) || !str_is(c->path.group, kind_at(kinds, i)->group))
            continue;
        json_add_object(&b, NULL);
        json_add_cstr(&b, "kind", "APIGroup");
        json_add_cstr(&b, "apiVersion", "v1");
        add_group(&b, kinds, kind_at(kinds, i));
        json_end(&b);
        apicall_answer_built(c, &b);
        return true;
    }
    return false;
}

static bool
answer_core(struct apicall *c)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "kind", "APIVersions");
    json_add_array(&b, "versions");
    json_add_cstr(&b, NULL, "v1");
    json_end(&b);
    json_add_array(&b, "serverAddressByClientCIDRs");
    json_add_object(&b, NULL);
    json_add_cstr(&b, "clientCIDR", "0.0.0.0/0");
    json_add_cstr(&b, "serverAddress", apicall_config(c)->address);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    apicall_answer_built(c, &b);
    return true;
}

/* Everything else. */

static bool
answer_text(struct apicall *c, const char *text)
{
    c->content_type = "text/plain; charset=utf-8";
    buf_cstr(&c->text, text);
    return true;
}

static bool
answer_root(struct apicall *c)
{
    static const char *const others[] = {"/healthz",    "/livez",  "/metrics", "/openapi/v2",
                                         "/openapi/v3", "/readyz", "/version"};
    const struct kind *const *kinds = apicall_config(c)->kinds;
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&b, NULL);
    json_add_array(&b, "paths");
    json_add_cstr(&b, NULL, "/api");
    json_add_cstr(&b, NULL, "/apis");
    for (size_t i = 0; kind_at(kinds, i) != NULL; i++) {
        const struct kind *k = kind_at(kinds, i);

        if (begins_group(kinds, i))
            json_add_printf(&b, NULL, "/apis/%s", k->group);
        if (begins_version(kinds, i) && k->group[0] != '\0')
            json_add_printf(&b, NULL, "/apis/%s/%s", k->group, k->version);
        else if (begins_version(kinds, i))
            json_add_printf(&b, NULL, "/api/%s", k->version);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        json_add_cstr(&b, NULL, others[i]);
    json_end(&b);
    json_end(&b);
    doc = json_build_done(&b);
    json_write_pretty(&c->text, json_root(doc));
    return true;
}

static bool
answer_other(struct apicall *c)
{
    struct str path = c->rq.path;

    if (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    if (str_is(path, "/"))
        return answer_root(c);
    if (str_is(path, "/version"))
        return answer_version(c);
    if (str_is(path, "/healthz") || str_is(path, "/livez") || str_is(path, "/readyz")) {
        if (apiparam_text(&c->param, "verbose").p == NULL)
            return answer_text(c, "ok");
        return answer_text(c, arena_printf(&c->arena, "[+]ping ok\n[+]core ok\n%.*s check passed\n",
                                           (int)path.n - 1, path.p + 1));
    }
    return discovery_openapi(c, path);
}

bool
discovery_answer(struct apicall *c)
{
    const struct kind *const *kinds = apicall_config(c)->kinds;
    bool aggregated = c->accept.as == ACCEPT_DISCOVERY;

    if (!str_is(c->rq.method, "GET") && !str_is(c->rq.method, "HEAD"))
        return false;
    switch (c->path.what) {
    case APIPATH_CORE:
        return aggregated ? discovery_aggregated(c, true) : answer_core(c);
    case APIPATH_GROUPS:
        return aggregated ? discovery_aggregated(c, false) : answer_groups(c);
    case APIPATH_GROUP:
        return answer_group(c);
    case APIPATH_VERSION:
        return discovery_has_version(kinds, c->path.group, c->path.version) &&
               discovery_resources(c);
    case APIPATH_OTHER:
        return answer_other(c);
    case APIPATH_OBJECTS:
    case APIPATH_BROKEN:
        break;
    }
    return false;
}
