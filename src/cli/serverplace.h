/*
 * serverplace - where the server is that a command talks to, and how to log in there.
 *
 * Which one: --server or SLUICE_SERVER (http://HOST:PORT, or https://), else the one that used the
 * data directory last (cli/serverfile.h).  The token is SLUICE_SERVER_TOKEN, or the data
 * directory's own if it is that directory's server and the file can be read; without one the server
 * knows its own user by the connection.  An https server's certificate must come from the data
 * directory's authority, or from one of the file that SLUICE_SERVER_CA names.
 *
 * Main thread only.
 */
#ifndef CLI_SERVERPLACE_H
#define CLI_SERVERPLACE_H

#include "io/address.h"

struct cli;
struct err;
struct tls;

struct serverplace {
    struct address to;
    struct tls *tls;     /* NULL: plain */
    char *host;          /* as in the Host field */
    char *tls_host;      /* what the certificate must name */
    char *authorization; /* "Bearer ...", or NULL */
};

/* ERR_NOTFOUND with what to do if no server is known; ERR_INVALID for a URL that is none. */
int serverplace_find(struct cli *c, struct serverplace *ret, struct err *e);
void serverplace_done(struct serverplace *p);

#endif
