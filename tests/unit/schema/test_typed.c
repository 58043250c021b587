#include "schema/typed.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "tests/unit/test.h"

/* The object as a server takes it, and what a strict one would say; or the error. */
static char *
decode(const char *text, char **strict)
{
    const struct json_limits limits = {.bytes = 1 << 20, .depth = 100};
    cleanup_json struct json_doc *doc = NULL, *typed = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct buf out = BUF_INIT, message = BUF_INIT;
    struct err e = ERR_INIT;
    const struct json *root;

    if (json_parse(str_of(text), &limits, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    root = json_root(doc);
    if (typed_decode(
            schema_lookup(json_str(json_get(root, "apiVersion")), json_str(json_get(root, "kind"))),
            doc, &typed, &ps, &e) < 0)
        return xstrdup(e.msg);
    if (ps.n > 0)
        typed_strict_message(&ps, &message);
    *strict = buf_take(&message);
    json_write(&out, json_root(typed));
    return buf_take(&out);
}

#define CHECK_TYPED(text, want, want_strict) \
    do { \
        cleanup_free char *strict_ = NULL; \
        cleanup_free char *got_ = decode(text, &strict_); \
        CHECK_STR(got_, want); \
        CHECK_STR(strict_ != NULL ? strict_ : "", want_strict); \
    } while (0)

#define POD "\"apiVersion\":\"v1\",\"kind\":\"Pod\","

TEST(typed_prints_canonical_values)
{
    CHECK_TYPED(
        "{" POD "\"spec\":{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1500m\","
        "\"memory\":\"1024Mi\",\"x\":0.5}}}]},\"metadata\":{\"creationTimestamp\":"
        "\"2024-01-01T00:00:00+02:00\"}}",
        "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"creationTimestamp\":"
        "\"2023-12-31T22:00:00Z\"},\"spec\":{\"containers\":[{\"name\":\"\",\"resources\":{"
        "\"limits\":{\"cpu\":\"1500m\",\"memory\":\"1Gi\",\"x\":\"500m\"}}}]},\"status\":{}}",
        "");
}

TEST(typed_drops_what_go_would_not_print_and_keeps_what_it_would)
{
    CHECK_TYPED("{" POD "\"metadata\":{\"creationTimestamp\":null,\"labels\":{},\"generation\":0},"
                "\"spec\":{\"hostNetwork\":false,\"nodeName\":\"\",\"volumes\":[],"
                "\"terminationGracePeriodSeconds\":0,\"automountServiceAccountToken\":false,"
                "\"containers\":null},\"status\":{\"conditions\":[{\"type\":\"Ready\"}]}}",
                "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{},\"spec\":{"
                "\"automountServiceAccountToken\":false,\"containers\":null,"
                "\"terminationGracePeriodSeconds\":0},\"status\":{\"conditions\":[{"
                "\"lastProbeTime\":null,\"lastTransitionTime\":null,\"status\":\"\",\"type\":"
                "\"Ready\"}]}}",
                "");
    CHECK_TYPED("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"a\":null,\"b\":\"1\"}}",
                "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"data\":{\"a\":\"\",\"b\":\"1\"},"
                "\"metadata\":{}}",
                "");
}

TEST(typed_lists_unknown_and_duplicate_fields_and_drops_them)
{
    CHECK_TYPED("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"dtaa\":{\"a\":\"1\"},\"Data\":{},"
                "\"metadata\":{\"nam\":1,\"name\":\"x\",\"name\":\"y\"}}",
                "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"y\"}}",
                "strict decoding error: unknown field \"dtaa\", unknown field \"Data\", unknown "
                "field \"metadata.nam\", duplicate field \"metadata.name\"");
}

TEST(typed_says_what_go_says_of_a_wrong_type)
{
    CHECK_TYPED("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"a\":1}}",
                "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
                "");
    CHECK_TYPED("{" POD "\"spec\":{\"containers\":[{\"image\":true}]}}",
                "json: cannot unmarshal bool into Go struct field Container.spec.containers.image "
                "of type string",
                "");
    CHECK_TYPED("{" POD "\"spec\":{\"containers\":{}}}",
                "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of "
                "type []v1.Container",
                "");
    CHECK_TYPED("{" POD "\"spec\":{\"containers\":[{\"ports\":[{\"containerPort\":3000000000}]}]}}",
                "json: cannot unmarshal number 3000000000 into Go struct field "
                "ContainerPort.spec.containers.ports.containerPort of type int32",
                "");
    CHECK_TYPED("{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"a\":\"Y*==\"}}",
                "illegal base64 data at input byte 1", "");
}

TEST(typed_ends_at_a_type_that_decodes_itself)
{
    CHECK_TYPED("{" POD "\"metadata\":[],\"spec\":{\"containers\":[{\"resources\":{\"limits\":{"
                "\"cpu\":\"abc\"}}}]}}",
                "quantities must match the regular expression "
                "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                "");
    CHECK_TYPED("{" POD "\"spec\":{\"overhead\":{\"cpu\":\"1Kii\"}}}",
                "unable to parse quantity's suffix", "");
    CHECK_TYPED("{" POD "\"metadata\":{\"creationTimestamp\":\"2024-01-01 00:00:00\"}}",
                "parsing time \"2024-01-01 00:00:00\" as \"2006-01-02T15:04:05Z07:00\": cannot "
                "parse \" 00:00:00\" as \"T\"",
                "");
    CHECK_TYPED("{" POD "\"metadata\":{\"creationTimestamp\":\"2024-13-01T00:00:00Z\"}}",
                "parsing time \"2024-13-01T00:00:00Z\": month out of range", "");
}

TEST(typed_keeps_custom_resources_as_they_come)
{
    CHECK_TYPED(
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
        "\"name\":\"w\",\"generation\":0,\"x\":1},\"spec\":{\"entrypoint\":\"\",\"foo\":1}}",
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
        "\"name\":\"w\"},\"spec\":{\"entrypoint\":\"\",\"foo\":1}}",
        "strict decoding error: unknown field \"metadata.x\", unknown field \"spec.foo\"");
}

TESTS_MAIN(T_(typed_prints_canonical_values),
           T_(typed_drops_what_go_would_not_print_and_keeps_what_it_would),
           T_(typed_lists_unknown_and_duplicate_fields_and_drops_them),
           T_(typed_says_what_go_says_of_a_wrong_type),
           T_(typed_ends_at_a_type_that_decodes_itself),
           T_(typed_keeps_custom_resources_as_they_come))
