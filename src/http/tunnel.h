/*
 * tunnel - two streams joined: what one reads is written to the other, both ways.
 *
 * A side that does not take what it is sent holds the other one back.  Each direction ends by
 * itself; the tunnel ends when both have, or when one side breaks: then the other one is reset,
 * since what it has may not be all.  It is a guest of its home (http/server.h), which may end it.
 * Loop thread only.
 */
#ifndef HTTP_TUNNEL_H
#define HTTP_TUNNEL_H

struct server;
struct server_guest;
struct stream;

/* Who keeps the tunnels of its own. */
struct tunnel_home {
    void (*add)(void *owner, struct server_guest *g);
    void (*remove)(void *owner, struct server_guest *g); /* the tunnel is over */
    void *owner;
};

/* Takes both streams, and frees itself at the end. */
void tunnel_start(const struct tunnel_home *home, struct stream *a, struct stream *b);
/* The same for a connection of a server. */
void tunnel_start_in(struct server *s, struct stream *a, struct stream *b);

#endif
