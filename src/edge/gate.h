/*
 * gate - who a request comes from, and whether it may come in at all; for the files of edge/ only.
 *
 * A credential that is sent is looked at first, and one that is wrong is refused whatever else is
 * true.  Without one, a user of this machine may be known by the kernel's word for it.  That word
 * stands for the process that made the connection, so it must not be lent to others: not to whom
 * somebody forwards for, and not to a web page.  A page of another site can make the user's own
 * browser send requests here, under its own name (Origin tells) or, by a name that it lets resolve
 * to a loopback address, under ours (Host tells).
 *
 * Edge threads; what a gate reads does not change.
 */
#ifndef EDGE_GATE_H
#define EDGE_GATE_H

#include "edge/edge.h"

struct address;
struct arena;
struct exchange;

/* Fills *ret with who is calling; CALLER_NONE if that is not known.  ERR_UNAUTHORIZED for a wrong
 * credential, ERR_FORBIDDEN for a request that a page of another site has made, or that asks to be
 * taken for somebody else's (Impersonate-*). */
int gate_check(const struct edge_options *o, struct exchange *x, struct caller *ret, struct err *e);

/* Whether a connection, of any listener, was made by the server's own user, or root. */
bool gate_is_own(const struct edge_options *o, int fd, const struct address *peer);

#endif
