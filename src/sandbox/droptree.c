#include "sandbox/droptree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/oscall.h"

enum { MAX_LEVELS = 512, TRIES = 50, PAUSE_NS = 100 * 1000 * 1000 };

/* What is mounted below the tree is somebody's: it is not entered. */
static DIR *
open_stream(int at, const char *name)
{
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd =
        at == AT_FDCWD ? open(name, flags) : oscall_openat2(at, name, flags, 0, OSCALL_NO_XDEV);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    if (d == NULL && fd >= 0)
        close(fd);
    return d;
}

static void
remove_directory(int at, const char *name, unsigned level)
{
    DIR *d;

    if (unlinkat(at, name, AT_REMOVEDIR) == 0 || level > MAX_LEVELS)
        return;
    d = open_stream(at, name);
    if (d == NULL && errno == EACCES && fchmodat(at, name, 0700, 0) == 0)
        d = open_stream(at, name);
    if (d == NULL)
        return;
    (void)fchmod(dirfd(d), 0700);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        const char *inner = entry->d_name;

        if (strcmp(inner, ".") != 0 && strcmp(inner, "..") != 0 &&
            unlinkat(dirfd(d), inner, 0) < 0 && (errno == EISDIR || errno == EPERM))
            remove_directory(dirfd(d), inner, level + 1);
    }
    closedir(d);
    (void)unlinkat(at, name, AT_REMOVEDIR);
}

bool
droptree(const char *path)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_NS};

    for (int i = 0; i < TRIES; i++) {
        if (i > 0)
            (void)nanosleep(&pause, NULL);
        remove_directory(AT_FDCWD, path, 0);
        if (access(path, F_OK) < 0 && errno == ENOENT)
            return true;
    }
    return false;
}
