/* stream_int - the inside of a stream; for stream*.c only. */
#ifndef IO_STREAM_INT_H
#define IO_STREAM_INT_H

#include "base/buf.h"
#include "io/stream.h"

struct stream {
    struct loop *loop;
    int fd;
    struct watch *watch;
    int watched; /* WATCH_ bits */
    const struct stream_handler *handler;
    void *arg;
    const struct stream_filter *filter; /* NULL: none */
    void *filter_arg;
    struct buf keep; /* read, plain, and not taken by the owner */
    struct buf out;  /* written, as it goes to the wire; the first out_at bytes are gone */
    size_t out_at;
    uint64_t in_bytes, out_bytes;
    struct task offer; /* keep, the end and a failure wait for the next pass */
    bool connecting, reading;
    bool again;    /* stream_read() was called from inside on_read */
    bool ended;    /* the peer's end was read */
    bool told_end; /* and on_end has run */
    bool finish;   /* the owner writes nothing more */
    bool shut;     /* and the peer was told */
    bool failed, told_close, draining;
    struct err *why; /* when failed */
    bool *freed;     /* set by stream_free() while a callback runs */
    void (*last)(void *arg);
    void *last_arg;
};

/* Breaks the connection: on_close runs at the next pass, once what was read before has been
 * offered. */
void stream_fail(struct stream *s, const struct err *why);
void stream_fail_errno(struct stream *s, int sys);
/* Waits for what the stream can do something with now. */
void stream_rewatch(struct stream *s);
/* Sends what waits. */
void stream_flush(struct stream *s);

#endif
