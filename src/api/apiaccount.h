/*
 * apiaccount - whether the account behind a token is there still.
 *
 * A service account's token is worth as much as the account: nothing once that is gone, or is
 * another one of the same name.  Tokens themselves are checked on edge threads, which do not see
 * objects; so whatever a request does in a turn asks this first.
 */
#ifndef API_APIACCOUNT_H
#define API_APIACCOUNT_H

struct caller;
struct err;
struct objects;
struct turn;

/* ERR_UNAUTHORIZED: it is gone.  0 for everybody else; `who` may be NULL. */
int apiaccount_check(struct objects *os, struct turn *t, const struct caller *who, struct err *e);

#endif
