#include "api/meta.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

static struct json_doc *
parse(const char *text)
{
    struct json_doc *d = NULL;
    struct err e = ERR_INIT;

    if (json_parse(str_of(text), &json_limits_default, &d, &e) < 0)
        fail_msg("%s: %s", text, e.msg);
    return d;
}

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
    check_name(&kind_namespace, "a.b", "RFC 1123 label");
    check_name(&kind_service, "a1", NULL);
    check_name(&kind_service, "1a", "DNS-1035 label");
}

static int
check(const char *text, struct err *e)
{
    cleanup_json struct json_doc *d = parse(text);

    return meta_check(&kind_pod, STR("a"), json_root(d), e);
}

TEST(metadata_of_the_wrong_shape_is_refused_with_its_place)
{
    struct err e = ERR_INIT;

    CHECK_INT(check("{\"metadata\":{\"labels\":{\"a.io/b\":\"\",\"c\":\"D_e.f-9\"},"
                    "\"finalizers\":[\"x.io/y\"]}}",
                    &e),
              0);
    CHECK_INT(check("{}", &e), 0);
    CHECK_INT(check("[]", &e), ERR_BADREQUEST);
    CHECK_STR(e.msg, "a Pod must be an object, not array");
    CHECK_INT(check("{\"metadata\":7}", &e), ERR_BADREQUEST);
    CHECK_INT(check("{\"metadata\":{\"labels\":[]}}", &e), ERR_INVALID);
    CHECK_STR(e.msg, "Pod \"a\" is invalid: metadata.labels: Invalid value: must be an object, not "
                     "array");
    CHECK_INT(check("{\"metadata\":{\"labels\":{\"a\":\"-\"}}}", &e), ERR_INVALID);
    CHECK_INT(check("{\"metadata\":{\"labels\":{\"/a\":\"b\"}}}", &e), ERR_INVALID);
    CHECK_INT(check("{\"metadata\":{\"finalizers\":[7]}}", &e), ERR_INVALID);
    CHECK_CONTAINS(e.msg, "metadata.finalizers[0]");
    CHECK_INT(check("{\"metadata\":{\"ownerReferences\":{}}}", &e), ERR_INVALID);
    CHECK_INT(check("{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"X\","
                    "\"name\":\"x\",\"uid\":\"1\",\"controller\":true},{\"apiVersion\":\"v1\","
                    "\"kind\":\"X\",\"name\":\"x\",\"uid\":\"2\",\"controller\":true}]}}",
                    &e),
              ERR_INVALID);
    CHECK_CONTAINS(e.msg, "only one reference can have controller set to true");
}

TEST(the_servers_fields_win_and_the_rest_is_kept)
{
    cleanup_json struct json_doc *d = parse(
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
    cleanup_json struct json_doc *d = parse(
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
           T_(metadata_of_the_wrong_shape_is_refused_with_its_place),
           T_(the_servers_fields_win_and_the_rest_is_kept),
           T_(finalizers_and_owners_are_taken_off_one_by_one), T_(times_are_whole_seconds_of_utc))
