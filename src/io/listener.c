#include "io/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "io/address.h"
#include "io/timer.h"
#include "io/watch.h"

struct listener {
    struct address at;
    int fd;
    struct watch *watch; /* NULL until it is started */
    struct timer pause;
    listener_fn *fn;
    void *arg;
    bool *freed; /* set by listener_free() while a callback runs */
};

/* Whether a Unix socket's file is what a process that is gone has left.  Other files, somebody's
 * data for instance, refuse connections in the same way. */
static bool
is_stale(const struct address *at)
{
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat st;

    return fd >= 0 && lstat(at->path.sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
           connect(fd, &at->any, at->n) < 0 && errno == ECONNREFUSED;
}

static int
bind_at(int fd, const struct address *at)
{
    if (at->any.sa_family != AF_UNIX)
        return bind(fd, &at->any, at->n);
    if (fchmod(fd, 0600) < 0) /* what bind() gives the file, so that it never is wider */
        return -1;
    if (bind(fd, &at->any, at->n) == 0)
        return 0;
    if (errno != EADDRINUSE || !is_stale(at)) {
        errno = EADDRINUSE;
        return -1;
    }
    if (unlink(at->path.sun_path) < 0)
        return -1;
    return bind(fd, &at->any, at->n);
}

static int
fail(const struct address *at, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;
    int sys = errno;

    address_write(at, &text);
    if (sys == EADDRINUSE)
        return err_set(e, ERR_CONFLICT, "listen at %s: the address is in use", buf_cstring(&text));
    errno = sys;
    return err_errno(e, "listen at %s", buf_cstring(&text));
}

struct listener *
listener_new(struct address *at, struct err *e)
{
    cleanup_close int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct listener *n;
    int on = 1;

    /* Without SO_REUSEADDR a restart would wait for the old connections' TIME_WAIT. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind_at(fd, at) < 0 || listen(fd, LISTENER_BACKLOG) < 0 ||
        (at->any.sa_family != AF_UNIX && getsockname(fd, &at->any, &at->n) < 0)) {
        fail(at, e);
        return NULL;
    }
    n = NEW(struct listener);
    *n = (struct listener){.at = *at, .fd = TAKE_FD(fd)};
    return n;
}

/* False when there is none now, or the listener was freed. */
static bool
accept_one(struct listener *n)
{
    struct address peer = {.n = sizeof peer.path};
    int fd = accept4(n->fd, &peer.any, &peer.n, SOCK_CLOEXEC | SOCK_NONBLOCK);
    bool freed = false;

    if (fd < 0) {
        if (errno == EINTR || errno == ECONNABORTED)
            return true;
        if (errno == EAGAIN)
            return false;
        log_warn("listener", "accept: %s; trying again shortly", strerror(errno));
        watch_set(n->watch, 0);
        timer_after(&n->pause, LISTENER_PAUSE_US);
        return false;
    }
    n->freed = &freed;
    n->fn(n->arg, fd, &peer);
    if (freed)
        return false;
    n->freed = NULL;
    return true;
}

static void
on_ready(void *arg, int ready)
{
    enum { AT_ONCE = 64 }; /* connections of one pass */
    struct listener *n = arg;

    (void)ready;
    for (int i = 0; i < AT_ONCE && accept_one(n); i++)
        ;
}

static void
on_pause(void *arg)
{
    struct listener *n = arg;

    watch_set(n->watch, WATCH_READ);
}

int
listener_start(struct listener *n, struct loop *l, listener_fn *fn, void *arg, struct err *e)
{
    n->fn = fn;
    n->arg = arg;
    timer_init(&n->pause, l, on_pause, n);
    n->watch = watch_new(l, n->fd, WATCH_READ, on_ready, n, e);
    return n->watch != NULL ? 0 : e->code;
}

void
listener_free(struct listener *n)
{
    if (n == NULL)
        return;
    if (n->freed != NULL)
        *n->freed = true;
    if (n->watch != NULL)
        timer_stop(&n->pause);
    watch_free(n->watch);
    close(n->fd);
    if (n->at.any.sa_family == AF_UNIX)
        unlink(n->at.path.sun_path);
    free(n);
}
