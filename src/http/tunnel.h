/*
 * tunnel - two streams joined: what one reads is written to the other, both ways.
 *
 * A side that does not take what it is sent holds the other one back.  Each direction ends by
 * itself; the tunnel ends when both have, or when one side breaks.  It is a guest of its server
 * (http/server.h): one that stops ends it.  Loop thread only.
 */
#ifndef HTTP_TUNNEL_H
#define HTTP_TUNNEL_H

struct server;
struct stream;

/* Takes both streams, and frees itself at the end. */
void tunnel_start(struct server *s, struct stream *a, struct stream *b);

#endif
