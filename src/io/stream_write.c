/*
 * The way out of a stream: through the filter, to the kernel as far as that takes it, and into a
 * copy for the rest.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/err.h"
#include "base/log.h"
#include "io/stream_int.h"

enum { MAX_PARTS = 16 };

static ssize_t
send_parts(struct stream *s, const struct iovec *iov, size_t n)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};
    ssize_t sent;

    do
        sent = sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        s->out_bytes += (uint64_t)sent;
    return sent;
}

static void
shut_when_written(struct stream *s)
{
    if (!s->finish || s->shut || s->connecting || s->failed || s->out.n > s->out_at)
        return;
    s->shut = true;
    (void)shutdown(s->fd, SHUT_WR); /* fails only if the peer is gone, which reading tells */
}

void
stream_flush(struct stream *s)
{
    while (!s->failed && !s->connecting && s->out.n > s->out_at) {
        struct iovec iov = {s->out.p + s->out_at, s->out.n - s->out_at};
        ssize_t sent = send_parts(s, &iov, 1);

        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent < 0) {
            stream_fail_errno(s, errno);
            break;
        }
        s->out_at += (size_t)sent;
    }
    if (s->out.n > 0 && s->out.n == s->out_at) {
        buf_done(&s->out);
        s->out_at = 0;
    }
    shut_when_written(s);
}

static void
encode_parts(struct stream *s, const struct str *parts, size_t n)
{
    struct err e = ERR_INIT;

    for (size_t i = 0; i < n && !s->failed; i++)
        if (parts[i].n > 0 && s->filter->encode(s->filter_arg, parts[i], &s->out, &e) < 0)
            stream_fail(s, &e);
    stream_flush(s);
}

static void
write_parts(struct stream *s, const struct str *parts, size_t n)
{
    struct iovec iov[MAX_PARTS];
    size_t total = 0;
    ssize_t sent = 0;

    CHECK(n <= MAX_PARTS);
    for (size_t i = 0; i < n; i++) {
        iov[i] = (struct iovec){(void *)(uintptr_t)parts[i].p, parts[i].n};
        total += parts[i].n;
    }
    if (total == 0)
        return;
    if (s->out.n == 0 && !s->connecting) {
        sent = send_parts(s, iov, n);
        if (sent < 0 && errno != EAGAIN) {
            stream_fail_errno(s, errno);
            return;
        }
        if (sent < 0)
            sent = 0;
    }
    for (size_t i = 0, gone = (size_t)sent; i < n; i++) {
        size_t skip = gone < parts[i].n ? gone : parts[i].n;

        buf_str(&s->out, str_slice(parts[i], skip, parts[i].n));
        gone -= skip;
    }
}

bool
stream_write(struct stream *s, const struct str *parts, size_t n)
{
    CHECK(!s->finish);
    if (s->failed)
        return true; /* on_close follows */
    if (s->filter != NULL)
        encode_parts(s, parts, n);
    else
        write_parts(s, parts, n);
    s->draining = stream_pending(s) > 0;
    stream_rewatch(s);
    return !s->draining;
}

size_t
stream_pending(const struct stream *s)
{
    size_t held = s->filter != NULL ? s->filter->held(s->filter_arg) : 0;

    return s->out.n - s->out_at + held;
}

void
stream_finish(struct stream *s)
{
    if (s->finish)
        return;
    s->finish = true;
    if (s->filter != NULL && !s->failed)
        s->filter->finish(s->filter_arg, &s->out);
    stream_flush(s);
    stream_rewatch(s);
}
