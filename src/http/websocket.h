/*
 * websocket - messages both ways over an upgraded connection (RFC 6455); the server's side.
 *
 *     websocket_accept() --> OPEN
 *     OPEN -- websocket_close(), the server drains --> CLOSING    a close frame is sent
 *     OPEN -- the peer sends a close frame --> CLOSING            it is answered
 *     CLOSING -- both have said it, or WEBSOCKET_CLOSE_US --> CLOSED (on_close ran)
 *     any -- broken, malformed, cut --> CLOSED (on_close ran)
 *     any -- websocket_free() --> gone, without a callback
 *
 * Messages are whole: fragments are put together up to WEBSOCKET_MAX_MESSAGE; pings are answered
 * here; text that is not UTF-8 is refused with 1007, frames without a mask with 1002.  A peer that
 * does not read what it is sent, not even answers to its pings, is not read from either.
 *
 * Loop thread only.
 */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/str.h"

struct err;
struct exchange;
struct websocket;

enum {
    WEBSOCKET_MAX_MESSAGE = 1024 * 1024, /* longer ones are refused with 1009 */
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_NO_CODE = 1005,  /* the peer's close frame had none */
    WEBSOCKET_ABNORMAL = 1006, /* there was no close frame */
    WEBSOCKET_INTERNAL = 1011,
};
#define WEBSOCKET_CLOSE_US (5 * CLOCK_SECOND)

struct websocket_handler {
    /* Borrowed for the call.  May call websocket_free(). */
    void (*on_message)(void *arg, struct str message, bool binary);
    /* What was sent is the kernel's, after a websocket_send() that returned false. */
    void (*on_drain)(void *arg);
    /* The last callback; websocket_free() is still owed. */
    void (*on_close)(void *arg, int code, struct str reason);
};

/* Answers the handshake of an exchange.  The first of `protocols` (NULL-terminated) that the client
 * offers is chosen, where "" stands for a client that offers none; NULL: no protocol is spoken of.
 * Reading is off until websocket_read().  NULL with *e filled, and the exchange still to be
 * answered, if the request is no sound handshake (ERR_BADREQUEST) or none of the protocols fits. */
struct websocket *websocket_accept(struct exchange *x, const char *const *protocols,
                                   const struct websocket_handler *handler, void *arg,
                                   struct err *e);
/* The chosen one, or "". */
const char *websocket_protocol(const struct websocket *w);
/* After turning it off, messages that have been read already may still come: at most 64 KiB. */
void websocket_read(struct websocket *w, bool on);
/* False if some of what was sent waits: then on_drain will run.  Nothing happens once it closes. */
bool websocket_send(struct websocket *w, struct str message, bool binary);
/* Begins to close; `reason` is cut to what a frame may hold. */
void websocket_close(struct websocket *w, int code, struct str reason);
/* NULL is fine. */
void websocket_free(struct websocket *w);

#endif
