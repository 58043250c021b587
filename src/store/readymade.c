#include "store/readymade.h"

#include <fcntl.h>

#include "base/str.h"
#include "io/file.h"

static const unsigned char bytes[] = {
#include "readymade.inc"
};

int
readymade_write(const char *path, struct err *e)
{
    const struct str content = {(const char *)bytes, sizeof bytes};

    return file_replace(AT_FDCWD, path, content, 0600, false, e);
}
