/*
 * fuzz_jsonpath - a first line is taken as path and as template, over the JSON behind it or, if
 * that is none, over a document with a bit of everything.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char other[] =
    "{\"a\":[1,2.5,{\"b\":\"x\",\"c\":[true,null]}],\"b\":{\"a\":\"y\",\"c d\":3}}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size), path = str_cut(&rest, '\n');
    cleanup_json struct json_doc *d = NULL;
    cleanup_jsonpath struct jsonpath *p = NULL;
    cleanup_jsonpath_results struct jsonpath_results found = JSONPATH_RESULTS_INIT;
    cleanup_buf struct buf out = BUF_INIT;
    struct err e = ERR_INIT;

    if (rest.n > 4096 || json_parse(rest, NULL, &d, &e) < 0)
        CHECK(json_parse(str_of(other), NULL, &d, &e) == 0);
    if (jsonpath_compile(path, &p, &e) == 0)
        jsonpath_find(p, json_root(d), &found, &e);
    if (jsonpath_template(path, json_root(d), &out, &e) < 0)
        CHECK(e.msg[0] != '\0');
    return 0;
}
