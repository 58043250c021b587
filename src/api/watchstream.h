/*
 * watchstream - the body of a watch: one line of JSON for each change.
 *
 *     INITIAL -- every object that is there was sent as ADDED --------> LIVE
 *     CATCHUP -- every change in the table up to now was sent --------> LIVE
 *     LIVE    -- the time is over; fell off the ring (ERROR 410) -----> OVER
 *     EXPIRED -- ERROR 410 was sent ----------------------------------> OVER
 *
 * INITIAL and CATCHUP ask the core for slices; LIVE reads the ring of the kind (watchlog.h).  What
 * happens meanwhile is in the ring already, so nothing is missed between them.
 *
 * A watch of one name whose objects are composed (objects.h) has each of them composed in pieces
 * while it is sent: what is told belongs to that version or to a later time.
 *
 * An object that begins to match the selectors is ADDED, one that ceases to is DELETED, with the
 * state it had, under the version of the change.
 *
 * One thread at a time; made on any, opened in a turn.
 */
#ifndef API_WATCHSTREAM_H
#define API_WATCHSTREAM_H

#include "api/apicall_int.h"

struct watchstream;

struct watchstream_config {
    struct apiserver *server;
    struct render render;
    struct apiselect selection;  /* taken */
    struct str ns, name;         /* STR_NULL: all */
    int64_t rv;                  /* changes behind this one */
    bool initial;                /* begin with what is there */
    bool bookmarks, initial_end; /* initial_end: a bookmark says when that is over */
    int64_t timeout_us;
};

struct watchstream *watchstream_new(const struct watchstream_config *config);
/* In a turn: from here on nothing is missed. */
int watchstream_open(struct watchstream *w, struct turn *t, struct err *e);
struct apistream *watchstream_body(struct watchstream *w);

#endif
