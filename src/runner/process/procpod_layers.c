/*
 * What a pod that is over does not need any more: the layers and sockets of its attempts, its
 * volumes and inputs.  Records, logs and results stay until the pod's object goes; of a pod that
 * was evicted to make room only the beginning of each log.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "runner/logs.h"
#include "runner/process/procpod.h"
#include "sandbox/boxrecord.h"

/* The first two are what names begin with: there is a layer for each place of the root. */
static const char *const of_attempt[] = {BOX_UPPER, BOX_WORK, BOX_OUTBOX, BOX_CONTROL, "none"};
static const char *const of_pod[] = {"volumes", "inputs", "prepared"};

enum { KEPT_LOG_BYTES = 64 * 1024 };

typedef int each_fn(int dirfd, const char *name, struct err *e);

/* Calls fn for each directory in the directory; keeps the first error, goes on. */
static void
each_directory(int at, const char *name, each_fn *fn, struct err *e)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        struct err one = ERR_INIT;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        if (fn(fd, entry->d_name, &one) < 0 && e->code == 0)
            *e = one;
    }
    closedir(d);
}

static bool
is_layer(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(of_attempt); i++)
        if (i < 2 ? str_starts(str_of(name), str_of(of_attempt[i]))
                  : strcmp(name, of_attempt[i]) == 0)
            return true;
    return false;
}

/* Init reserves more room for its record than the record took. */
static void
trim_record(int attempt)
{
    cleanup_close int fd =
        openat(attempt, BOX_EXIT, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        (void)!ftruncate(fd, st.st_size);
}

static int
clean_attempt(int at, const char *name, struct err *e)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *entry; rc == 0 && (entry = readdir(d)) != NULL;)
        if (is_layer(entry->d_name))
            rc = file_remove_tree(fd, entry->d_name, e);
    trim_record(fd);
    closedir(d);
    return rc;
}

static int
clean_container(int at, const char *name, struct err *e)
{
    each_directory(at, name, clean_attempt, e);
    return e->code;
}

void
procpod_remove_layers(const char *dir, struct err *e)
{
    cleanup_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(of_pod); i++)
        if (file_remove_tree(fd, of_pod[i], e) < 0)
            return;
    each_directory(AT_FDCWD, dir, clean_container, e);
}

static int
shorten_attempt(int at, const char *name, struct err *e)
{
    cleanup_close int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return 0;
    (void)unlinkat(fd, BOX_LOG_TAIL, 0);
    return logs_shorten(fd, BOX_LOG, KEPT_LOG_BYTES,
                        "the rest of the log went when the pod was evicted", e);
}

static int
shorten_container(int at, const char *name, struct err *e)
{
    each_directory(at, name, shorten_attempt, e);
    return e->code;
}

void
procpod_shorten_logs(const char *dir, struct err *e)
{
    each_directory(AT_FDCWD, dir, shorten_container, e);
}
