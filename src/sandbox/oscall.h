/*
 * oscall - Linux calls that the C library lacks or that have an older way, and small helpers.
 *
 * Each returns as a system call does: -1 and errno.  Any thread.
 */
#ifndef SANDBOX_OSCALL_H
#define SANDBOX_OSCALL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* linux/openat2.h's, without its clash with fcntl.h. */
enum {
    OSCALL_NO_XDEV = 0x01, /* mount points too; kept by openat2 only */
    OSCALL_NO_MAGICLINKS = 0x02,
    OSCALL_NO_SYMLINKS = 0x04,
    OSCALL_BENEATH = 0x08,
    OSCALL_IN_ROOT = 0x10,
};

/* openat2; without it (ENOSYS) a walk, component by component, with the same effect except that
 * symbolic links are refused. */
int oscall_openat2(int dirfd, const char *path, int flags, mode_t mode, int resolve);
/* fork into new namespaces; *pidfd is set.  `use_clone3` false: the older call. */
pid_t oscall_clone(uint64_t flags, int *pidfd, bool use_clone3);
int oscall_pidfd_open(pid_t pid);
int oscall_pivot_root(const char *new_root, const char *put_old);

/* Closes every descriptor but those in `keep` (any order; -1 is skipped). */
void oscall_close_except(const int *keep, size_t n);

/* The whole of `text` into an existing file (of /proc, of a cgroup) with one write. */
int oscall_write_file(int dirfd, const char *path, const char *text);
/* Up to size - 1 bytes, terminated; their number or -1. */
ssize_t oscall_read_file(int dirfd, const char *path, char *to, size_t size);

/* Takes an ability away from this process and its children, for tests (SLUICE_DENY). */
void oscall_deny_openat2(void);
void oscall_deny_close_range(void);

#endif
