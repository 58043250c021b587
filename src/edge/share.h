/*
 * share - how many of the connections one client may have.
 *
 * A client may hold at most as many connections as are still free for all others: the first that
 * takes all it gets ends at half, the next at a quarter, and so on, so that there is always room
 * for whoever comes with few.  A client is an IPv4 address, or the /64 of an IPv6 one; pods have
 * addresses of their own.  All others of this machine come from one address, so `privileged`
 * connections (of the server's own user) are bounded by the whole alone.
 *
 * Any thread.
 */
#ifndef EDGE_SHARE_H
#define EDGE_SHARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct address;
struct share;

struct share *share_new(size_t limit);
void share_free(struct share *s); /* all was given back; NULL is fine */
MEM_DEFINE_CLEANUP(struct share *, share_free)
#define cleanup_share CLEANUP(share_free)

/* Counts one more connection: what is to be given back when it has closed, or NULL if there is no
 * room for it. */
void *share_take(struct share *s, const struct address *client, bool privileged);
void share_give(void *taken);

#endif
