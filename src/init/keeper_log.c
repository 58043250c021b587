#include "init/keeper_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "sandbox/boxrecord.h"

enum { CHUNK = 64 * 1024 };

static int
create(int dir, const char *name, int flags, struct err *e)
{
    int fd = openat(dir, name, flags | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    return fd < 0 ? err_errno(e, "create '%s'", name) : fd;
}

int
keeper_log_open(struct keeper_log *l, int dir, uint64_t cap, uint64_t result_max, struct err *e)
{
    *l = (struct keeper_log){.streams = {{.fd = -1}, {.fd = -1}},
                             .dir = dir,
                             .file = -1,
                             .ring = -1,
                             .result = -1,
                             .head_max = cap / 2,
                             .ring_max = cap - cap / 2,
                             .result_max = result_max};
    l->file = create(dir, BOX_LOG, O_WRONLY, e);
    return l->file < 0 ? e->code : 0;
}

void
keeper_log_attach(struct keeper_log *l, int stream, int fd)
{
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    l->streams[stream].fd = fd;
}

/* A full disk must not stop the command; what cannot be written counts as left out. */
static size_t
write_some(int fd, const char *p, size_t n)
{
    size_t done = 0;

    while (done < n) {
        ssize_t w = write(fd, p + done, n - done);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            break;
        done += (size_t)w;
    }
    return done;
}

static void
ring_write(struct keeper_log *l, const char *p, size_t n)
{
    while (n > 0) {
        uint64_t at = l->ring_written % l->ring_max;
        size_t part = n < l->ring_max - at ? n : (size_t)(l->ring_max - at);

        if (pwrite(l->ring, p, part, (off_t)at) < 0)
            return;
        l->ring_written += part;
        p += part;
        n -= part;
    }
}

static size_t
stamp(char to[CLOCK_STAMP_SIZE])
{
    size_t n = clock_stamp(to, 9);

    to[n] = ' ';
    to[n + 1] = '\0';
    return n + 1;
}

/* The file is full: says so in it, and opens the ring. */
static void
turn_to_ring(struct keeper_log *l)
{
    char line[256], time[CLOCK_STAMP_SIZE];
    int n;
    struct err e;

    stamp(time);
    n = snprintf(line, sizeof line,
                 "%sstderr F [sluice: the log has reached %" PRIu64
                 " bytes; of what follows the last %" PRIu64 " bytes come when the step ends]\n",
                 time, l->head_max, l->ring_max);
    (void)write_some(l->file, line, (size_t)n);
    l->ring = create(l->dir, BOX_LOG_TAIL, O_RDWR, &e);
    l->head_max = 0;
}

/* Of the first n bytes, those that are whole records. */
static size_t
whole_records(const char *p, size_t n)
{
    while (n > 0 && p[n - 1] != '\n')
        n--;
    return n;
}

static size_t
write_head(struct keeper_log *l, size_t n)
{
    size_t done = write_some(l->file, l->out.p, n);

    l->head += done;
    l->lost += n - done;
    return n;
}

/* Writes the records of a round; always whole ones, so that the file can be cut anywhere between
 * two writes. */
static void
flush(struct keeper_log *l)
{
    size_t taken = 0;

    if (l->head_max != 0 && l->head + l->out.n > l->head_max) {
        taken = write_head(l, whole_records(l->out.p, (size_t)(l->head_max - l->head)));
        turn_to_ring(l);
    }
    if (l->head_max != 0)
        (void)write_head(l, l->out.n);
    else if (l->ring >= 0)
        ring_write(l, l->out.p + taken, l->out.n - taken);
    else
        l->lost += l->out.n - taken;
    buf_clear(&l->out);
}

static void
record(struct keeper_log *l, int stream, const char *time, size_t time_n, char tag, const char *p,
       size_t n)
{
    buf_add(&l->out, time, time_n);
    buf_cstr(&l->out, stream == 0 ? "stdout " : "stderr ");
    buf_char(&l->out, tag);
    buf_char(&l->out, ' ');
    buf_add(&l->out, p, n);
    buf_char(&l->out, '\n');
}

/* Whole lines become records; what is behind the last one stays pending. */
static void
take_lines(struct keeper_log *l, int stream, const char *p, size_t n)
{
    struct buf *pending = &l->streams[stream].pending;
    char time[CLOCK_STAMP_SIZE];
    size_t time_n = stamp(time);

    while (n > 0) {
        const char *end = memchr(p, '\n', n);
        size_t part = end != NULL ? (size_t)(end - p) : n;
        size_t room = KEEPER_LINE - pending->n;

        if (part > room) {
            buf_add(pending, p, room);
            record(l, stream, time, time_n, 'P', pending->p, pending->n);
            buf_clear(pending);
            p += room;
            n -= room;
            continue;
        }
        if (end == NULL) {
            buf_add(pending, p, part);
            return;
        }
        if (pending->n == 0) {
            record(l, stream, time, time_n, 'F', p, part);
        } else {
            buf_add(pending, p, part);
            record(l, stream, time, time_n, 'F', pending->p, pending->n);
            buf_clear(pending);
        }
        p += part + 1;
        n -= part + 1;
    }
}

static void
keep_result(struct keeper_log *l, const char *p, size_t n)
{
    uint64_t room = l->result_max - l->result_bytes;
    struct err e;

    if (room == 0)
        return;
    if (l->result < 0) /* made when there is something to keep */
        l->result = create(l->dir, BOX_RESULT, O_WRONLY, &e);
    if (l->result < 0)
        return;
    l->result_bytes += write_some(l->result, p, n < room ? n : (size_t)room);
}

void
keeper_log_read(struct keeper_log *l, int stream)
{
    struct keeper_stream *s = &l->streams[stream];
    char chunk[CHUNK];
    ssize_t n = s->fd >= 0 ? read(s->fd, chunk, sizeof chunk) : -1;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) { /* a pty's master answers EIO when the other end is closed */
        if (s->fd >= 0)
            close(TAKE_FD(s->fd));
        return;
    }
    l->seen += (uint64_t)n;
    if (stream == 0)
        keep_result(l, chunk, (size_t)n);
    take_lines(l, stream, chunk, (size_t)n);
    flush(l);
}

