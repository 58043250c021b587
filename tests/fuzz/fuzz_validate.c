/*
 * fuzz_validate - whatever YAML comes, validation ends, with a bounded list of one-line problems.
 */
#include "base/err.h"
#include "base/log.h"
#include "data/yaml.h"
#include "flow/argo/validate.h"
#include "schema/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_yaml_docs struct yaml_docs docs = YAML_DOCS_INIT;
    struct err e = ERR_INIT;

    if (yaml_parse(str_make((const char *)data, size), NULL, &docs, &e) < 0)
        return 0;
    for (size_t i = 0; i < docs.n; i++) {
        const struct validate_options options = {
            .mode = i % 2 == 0 ? VALIDATE_SUBMIT : VALIDATE_LINT, .skip_shape = i > 2};
        cleanup_problems struct problems ps = PROBLEMS_INIT;

        validate_object(docs.at[i].json, json_root(docs.at[i].json), &options, &ps);
        CHECK(ps.n <= PROBLEMS_MAX);
        for (size_t k = 0; k < ps.n; k++)
            CHECK(strlen(ps.at[k].text) <= PROBLEM_TEXT_MAX);
    }
    return 0;
}
