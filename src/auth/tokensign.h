/*
 * tokensign - tokens of service accounts: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256.
 *
 * Claims are those of Kubernetes' own: iss, sub, aud, iat, nbf, exp, jti, and "kubernetes.io" with
 * the namespace, the account, and the pod that the token is bound to.  Nobody but this server reads
 * them, so one key signs and checks.
 *
 * Immutable once made; any thread.
 */
#ifndef AUTH_TOKENSIGN_H
#define AUTH_TOKENSIGN_H

#include <stdint.h>

#include "base/str.h"

struct apitoken;
struct arena;
struct buf;
struct err;

enum { TOKENSIGN_KEY_BYTES = 32 };

struct tokensign {
    unsigned char key[TOKENSIGN_KEY_BYTES];
};

void tokensign_write(const struct tokensign *s, const struct apitoken *t, struct buf *to);
/* Checks signature and times; texts go into the arena.  ERR_UNAUTHORIZED. */
int tokensign_read(const struct tokensign *s, struct arena *a, struct str token, int64_t now_us,
                   struct apitoken *ret, struct err *e);

#endif
