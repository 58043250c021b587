#include "schema/protobody.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/typed.h"
#include "tests/unit/test.h"

/* What kubectl sends, in hexadecimal. */
static const char pod_hex[] =
    "6b3873000a090a0276311203506f6412d2010a290a017012001a0022002a0032003800420808a5facdac0610005a"
    "060a01611201315a060a0162120132128f010a100a0176120b9a01080a030a016318a40312560a016d1201692a00"
    "320a0a001000185022002a00420f0a0d0a0363707512060a043530306d521f0a1312110a00120908011000"
    "1a037765621a002200100018002000280030006a007200800100880100900100a201001a0020003200420"
    "04a0052005800600068007205200120ac028201008a01009a0100c201001a130a001a0022002a0032004a"
    "005a0072008801001a002200";
static const char lease_hex[] =
    "6b3873000a1f0a16636f6f7264696e6174696f6e2e6b38732e696f2f763112054c6561736512240a110a016c1200"
    "1a0022002a00320038004200120f100f220b08a5facdac06108094ef3a1a002200";
static const char review_hex[] =
    "6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a65637452"
    "657669657712280a100a0012001a0022002a0032003800420012140a120a01751200220b0a016b12060a01610a01"
    "621a002200";
#define CONFIG_MAP \
    "6b3873000a0f0a02763112" \
    "09436f6e6669674d6170"

static int
digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void
unhex(const char *hex, struct buf *to)
{
    for (; hex[0] != '\0'; hex += 2)
        buf_char(to, (char)(digit(hex[0]) * 16 + digit(hex[1])));
}

/* The body decoded, typed and printed; or "error: " and what is wrong with it. */
static char *
decode(const char *hex, struct problems *ps)
{
    cleanup_json struct json_doc *raw = NULL, *typed = NULL;
    cleanup_buf struct buf body = BUF_INIT;
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    const struct json *root;

    unhex(hex, &body);
    if (protobody_decode(buf_view(&body), &raw, ps, &e) < 0) {
        buf_printf(&text, "error: %s", e.msg);
        return buf_take(&text);
    }
    root = json_root(raw);
    if (typed_decode(
            schema_lookup(json_str(json_get(root, "apiVersion")), json_str(json_get(root, "kind"))),
            raw, &typed, ps, &e) < 0)
        fail_msg("%s", e.msg);
    json_write_sorted(&text, json_root(typed));
    return buf_take(&text);
}

#define CHECK_DECODED(hex, want) \
    do { \
        cleanup_problems struct problems ps_ = PROBLEMS_INIT; \
        cleanup_free char *got_ = decode(hex, &ps_); \
        CHECK_STR(got_, want); \
        CHECK_INT(ps_.n, 0); \
    } while (0)

TEST(protobody_decodes_what_a_client_sends)
{
    CHECK_DECODED(
        pod_hex,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"creationTimestamp\":"
        "\"2024-01-02T03:04:05Z\",\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"name\":\"p\"},\"spec\":{"
        "\"containers\":[{\"image\":\"i\",\"livenessProbe\":{\"httpGet\":{\"port\":\"web\"}},"
        "\"name\":\"m\",\"ports\":[{\"containerPort\":80}],\"resources\":{\"limits\":{\"cpu\":"
        "\"500m\"}}}],\"securityContext\":{\"supplementalGroups\":[1,300]},"
        "\"terminationGracePeriodSeconds\":0,\"volumes\":[{\"configMap\":{\"defaultMode\":420,"
        "\"name\":\"c\"},\"name\":\"v\"}]},\"status\":{}}");
    CHECK_DECODED(lease_hex,
                  "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{"
                  "\"name\":\"l\"},\"spec\":{\"leaseDurationSeconds\":15,\"renewTime\":"
                  "\"2024-01-02T03:04:05.123456Z\"}}");
}

TEST(protobody_reads_lists_inside_of_maps)
{
    CHECK_DECODED(review_hex,
                  "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"SelfSubjectReview\","
                  "\"metadata\":{},\"status\":{\"userInfo\":{\"extra\":{\"k\":[\"a\",\"b\"]},"
                  "\"username\":\"u\"}}}");
}

TEST(protobody_reads_fields_in_any_order_and_messages_in_pieces)
{
    /* data {a: 1}, metadata {name: x}, data {b: 2}, metadata {namespace: y} */
    CHECK_DECODED(
        CONFIG_MAP "121a"
                   "1206"
                   "0a016112"
                   "0131"
                   "0a030a0178"
                   "1206"
                   "0a016212"
                   "0132"
                   "0a031a0179",
        "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"1\",\"b\":\"2\"},\"kind\":\"ConfigMap\","
        "\"metadata\":{\"name\":\"x\",\"namespace\":\"y\"}}");
}

TEST(protobody_reads_packed_and_unpacked_numbers)
{
    /* securityContext.supplementalGroups (4): packed 1 and 300, then 2 by itself */
    CHECK_DECODED(
        "6b3873000a090a0276311203506f64120b12097207220301ac022002",
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{},\"spec\":{\"containers\":null,"
        "\"securityContext\":{\"supplementalGroups\":[1,300,2]}},\"status\":{}}");
}

TEST(protobody_lists_unknown_fields_that_say_something)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    /* field 99 of ConfigMap is 7, field 98 is empty, field 97 of its metadata is "x" */
    cleanup_free char *got = decode(CONFIG_MAP "12"
                                               "0e"
                                               "980607"
                                               "920600"
                                               "0a068a0601780a00",
                                    &ps);

    CHECK_STR(got, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{}}");
    CHECK_INT(ps.n, 2);
    CHECK_INT(ps.at[0].kind, PROBLEM_UNKNOWN_FIELD);
    CHECK_STR(ps.at[0].text, "unknown field 99 of v1.ConfigMap");
    CHECK_STR(ps.at[1].text, "unknown field 97 of meta.k8s.io/v1.ObjectMeta");
    CHECK_STR(ps.at[1].path, "metadata");
}

TEST(protobody_refuses_broken_bodies_with_the_place)
{
    CHECK_DECODED("6b387301", "error: the body is no protobuf object: it does not begin with the "
                              "bytes 6b 38 73 00");
    CHECK_DECODED("6b387300", "error: no kind \"\" of \"\" is known in protobuf");
    CHECK_DECODED("6b3873000a05", "error: the envelope of the protobuf body: field 1: 5 bytes are "
                                  "announced and 0 are there");
    CHECK_DECODED(CONFIG_MAP "12030a0108", "error: ConfigMap at metadata: field 1: a number ends "
                                           "too early");
    CHECK_DECODED(CONFIG_MAP "1202"
                             "0807",
                  "error: ConfigMap at metadata: field 1 is no message");
    CHECK_DECODED(CONFIG_MAP "12040a020807",
                  "error: ConfigMap at metadata.name: field 1 has wire type 0 in place of 2");
    /* A workflow: custom resources have no numbers. */
    CHECK_DECODED("6b3873000a200a146172676f70726f6a2e696f2f7631616c706861311208576f726b666c6f77",
                  "error: no kind \"Workflow\" of \"argoproj.io/v1alpha1\" is known in protobuf");
}

TESTS_MAIN(T_(protobody_decodes_what_a_client_sends), T_(protobody_reads_lists_inside_of_maps),
           T_(protobody_reads_fields_in_any_order_and_messages_in_pieces),
           T_(protobody_reads_packed_and_unpacked_numbers),
           T_(protobody_lists_unknown_fields_that_say_something),
           T_(protobody_refuses_broken_bodies_with_the_place))
