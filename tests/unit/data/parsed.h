/* parsed - a document of a text that a test has written down, which must be JSON. */
#ifndef TESTS_UNIT_DATA_PARSED_H
#define TESTS_UNIT_DATA_PARSED_H

#include "base/err.h"
#include "data/json.h"
#include "tests/unit/test.h"

/* The caller unrefs. */
static inline struct json_doc *
parsed(const char *text)
{
    struct json_doc *doc = NULL;
    struct err e = ERR_INIT;

    if (json_parse(str_of(text), NULL, &doc, &e) < 0)
        fail_msg("%s: %s", text, e.msg);
    return doc;
}

#endif
