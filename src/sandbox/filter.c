/*
 * The list follows what container engines allow by default.  The default answer is ENOSYS, so that
 * a program which tries a call newer than this list falls back as on an older kernel; calls that
 * are known and refused answer EPERM, as a program expects of missing rights.
 *
 * Namespaces cannot be made (clone with CLONE_NEW*, unshare, setns), clone3 hides its flags behind
 * a pointer and therefore does not exist, and neither do io_uring, foreign system-call tables and
 * the socket families that reach past the machine's network (vsock, packet).  In the program for
 * pods with an address of their own, init makes the calls that name addresses (init/netcall.h).
 *
 * Installing a filter is part of every start, and the kernel then walks it once for each call
 * number: a chain of comparisons costs 1.8 ms, libseccomp's own tree 0.15 ms.  So libseccomp knows
 * the calls' numbers, and the program is made here: neighbouring numbers with one answer form a
 * range, and a binary search over some sixty ranges finds the answer.
 */
#ifndef SLUICE_INIT
#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* clang-format off */
static const char *const allowed[] = {
    "accept", "accept4", "access", "adjtimex", "alarm", "arch_prctl", "bind", "brk", "cachestat",
    "capget", "capset", "chdir", "chmod", "chown", "chroot", "clock_adjtime", "clock_getres",
    "clock_gettime", "clock_nanosleep", "close", "close_range", "connect", "copy_file_range",
    "creat", "dup", "dup2", "dup3", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old",
    "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2",
    "execve", "execveat", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64",
    "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown",
    "fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork", "fremovexattr",
    "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futex", "futex_requeue", "futex_wait",
    "futex_waitv", "futex_wake", "futimesat", "getcpu", "getcwd", "getdents", "getdents64",
    "getegid", "geteuid", "getgid", "getgroups", "getitimer", "getpeername", "getpgid", "getpgrp",
    "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit",
    "get_robust_list", "getrusage", "getsid", "getsockname", "getsockopt", "get_thread_area",
    "gettid", "gettimeofday", "getuid", "getxattr", "inotify_add_watch", "inotify_init",
    "inotify_init1", "inotify_rm_watch", "io_cancel", "ioctl", "io_destroy", "io_getevents",
    "io_pgetevents", "ioprio_get", "ioprio_set", "io_setup", "io_submit", "ipc", "kill",
    "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lchown",
    "lgetxattr", "link", "linkat", "listen", "listxattr", "llistxattr", "lremovexattr", "lseek",
    "lsetxattr", "lstat", "madvise", "map_shadow_stack", "membarrier", "memfd_create",
    "memfd_secret", "mincore", "mkdir", "mkdirat", "mknod", "mknodat", "mlock", "mlock2",
    "mlockall", "mmap", "modify_ldt", "mprotect", "mq_getsetattr", "mq_notify", "mq_open",
    "mq_timedreceive", "mq_timedsend", "mq_unlink", "mremap", "mseal", "msgctl", "msgget",
    "msgrcv", "msgsnd", "msync", "munlock", "munlockall", "munmap", "name_to_handle_at",
    "nanosleep", "newfstatat", "open", "openat", "openat2", "pause", "pidfd_getfd", "pidfd_open",
    "pidfd_send_signal", "pipe", "pipe2", "pkey_alloc", "pkey_free", "pkey_mprotect", "poll",
    "ppoll", "prctl", "pread64", "preadv", "preadv2", "prlimit64", "process_madvise",
    "process_mrelease", "process_vm_readv", "process_vm_writev", "pselect6", "ptrace", "pwrite64",
    "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "recvfrom",
    "recvmmsg", "recvmsg", "remap_file_pages", "removexattr", "rename", "renameat", "renameat2",
    "restart_syscall", "rmdir", "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
    "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity",
    "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "select",
    "semctl", "semget", "semop", "semtimedop", "sendfile", "sendmmsg", "sendmsg", "sendto",
    "setfsgid", "setfsuid", "setgid", "setgroups", "setitimer", "setpgid", "setpriority",
    "setregid", "setresgid", "setresuid", "setreuid", "setrlimit", "set_robust_list", "setsid",
    "setsockopt", "set_thread_area", "set_tid_address", "setuid", "setxattr", "shmat", "shmctl",
    "shmdt", "shmget", "shutdown", "sigaltstack", "signalfd", "signalfd4", "socketpair", "splice",
    "stat", "statfs", "statx", "symlink", "symlinkat", "sync", "sync_file_range", "syncfs",
    "sysinfo", "tee", "tgkill", "time", "timer_create", "timer_delete", "timer_getoverrun",
    "timer_gettime", "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    "times", "tkill", "truncate", "umask", "uname", "unlink", "unlinkat", "utime", "utimensat",
    "utimes", "vfork", "vmsplice", "wait4", "waitid", "waitpid", "write", "writev"
};

