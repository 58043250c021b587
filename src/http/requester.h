/*
 * requester - requests to servers elsewhere that go on in the background, each under a name.
 *
 *   (unknown) -- ask() --> UNDER WAY -- an answer, or what went wrong --> ANSWERED
 *   any       -- forget() --> (unknown); a transfer under way is given up
 *
 * An answer stays until it is forgotten.  So who asks can look again and again, act on the answer,
 * store what follows from it, and forget it when that is durable; a request whose name is unknown
 * was never made by this process, or by one that died since.
 *
 * An interface, so that a simulation can answer by itself.  requester_new() makes the real one:
 * threads of its own (REQUESTER_AT_ONCE, the others wait in line), because a server that answers
 * slowly must not hold up other work.  Everything is called on the loop's thread.
 */
#ifndef HTTP_REQUESTER_H
#define HTTP_REQUESTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct loop;
struct requester;
struct transfer_header;

enum { REQUESTER_AT_ONCE = 16 };

struct requester_request {
    struct str method, url;
    struct str body; /* .p NULL: none */
    const struct transfer_header *headers;
    size_t headers_n;
    bool insecure; /* certificates are not checked */
    int64_t timeout_us;
    int64_t limit; /* bytes of the answer's body */
};

struct requester_answer {
    struct err why; /* code 0: there was an answer */
    int status;
    struct str head; /* its header lines, "name: value\n" each */
    struct str body;
};

struct requester_ops {
    /* Begins; everything is copied.  A name that is known already stays as it is. */
    void (*ask)(struct requester *r, const char *name, const struct requester_request *q);
    /* False: unknown.  *ret is NULL while it is under way; it is lent until forget(). */
    bool (*look)(struct requester *r, const char *name, const struct requester_answer **ret);
    void (*forget)(struct requester *r, const char *name);
};

struct requester {
    const struct requester_ops *ops;
};

/* on_answer is called when one was answered: from the loop, or from ask() where no thread can be
 * had.  It may ask and forget. */
struct requester *requester_new(struct loop *l, void (*on_answer)(void *arg, const char *name),
                                void *arg, struct err *e);
/* Gives everything up; nobody is called afterwards.  NULL is fine. */
void requester_free(struct requester *r);
/* Whether one that was freed has left a thread at work, which nobody can hurry.  The program must
 * end by _exit() then: what libraries tidy up at exit would be taken away from that thread. */
bool requester_left(void);

#endif