/* The command and all its children are gone, so what is in the pipe is all there is. */
static void
drain(struct keeper_log *l, int stream)
{
    struct keeper_stream *s = &l->streams[stream];
    uint64_t before;

    do {
        before = l->seen;
        keeper_log_read(l, stream);
    } while (s->fd >= 0 && l->seen != before);
    if (s->fd >= 0)
        close(TAKE_FD(s->fd));
    if (s->pending.n != 0) {
        char time[CLOCK_STAMP_SIZE];
        size_t n = stamp(time);

        record(l, stream, time, n, 'F', s->pending.p, s->pending.n);
    }
    buf_done(&s->pending);
}

static void
copy_ring(struct keeper_log *l, uint64_t from, uint64_t n, bool cut)
{
    char chunk[CHUNK];

    while (n > 0) {
        uint64_t at = from % l->ring_max;
        size_t part = n < sizeof chunk ? (size_t)n : sizeof chunk;
        const char *p = chunk;
        ssize_t got;

        if (part > l->ring_max - at)
            part = (size_t)(l->ring_max - at);
        got = pread(l->ring, chunk, part, (off_t)at);
        if (got <= 0)
            return;
        from += (uint64_t)got;
        n -= (uint64_t)got;
        if (cut) { /* the ring's oldest record has lost its beginning */
            const char *end = memchr(chunk, '\n', (size_t)got);

            l->lost += end != NULL ? (uint64_t)(end + 1 - chunk) : (uint64_t)got;
            if (end == NULL)
                continue;
            p = end + 1;
            cut = false;
        }
        (void)write_some(l->file, p, (size_t)(chunk + got - p));
    }
}

static void
append_ring(struct keeper_log *l)
{
    bool cut = l->ring_written > l->ring_max;
    uint64_t n = cut ? l->ring_max : l->ring_written;
    char line[128], time[CLOCK_STAMP_SIZE];
    int length;

    l->lost += l->ring_written - n;
    if (cut) {
        stamp(time);
        length = snprintf(line, sizeof line,
                          "%sstderr F [sluice: about %" PRIu64 " bytes are left out here]\n", time,
                          l->lost);
        (void)write_some(l->file, line, (size_t)length);
    }
    copy_ring(l, l->ring_written - n, n, cut);
    close(TAKE_FD(l->ring));
    unlinkat(l->dir, BOX_LOG_TAIL, 0);
}

void
keeper_log_finish(struct keeper_log *l)
{
    for (int i = 0; i < KEEPER_STREAMS; i++)
        drain(l, i);
    flush(l);
    if (l->ring >= 0)
        append_ring(l);
    buf_done(&l->out);
    if (l->file >= 0)
        close(TAKE_FD(l->file));
    if (l->result >= 0)
        close(TAKE_FD(l->result));
}
