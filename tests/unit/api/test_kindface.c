#include "api/kindface.h"

#include "api/kind.h"
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

/* Both ways. */
static void
check_names(const char *stored, const char *shown)
{
    cleanup_json struct json_doc *inner = parse(stored), *outer = parse(shown);
    cleanup_json struct json_doc *out = kindface_shown(&kind_event_face, json_root(inner));
    cleanup_json struct json_doc *in = kindface_stored(&kind_event_face, json_root(outer));

    if (!json_equal(json_root(out), json_root(outer)) ||
        !json_equal(json_root(in), json_root(inner)))
        fail_msg("%s is not shown as %s, or not stored so", stored, shown);
}

TEST(fields_of_the_object_change_their_names_and_those_within_do_not)
{
    check_names(
        "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"e\"},"
        "\"involvedObject\":{\"message\":1},\"message\":\"m\",\"count\":2,\"type\":\"Normal\"}",
        "{\"apiVersion\":\"events.k8s.io/v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"e\"},"
        "\"regarding\":{\"message\":1},\"note\":\"m\",\"deprecatedCount\":2,"
        "\"type\":\"Normal\"}");
}

TEST(managed_fields_are_told_in_the_same_names)
{
    check_names(
        "{\"apiVersion\":\"v1\",\"metadata\":{\"managedFields\":[{\"manager\":\"m\","
        "\"apiVersion\":\"v1\",\"fieldsV1\":{\"f:message\":{},\"f:source\":{\"f:host\":{}},"
        "\"f:metadata\":{\"f:labels\":{\".\":{},\"f:message\":{}}}}},{}]}}",
        "{\"apiVersion\":\"events.k8s.io/v1\",\"metadata\":{\"managedFields\":[{\"manager\":"
        "\"m\",\"apiVersion\":\"events.k8s.io/v1\",\"fieldsV1\":{\"f:note\":{},"
        "\"f:deprecatedSource\":{\"f:host\":{}},"
        "\"f:metadata\":{\"f:labels\":{\".\":{},\"f:message\":{}}}}},{}]}}");
}

TEST(what_is_no_object_stays_what_it_is)
{
    check_names("{\"apiVersion\":\"v1\",\"metadata\":[],\"x\":null}",
                "{\"apiVersion\":\"events.k8s.io/v1\",\"metadata\":[],\"x\":null}");
    check_names("{\"apiVersion\":\"v1\",\"metadata\":{\"managedFields\":{}}}",
                "{\"apiVersion\":\"events.k8s.io/v1\",\"metadata\":{\"managedFields\":{}}}");
}

TESTS_MAIN(T_(fields_of_the_object_change_their_names_and_those_within_do_not),
           T_(managed_fields_are_told_in_the_same_names), T_(what_is_no_object_stays_what_it_is))
