#include "store/dirlock.h"

#include <errno.h>
#include <fcntl.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

static int
taken_by(int fd, const char *dir, struct err *e)
{
    char text[32];
    ssize_t n = pread(fd, text, sizeof text, 0);
    int64_t pid;

    if (n > 0 && str_to_int(str_trim(str_make(text, (size_t)n)), &pid))
        return err_set(e, ERR_CONFLICT, "data directory '%s' is in use by process %lld", dir,
                       (long long)pid);
    return err_set(e, ERR_CONFLICT, "data directory '%s' is in use by another process", dir);
}

int
dirlock_take(const char *dir, struct err *e)
{
    cleanup_free char *path = xasprintf("%s/lock", dir);
    cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char pid[32];
    int n;

    if (fd < 0)
        return err_errno(e, "open '%s'", path);
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0)
        return errno == EAGAIN || errno == EACCES ? taken_by(fd, dir, e)
                                                  : err_errno(e, "lock '%s'", path);
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    /* A full disk may refuse the number; the lock holds all the same. */
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        (void)ftruncate(fd, 0);
    return TAKE_FD(fd);
}
