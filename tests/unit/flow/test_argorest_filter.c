#include "api/apiparam.h"
#include "api/object.h"
#include "base/arena.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argorest/argorest_filter.h"
#include "tests/unit/test.h"

static int
read_query(struct argorest_filter *f, struct arena *a, const char *ns, const char *query,
           struct err *e)
{
    struct apiparam p;

    CHECK_INT(apiparam_parse(a, str_of(query), &p, e), 0);
    *f = (struct argorest_filter){.finished = false};
    return argorest_filter_read(f, &kind_workflow, str_of(ns), &p, e);
}

static bool
matches(const char *query, const char *object)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct argorest_filter f;
    struct json_doc *doc = NULL;
    struct object *o;
    struct err e = ERR_INIT;
    bool yes;

    CHECK_INT(read_query(&f, &a, "default", query, &e), 0);
    CHECK_INT(json_parse(str_of(object), NULL, &doc, &e), 0);
    o = object_new(&kind_workflow, doc, 1);
    yes = argorest_filter_matches(&f, o);
    object_unref(o);
    argorest_filter_done(&f);
    return yes;
}

#define ENDED \
    "{\"metadata\":{\"name\":\"train-7\",\"namespace\":\"default\"," \
    "\"labels\":{\"a\":\"b\"},\"creationTimestamp\":\"2024-05-01T10:00:00Z\"}," \
    "\"status\":{\"phase\":\"Succeeded\",\"startedAt\":\"2024-05-01T10:00:01Z\"," \
    "\"finishedAt\":\"2024-05-01T11:00:00Z\"}}"
#define BEGUN \
    "{\"metadata\":{\"name\":\"train-8\",\"namespace\":\"default\"," \
    "\"creationTimestamp\":\"2024-05-01T10:00:00Z\"}}"
#define FIELDS "listOptions.fieldSelector="

TEST(filter_without_a_query_takes_everything)
{
    CHECK_TRUE(matches("", ENDED));
    CHECK_TRUE(matches("", BEGUN));
}

TEST(filter_selects_by_labels_and_names)
{
    CHECK_TRUE(matches("listOptions.labelSelector=a%3Db", ENDED));
    CHECK_FALSE(matches("listOptions.labelSelector=a%3Dc", ENDED));
    CHECK_TRUE(matches(FIELDS "metadata.name%3Dtrain-7", ENDED));
    CHECK_FALSE(matches(FIELDS "metadata.name%3Dtrain", ENDED));
    CHECK_TRUE(matches("nameFilter=Prefix&" FIELDS "metadata.name%3Dtrain", ENDED));
    CHECK_FALSE(matches("nameFilter=Prefix&" FIELDS "metadata.name%3Drain", ENDED));
    CHECK_TRUE(matches("nameFilter=Contains&" FIELDS "metadata.name%3D%3Drain", ENDED));
    CHECK_TRUE(matches("namePrefix=tr", ENDED));
    CHECK_FALSE(matches("namePrefix=x", ENDED));
    CHECK_FALSE(matches(FIELDS "metadata.name!%3Dtrain-7", ENDED));
}

TEST(filter_selects_by_times)
{
    CHECK_TRUE(matches("createdAfter=2024-05-01T09:59:59Z", ENDED));
    CHECK_FALSE(matches("createdAfter=2024-05-01T10:00:00Z", ENDED));
    CHECK_TRUE(matches("finishedBefore=2024-05-01T11:00:01Z", ENDED));
    CHECK_FALSE(matches("finishedBefore=2024-05-01T11:00:00Z", ENDED));
    CHECK_FALSE(matches("finishedBefore=2100-01-01T00:00:00Z", BEGUN));
    CHECK_TRUE(matches(FIELDS "spec.startedAt%3E2024-05-01T10:00:00Z,"
                              "spec.startedAt%3C2024-05-01T10:00:02Z",
                       ENDED));
    CHECK_FALSE(matches(FIELDS "spec.startedAt%3E2024-05-01T10:00:01Z", ENDED));
    CHECK_FALSE(matches(FIELDS "spec.startedAt%3C2100-01-01T10:00:01Z", BEGUN));
}

TEST(filter_takes_the_namespace_of_the_path_before_that_of_the_query)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct argorest_filter f;
    struct err e = ERR_INIT;

    CHECK_INT(read_query(&f, &a, "", "namespace=x", &e), 0);
    CHECK_VIEW(f.ns, "x");
    argorest_filter_done(&f);
    CHECK_INT(read_query(&f, &a, "y", "namespace=x", &e), 0);
    CHECK_VIEW(f.ns, "y");
    argorest_filter_done(&f);
    CHECK_INT(read_query(&f, &a, "", "", &e), 0);
    CHECK_NULL(f.ns.p);
    argorest_filter_done(&f);
}

static void
check_refused(const char *query, const char *part)
{
    cleanup_arena struct arena a = ARENA_INIT;
    struct argorest_filter f;
    struct err e = ERR_INIT;

    CHECK_INT(read_query(&f, &a, "default", query, &e), ERR_BADREQUEST);
    CHECK_CONTAINS(e.msg, part);
    argorest_filter_done(&f);
}

TEST(filter_refuses_what_it_cannot_read)
{
    check_refused("createdAfter=now", "createdAfter");
    check_refused("finishedBefore=2024", "finishedBefore");
    check_refused(FIELDS "spec.startedAt%3Etoday", "spec.startedAt");
    check_refused(FIELDS "spec.other%3Dx", "spec.other");
    check_refused("nameFilter=Any&" FIELDS "metadata.name%3Dx", "nameFilter");
    check_refused("listOptions.labelSelector=a%20b", "unable to parse");
}

TESTS_MAIN(T_(filter_without_a_query_takes_everything), T_(filter_selects_by_labels_and_names),
           T_(filter_selects_by_times),
           T_(filter_takes_the_namespace_of_the_path_before_that_of_the_query),
           T_(filter_refuses_what_it_cannot_read))
