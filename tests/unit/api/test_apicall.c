#include "tests/unit/api/apirig.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

TEST(what_was_created_is_read_back_and_has_what_the_server_sets)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "c1", "");
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, "GET " MAPS "/c1", NULL);

        CHECK_INT(y.status, 200);
        CHECK_CONTAINS(y.text, "\"kind\":\"ConfigMap\"");
        CHECK_CONTAINS(y.text, "\"namespace\":\"default\"");
        CHECK_CONTAINS(y.text, "\"resourceVersion\":\"");
        CHECK_CONTAINS(y.text, "\"creationTimestamp\":\"2023-11-14T22:13:20Z\"");
    }
    apirig_close(&r);
}

TEST(an_error_says_reason_details_and_code)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "c1", "");
    {
        cleanup_apireply struct apireply a = apirig_ask(&r, "GET " MAPS "/none", NULL);
        cleanup_apireply struct apireply b =
            apirig_ask(&r, "POST " MAPS, "{\"metadata\":{\"name\":\"c1\"}}");
        cleanup_apireply struct apireply c = apirig_ask(
            &r, "POST /api/v1/namespaces/none/configmaps", "{\"metadata\":{\"name\":\"c1\"}}");

        CHECK_STR(a.text,
                  "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
                  "\"Failure\",\"message\":\"configmaps \\\"none\\\" not found\",\"reason\":"
                  "\"NotFound\",\"details\":{\"name\":\"none\",\"kind\":\"configmaps\"},"
                  "\"code\":404}\n");
        CHECK_INT(b.status, 409);
        CHECK_CONTAINS(b.text, "\"reason\":\"AlreadyExists\"");
        CHECK_INT(c.status, 404);
        CHECK_CONTAINS(c.text, "namespaces \\\"none\\\" not found");
    }
    apirig_close(&r);
}

TEST(paths_and_methods_that_do_not_exist_are_told_apart)
{
    struct apirig r;

    apirig_open(&r);
    CHECK_INT(apirig_status(&r, "GET /nope", NULL), 404);
    CHECK_INT(apirig_status(&r, "GET /api/v1/nopes", NULL), 404);
    CHECK_INT(apirig_status(&r, "POST " MAPS "/c1", "{}"), 405);
    CHECK_INT(apirig_status(&r, "DELETE /api/v1/configmaps", NULL), 405);
    CHECK_INT(apirig_status(&r, "GET /api/v1/namespaces/default/nodes", NULL), 404);
    CHECK_INT(apirig_status(&r, "GET /api/v1/pods/%zz", NULL), 404);
    apirig_close(&r);
}

/* Makes m0, m1 and so on, whose labels are those of the list, over and over. */
static void
make_maps(struct apirig *r, int n, const char *const *labels)
{
    const char *const *at = labels;

    for (int i = 0; i < n; i++) {
        cleanup_free char *name = xasprintf("m%d", i);

        if (*at == NULL)
            at = labels;
        apirig_make(r, name, *at++);
    }
}

TEST(a_list_is_filtered_cut_and_continued)
{
    struct apirig r;
    char *token, *end;

    apirig_open(&r);
    make_maps(&r, 5, (const char *const[]){"\"even\":\"yes\"", "\"even\":\"no\"", NULL});
    {
        cleanup_apireply struct apireply a =
            apirig_ask(&r, "GET " MAPS "?limit=2&labelSelector=even%3Dyes", NULL);
        cleanup_free char *next = NULL;

        CHECK_CONTAINS(a.text, "\"name\":\"m0\"");
        CHECK_CONTAINS(a.text, "\"name\":\"m2\"");
        CHECK_NULL(strstr(a.text, "\"name\":\"m4\""));
        token = strstr(a.text, "\"continue\":\"");
        CHECK_NOT_NULL(token);
        token += sizeof "\"continue\":\"" - 1;
        end = strchr(token, '"');
        next = xasprintf("GET " MAPS "?limit=2&labelSelector=even%%3Dyes&continue=%.*s",
                         (int)(end - token), token);
        {
            cleanup_apireply struct apireply b = apirig_ask(&r, next, NULL);

            CHECK_CONTAINS(b.text, "\"name\":\"m4\"");
            CHECK_NULL(strstr(b.text, "\"name\":\"m2\""));
            CHECK_NULL(strstr(b.text, "\"continue\""));
        }
    }
    apirig_close(&r);
}

