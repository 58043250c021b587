/*
 * client - connections to other servers, kept for the next request; of one loop.
 *
 * What uses them is a fetch (http/fetch.h).  A connection that nobody uses stays open for
 * CLIENT_IDLE_US, which is less than common servers wait, and is dropped when its server closes it
 * or says something unasked.
 *
 * Loop thread only.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stddef.h>

#include "base/clock.h"
#include "base/mem.h"

struct client;
struct loop;

enum { CLIENT_MAX_IDLE = 256 }; /* connections; beyond, the one that idles longest goes */
#define CLIENT_IDLE_US (4 * CLOCK_SECOND)

struct client *client_new(struct loop *l);
/* Its fetches must have been freed.  NULL is fine. */
void client_free(struct client *c);
MEM_DEFINE_CLEANUP(struct client *, client_free)
/* Connections that idle. */
size_t client_idle(const struct client *c);

#endif
