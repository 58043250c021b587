#include "api/meta.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/data/parsed.h"
#include "tests/unit/test.h"

static void
check_name(const struct kind *k, const char *name, const char *problem)
{
    const char *why = meta_name_problem(k, str_of(name));

    if (problem == NULL)
        CHECK_NULL(why);
    else
        CHECK_CONTAINS(why != NULL ? why : "nothing", problem);
}

static char *
repeat(char c, size_t n)
{
    char *text = xcalloc(n + 1, 1);

    memset(text, c, n);
    return text;
}

TEST(names_follow_the_rule_of_their_kind)
{
    cleanup_free char *long_label = repeat('a', 64), *longest = repeat('a', 63);
    cleanup_free char *long_name = repeat('a', 254);

    check_name(&kind_pod, "a", NULL);
    check_name(&kind_pod, "a-1.b-2", NULL);
    check_name(&kind_pod, "1a", NULL);
    check_name(&kind_pod, "", "RFC 1123 subdomain");
    check_name(&kind_pod, "a..b", "RFC 1123 subdomain");
    check_name(&kind_pod, "a.", "RFC 1123 subdomain");
    check_name(&kind_pod, "-a", "RFC 1123 subdomain");
    check_name(&kind_pod, "A", "RFC 1123 subdomain");
    check_name(&kind_pod, "a_b", "RFC 1123 subdomain");
    check_name(&kind_pod, "a/b", "RFC 1123 subdomain");
    check_name(&kind_pod, "../a", "RFC 1123 subdomain");
    check_name(&kind_pod, long_name, "no more than 253");
    check_name(&kind_namespace, longest, NULL);
    check_name(&kind_namespace, long_label, "no more than 63");
    check_name(&kind_namespace, "a.b", "must not contain dots");
    check_name(&kind_service, "a1", NULL);
    check_name(&kind_service, "1a", "DNS-1035 label");
}

/* What is wrong with an object of the platform's own, given its metadata and the rest. */
static const char *
problem_of(const struct kind *k, const char *meta, const char *rest, struct err *e)
{
    cleanup_free char *text =
        xasprintf("{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"%s}%s}", meta, rest);
    cleanup_json struct json_doc *d = parsed(text);

    *e = ERR_INIT;
    return meta_check(k, json_root(d), e) < 0 ? e->msg : "";
}

#define CHECK_META(meta, want) CHECK_STR(problem_of(&kind_pod, meta, "", &e), want)
#define INVALID "Pod \"a\" is invalid: "
#define OWNER(uid) \
    "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"name\":\"x\",\"uid\":\"" uid "\",\"controller\":" \
    "true}"