TEST(a_page_is_full_though_a_selector_leaves_out_what_comes_first)
{
    static const char skipped[] = "\"even\":\"no\",\"skip\":\"\"";
    struct apirig r;

    apirig_open(&r);
    make_maps(&r, 9, (const char *const[]){skipped, skipped, skipped, "\"even\":\"no\"", NULL});
    {
        cleanup_apireply struct apireply one =
            apirig_ask(&r, "GET " MAPS "?limit=1&labelSelector=even%3Dno,%21skip", NULL);
        cleanup_apireply struct apireply two =
            apirig_ask(&r, "GET " MAPS "?limit=2&labelSelector=even%3Dno,%21skip", NULL);

        CHECK_CONTAINS(one.text, "\"name\":\"m3\"");
        CHECK_NULL(strstr(one.text, "\"name\":\"m7\""));
        CHECK_CONTAINS(one.text, "\"continue\"");
        CHECK_CONTAINS(two.text, "\"name\":\"m3\"");
        CHECK_CONTAINS(two.text, "\"name\":\"m7\"");
        CHECK_NULL(strstr(two.text, "\"continue\""));
    }
    apirig_close(&r);
}

TEST(a_list_longer_than_a_slice_is_whole)
{
    struct apirig r;
    int found = 0;

    apirig_open(&r);
    make_maps(&r, 1203, (const char *const[]){"", NULL});
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, "GET " MAPS, NULL);

        CHECK_NULL(y.stream);
        for (const char *at = y.text; (at = strstr(at, "\"name\":\"m")) != NULL; at++)
            found++;
    }
    CHECK_INT(found, 1203);
    apirig_close(&r);
}

TEST(what_is_left_of_a_page_is_counted)
{
    struct apirig r;

    apirig_open(&r);
    make_maps(&r, 4, (const char *const[]){"", NULL});
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, "GET " MAPS "?limit=1", NULL);

        CHECK_CONTAINS(y.text, "\"remainingItemCount\":3");
    }
    apirig_close(&r);
}

TEST(a_list_at_an_earlier_version_shows_what_was)
{
    struct apirig r;
    cleanup_free char *line = NULL;
    int64_t rv;

    apirig_open(&r);
    apirig_make(&r, "changed", "");
    apirig_make(&r, "removed", "");
    rv = store_rv(r.rig.store);
    CHECK_INT(apirig_status(&r, "PUT " MAPS "/changed",
                            "{\"metadata\":{\"name\":\"changed\"},\"data\":{\"a\":\"2\"}}"),
              200);
    CHECK_INT(apirig_status(&r, "DELETE " MAPS "/removed", NULL), 200);
    apirig_make(&r, "added", "");
    line = xasprintf("GET " MAPS "?resourceVersion=%lld&resourceVersionMatch=Exact", (long long)rv);
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, line, NULL);

        CHECK_CONTAINS(y.text, "\"name\":\"changed\"");
        CHECK_CONTAINS(y.text, "\"a\":\"1\"");
        CHECK_CONTAINS(y.text, "\"name\":\"removed\"");
        CHECK_NULL(strstr(y.text, "\"name\":\"added\""));
    }
    apirig_close(&r);
}

TEST(a_dry_run_answers_as_if_and_stores_nothing)
{
    struct apirig r;

    apirig_open(&r);
    {
        cleanup_apireply struct apireply y = apirig_ask(
            &r, "POST " MAPS "?dryRun=All", "{\"metadata\":{\"name\":\"dry\"},\"data\":{}}");

        CHECK_INT(y.status, 201);
        CHECK_CONTAINS(y.text, "\"uid\":\"");
        CHECK_NULL(strstr(y.text, "resourceVersion"));
    }
    CHECK_INT(apirig_status(&r, "GET " MAPS "/dry", NULL), 404);
    apirig_make(&r, "c1", "");
    CHECK_INT(apirig_status(&r, "DELETE " MAPS "/c1?dryRun=All", NULL), 200);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/c1", NULL), 200);
    CHECK_INT(apirig_status(&r, "DELETE " MAPS "?dryRun=All", NULL), 200);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/c1", NULL), 200);
    apirig_close(&r);
}