static const char *const refused[] = {
    "acct", "add_key", "bpf", "clock_settime", "create_module", "delete_module", "fanotify_init",
    "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms", "get_mempolicy",
    "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl",
    "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mbind", "migrate_pages",
    "mount", "mount_setattr", "move_mount", "move_pages", "nfsservctl", "open_by_handle_at",
    "open_tree", "perf_event_open", "pivot_root", "query_module", "quotactl", "quotactl_fd",
    "reboot", "request_key", "set_mempolicy", "setdomainname", "sethostname", "setns",
    "settimeofday", "swapoff", "swapon", "sysfs", "syslog", "umount", "umount2", "unshare",
    "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old"
};

/* clang-format on */

enum {
    NEW_NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                     CLONE_NEWNET | CLONE_NEWCGROUP
};

enum verdict {
    NOSYS,
    ALLOW,
    REFUSE,
    SUPERVISE, /* init makes the call */
    NO_FAMILY, /* EAFNOSUPPORT */
    IF_CLONE,
    IF_SOCKET,
    IF_POD_SOCKET,
    IF_SENDTO,
    IF_SENDMSG,
    IF_SENDMMSG,
    IF_PERSONALITY
};
enum { CALLS = 1024, PROGRAM = 512 }; /* beyond every call's number; instructions */

struct program {
    struct sock_filter at[PROGRAM];
    unsigned n;
    unsigned char verdicts[CALLS];
};

static void
emit(struct program *p, unsigned code, unsigned jt, unsigned jf, uint32_t k)
{
    CHECK(p->n < PROGRAM && jt < 256 && jf < 256);
    p->at[p->n++] = (struct sock_filter){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, k};
}

static void
emit_load(struct program *p, size_t offset)
{
    emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void
emit_answer(struct program *p, enum verdict v)
{
    static const uint32_t answers[] = {SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ALLOW,
                                       SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_USER_NOTIF,
                                       SECCOMP_RET_ERRNO | EAFNOSUPPORT};

    emit(p, BPF_RET | BPF_K, 0, 0, answers[v]);
}

/* One word of an argument; the low one is all of an int. */
static void
emit_load_argument(struct program *p, unsigned number, bool high)
{
    bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

    emit_load(p,
              offsetof(struct seccomp_data, args) + number * sizeof(__u64) + (big != high ? 4 : 0));
}

/* One answer if the argument is among the values, another if not. */
static void
emit_choice(struct program *p, const uint32_t *values, unsigned n, enum verdict found,
            enum verdict other)
{
    emit_load_argument(p, 0, false);
    for (unsigned i = 0; i < n; i++)
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, n - i, 0, values[i]);
    emit_answer(p, other);
    emit_answer(p, found);
}

/* A pod's sockets: families whose connections init can supervise, and not the protocols that
 * connect by setsockopt (SCTP) or are another family in disguise (SMC). */
static void
emit_pod_socket(struct program *p)
{
    enum { PROTOCOL_SCTP = 132, PROTOCOL_SMC = 256, TYPE_MASK = 0xf };

    emit_load_argument(p, 0, false);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 10, 0, AF_UNIX);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 9, 0, AF_NETLINK);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, AF_INET);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AF_INET6);
    emit_answer(p, NO_FAMILY);
    emit_load_argument(p, 2, false);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 5, 0, PROTOCOL_SCTP);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 4, 0, PROTOCOL_SMC);
    emit_load_argument(p, 1, false);
    emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, TYPE_MASK);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SOCK_SEQPACKET);
    emit_answer(p, ALLOW);
    emit_answer(p, NO_FAMILY);
}

/* MSG_FASTOPEN connects without connect(). */
static void
emit_flags(struct program *p, unsigned argument)
{
    emit_load_argument(p, argument, false);
    emit(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, MSG_FASTOPEN);
    emit_answer(p, REFUSE);
}

