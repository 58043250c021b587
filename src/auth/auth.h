/*
 * auth - who a token belongs to, and what they may.
 *
 * This folder knows credentials: the token file that the administrator gives, the server's own
 * token (which its kubeconfig holds), and the signed tokens of service accounts.  It owns
 * DIR/auth of the data directory, which nobody else may read:
 *
 *     DIR/auth/key      signs tokens
 *     DIR/auth/token    the server's own: system:masters
 *
 * Immutable once open: any thread may ask.  It fails by refusing.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct apiright;
struct apitoken;
struct arena;
struct auth;
struct buf;
struct caller;
struct clock;
struct err;

/* Reads or makes the files.  `token_file` (NULL: none) is a path.  Blocks. */
int auth_open(const char *data_dir, const char *token_file, const struct clock *clock,
              struct auth **ret, struct err *e);
void auth_free(struct auth *a); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct auth *, auth_free)
#define cleanup_auth CLEANUP(auth_free)

/* Whom the kernel shows at the other end of a local connection, if it is the server's own user. */
const struct caller *auth_local(const struct auth *a);

/* For edge_options.authenticate and apiserver_config: `auth` is a struct auth. */
int auth_authenticate(void *auth, struct arena *a, struct str token, struct caller *ret,
                      struct err *e);
bool auth_authorize(void *auth, const struct caller *who, const struct apiright *right);
void auth_rules(void *auth, const struct caller *who, struct str ns, struct buf *to);
void auth_sign(void *auth, const struct apitoken *t, struct buf *to);

/* The path of the server's own token below a data directory; the caller frees it. */
char *auth_token_path(const char *data_dir);

#endif
