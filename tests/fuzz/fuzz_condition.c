/*
 * fuzz_condition - every text is true, false or refused with a sentence.
 */
#include "base/err.h"
#include "base/log.h"
#include "data/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;
    bool b;
    int rc = condition_eval(str_make((const char *)data, size), &b, &e);

    CHECK(rc == 0 || (rc < 0 && rc == e.code && e.msg[0] != '\0'));
    return 0;
}
