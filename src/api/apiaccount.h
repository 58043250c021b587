/*
 * apiaccount - whether what a service account's token speaks for is there still.
 *
 * Such a token is worth as much as the account, and one that is bound to a pod as much as that:
 * nothing once either is gone, is another one of the same name, or should have been gone for
 * APIACCOUNT_LEEWAY_US.  Tokens themselves are checked on edge threads, which do not see objects;
 * so whatever a request does in a turn asks this first.
 */
#ifndef API_APIACCOUNT_H
#define API_APIACCOUNT_H

#include "base/clock.h"

struct caller;
struct err;
struct objects;
struct turn;

#define APIACCOUNT_LEEWAY_US (60 * CLOCK_SECOND)

/* ERR_UNAUTHORIZED: it is not.  0 for everybody else; `who` may be NULL. */
int apiaccount_check(struct objects *os, struct turn *t, const struct caller *who, struct err *e);

#endif
