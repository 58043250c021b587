/*
 * apifetch - what a stream asks the core for, one question at a time.
 *
 *     IDLE -- apifetch_ask() --> ASKED -- the message is done: on_ready --> IDLE
 *     IDLE -- apifetch_close() --> freed
 *     ASKED -- apifetch_close() --> CLOSING -- the message is done --> freed
 *
 * `run` works in a turn while the stream waits, so what it fills in needs no lock.
 *
 * Thread: that of the stream, except `run` and `free` in CLOSING, which are the core's.
 */
#ifndef API_APIFETCH_H
#define API_APIFETCH_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/message.h"

struct apifetch;
struct apistream;
struct core;

struct apifetch {
    struct message message;
    struct core *core;
    struct apistream *stream;
    int (*run)(struct apifetch *f, struct turn *t, struct err *e);
    void (*free)(struct apifetch *f); /* of the whole stream */
    struct err why;                   /* code < 0: the last question failed */
    pthread_mutex_t lock;
    bool asked, closed;
};

void apifetch_init(struct apifetch *f, struct core *core, struct apistream *stream,
                   int (*run)(struct apifetch *f, struct turn *t, struct err *e),
                   void (*free)(struct apifetch *f));
/* In IDLE.  A question that the core does not take is one that failed. */
void apifetch_ask(struct apifetch *f);
bool apifetch_is_asked(struct apifetch *f);
/* Frees, now or when the answer is there. */
void apifetch_close(struct apifetch *f);

#endif