TEST(an_update_of_an_older_version_is_a_conflict)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "c1", "");
    {
        cleanup_apireply struct apireply y =
            apirig_ask(&r, "PUT " MAPS "/c1",
                       "{\"metadata\":{\"name\":\"c1\",\"resourceVersion\":\"1\"},\"data\":{}}");

        CHECK_INT(y.status, 409);
        CHECK_CONTAINS(y.text, "the object has been modified");
    }
    apirig_close(&r);
}

TEST(a_collection_is_deleted_by_its_selector)
{
    struct apirig r;

    apirig_open(&r);
    make_maps(&r, 250, (const char *const[]){"\"keep\":\"yes\"", "", "", "", "", NULL});
    CHECK_INT(apirig_status(&r, "DELETE " MAPS "?labelSelector=%21keep", NULL), 200);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/m0", NULL), 200);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/m1", NULL), 404);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/m249", NULL), 404);
    apirig_close(&r);
}

TEST(an_owner_deleted_in_the_foreground_goes_after_what_it_owns)
{
    struct apirig r;
    cleanup_free char *body = NULL;

    apirig_open(&r);
    apirig_make(&r, "owner", "");
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, "GET " MAPS "/owner", NULL);
        char *uid = strstr(y.text, "\"uid\":\"") + sizeof "\"uid\":\"" - 1;

        body = xasprintf("{\"metadata\":{\"name\":\"owned\",\"finalizers\":[\"x.io/hold\"],"
                         "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
                         "\"name\":\"owner\",\"uid\":\"%.36s\",\"blockOwnerDeletion\":true}]}}",
                         uid);
    }
    CHECK_INT(apirig_status(&r, "POST " MAPS, body), 201);
    CHECK_INT(apirig_status(&r, "DELETE " MAPS "/owner", "{\"propagationPolicy\":\"Foreground\"}"),
              200);
    core_run(r.rig.core, 20);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/owner", NULL), 200);
    {
        cleanup_apireply struct apireply y =
            apirig_ask_as(&r, "PATCH " MAPS "/owned", "application/merge-patch+json", NULL,
                          "{\"metadata\":{\"finalizers\":null}}");

        CHECK_INT(y.status, 200);
    }
    clock_manual_advance(&r.rig.clock, CLOCK_SECOND);
    core_run(r.rig.core, 20);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/owned", NULL), 404);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/owner", NULL), 404);
    apirig_close(&r);
}

static bool
refuse_writes(void *arg, const struct caller *who, const struct apiright *right)
{
    (void)arg, (void)who;
    return str_is(right->verb, "get");
}

TEST(what_the_authorizer_refuses_is_forbidden)
{
    struct apirig r;

    apirig_open(&r);
    apirig_make(&r, "c1", "");
    apiserver_free(r.api);
    r.config.authorize = refuse_writes;
    r.api = apiserver_new(&r.config);
    CHECK_INT(apirig_status(&r, "GET " MAPS "/c1", NULL), 200);
    {
        cleanup_apireply struct apireply y = apirig_ask(&r, "DELETE " MAPS "/c1", NULL);

        CHECK_INT(y.status, 403);
        CHECK_CONTAINS(y.text, "configmaps \\\"c1\\\" is forbidden: User \\\"admin\\\" cannot "
                               "delete resource \\\"configmaps\\\" in API group \\\"\\\" in the "
                               "namespace \\\"default\\\"");
    }
    apirig_close(&r);
}

TESTS_MAIN(T_(what_was_created_is_read_back_and_has_what_the_server_sets),
           T_(an_error_says_reason_details_and_code),
           T_(paths_and_methods_that_do_not_exist_are_told_apart),
           T_(a_list_is_filtered_cut_and_continued),
           T_(a_page_is_full_though_a_selector_leaves_out_what_comes_first),
           T_(a_list_longer_than_a_slice_is_whole), T_(what_is_left_of_a_page_is_counted),
           T_(a_list_at_an_earlier_version_shows_what_was),
           T_(a_dry_run_answers_as_if_and_stores_nothing),
           T_(an_update_of_an_older_version_is_a_conflict),
           T_(a_collection_is_deleted_by_its_selector),
           T_(an_owner_deleted_in_the_foreground_goes_after_what_it_owns),
           T_(what_the_authorizer_refuses_is_forbidden))
