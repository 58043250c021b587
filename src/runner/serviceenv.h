/*
 * serviceenv - the variables that tell a container where Services are.
 *
 *     WEB_SERVICE_HOST=127.96.3.7  WEB_SERVICE_PORT=80  WEB_SERVICE_PORT_HTTP=80
 *     WEB_PORT=tcp://127.96.3.7:80  WEB_PORT_80_TCP=...  _PROTO  _PORT  _ADDR
 *
 * KUBERNETES_* for the API's own, always; those of the Services that were there when the pod began
 * unless spec.enableServiceLinks is false
 * (kubernetes.io/docs/tutorials/services/connect-applications-service).
 *
 * Pure; text in the arena.
 */
#ifndef RUNNER_SERVICEENV_H
#define RUNNER_SERVICEENV_H

#include <stdbool.h>

#include "runner/env.h"

/* `moved`: the pod's connections go through the rule of sandbox/netmap.h; where they do not, the
 * variables name the ports on the wire. */
void serviceenv_add(const struct plan *p, const struct podspec *s, bool moved, struct arena *a,
                    env_vars *vars);

#endif
