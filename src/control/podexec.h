/*
 * podexec - a command in a running container, over a WebSocket.
 *
 * The protocols v5.channel.k8s.io and v4.channel.k8s.io: every message is binary, its first byte a
 * channel.
 *
 *     0 stdin   1 stdout   2 stderr   3 the Status at the end   4 resize {"Width":..,"Height":..}
 *     255 (v5)  the channel named by the next byte is closed: 0 ends stdin
 *
 *     OPEN -- the command ends: Status, close 1000 --> the client closes --> gone
 *     OPEN -- the client closes or goes: the command is killed ------------> gone
 *
 * Socket and command live on the edge thread of the connection; the runtime is not asked.  Output
 * waits in its pipe while the client does not read, input in the client while the command does not.
 *
 * Source: Kubernetes' remotecommand protocols.
 */
#ifndef CONTROL_PODEXEC_H
#define CONTROL_PODEXEC_H

struct apipod_exec;
struct call;
struct err;

/* For apipod_ops.exec; `config` is a struct podlog_config. */
int podexec_open(void *config, struct call *c, const struct apipod_exec *wanted, struct err *e);

#endif
