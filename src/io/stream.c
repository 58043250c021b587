#include "io/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/address.h"
#include "io/loop_int.h"
#include "io/packet.h"
#include "io/stream_int.h"
#include "io/watch.h"

static const char *
sentence(int sys)
{
    switch (sys) {
    case ECONNRESET:
    case EPIPE:
        return "the peer has closed the connection";
    case ECONNREFUSED:
        return "nobody listens there";
    default:
        return strerror(sys);
    }
}

void
stream_fail(struct stream *s, const struct err *why)
{
    if (s->failed)
        return;
    s->failed = true;
    s->why = xmemdup(why, sizeof *why);
    buf_done(&s->out);
    s->out_at = 0;
    task_post(&s->offer);
}

void
stream_fail_errno(struct stream *s, int sys)
{
    struct err e = ERR_INIT;

    err_set(&e, ERR_UNAVAILABLE, "%s", sentence(sys));
    e.sys = sys;
    stream_fail(s, &e);
}

void
stream_rewatch(struct stream *s)
{
    int events = 0;

    if (!s->failed) {
        if (s->reading && !s->ended && !s->connecting && s->keep.n < STREAM_KEEP_BYTES)
            events |= WATCH_READ;
        if (s->connecting || s->out.n > s->out_at || (s->draining && stream_pending(s) == 0))
            events |= WATCH_WRITE;
    }
    if (events == s->watched)
        return;
    s->watched = events;
    watch_set(s->watch, events);
}

/* Callbacks: each returns false if the owner has freed the stream. */

static bool
tell(struct stream *s, void (*fn)(void *arg))
{
    bool freed = false;

    s->freed = &freed;
    fn(s->arg);
    if (freed)
        return false;
    s->freed = NULL;
    return true;
}

/* Offers bytes; *ret_taken is how many the owner took. */
static bool
offer(struct stream *s, struct str bytes, size_t *ret_taken)
{
    bool freed = false;

    s->freed = &freed;
    s->again = false;
    *ret_taken = s->handler->on_read(s->arg, bytes);
    if (freed)
        return false;
    s->freed = NULL;
    if (s->again && *ret_taken < bytes.n)
        task_post(&s->offer); /* whoever takes over now has not seen the rest */
    return true;
}

static bool
offer_kept(struct stream *s)
{
    size_t taken;

    if (s->keep.n == 0)
        return true;
    if (!offer(s, buf_view(&s->keep), &taken))
        return false;
    if (taken == s->keep.n) {
        buf_done(&s->keep); /* an idle connection holds no buffer */
        return true;
    }
    memmove(s->keep.p, s->keep.p + taken, s->keep.n - taken);
    buf_cut(&s->keep, s->keep.n - taken);
    return true;
}

/* What the next pass owes the owner: the end and the failure, each once. */
static bool
offer_ends(struct stream *s)
{
    if (s->ended && !s->told_end && s->reading) {
        s->told_end = true;
        if (!tell(s, s->handler->on_end))
            return false;
    }
    if (s->failed && !s->told_close) {
        cleanup_free struct err *why = TAKE(s->why); /* outlives the stream, if that is freed now */
        bool freed = false;

        s->told_close = true;
        s->freed = &freed;
        s->handler->on_close(s->arg, why);
        if (freed)
            return false;
        s->freed = NULL;
    }
    return true;
}

static void
on_offer(void *arg)
{
    struct stream *s = arg;

    if (s->reading && !offer_kept(s))
        return;
    if (!offer_ends(s))
        return;
    stream_rewatch(s);
}

/* Reading. */

static void
decode(struct stream *s, struct str bytes)
{
    struct err e = ERR_INIT;
    bool ended = false;
    int rc = s->filter->decode(s->filter_arg, bytes, &s->keep, &s->out, &ended, &e);

    stream_flush(s);
    if (rc < 0)
        stream_fail(s, &e);
    else if (ended)
        s->ended = true;
}

/* Takes what is there and offers it.  False if the stream was freed. */
static bool
receive(struct stream *s)
{
    ssize_t n = recv(s->fd, s->loop->scratch, STREAM_READ_BYTES, MSG_DONTWAIT);
    struct str bytes;
    size_t taken;

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            stream_fail_errno(s, errno);
        return true;
    }
    if (n == 0) {
        s->ended = true;
        return offer_kept(s) && offer_ends(s);
    }
    s->in_bytes += (uint64_t)n;
    bytes = str_make(s->loop->scratch, (size_t)n);
    if (s->filter != NULL) {
        decode(s, bytes);
        return offer_kept(s) && offer_ends(s);
    }
    if (s->keep.n > 0) {
        buf_str(&s->keep, bytes);
        return offer_kept(s);
    }
    if (!offer(s, bytes, &taken))
        return false;
    buf_str(&s->keep, str_slice(bytes, taken, bytes.n));
    return true;
}

