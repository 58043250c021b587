#include "runner/archive.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "runner/archive_int.h"

int
archive_library(struct archive_library *ret, struct err *e)
{
    /* The loader counts, and keeps what is open: a second call only looks names up. */
    void *library = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

    if (library == NULL)
        return err_set(e, ERR_UNSUPPORTED,
                       "archives need libarchive, which cannot be loaded (%s); install the "
                       "package libarchive13",
                       dlerror());
#define FIND_(name) \
    if ((*(void **)&ret->name = dlsym(library, #name)) == NULL) \
        return err_set(e, ERR_UNSUPPORTED, "libarchive has no function %s", #name);
    ARCHIVE_FUNCTIONS(FIND_)
#undef FIND_
    dlclose(library);
    return 0;
}

bool
archive_is_one(int fd)
{
    unsigned char head[4];

    if (pread(fd, head, sizeof head, 0) != sizeof head)
        return false;
    return (head[0] == 0x1f && head[1] == 0x8b) || memcmp(head, "PK\003\004", 4) == 0 ||
           memcmp(head, "PK\005\006", 4) == 0;
}