/* send() is a sendto() without an address. */
static void
emit_sendto(struct program *p)
{
    emit_flags(p, 3);
    emit_load_argument(p, 4, false);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0);
    emit_load_argument(p, 4, true);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
    emit_answer(p, ALLOW);
    emit_answer(p, SUPERVISE);
}

static void
emit_leaf(struct program *p, enum verdict v)
{
    static const uint32_t families[] = {AF_VSOCK, AF_PACKET};
    static const uint32_t personalities[] = {0x0, 0x0008, 0x20000, 0x20008, 0xffffffff};

    switch (v) {
    case IF_CLONE:
        emit_load_argument(p, 0, false);
        emit(p, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NEW_NAMESPACES);
        emit_answer(p, REFUSE);
        emit_answer(p, ALLOW);
        break;
    case IF_SOCKET:
        emit_choice(p, families, ARRAY_LEN(families), REFUSE, ALLOW);
        break;
    case IF_POD_SOCKET:
        emit_pod_socket(p);
        break;
    case IF_SENDTO:
        emit_sendto(p);
        break;
    case IF_SENDMSG:
        emit_flags(p, 2);
        emit_answer(p, ALLOW);
        break;
    case IF_SENDMMSG:
        emit_flags(p, 3);
        emit_answer(p, ALLOW);
        break;
    case IF_PERSONALITY:
        emit_choice(p, personalities, ARRAY_LEN(personalities), ALLOW, REFUSE);
        break;
    default:
        emit_answer(p, v);
    }
}

/* A search among the ranges that begin at starts[0..n-1]. */
static void
emit_search(struct program *p, const unsigned *starts, unsigned n)
{
    unsigned jump = p->n;

    if (n == 1) {
        emit_leaf(p, p->verdicts[starts[0]]);
        return;
    }
    emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 0, starts[n / 2]);
    emit_search(p, starts, n / 2);
    CHECK(p->n - jump - 1 < 256);
    p->at[jump].jt = (uint8_t)(p->n - jump - 1);
    emit_search(p, starts + n / 2, n - n / 2);
}

/* Names of other machines' tables have no number here; that is no error. */
static void
judge(struct program *p, const char *name, enum verdict v)
{
    int nr = seccomp_syscall_resolve_name(name);

    if (nr >= 0 && nr < CALLS)
        p->verdicts[nr] = (unsigned char)v;
}

static void
judge_network(struct program *p)
{
    judge(p, "bind", SUPERVISE);
    judge(p, "connect", SUPERVISE);
    judge(p, "listen", SUPERVISE);
    judge(p, "sendto", IF_SENDTO);
    judge(p, "sendmsg", IF_SENDMSG);
    judge(p, "sendmmsg", IF_SENDMMSG);
    judge(p, "socket", IF_POD_SOCKET);
}

static void
compile(struct program *p, bool network)
{
    unsigned starts[CALLS], n = 0;

    for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
        judge(p, allowed[i], ALLOW);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        judge(p, refused[i], REFUSE);
    judge(p, "clone", IF_CLONE);
    judge(p, "socket", IF_SOCKET);
    judge(p, "personality", IF_PERSONALITY);
    if (network)
        judge_network(p);
    for (unsigned i = 0; i < CALLS; i++) {
        if (i == 0 || p->verdicts[i] != p->verdicts[i - 1])
            starts[n++] = i;
    }
    /* Another table's numbers mean other calls.  The library's names for tables are the kernel's.
     */
    emit_load(p, offsetof(struct seccomp_data, arch));
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, seccomp_arch_native());
    emit_answer(p, NOSYS);
    emit_load(p, offsetof(struct seccomp_data, nr));
    emit_search(p, starts, n);
}

int
filter_memfd(bool network, struct err *e)
{
    cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct program p = {.n = 0};
    size_t bytes;

    if (fd < 0)
        return err_errno(e, "memfd_create");
    compile(&p, network);
    bytes = p.n * sizeof p.at[0];
    if (write(fd, p.at, bytes) != (ssize_t)bytes)
        return err_errno(e, "write the system-call filter");
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return err_errno(e, "seal the system-call filter");
    return TAKE_FD(fd);
}
#else
typedef int filter_is_not_part_of_init; /* a translation unit must declare something */
#endif