static void
finish_connecting(struct stream *s)
{
    int sys = 0;
    socklen_t n = sizeof sys;

    s->connecting = false;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &sys, &n) < 0)
        sys = errno;
    if (sys != 0)
        stream_fail_errno(s, sys);
    s->draining = true;
}

static void
on_ready(void *arg, int ready)
{
    struct stream *s = arg;

    if (s->connecting)
        finish_connecting(s);
    if ((ready & WATCH_WRITE) != 0)
        stream_flush(s);
    if (s->draining && !s->failed && stream_pending(s) == 0) {
        s->draining = false;
        if (!tell(s, s->handler->on_drain))
            return;
    }
    if ((ready & WATCH_READ) != 0 && s->reading && !s->ended && !s->failed && !receive(s))
        return;
    stream_rewatch(s);
}

void
stream_read(struct stream *s, bool on)
{
    s->reading = on;
    s->again = on;
    if (on && (s->keep.n > 0 || (s->ended && !s->told_end)))
        task_post(&s->offer);
    stream_rewatch(s);
}

/* Making and ending. */

static void
set_options(int fd)
{
    int on = 1;

    /* Fail for Unix sockets, which have neither delay nor keep-alive probes. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

struct stream *
stream_new(struct loop *l, int fd, const struct stream_handler *handler, void *arg, struct err *e)
{
    struct stream *s = NEW(struct stream);

    *s = (struct stream){.loop = l, .fd = fd, .handler = handler, .arg = arg};
    task_init(&s->offer, l, on_offer, s);
    if (l->scratch == NULL)
        l->scratch = xcalloc(1, PACKET_MAX_BYTES);
    set_options(fd);
    s->watch = watch_new(l, fd, 0, on_ready, s, e);
    if (s->watch == NULL) {
        stream_free(s);
        return NULL;
    }
    return s;
}

/* The port is chosen by connect, so that none is used up. */
static int
bind_source(int fd, const struct address *from, struct err *e)
{
    struct address at = *from;
    int on = 1;

    address_set_port(&at, 0);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, &at.any, at.n) < 0 ? err_errno(e, "bind the source") : 0;
}

struct stream *
stream_connect_from(struct loop *l, const struct address *from, const struct address *to,
                    const struct stream_handler *handler, void *arg, struct err *e)
{
    cleanup_close int fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stream *s;

    if (fd < 0) {
        err_errno(e, "make a socket");
        return NULL;
    }
    if (from != NULL && bind_source(fd, from, e) < 0)
        return NULL;
    if (connect(fd, &to->any, to->n) < 0 && errno != EINPROGRESS) {
        err_set(e, ERR_UNAVAILABLE, "%s", sentence(errno));
        return NULL;
    }
    s = stream_new(l, TAKE_FD(fd), handler, arg, e);
    if (s == NULL)
        return NULL;
    s->connecting = true; /* one that is connected already is writable at once */
    stream_rewatch(s);
    return s;
}

struct stream *
stream_connect(struct loop *l, const struct address *to, const struct stream_handler *handler,
               void *arg, struct err *e)
{
    return stream_connect_from(l, NULL, to, handler, arg, e);
}

void
stream_set_filter(struct stream *s, const struct stream_filter *filter, void *arg)
{
    s->filter = filter;
    s->filter_arg = arg;
}

void
stream_set_last(struct stream *s, void (*last)(void *arg), void *arg)
{
    s->last = last;
    s->last_arg = arg;
}

void
stream_set_handler(struct stream *s, const struct stream_handler *handler, void *arg)
{
    s->handler = handler;
    s->arg = arg;
}

void
stream_free(struct stream *s)
{
    if (s == NULL)
        return;
    if (s->freed != NULL)
        *s->freed = true;
    task_cancel(&s->offer);
    watch_free(s->watch);
    close(s->fd);
    if (s->last != NULL)
        s->last(s->last_arg);
    if (s->filter != NULL)
        s->filter->free(s->filter_arg);
    buf_done(&s->keep);
    buf_done(&s->out);
    free(s->why);
    free(s);
}

void
stream_reset(struct stream *s)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (s != NULL)
        (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream_free(s);
}

int
stream_fd(const struct stream *s)
{
    return s->fd;
}

void
stream_take_traffic(struct stream *s, uint64_t *ret_in, uint64_t *ret_out)
{
    *ret_in = s->in_bytes;
    *ret_out = s->out_bytes;
    s->in_bytes = s->out_bytes = 0;
}
