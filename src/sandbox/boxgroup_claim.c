#include "sandbox/boxgroup_claim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define PREFIX "sluice-"

void
boxgroup_claim_name(char *to, size_t size)
{
    uint64_t random = 0;

    (void)!getrandom(&random, sizeof random, 0);
    snprintf(to, size, PREFIX "%d-%08" PRIx32, (int)getpid(), (uint32_t)random);
}

/* The directory that the descriptor leads to still has its name. */
static bool
is_there(int base, const char *name, int fd)
{
    struct stat named, open;

    return fstatat(base, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &open) == 0 &&
           named.st_ino == open.st_ino;
}

int
boxgroup_claim(int base, const char *name)
{
    for (;;) {
        int fd;

        if (mkdirat(base, name, 0755) < 0 && errno != EEXIST)
            return -1;
        fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT)
            return -1;
        /* Who sweeps may have come between making and locking; then once more.  A file system that
         * knows no locks is no reason to go without groups. */
        if (fd >= 0) {
            while (flock(fd, LOCK_SH) < 0 && errno == EINTR)
                ;
            if (is_there(base, name, fd))
                return fd;
            close(fd);
        }
    }
}

/* A reused number only puts the removal off. */
static bool
lives(const char *name)
{
    long pid = strtol(name + strlen(PREFIX), NULL, 10);

    return pid <= 1 || kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

void
boxgroup_hold(int enter)
{
    (void)flock(enter, LOCK_SH);
}

/* Nobody is about to enter the slot. */
static bool
is_free(int dir, const char *slot)
{
    static const char *const files[] = {"tasks", "cgroup.procs"};
    bool is = true;

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        cleanup_free char *path = xasprintf("%s/%s", slot, files[i]);
        cleanup_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

        is = is && (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK);
    }
    return is;
}

static void
remove_orphan(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent *slot;
    DIR *slots;

    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || (slots = fdopendir(fd)) == NULL) {
        close(fd);
        return;
    }
    while ((slot = readdir(slots)) != NULL) {
        if (slot->d_name[0] == 'p' && is_free(fd, slot->d_name))
            unlinkat(fd, slot->d_name, AT_REMOVEDIR);
    }
    unlinkat(parent, name, AT_REMOVEDIR);
    closedir(slots);
}

void
boxgroup_sweep(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *entry;

    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && !lives(entry->d_name))
            remove_orphan(dirfd(d), entry->d_name);
    }
    if (d != NULL)
        closedir(d);
}
