/*
 * stream - a connected stream socket, TCP or Unix, with back-pressure both ways.
 *
 *     CONNECTING -- connected (on_drain runs) --> OPEN
 *     OPEN -- the peer sends its end, all was read (on_end runs) --> the same, nothing to read
 *     OPEN -- stream_finish(), all was written --> the same, nothing to write
 *     any -- error (on_close runs) --> CLOSED
 *
 * Reading is off until stream_read() turns it on, and takes from the kernel only while it is on, so
 * a reader that is not ready holds the sender back.  Writing gives the kernel what it takes and
 * copies the rest; whoever writes waits for on_drain before it writes more, so the copy is at most
 * one piece of the writer.
 *
 * A filter (TLS) stands between the socket and the owner and changes nothing of this: the owner
 * reads and writes plain bytes.
 *
 * Loop thread only; real loops only.  Callbacks never run from inside of a call of the owner.
 */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "io/loop.h"

struct address;
struct buf;
struct err;
struct stream;

enum {
    STREAM_READ_BYTES = 64 * 1024,  /* taken from the kernel at once */
    STREAM_KEEP_BYTES = 128 * 1024, /* what the owner has left is kept up to here; then reading
                                     * pauses until it has taken some */
};

struct stream_handler {
    /* Bytes have come.  Returns how many of them the owner has taken; the rest is kept and offered
     * again, with what follows it, when more comes or after the next stream_read(s, true). */
    size_t (*on_read)(void *arg, struct str bytes);
    /* The peer sends nothing any more; what was kept has been offered. */
    void (*on_end)(void *arg);
    /* All that was written is the kernel's, after a stream_write() that returned false; or the
     * connection has come about. */
    void (*on_drain)(void *arg);
    /* The connection is broken.  The last callback. */
    void (*on_close)(void *arg, const struct err *why);
};

/* Changes bytes on their way.  All functions append; a decode that fails breaks the connection
 * after what it has put into *wire is sent. */
struct stream_filter {
    /* What came from the peer: its meaning goes to *plain, an immediate answer to *wire.  *ended is
     * set when the peer said, within the filter's protocol, that nothing more comes. */
    int (*decode)(void *filter, struct str bytes, struct buf *plain, struct buf *wire, bool *ended,
                  struct err *e);
    int (*encode)(void *filter, struct str plain, struct buf *wire, struct err *e);
    /* Plain bytes that it holds back until the peer has said something. */
    size_t (*held)(void *filter);
    /* The owner writes nothing more. */
    void (*finish)(void *filter, struct buf *wire);
    void (*free)(void *filter);
};

/* Takes fd, a connected socket that does not block. */
struct stream *stream_new(struct loop *l, int fd, const struct stream_handler *handler, void *arg,
                          struct err *e);
/* Begins to connect.  What is written meanwhile waits. */
struct stream *stream_connect(struct loop *l, const struct address *to,
                              const struct stream_handler *handler, void *arg, struct err *e);
/* The same from an address of this machine, whose port does not matter. */
struct stream *stream_connect_from(struct loop *l, const struct address *from,
                                   const struct address *to, const struct stream_handler *handler,
                                   void *arg, struct err *e);
/* Before the first byte is read or written.  Takes the filter. */
void stream_set_filter(struct stream *s, const struct stream_filter *filter, void *arg);
/* Runs when it has been freed and its descriptor is closed, whoever owned it last. */
void stream_set_last(struct stream *s, void (*last)(void *arg), void *arg);
/* Another owner takes over. */
void stream_set_handler(struct stream *s, const struct stream_handler *handler, void *arg);

/* Turning it on offers what was kept at the next pass. */
void stream_read(struct stream *s, bool on);
/* Writes the parts one after another.  False if some of it waits: then on_drain will run. */
bool stream_write(struct stream *s, const struct str *parts, size_t n);
/* Bytes that were written and wait for room in the kernel. */
size_t stream_pending(const struct stream *s);
/* The end of what is written, once it all is the kernel's; reading goes on. */
void stream_finish(struct stream *s);
/* Closes at once; what waits is lost.  No callback afterwards.  NULL is fine. */
void stream_free(struct stream *s);
/* The same, and the peer is told (by a reset) that this is no proper end. */
void stream_reset(struct stream *s);

int stream_fd(const struct stream *s);
/* Bytes of the socket since the last call, both ways. */
void stream_take_traffic(struct stream *s, uint64_t *ret_in, uint64_t *ret_out);

#endif
