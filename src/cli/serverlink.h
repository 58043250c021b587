/*
 * serverlink - the connection to the server that a command talks to.
 *
 * Which one, and how it is logged in to, says cli/serverplace.h.
 *
 * Calls block: the link runs a loop of its own until the answer is there.  An error that the
 * server tells (a Status, or {"message"}) becomes an err with its text and the code of its HTTP
 * status.  Main thread only.
 */
#ifndef CLI_SERVERLINK_H
#define CLI_SERVERLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct buf;
struct cli;
struct err;
struct json;
struct json_doc;
struct serverlink;

/* Connects to nothing yet.  ERR_NOTFOUND with what to do if no server is known. */
int serverlink_open(struct cli *c, struct serverlink **ret, struct err *e);
void serverlink_free(struct serverlink *r); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct serverlink *, serverlink_free)
#define cleanup_serverlink CLEANUP(serverlink_free)

/* Appends text as one segment of a path, or as a value of a query, whatever is in it. */
void serverlink_put_escaped(struct buf *to, struct str text);

/* One request; *ret is the answer's document, NULL if it had no body.  `body` NULL: none.  `path`
 * begins with '/' and may have a query. */
int serverlink_call(struct serverlink *r, const char *method, const char *path,
                    const struct json *body, struct json_doc **ret, struct err *e);

/* Lines of an endless answer (a watch, a followed log), without their ends. */
struct serverlink_lines {
    /* False: enough. */
    bool (*line)(void *arg, struct str text);
    /* The answer is over; `why` NULL: it came to its end, or was enough.  The last call.  NULL:
     * nothing is done. */
    void (*end)(void *arg, const struct err *why);
    /* Each second of silence; false: enough.  NULL: nothing is done. */
    bool (*tick)(void *arg);
    void *arg;
};
/* Until the answer ends or one of the functions says so: 0.  A line over SERVERLINK_MAX_LINE ends
 * it with ERR_TOOLARGE. */
int serverlink_lines(struct serverlink *r, const char *path, const struct serverlink_lines *lines,
                     struct err *e);

/* The same for several answers at once: each is begun, and serverlink_run() reads all of them until
 * the last one is over, or serverlink_enough() is called from one of their functions.  The
 * arguments of `lines` must live until then. */
int serverlink_begin(struct serverlink *r, const char *path, const struct serverlink_lines *lines,
                     struct err *e);
void serverlink_run(struct serverlink *r);
void serverlink_enough(struct serverlink *r);

enum { SERVERLINK_MAX_LINE = 256 * 1024 * 1024, SERVERLINK_MAX_BODY = 1024 * 1024 * 1024 };

#endif
