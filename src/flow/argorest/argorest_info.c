/*
 * What the server says of itself and of the caller, and what it does not do.
 */
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "edge/call.h"
#include "edge/caller.h"
#include "flow/argorest/argorest_int.h"

/* The release whose API this is; clients compare it with their own. */
#define VERSION "v4.1.2"

static int
prepare_info(struct argorest_call *c, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;

    (void)e;
    json_add_object(&b, NULL);
    json_add_cstr(&b, "managedNamespace", "");
    json_add_array(&b, "links");
    json_end(&b);
    json_add_object(&b, "modals");
    json_end(&b);
    json_add_cstr(&b, "navColor", "");
    json_add_array(&b, "columns");
    json_end(&b);
    json_end(&b);
    c->doc = json_build_done(&b);
    return 0;
}

static int
prepare_version(struct argorest_call *c, struct err *e)
{
    static const char *const pairs[][2] = {
        {"version", VERSION "+sluice-" SLUICE_VERSION},
        {"buildDate", "1970-01-01T00:00:00Z"},
        {"gitCommit", ""},
        {"gitTag", VERSION},
        {"gitTreeState", "clean"},
        {"goVersion", ""},
        {"compiler", ""},
        {"platform", "linux/amd64"},
    };
    struct json_build b = JSON_BUILD_INIT;

    (void)e;
    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        json_add_cstr(&b, pairs[i][0], pairs[i][1]);
    json_end(&b);
    c->doc = json_build_done(&b);
    return 0;
}

/* "system:serviceaccount:NAMESPACE:NAME" in its parts. */
static void
add_account(struct json_build *b, struct str name)
{
    struct str prefix = STR("system:serviceaccount:"), rest = name, ns;

    if (!str_starts(name, prefix))
        return;
    rest = str_slice(name, prefix.n, name.n);
    ns = str_cut(&rest, ':');
    json_add_str(b, "serviceAccountName", rest);
    json_add_str(b, "serviceAccountNamespace", ns);
}

static int
prepare_userinfo(struct argorest_call *c, struct err *e)
{
    const struct caller *who = call_caller(c->call);
    struct json_build b = JSON_BUILD_INIT;

    (void)e;
    json_add_object(&b, NULL);
    json_add_str(&b, "subject", who->name);
    json_add_array(&b, "groups");
    for (size_t i = 0; i < who->groups_n; i++)
        json_add_str(&b, NULL, who->groups[i]);
    json_end(&b);
    add_account(&b, who->name);
    json_end(&b);
    c->doc = json_build_done(&b);
    return 0;
}

static int
prepare_events(struct argorest_call *c, struct err *e)
{
    (void)c;
    return err_set(e, ERR_UNSUPPORTED,
                   "events from outside do not start workflows here: submit a WorkflowTemplate");
}

/* Argo's pages tell by this which dialogue was shown or closed.  There, too, it goes into the log
 * and nowhere else. */
static int
prepare_tracking(struct argorest_call *c, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;
    struct str name = argorest_text(c, "name");

    (void)e;
    log_info(NULL, "tracking event name=%.*s user=%.*s", STR_ARG(str_slice(name, 0, 100)),
             STR_ARG(call_caller(c->call)->name));
    json_add_object(&b, NULL);
    json_end(&b);
    c->doc = json_build_done(&b);
    return 0;
}

const struct argorest_op argorest_info_ops[] = {
    {.method = "GET", .pattern = "/api/v1/info", .prepare = prepare_info},
    {.method = "GET", .pattern = "/api/v1/version", .prepare = prepare_version},
    {.method = "GET", .pattern = "/api/v1/userinfo", .prepare = prepare_userinfo},
    {.method = "POST", .pattern = "/api/v1/tracking/event", .prepare = prepare_tracking},
    {.method = "POST",
     .pattern = "/api/v1/events/{namespace}/{discriminator}",
     .prepare = prepare_events},
    {.method = "GET",
     .pattern = "/api/v1/workflow-event-bindings/{namespace}",
     .prepare = prepare_events},
    {.method = NULL},
};
