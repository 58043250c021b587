#include "init/reclaim_main.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/subids.h"
#include "sandbox/userns.h"

enum { MAX_LEVELS = 512 };

/* Takes the descriptor of a directory that is the caller's already.  Deeper than MAX_LEVELS nothing
 * is done: removing such a tree is refused as well. */
static int
reclaim_content(int directory, dev_t device, unsigned level, struct err *e)
{
    DIR *d = fdopendir(directory);

    if (d == NULL) {
        close(directory);
        return err_errno(e, "list a directory");
    }
    for (struct dirent *entry; e->code == 0 && (entry = readdir(d)) != NULL;) {
        struct stat st;
        int inner;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
            continue;
        if (fchownat(dirfd(d), entry->d_name, 0, 0, AT_SYMLINK_NOFOLLOW) < 0)
            err_errno(e, "'%s'", entry->d_name);
        if (!S_ISDIR(st.st_mode) || level == MAX_LEVELS || e->code != 0)
            continue;
        inner = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0 || fchmod(inner, 0700) < 0)
            err_errno(e, "'%s'", entry->d_name);
        else
            reclaim_content(TAKE_FD(inner), device, level + 1, e);
        if (inner >= 0)
            close(inner);
    }
    closedir(d);
    return e->code;
}

static int
reclaim(const char *path, struct err *e)
{
    struct subids subids;
    struct err refused = ERR_INIT;
    cleanup_close int directory = -1;
    struct stat st;

    if (subids_open(&subids, e) < 0 || userns_become_root(&subids, &refused, e) < 0)
        return e->code;
    if (subids_count() <= 1)
        return err_set(e, ERR_IO, "%s", refused.msg);
    directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0 || fstat(directory, &st) < 0)
        return err_errno(e, "open");
    return reclaim_content(TAKE_FD(directory), st.st_dev, 0, e);
}

int
reclaim_main(const char *directory)
{
    struct err e = ERR_INIT;

    if (reclaim(directory, &e) == 0)
        return 0;
    fprintf(stderr, "sluice-init: '%s': %s\n", directory, e.msg);
    return 1;
}
