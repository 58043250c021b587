/*
 * fuzz_yaml - what is read can be written as YAML and read again to the same value.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct yaml_limits limits = {
        .bytes = 1 << 16, .depth = 50, .nodes = 10000, .allow_duplicates = size % 2 != 0};
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    struct err e = ERR_INIT;

    if (yaml_parse(str_make((const char *)data, size), &limits, &docs, &e) < 0) {
        CHECK(docs.n == 0 && e.msg[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < docs.n; i++) {
        cleanup_json struct json_doc *again = NULL;
        cleanup_buf struct buf text = BUF_INIT;

        yaml_write(&text, json_root(docs.at[i].json));
        CHECK(yaml_parse_one(buf_view(&text), NULL, &again, &e) == 0);
        CHECK(json_equal(json_root(docs.at[i].json), json_root(again)));
    }
    return 0;
}
