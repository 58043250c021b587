#include "sandbox/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/unit/test.h"

enum { MAX_INSTRUCTIONS = 4096, NO_SUCH_CALL = 9999, SYS_UNSHARE_X32 = 0x40000000 + 272 };

static int
install(int fd)
{
    static struct sock_filter program[MAX_INSTRUCTIONS];
    ssize_t n = pread(fd, program, sizeof program, 0);
    struct sock_fprog p = {.len = (unsigned short)((size_t)n / sizeof *program), .filter = program};

    if (n <= 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
}

/* The number of the first answer that is wrong, in a process of its own. */
static int
wrong_answer(int fd)
{
    if (install(fd) < 0)
        return 100;
#define ANSWERS(call, number) \
    if ((call) >= 0 || errno != (number)) \
    return __LINE__ % 100
    ANSWERS(unshare(CLONE_NEWNS), EPERM);
    ANSWERS(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
    ANSWERS(syscall(SYS_clone3, NULL, 0), ENOSYS);
    ANSWERS(syscall(NO_SUCH_CALL), ENOSYS);
    ANSWERS(syscall(SYS_UNSHARE_X32, 0), ENOSYS);
    ANSWERS(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
    ANSWERS(syscall(SYS_mount, NULL, NULL, NULL, 0, NULL), EPERM);
    ANSWERS(socket(AF_VSOCK, SOCK_STREAM, 0), EPERM);
    ANSWERS(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
#undef ANSWERS
    if (socket(AF_UNIX, SOCK_STREAM, 0) < 0 || socket(AF_INET6, SOCK_STREAM, 0) < 0)
        return 101;
    return fork() < 0 ? 102 : 0;
}

TEST(filter_answers_as_programs_expect)
{
    struct err e = ERR_INIT;
    int fd = filter_memfd(false, &e), status;
    pid_t pid;

    CHECK_TRUE(fd >= 0);
    pid = fork();
    if (pid == 0)
        _exit(wrong_answer(fd));
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
    close(fd);
}

TESTS_MAIN(T_(filter_answers_as_programs_expect))
