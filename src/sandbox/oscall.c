#include "sandbox/oscall.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

struct clone3_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
        set_tid_size, cgroup;
};

struct openat2_how {
    uint64_t flags, mode, resolve;
};

/* Set once, before anything is opened: a kernel's lack, or a test's wish. */
static bool no_openat2, no_close_range;

void
oscall_deny_openat2(void)
{
    no_openat2 = true;
}

void
oscall_deny_close_range(void)
{
    no_close_range = true;
}

/* One component below fd; never a link, never upwards. */
static int
step_into(int fd, const char *name, size_t n, int flags, mode_t mode)
{
    char component[256];

    if (n >= sizeof component) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(component, name, n);
    component[n] = '\0';
    if (strcmp(component, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    return openat(fd, component, flags | O_NOFOLLOW | O_CLOEXEC, mode);
}

static int
walk(int dirfd, const char *path, int flags, mode_t mode)
{
    cleanup_close int at = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    path += strspn(path, "/");
    while (at >= 0 && *path != '\0') {
        size_t n = strcspn(path, "/");
        const char *rest = path + n + strspn(path + n, "/");
        bool last = *rest == '\0';
        int next = step_into(at, path, n, last ? flags : O_PATH | O_DIRECTORY, mode);

        if (next < 0 || last)
            return next;
        close(at);
        at = next;
        path = rest;
    }
    return at < 0 ? -1 : openat(at, ".", flags & ~O_CREAT);
}

int
oscall_openat2(int dirfd, const char *path, int flags, mode_t mode, int resolve)
{
    struct openat2_how how = {.flags = (uint64_t)(unsigned)flags,
                              .mode = flags & O_CREAT ? mode : 0,
                              .resolve = (uint64_t)resolve};
    long fd;

    if (*path == '\0')
        path = ".";
    if (!no_openat2) {
        do
            fd = syscall(SYS_openat2, dirfd, path, &how, sizeof how);
        while (fd < 0 && errno == EAGAIN);
        if (fd >= 0 || errno != ENOSYS)
            return (int)fd;
    }
    return walk(dirfd, path, flags, mode);
}

pid_t
oscall_clone(uint64_t flags, int *pidfd, bool use_clone3)
{
    struct clone3_args args = {
        .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD};

    *pidfd = -1;
    if (use_clone3)
        return (pid_t)syscall(SYS_clone3, &args, sizeof args);
    return (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, NULL);
}

int
oscall_pidfd_open(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int
oscall_pivot_root(const char *new_root, const char *put_old)
{
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static int
compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Without close_range: what /proc lists, or every number if there is no /proc. */
static void
close_between_slowly(int from, int to)
{
    DIR *d = opendir("/proc/self/fd");
    struct dirent *entry;

    if (d == NULL) {
        int top = (int)sysconf(_SC_OPEN_MAX);

        for (int fd = from; fd <= to && fd < top; fd++)
            close(fd);
        return;
    }
    while ((entry = readdir(d)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10);

        if (entry->d_name[0] != '.' && fd >= from && fd <= to && fd != dirfd(d))
            close(fd);
    }
    closedir(d);
}

static void
close_between(int from, int to)
{
    if (from > to)
        return;
    if (no_close_range || syscall(SYS_close_range, (unsigned)from, (unsigned)to, 0) < 0)
        close_between_slowly(from, to);
}

void
oscall_close_except(const int *keep, size_t n)
{
    cleanup_free int *sorted = xmemdup(keep, n * sizeof *keep);
    int from = 0;

    qsort(sorted, n, sizeof *sorted, compare);
    for (size_t i = 0; i < n; i++) {
        if (sorted[i] < from)
            continue;
        close_between(from, sorted[i] - 1);
        from = sorted[i] + 1;
    }
    close_between(from, INT32_MAX);
}

int
oscall_write_file(int dirfd, const char *path, const char *text)
{
    cleanup_close int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC);

    return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

ssize_t
oscall_read_file(int dirfd, const char *path, char *to, size_t size)
{
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    size_t done = 0;
    ssize_t n = 0;

    if (fd < 0)
        return -1;
    while (done < size - 1 && (n = read(fd, to + done, size - 1 - done)) > 0)
        done += (size_t)n;
    to[done] = '\0';
    return n < 0 ? -1 : (ssize_t)done;
}
