/*
 * probe_network - tries what the supervisor of a pod's network calls needs.
 *
 * The inner probing child, which stands where a step's init will.  Forks.
 */
#ifndef SANDBOX_PROBE_NETWORK_H
#define SANDBOX_PROBE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

/* One call of a child is handed over, made on a duplicate of its descriptor and answered.  False:
 * `why` says which step failed; `sys` is the errno if nothing could be tried, else 0. */
bool probe_network(char *why, size_t size, int *sys);

#endif
