/*
 * fuzz_protobody - a protobuf body that was decoded is a JSON document, and one that is typed stays
 * as it is when it is typed again.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "schema/problem.h"
#include "schema/protobody.h"
#include "schema/schema.h"
#include "schema/typed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_json struct json_doc *doc = NULL, *once = NULL, *twice = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct err e = ERR_INIT;
    const struct schema *s;

    if (protobody_decode(str_make((const char *)data, size), &doc, &ps, &e) < 0)
        return 0;
    s = schema_lookup(json_str(json_get(json_root(doc), "apiVersion")),
                      json_str(json_get(json_root(doc), "kind")));
    if (s == NULL || typed_decode(s, doc, &once, &ps, &e) < 0)
        return 0;
    CHECK(typed_decode(s, once, &twice, &ps, &e) == 0);
    CHECK(json_equal(json_root(once), json_root(twice)));
    return 0;
}
