/*
 * signals - SIGINT, SIGTERM and their kin as events of a loop.
 *
 * While one is watched its default action (the end of the process) is off.  Real loops only.  Loop
 * thread only.
 */
#ifndef IO_SIGNALS_H
#define IO_SIGNALS_H

#include "io/loop.h"

struct err;
struct signals;

typedef void signals_fn(void *arg, int sig);

/* `sigs` ends with 0. */
struct signals *signals_watch(struct loop *l, const int *sigs, signals_fn *fn, void *arg,
                              struct err *e);
/* The default actions are on again.  NULL is fine. */
void signals_free(struct signals *s);

#endif
