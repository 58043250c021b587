/*
 * apistream - a body that is made while it is sent.
 *
 * Whoever sends it pulls.  When there is nothing yet, it says so, and calls on_ready when it is
 * worth pulling again; some streams also want to be pulled at a certain time (bookmarks, ends).
 *
 *     apistream_pull() -> FEED_MORE, FEED_WAIT (-> on_ready), FEED_END, FEED_BREAK   (edge/feed.h)
 *
 * apistream_listen() is for the thread that the answer came on (apicall.h), all else for one thread
 * at a time.  on_ready may run on any thread, also inside of a pull; many may come for one.
 */
#ifndef API_APISTREAM_H
#define API_APISTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "edge/feed.h"

struct apistream;
struct buf;

/* What a stream asks of the core at once: beyond so much text no further object is taken, so that a
 * client that reads slowly holds little memory. */
enum { APISTREAM_SLICE_BYTES = 256 * 1024 };

struct apistream_ops {
    enum feed_state (*pull)(struct apistream *s, struct buf *to, size_t room);
    /* Boot time in microseconds at which to pull though nobody called on_ready; INT64_MAX: never.
     * NULL: never. */
    int64_t (*next_us)(struct apistream *s);
    void (*free)(struct apistream *s);
};

/* Embedded in what makes the body. */
struct apistream {
    const struct apistream_ops *ops;
    void (*on_ready)(void *arg);
    void *on_ready_arg;
    bool endless; /* until the client goes: a server that stops ends it */
};

/* Before the first pull. */
void apistream_listen(struct apistream *s, void (*on_ready)(void *arg), void *arg);
enum feed_state apistream_pull(struct apistream *s, struct buf *to, size_t room);
int64_t apistream_next_us(struct apistream *s);
/* No on_ready comes afterwards.  NULL is fine. */
void apistream_free(struct apistream *s);
MEM_DEFINE_CLEANUP(struct apistream *, apistream_free)
#define cleanup_apistream CLEANUP(apistream_free)

/* For those who make one: a pull of what is ready in `from`, of which *at bytes have been taken;
 * everything taken clears it.  True while some is left. */
bool apistream_drain(struct buf *from, size_t *at, struct buf *to, size_t room);

#endif
