/* scratch - a directory for one test, removed with all that is in it. */
#ifndef TESTS_UNIT_STORE_SCRATCH_H
#define TESTS_UNIT_STORE_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

struct scratch {
    char path[64];
};

static inline struct scratch
scratch_new(void)
{
    struct scratch s = {"/tmp/sluice-test-XXXXXX"};

    if (mkdtemp(s.path) == NULL)
        abort();
    return s;
}

static inline int
scratch_remove_(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static inline void
scratch_free(struct scratch *s)
{
    nftw(s->path, scratch_remove_, 16, FTW_PHYS | FTW_DEPTH);
}
#define SCRATCH(name) __attribute__((cleanup(scratch_free))) struct scratch name = scratch_new()

#endif
