/* scratchstore - a store in a directory for one test. */
#ifndef TESTS_UNIT_STORE_SCRATCHSTORE_H
#define TESTS_UNIT_STORE_SCRATCHSTORE_H

#include "base/err.h"
#include "store/store.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

static inline struct store *
scratchstore_open(const struct scratch *dir)
{
    struct store *s = NULL;
    struct err e = ERR_INIT;

    if (store_open(dir->path, NULL, &s, &e) < 0)
        fail_msg("%s", e.msg);
    return s;
}

#endif
