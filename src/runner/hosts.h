/*
 * hosts - the /etc/hosts of a pod: names of Services, and of its own (spec.hostAliases).
 *
 * Pods share the machine's network, so they share the names that its file gives, too; the pod's own
 * entries come behind them, as kubelet writes them.  Reads and writes small files; any thread.
 */
#ifndef RUNNER_HOSTS_H
#define RUNNER_HOSTS_H

#include "base/str.h"

struct arena;
struct err;
struct json;

/* Text in the arena; STR_NULL if the pod (the whole object) asks for nothing and `names`, further
 * lines, is NULL.  ERR_INVALID with the
 * field's path: an address that is none, a name with other than letters, digits, '-' and '.'. */
int hosts_text(const struct json *pod, const char *names, struct arena *a, struct str *ret,
               struct err *e);

/* Writes in place, since containers have the file mounted.  Whoever reads meanwhile finds the old
 * lines, or the new ones, with empty ones behind them for a moment. */
int hosts_write(const char *path, struct str text, struct err *e);

#endif
