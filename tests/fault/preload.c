/*
 * preload - makes the nth call of a kind fail.
 *
 *     FAULT=write:17    the 17th write fails, once
 *     FAULT=write:17+   the 17th and all after it
 *     FAULT=write:0     none: only counts
 *     FAULT_PROGRAM=x   only in processes of that name (default: sluice)
 *     FAULT_REPORT=f    appends "fired KIND N" when a call is made to fail, and "count KIND N"
 *                       for each kind at exit
 *
 * Kinds: alloc (malloc, calloc, realloc: ENOMEM), write (write, pwrite, ftruncate and rename on
 * regular files: ENOSPC), sync (fsync, fdatasync: EIO), fork (fork, posix_spawn, clone: EAGAIN).
 *
 * Loaded with LD_PRELOAD.  Calls that the C library makes inside of itself are not seen; those of
 * other libraries are.  Nothing here allocates, since allocation is among what fails.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { ALLOC, WRITE, SYNC, FORK, KINDS };
static const char *const names[KINDS] = {"alloc", "write", "sync", "fork"};

static atomic_long counts[KINDS];
static enum kind wanted = KINDS; /* KINDS: none */
static long at;                  /* 0: never */
static bool persistent;
static atomic_int ready; /* 0: not looked yet, 1: active, 2: not this process */
static char report_path[4096];

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static void
report(const char *what, enum kind kind, long n)
{
    char line[64];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, report_path,
                          O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0)
        return;
    snprintf(line, sizeof line, "%s %s %ld\n", what, names[kind], n);
    syscall(SYS_write, fd, line, strlen(line));
    syscall(SYS_close, fd);
}

/* Reads the environment, once.  The loader may allocate before there is one. */
static void
set_up(void)
{
    const char *fault = getenv("FAULT"), *program = getenv("FAULT_PROGRAM");
    const char *path = getenv("FAULT_REPORT");

    if (fault == NULL || path == NULL ||
        strcmp(program_invocation_short_name, program != NULL ? program : "sluice") != 0) {
        ready = 2;
        return;
    }
    snprintf(report_path, sizeof report_path, "%s", path);
    for (int k = 0; k < KINDS; k++) {
        size_t n = strlen(names[k]);

        if (strncmp(fault, names[k], n) == 0 && fault[n] == ':') {
            char *end;

            wanted = (enum kind)k;
            at = strtol(fault + n + 1, &end, 10);
            persistent = *end == '+';
        }
    }
    ready = 1;
}

/* Whether this call is one that fails. */
static bool
fails(enum kind kind)
{
    long n;

    if (ready == 0 && environ != NULL && program_invocation_short_name != NULL)
        set_up();
    if (ready != 1)
        return false;
    n = ++counts[kind];
    if (kind != wanted || at == 0 || (persistent ? n < at : n != at))
        return false;
    if (n == at)
        report("fired", kind, n);
    return true;
}

__attribute__((destructor)) static void
count_at_exit(void)
{
    if (ready != 1)
        return;
    for (int k = 0; k < KINDS; k++)
        report("count", (enum kind)k, counts[k]);
}

/* Allocation. */

void *
malloc(size_t size)
{
    if (fails(ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    if (fails(ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
    if (fails(ALLOC)) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_realloc(p, size);
}

/* Writing.  A pipe or socket cannot be full as a disk can. */

static bool
is_file(int fd)
{
    struct stat st;
    int saved = errno;
    bool is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

    errno = saved;
    return is;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define FAIL(number, value) \
    do { \
        errno = (number); \
        return (value); \
    } while (0)

ssize_t
write(int fd, const void *p, size_t n)
{
    if (is_file(fd) && fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(write)(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t offset)
{
    if (is_file(fd) && fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(pwrite)(fd, p, n, offset);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t offset)
{
    if (is_file(fd) && fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(pwrite64)(fd, p, n, offset);
}

int
ftruncate(int fd, off_t size)
{
    if (fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(ftruncate)(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
    if (fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(ftruncate64)(fd, size);
}

int
rename(const char *from, const char *to)
{
    if (fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(rename)(from, to);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(renameat)(from_fd, from, to_fd, to);
}

int
renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    if (fails(WRITE))
        FAIL(ENOSPC, -1);
    return NEXT(renameat2)(from_fd, from, to_fd, to, flags);
}

/* Syncing. */

int
fsync(int fd)
{
    if (fails(SYNC))
        FAIL(EIO, -1);
    return NEXT(fsync)(fd);
}

int
fdatasync(int fd)
{
    if (fails(SYNC))
        FAIL(EIO, -1);
    return NEXT(fdatasync)(fd);
}

/* Processes. */

pid_t
fork(void)
{
    if (fails(FORK))
        FAIL(EAGAIN, -1);
    return NEXT(fork)();
}

int
posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
            const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    if (fails(FORK))
        return EAGAIN;
    return NEXT(posix_spawn)(pid, path, actions, attributes, argv, envp);
}

int
posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
             const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    if (fails(FORK))
        return EAGAIN;
    return NEXT(posix_spawnp)(pid, file, actions, attributes, argv, envp);
}

int
clone(int (*function)(void *), void *stack, int flags, void *arg, ...)
{
    va_list ap;
    pid_t *parent, *child;
    void *tls;

    va_start(ap, arg);
    parent = va_arg(ap, pid_t *);
    tls = va_arg(ap, void *);
    child = va_arg(ap, pid_t *);
    va_end(ap);
    if (fails(FORK))
        FAIL(EAGAIN, -1);
    return NEXT(clone)(function, stack, flags, arg, parent, tls, child);
}
