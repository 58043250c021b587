#include "schema/openapi.h"

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

static const struct openapi_resource resources[] = {
    {STR("v1"), STR("Pod"), STR("pods"), true},
    {STR("v1"), STR("Namespace"), STR("namespaces"), false},
    {STR("argoproj.io/v1alpha1"), STR("Workflow"), STR("workflows"), true},
};

static struct json_doc *
document(const char *api_version)
{
    cleanup_buf struct buf text = BUF_INIT;
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    openapi_write(str_of(api_version), resources, ARRAY_LEN(resources), &text);
    if (json_parse(buf_view(&text), NULL, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    return doc;
}

TEST(openapi_tells_clients_that_the_server_validates_fields)
{
    cleanup_json struct json_doc *doc = document("v1");
    const struct json *paths = json_get(json_root(doc), "paths");
    const struct json *post =
        json_get(json_get(paths, "/api/v1/namespaces/{namespace}/pods"), "post");
    bool found = false;

    JSON_EACH (it, json_get(post, "parameters"))
        found = found || str_is(json_str(json_get(it.value, "name")), "fieldValidation");
    CHECK_TRUE(found);
    CHECK_VIEW(json_str(json_at_path(post, "x-kubernetes-group-version-kind.kind")), "Pod");
    CHECK_NOT_NULL(json_get(json_get(paths, "/api/v1/namespaces/{name}"), "patch"));
    CHECK_NULL(json_get(paths, "/apis/argoproj.io/v1alpha1/namespaces/{namespace}/workflows"));
}

TEST(openapi_resolves_every_reference)
{
    static const char *const versions[] = {"v1", "argoproj.io/v1alpha1"};

    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        cleanup_json struct json_doc *doc = document(versions[i]);
        const struct json *schemas = json_at_path(json_root(doc), "components.schemas");

        CHECK_TRUE(json_count(schemas) > 20);
        JSON_EACH (s, schemas) {
            JSON_EACH (p, json_get(s.value, "properties")) {
                const struct json *all = json_item(json_get(p.value, "allOf"), 0);
                struct str ref = json_str(json_get(all, "$ref"));

                if (ref.p == NULL)
                    ref = json_str(json_at_path(p.value, "items.$ref"));
                if (ref.p != NULL)
                    CHECK_NOT_NULL(json_get_str(
                        schemas, str_slice(ref, sizeof "#/components/schemas/" - 1, ref.n)));
            }
        }
    }
}

TEST(openapi_describes_fields_and_how_lists_merge)
{
    cleanup_json struct json_doc *doc = document("v1");
    const struct json *schemas = json_at_path(json_root(doc), "components.schemas");
    const struct json *pod = json_get(schemas, "io.k8s.api.core.v1.Pod");
    const struct json *ports =
        json_at_path(json_get(schemas, "io.k8s.api.core.v1.Container"), "properties.ports");

    CHECK_VIEW(
        json_str(json_get(json_item(json_get(pod, "x-kubernetes-group-version-kind"), 0), "kind")),
        "Pod");
    CHECK_VIEW(json_str(json_get(ports, "x-kubernetes-list-type")), "map");
    CHECK_VIEW(json_str(json_item(json_get(ports, "x-kubernetes-list-map-keys"), 1)), "protocol");
    CHECK_VIEW(json_str(json_get(ports, "x-kubernetes-patch-merge-key")), "containerPort");
    CHECK_NOT_NULL(json_get(schemas, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
}

TEST(openapi_index_names_each_document_with_a_hash)
{
    cleanup_buf struct buf text = BUF_INIT, again = BUF_INIT;
    cleanup_json struct json_doc *doc = NULL;
    struct err e = ERR_INIT;
    struct str url;

    openapi_write_index(resources, ARRAY_LEN(resources), &text);
    openapi_write_index(resources, ARRAY_LEN(resources), &again);
    CHECK_STR(buf_cstring(&text), buf_cstring(&again));
    CHECK_INT(json_parse(buf_view(&text), NULL, &doc, &e), 0);
    CHECK_INT(json_count(json_get(json_root(doc), "paths")), 2);
    url =
        json_str(json_get(json_get(json_get(json_root(doc), "paths"), "apis/argoproj.io/v1alpha1"),
                          "serverRelativeURL"));
    CHECK_TRUE(str_starts(url, STR("/openapi/v3/apis/argoproj.io/v1alpha1?hash=")));
    CHECK_INT(openapi_v2_body.n, 5);
}

TESTS_MAIN(T_(openapi_tells_clients_that_the_server_validates_fields),
           T_(openapi_resolves_every_reference), T_(openapi_describes_fields_and_how_lists_merge),
           T_(openapi_index_names_each_document_with_a_hash))
