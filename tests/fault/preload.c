/*
 * preload - makes the nth call of a kind fail.
 *
 *     FAULT=write:17    the 17th write fails, once
 *     FAULT=write:17+   the 17th and all after it
 *     FAULT=write:0     none: only counts
 *     FAULT_PROGRAM=x   only in processes of that name (default: sluice)
 *     FAULT_REPORT=f    a file of zeroes that holds a struct report: what was counted and fired, by
 * all of these processes together
 *
 * Kinds: alloc (malloc, calloc, realloc: ENOMEM), write (write, pwrite, ftruncate and rename on
 * regular files: ENOSPC), sync (fsync, fdatasync: EIO), fork (fork, posix_spawn, clone, clone3:
 * EAGAIN).
 *
 * Loaded with LD_PRELOAD.  Calls that the C library makes inside of itself are not seen; those of
 * other libraries are.  Nothing here allocates, since allocation is among what fails.  The report
 * is mapped, since an init leaves behind the root and the descriptors that it was born with.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { ALLOC, WRITE, SYNC, FORK, KINDS };
static const char *const names[KINDS] = {"alloc", "write", "sync", "fork"};

/* tests/fault/run reads it. */
struct report {
    atomic_long counts[KINDS];
    atomic_long fired;
    atomic_long careless; /* those of them that were allocations of a careless library */
};

/* libarchive 3.6 does not look at each of its allocations, and may end by SIGSEGV for it. */
#define CARELESS "/libarchive.so"

static struct report *report;
static enum kind wanted = KINDS; /* KINDS: none */
static long at;                  /* 0: never */
static bool persistent;
static atomic_int ready; /* 0: not looked yet, 1: active, 2: not this process */

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static struct report *
map_report(const char *path)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    void *p = fd < 0 ? MAP_FAILED
                     : mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd >= 0)
        syscall(SYS_close, fd);
    return p == MAP_FAILED ? NULL : p;
}

/* Reads the environment, once.  The loader may allocate before there is one. */
static void
set_up(void)
{
    const char *fault = getenv("FAULT"), *program = getenv("FAULT_PROGRAM");
    const char *path = getenv("FAULT_REPORT");

    ready = 2; /* what follows may allocate */
    if (fault == NULL || path == NULL ||
        strcmp(program_invocation_short_name, program != NULL ? program : "sluice") != 0)
        return;
    report = map_report(path);
    for (int k = 0; k < KINDS; k++) {
        size_t n = strlen(names[k]);

        if (strncmp(fault, names[k], n) == 0 && fault[n] == ':') {
            char *end;

            wanted = (enum kind)k;
            at = strtol(fault + n + 1, &end, 10);
            persistent = *end == '+';
        }
    }
    if (report != NULL)
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
    n = ++report->counts[kind];
    if (kind != wanted || at == 0 || (persistent ? n < at : n != at))
        return false;
    report->fired++;
    return true;
}

/* Allocation. */

static bool
alloc_fails(const void *caller)
{
    Dl_info where;

    if (!fails(ALLOC))
        return false;
    if (dladdr(caller, &where) != 0 && strstr(where.dli_fname, CARELESS) != NULL)
        report->careless++;
    return true;
}

void *
malloc(size_t size)
{
    if (alloc_fails(__builtin_return_address(0))) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    if (alloc_fails(__builtin_return_address(0))) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
    if (alloc_fails(__builtin_return_address(0))) {
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

/* The way to what the C library has no function for: clone3. */
long
syscall(long number, ...)
{
    long a[6];
    va_list ap;

    va_start(ap, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(ap, long);
    va_end(ap);
    if ((number == SYS_clone3 || number == SYS_clone) && fails(FORK))
        FAIL(EAGAIN, -1);
    return NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
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
