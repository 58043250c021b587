#include "sandbox/probe_network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/oscall.h"

enum { ANSWER = 77 }; /* what the supervised call returns: nothing that the kernel would say */

/* Hands over its calls of listen. */
static int
install(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_listen, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog p = {.len = ARRAY_LEN(program), .filter = program};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &p);
}

/* Its listener is at the number that it writes to the pipe; the parent takes it from there. */
static _Noreturn void
supervised(int tell)
{
    int listener, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    listener = install();
    (void)!write(tell, &listener, sizeof listener);
    _exit(fd >= 0 && listen(fd, 1) == ANSWER ? 0 : 1);
}

static const char *
supervise(pid_t pid, int from)
{
    cleanup_close int pidfd = oscall_pidfd_open(pid), listener = -1, copy = -1;
    struct seccomp_notif n;
    struct seccomp_notif_resp r = {.val = ANSWER};
    int number = -1, word;
    struct iovec local = {&word, sizeof word}, remote = {&number, sizeof number};

    memset(&n, 0, sizeof n);
    if (read(from, &number, sizeof number) != (ssize_t)sizeof number || number < 0)
        return "a filter with a listener is refused";
    listener = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
    if (listener < 0)
        return "descriptors of children cannot be taken";
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
        return "no call is handed over";
    r.id = n.id;
    copy = (int)syscall(SYS_pidfd_getfd, pidfd, (int)n.data.args[0], 0);
    if (copy < 0 || process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0)
        return "memory of children cannot be read";
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r) < 0 ? "calls cannot be answered" : NULL;
}

bool
probe_network(char *why, size_t size, int *sys)
{
    int ends[2], status = -1;
    const char *failed = "fork or pipe is refused";
    pid_t pid = -1;

    if (pipe2(ends, O_CLOEXEC) == 0) {
        pid = fork();
        if (pid == 0)
            supervised(ends[1]);
        *sys = pid < 0 ? errno : 0;
        close(ends[1]);
        if (pid > 0)
            failed = supervise(pid, ends[0]);
        close(ends[0]);
    } else {
        *sys = errno;
    }
    if (pid > 0) {
        if (failed != NULL)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    if (failed == NULL && status != 0)
        failed = "an answer did not arrive";
    snprintf(why, size, "%s", failed != NULL ? failed : "");
    return failed == NULL;
}