TEST(metadata_of_the_platforms_own_objects_is_checked_by_the_rules_for_requests)
{
    cleanup_json struct json_doc *list = parsed("[]");
    struct err e = ERR_INIT;

    CHECK_INT(meta_check(&kind_pod, json_root(list), &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "a Pod must be an object, not array");
    CHECK_META("", "");
    CHECK_META(",\"labels\":{\"a.io/b\":\"\",\"c\":\"D_e.f-9\"},\"finalizers\":[\"x.io/y\",\"z\"]",
               "");
    CHECK_META(",\"labels\":[]", INVALID "metadata.labels must be an object (got array)");
    CHECK_CONTAINS(problem_of(&kind_pod, ",\"finalizers\":[7]", "", &e),
                   "metadata.finalizers[0] must be a string (got number 7)");
    CHECK_META(",\"ownerReferences\":{}",
               INVALID "metadata.ownerReferences must be an array (got object)");
    CHECK_CONTAINS(problem_of(&kind_pod, ",\"labels\":{\"a\":\"-\"}", "", &e),
                   INVALID "metadata.labels: Invalid value: \"-\": a valid label must be");
    CHECK_CONTAINS(problem_of(&kind_pod, ",\"labels\":{\"/a\":\"b\"}", "", &e),
                   INVALID "metadata.labels: Invalid value: \"/a\": prefix part must be non-empty");
    CHECK_CONTAINS(
        problem_of(&kind_pod, ",\"ownerReferences\":[" OWNER("1") "," OWNER("2") "]", "", &e),
        "Only one reference can have Controller set to true");
}

#define CHECK_CLAIM(spec, want) \
    CHECK_STR(problem_of(&kind_pvc, "", ",\"spec\":" spec, &e), \
              sizeof want == 1 ? "" : "PersistentVolumeClaim \"a\" is invalid: " want)
#define SIZED(modes, size) \
    "{\"accessModes\":[" modes "],\"resources\":{\"requests\":{\"storage\":" size "}}}"

TEST(a_claim_of_the_platforms_own_is_checked_as_a_whole)
{
    struct err e;

    CHECK_CLAIM(SIZED("\"ReadWriteOnce\"", "\"1Gi\""), "");
    CHECK_CLAIM(SIZED("\"ReadOnlyMany\",\"ReadWriteMany\"", "5"), "");
    CHECK_CLAIM(SIZED("", "5"),
                "spec.accessModes: Required value: at least 1 access mode is required");
    CHECK_CLAIM("{\"accessModes\":[\"ReadWriteOnce\",\"Sometimes\"]}",
                "[spec.accessModes: Unsupported value: \"Sometimes\": supported values: "
                "\"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\", "
                "spec.resources[storage]: Required value]");
    CHECK_CLAIM(SIZED("\"ReadWriteOnce\"", "\"-1Gi\""),
                "spec.resources[storage]: Invalid value: \"-1Gi\": must be greater than zero");
    CHECK_CONTAINS(
        problem_of(&kind_pvc, "", ",\"spec\":" SIZED("\"ReadWriteOnce\"", "\"much\""), &e),
        "spec.resources.requests.storage");
}

TEST(the_servers_fields_win_and_the_rest_is_kept)
{
    cleanup_json struct json_doc *d = parsed(
        "{\"spec\":{\"x\":1},\"kind\":\"Other\",\"metadata\":{\"uid\":\"forged\",\"labels\":{\"a\":"
        "\"b\"},\"resourceVersion\":\"9\",\"annotations\":null,\"name\":\"forged\"},\"status\":{},"
        "\"data\":0.10}");
    struct meta m = {.ns = STR("ns"),
                     .name = STR("n"),
                     .uid = STR("u"),
                     .created = STR("t"),
                     .generation = 3,
                     .grace_seconds = -1};
    cleanup_json struct json_doc *made =
        meta_compose(&kind_workflow, &m, json_root(d), json_root(d), NULL);
    cleanup_buf struct buf b = BUF_INIT;

    json_write(&b, json_root(made));
    CHECK_STR(buf_cstring(&b),
              "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
              "\"name\":\"n\",\"namespace\":\"ns\",\"uid\":\"u\",\"generation\":3,"
              "\"creationTimestamp\":\"t\",\"labels\":{\"a\":\"b\"}},\"spec\":{\"x\":1},"
              "\"data\":0.10}");
}

TEST(finalizers_and_owners_are_taken_off_one_by_one)
{
    cleanup_json struct json_doc *d = parsed(
        "{\"metadata\":{\"name\":\"n\",\"finalizers\":[\"a/b\",\"c/d\"],\"ownerReferences\":[{"
        "\"uid\":\"1\"},{\"uid\":\"2\"}]}}");
    cleanup_json struct json_doc *less = NULL, *alone = NULL;
    struct meta m;

    meta_of(json_root(d), &m);
    less = meta_with_finalizers(&kind_pod, &m, json_root(d), STR("a/b"), STR("e/f"));
    CHECK_INT(json_count(json_at_path(json_root(less), "metadata.finalizers")), 2);
    CHECK_VIEW(json_str(json_item(json_at_path(json_root(less), "metadata.finalizers"), 1)), "e/f");
    alone = meta_without_owner(&kind_pod, json_root(d), STR("2"));
    CHECK_INT(json_count(json_at_path(json_root(alone), "metadata.ownerReferences")), 1);
    CHECK_INT(json_count(json_at_path(json_root(alone), "metadata.finalizers")), 2);
}

TEST(times_are_whole_seconds_of_utc)
{
    char text[META_TIME_SIZE];

    meta_time(INT64_C(1700000000999999), text);
    CHECK_STR(text, "2023-11-14T22:13:20Z");
}

TESTS_MAIN(T_(names_follow_the_rule_of_their_kind),
           T_(metadata_of_the_platforms_own_objects_is_checked_by_the_rules_for_requests),
           T_(a_claim_of_the_platforms_own_is_checked_as_a_whole),
           T_(the_servers_fields_win_and_the_rest_is_kept),
           T_(finalizers_and_owners_are_taken_off_one_by_one), T_(times_are_whole_seconds_of_utc))
