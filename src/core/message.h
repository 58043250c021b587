/*
 * message - what the core is asked to do.
 *
 * A message is embedded in the sender's own struct.  The core runs it inside a turn
 * (message_run_fn) and later, exactly once, tells how it went (message_done_fn), after which the
 * message is its owner's again:
 *
 *     core_post() -> QUEUED -> run() -> [the turn's commit] -> done(m, NULL)
 *                                 \-> run failed: taken back, -> done(m, why)
 *                     the commit failed: everything taken back, -> done(m, 503 or 507)
 *
 * A message without done() (and no request) may be posted again as soon as it has settled.
 *
 * So done() is where a reply is sent: what it says is on disk.
 */
#ifndef CORE_MESSAGE_H
#define CORE_MESSAGE_H

#include "base/list.h"

struct err;
struct message;
struct turn;

/* Classes share a turn by weight: of each round, so many messages at most. */
#define MESSAGE_CLASSES(X) \
    X(MESSAGE_EVENT, "event", 8, "exits, job results, timers: what frees resources") \
    X(MESSAGE_REQUEST, "request", 4, "somebody waits for a reply") \
    X(MESSAGE_WORK, "work", 4, "controllers")

#define MESSAGE_CLASS_(id, name, weight, help) id,
enum message_class { MESSAGE_CLASSES(MESSAGE_CLASS_) MESSAGE_CLASS_COUNT };

/* Does the work.  On an error everything that it did through the turn is taken back. */
typedef int message_run_fn(struct message *m, struct turn *t, struct err *e);
/* `why` is NULL if it was done and is durable.  Outside of any message: it may post, send and free,
 * not write. */
typedef void message_done_fn(struct message *m, const struct err *why);

struct message {
    struct list link; /* the core's */
    enum message_class class;
    message_run_fn *run;
    message_done_fn *done; /* NULL: nobody wants to know */
    /* Right after run(), when what it did has been kept or taken back but is not durable yet;
     * outside of the message's mark.  For queues within the core; NULL elsewhere. */
    void (*settled)(struct message *m, struct turn *t, const struct err *why);
    const char *name; /* for the log: "exit of pod x"; borrowed, may be NULL */
};

#endif
