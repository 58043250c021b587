#include "init/holding.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "init/boxpacket.h"
#include "sandbox/boxrecord.h"

enum { ANSWER_S = 5 }; /* a holder answers at once; one that does not is stuck */

int
holding_ask(int dir, int ret[HOLDING_COUNT], struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = ANSWER_S};
    cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    cleanup_buf struct buf bytes = BUF_INIT;
    cleanup_arena struct arena a = ARENA_INIT;
    struct boxmsg m = {.type = BOXMSG_NAMESPACES};
    struct boxpacket_fds fds;

    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, BOX_CONTROL);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
        return err_errno(e, "ask the holder of the pod's namespaces");
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return err_set(e, ERR_UNAVAILABLE, "the holder of the pod's namespaces is gone: %s",
                       strerror(errno));
    if (boxpacket_put(fd, &m, NULL, 0, e) < 0)
        return e->code;
    if (boxpacket_get(fd, &bytes, &fds, e) <= 0)
        return err_set(e, ERR_TIMEOUT, "the holder of the pod's namespaces does not answer");
    if (boxmsg_decode(buf_view(&bytes), &a, &m, e) < 0 || m.type != BOXMSG_DONE ||
        fds.n != HOLDING_COUNT) {
        boxpacket_close_fds(&fds);
        return err_set(e, ERR_CONFLICT, "the holder of the pod's namespaces refuses");
    }
    memcpy(ret, fds.at, HOLDING_COUNT * sizeof *ret);
    return 0;
}

void
holding_close(int namespaces[HOLDING_COUNT])
{
    for (int i = 0; i < HOLDING_COUNT; i++) {
        if (namespaces[i] >= 0)
            close(TAKE_FD(namespaces[i]));
    }
}

static int
parent_of(int pod, const char *number)
{
    cleanup_close int dir = openat(pod, number, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int namespaces[HOLDING_COUNT], parent;
    struct err ignored = ERR_INIT;

    if (dir < 0 || holding_ask(dir, namespaces, &ignored) < 0)
        return -1;
    parent = ioctl(namespaces[HOLDING_USER], NS_GET_PARENT);
    holding_close(namespaces);
    return parent;
}

/* Of the first holder among the directory's entries, which are pods or (deep) attempts. */
static int
search(int at, const char *name, bool deep)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), found = -1;
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    for (struct dirent *entry; d != NULL && found < 0 && (entry = readdir(d)) != NULL;) {
        if (entry->d_name[0] != '.')
            found = deep ? parent_of(fd, entry->d_name) : search(fd, entry->d_name, true);
    }
    if (d != NULL)
        closedir(d);
    else if (fd >= 0)
        close(fd);
    return found;
}

int
holding_parent(const char *data_dir)
{
    cleanup_free char *path = xasprintf("%s/" BOX_HOLDERS, data_dir);

    return search(AT_FDCWD, path, false);
}
