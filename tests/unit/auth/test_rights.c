#include "auth/rights.h"

#include <string.h>

#include "api/apiserver.h"
#include "base/buf.h"
#include "edge/caller.h"
#include "tests/unit/test.h"

static bool
allowed(const struct caller *who, const char *verb, const char *resource, const char *subresource,
        const char *ns)
{
    struct apiright r = {.verb = str_of(verb),
                         .group = STR(""),
                         .resource = str_of(resource),
                         .subresource = str_of(subresource),
                         .ns = str_of(ns)};

    return rights_allow(who, &r);
}

TEST(a_service_account_has_its_own_namespace_and_no_secrets)
{
    struct caller robot = {.kind = CALLER_TOKEN, .name = STR("system:serviceaccount:team:robot")};

    CHECK_TRUE(allowed(&robot, "create", "pods", NULL, "team"));
    CHECK_TRUE(allowed(&robot, "get", "pods", "log", "team"));
    CHECK_FALSE(allowed(&robot, "get", "pods", "exec", "team"));
    CHECK_FALSE(allowed(&robot, "get", "secrets", NULL, "team"));
    CHECK_FALSE(allowed(&robot, "create", "serviceaccounts", "token", "team"));
    CHECK_FALSE(allowed(&robot, "get", "pods", NULL, "other"));
    CHECK_FALSE(allowed(&robot, "list", "pods", NULL, NULL));
}

TEST(masters_may_everything_and_nobody_nothing)
{
    static const struct str groups[] = {{"system:masters", 14}};
    struct caller boss = {
        .kind = CALLER_TOKEN, .name = STR("boss"), .groups = groups, .groups_n = 1};
    struct caller low = {.kind = CALLER_TOKEN, .name = STR("low")};
    struct caller nobody = {.kind = CALLER_NONE};
    static const struct str monitors[] = {{"system:monitoring", 17}};
    struct caller collector = {
        .kind = CALLER_TOKEN, .name = STR("collector"), .groups = monitors, .groups_n = 1};
    struct apiright debug = {.verb = STR("get"), .path = STR("/debug/state")};
    cleanup_buf struct buf rules = BUF_INIT;
    struct apiright version = {.verb = STR("get"), .path = STR("/version")};
    struct apiright metrics = {.verb = STR("get"), .path = STR("/metrics")};

    CHECK_TRUE(allowed(&boss, "delete", "nodes", NULL, NULL));
    CHECK_FALSE(allowed(&low, "get", "pods", NULL, "default"));
    CHECK_TRUE(rights_allow(&low, &version));
    CHECK_FALSE(rights_allow(&low, &metrics));
    CHECK_TRUE(rights_allow(&collector, &metrics));
    CHECK_FALSE(rights_allow(&collector, &debug));
    rights_rules(&collector, STR("default"), &rules);
    CHECK_CONTAINS(buf_cstring(&rules), "\"/metrics\"");
    buf_clear(&rules);
    rights_rules(&low, STR("default"), &rules);
    CHECK_TRUE(strstr(buf_cstring(&rules), "metrics") == NULL);
    CHECK_FALSE(rights_allow(&nobody, &version));
    CHECK_FALSE(rights_allow(NULL, &version));
}

TESTS_MAIN(T_(a_service_account_has_its_own_namespace_and_no_secrets),
           T_(masters_may_everything_and_nobody_nothing))
