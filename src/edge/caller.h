/*
 * caller - who is at the other end of a connection.
 *
 * A request has at most one credential; what it says goes before where it comes from:
 *
 *     Authorization: Bearer TOKEN    the authenticator knows it:  CALLER_TOKEN
 *                                    it does not:                 401, on every listener
 *     none, plain loopback or a      the server's own user id or root, and no sign that somebody
 *     Unix socket                    forwarded the request:       CALLER_LOCAL
 *     none, otherwise                                             CALLER_NONE
 *
 * Signs of forwarding are the fields Forwarded, X-Forwarded-* (and X-Real-IP) and Via.  The user id
 * is what the kernel's socket table says of the peer's socket; TLS listeners never ask for it.
 */
#ifndef EDGE_CALLER_H
#define EDGE_CALLER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

struct arena;
struct err;

enum caller_kind { CALLER_NONE, CALLER_LOCAL, CALLER_TOKEN };

struct caller {
    enum caller_kind kind;
    struct str name; /* "alice", "system:serviceaccount:ns:name"; STR_NULL for CALLER_NONE */
    struct str uid;  /* of the user, as the authenticator says; may be STR_NULL */
    struct str pod_name, pod_uid; /* that the token is bound to, or STR_NULL */
    const struct str *groups;
    size_t groups_n;
};

/* Whom a bearer token belongs to.  Fills *ret with texts in the arena.  ERR_UNAUTHORIZED for a
 * token that is wrong or has expired; the sentence goes to the client.  Runs on edge threads, more
 * than one at once: what it reads must be immutable or locked.  Must not block. */
typedef int caller_authenticate_fn(void *arg, struct arena *a, struct str token, struct caller *ret,
                                   struct err *e);

#endif
