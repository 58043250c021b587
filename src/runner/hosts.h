/*
 * hosts - the /etc/hosts of a pod that asks for names of its own (spec.hostAliases).
 *
 * Pods share the machine's network, so they share the names that its file gives, too; the pod's own
 * entries come behind them, as kubelet writes them.  Reads one small file; any thread.
 */
#ifndef RUNNER_HOSTS_H
#define RUNNER_HOSTS_H

#include "base/str.h"

struct arena;
struct err;
struct json;

/* Text in the arena; STR_NULL if the pod (the whole object) asks for nothing.  ERR_INVALID with the
 * field's path: an address that is none, a name with other than letters, digits, '-' and '.'. */
int hosts_text(const struct json *pod, struct arena *a, struct str *ret, struct err *e);

#endif
