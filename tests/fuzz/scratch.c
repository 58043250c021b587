#include "tests/fuzz/scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "io/file.h"

static char path[64];
static int dir = -1;

static void
remove_all(void)
{
    struct err e = ERR_INIT;

    (void)file_remove_tree(AT_FDCWD, path, &e);
}

static void
make(void)
{
    snprintf(path, sizeof path, "%s/sluice-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(path) != NULL);
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir >= 0);
    atexit(remove_all);
}

int
scratch_dir(void)
{
    if (dir < 0)
        make();
    return dir;
}

const char *
scratch_path(void)
{
    scratch_dir();
    return path;
}

void
scratch_write(const char *name, const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;

    CHECK(file_write(scratch_dir(), name, str_make((const char *)data, size), 0600, &e) == 0);
}
