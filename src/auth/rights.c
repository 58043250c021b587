#include "auth/rights.h"

#include "api/apiserver.h"
#include "base/buf.h"
#include "data/json.h"
#include "edge/caller.h"
#include "edge/metrics.h"

#define ACCOUNT_PREFIX "system:serviceaccount:"

/* What a service account may do in its own namespace. */
static const struct {
    const char *group, *resource;
} of_accounts[] = {
    {"", "pods"},
    {"", "pods/log"},
    {"", "configmaps"},
    {"", "events"},
    {"events.k8s.io", "events"},
    {"argoproj.io", "workflows"},
    {"argoproj.io", "workflowtemplates"},
};

static const struct {
    const char *group, *resource;
} of_everybody[] = {
    {"authentication.k8s.io", "selfsubjectreviews"},
    {"authorization.k8s.io", "selfsubjectaccessreviews"},
    {"authorization.k8s.io", "selfsubjectrulesreviews"},
};

static const char *const paths_of_everybody[] = {"/api",     "/api/*",   "/apis",    "/apis/*",
                                                 "/healthz", "/livez",   "/openapi", "/openapi/*",
                                                 "/readyz",  "/version", "/version/"};

static bool
is_in(const struct caller *who, const char *group)
{
    for (size_t i = 0; who != NULL && i < who->groups_n; i++) {
        if (str_is(who->groups[i], group))
            return true;
    }
    return false;
}

static bool
is_master(const struct caller *who)
{
    return is_in(who, "system:masters");
}

/* Of the paths that are not everybody's, who collects measurements gets this one. */
static bool
is_monitored(const struct caller *who, struct str path)
{
    return str_is(path, METRICS_PATH) && is_in(who, "system:monitoring");
}

/* Of "system:serviceaccount:NAMESPACE:NAME"; false for others. */
static bool
split_account(const struct caller *who, struct str *ret_ns, struct str *ret_name)
{
    struct str rest;

    if (who == NULL || who->name.p == NULL || !str_starts(who->name, STR(ACCOUNT_PREFIX)))
        return false;
    rest = str_slice(who->name, sizeof ACCOUNT_PREFIX - 1, who->name.n);
    *ret_ns = str_cut(&rest, ':');
    *ret_name = rest;
    return rest.n > 0;
}

/* "pods/log" against resource and subresource. */
static bool
names(const char *row, const struct apiright *right)
{
    struct str resource = str_of(row), want = str_cut(&resource, '/');

    return str_eq(want, right->resource) &&
           (resource.p == NULL ? right->subresource.n == 0 : str_eq(resource, right->subresource));
}

static bool
path_allowed(struct str path)
{
    for (size_t i = 0; i < ARRAY_LEN(paths_of_everybody); i++) {
        struct str row = str_of(paths_of_everybody[i]);

        if (row.p[row.n - 1] == '*' ? str_starts(path, str_slice(row, 0, row.n - 1))
                                    : str_eq(path, row))
            return true;
    }
    return false;
}

bool
rights_allow(const struct caller *who, const struct apiright *right)
{
    struct str ns, name;

    if (who == NULL || who->kind == CALLER_NONE)
        return false;
    if (is_master(who))
        return true;
    if (right->path.n > 0)
        return str_is(right->verb, "get") &&
               (path_allowed(right->path) || is_monitored(who, right->path));
    for (size_t i = 0; i < ARRAY_LEN(of_everybody); i++) {
        if (str_is(right->group, of_everybody[i].group) && names(of_everybody[i].resource, right))
            return str_is(right->verb, "create");
    }
    if (!split_account(who, &ns, &name) || right->ns.n == 0 || !str_eq(right->ns, ns))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(of_accounts); i++) {
        if (str_is(right->group, of_accounts[i].group) && names(of_accounts[i].resource, right))
            return true;
    }
    return false;
}

/* Rules. */

static void
add_list(struct json_build *b, const char *key, const char *only)
{
    json_add_array(b, key);
    json_add_cstr(b, NULL, only);
    json_end(b);
}

static void
add_rule(struct json_build *b, const char *verb, const char *group, const char *resource)
{
    json_add_object(b, NULL);
    add_list(b, "verbs", verb);
    add_list(b, "apiGroups", group);
    add_list(b, "resources", resource);
    json_end(b);
}

static void
add_resource_rules(struct json_build *b, const struct caller *who, struct str ns)
{
    struct str own, name;

    json_add_array(b, "resourceRules");
    if (is_master(who))
        add_rule(b, "*", "*", "*");
    for (size_t i = 0; who != NULL && i < ARRAY_LEN(of_everybody); i++)
        add_rule(b, "create", of_everybody[i].group, of_everybody[i].resource);
    for (size_t i = 0;
         split_account(who, &own, &name) && str_eq(own, ns) && i < ARRAY_LEN(of_accounts); i++)
        add_rule(b, "*", of_accounts[i].group, of_accounts[i].resource);
    json_end(b);
}

void
rights_rules(const struct caller *who, struct str ns, struct buf *to)
{
    struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *doc = NULL;

    json_add_object(&b, NULL);
    add_resource_rules(&b, who, ns);
    json_add_array(&b, "nonResourceRules");
    json_add_object(&b, NULL);
    add_list(&b, "verbs", is_master(who) ? "*" : "get");
    json_add_array(&b, "nonResourceURLs");
    if (is_master(who))
        json_add_cstr(&b, NULL, "*");
    for (size_t i = 0; !is_master(who) && i < ARRAY_LEN(paths_of_everybody); i++)
        json_add_cstr(&b, NULL, paths_of_everybody[i]);
    if (!is_master(who) && is_monitored(who, STR(METRICS_PATH)))
        json_add_cstr(&b, NULL, METRICS_PATH);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    json_add_bool(&b, "incomplete", false);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
}
