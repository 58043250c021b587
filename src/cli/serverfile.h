/*
 * serverfile - where the server of a data directory is to be found.
 *
 * DIR/server.json is written when a server is ready; commands that are clients read it.  It stays
 * when the server has gone: whoever connects then hears that nobody listens.
 */
#ifndef CLI_SERVERFILE_H
#define CLI_SERVERFILE_H

#include "base/mem.h"

struct err;

struct serverfile {
    char *url;     /* "http://127.0.0.1:8080" */
    char *tls_url; /* "https://127.0.0.1:6443", or NULL */
};

int serverfile_write(const char *data_dir, const struct serverfile *s, struct err *e);
/* ERR_NOTFOUND with a sentence if no server has used the directory. */
int serverfile_read(const char *data_dir, struct serverfile *ret, struct err *e);
void serverfile_done(struct serverfile *s);
#define cleanup_serverfile __attribute__((cleanup(serverfile_done)))

#endif
