#include "io/watch.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "io/loop_int.h"

struct watch {
    struct loop *loop;
    uv_poll_t *poll;
    watch_fn *fn;
    void *arg;
};

/* libuv stops a handle whose descriptor reports an error; the owner hears of it as "readable" and
 * finds the error in its next read. */
static void
on_poll(uv_poll_t *p, int status, int events)
{
    struct watch *w = p->data;
    int ready = 0;

    loop_ran(w->loop);
    if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)) != 0)
        ready |= WATCH_READ;
    if ((events & UV_WRITABLE) != 0)
        ready |= WATCH_WRITE;
    w->fn(w->arg, ready);
}

struct watch *
watch_new(struct loop *l, int fd, int events, watch_fn *fn, void *arg, struct err *e)
{
    struct watch *w = NEW(struct watch);

    CHECK(!l->fake);
    *w = (struct watch){.loop = l, .fn = fn, .arg = arg, .poll = NEW(uv_poll_t)};

    int rc = uv_poll_init(&l->uv, w->poll, fd);

    if (rc < 0) {
        free(w->poll);
        free(w);
        err_set(e, ERR_IO, "watch descriptor %d: %s", fd, uv_strerror(rc));
        return NULL;
    }
    w->poll->data = w;
    watch_set(w, events);
    return w;
}

void
watch_set(struct watch *w, int events)
{
    int bits = 0;

    if ((events & WATCH_READ) != 0)
        bits |= UV_READABLE;
    if ((events & WATCH_WRITE) != 0)
        bits |= UV_WRITABLE;
    if (bits == 0)
        uv_poll_stop(w->poll);
    else
        uv_poll_start(w->poll, bits, on_poll);
}

void
watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    uv_poll_stop(w->poll);
    loop_close_handle((uv_handle_t *)w->poll);
    free(w);
}
