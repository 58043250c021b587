/*
 * netprobe - one httpGet, tcpSocket or grpc probe of a container, made by the server.
 *
 *     CONNECTING -- connected --> tcpSocket: good, ENDED; others: ASKED
 *     ASKED -- head of the reply --> httpGet: status 200 to 399 good, else bad; ENDED
 *     ASKED -- the call has ended --> grpc: SERVING good, else bad; ENDED
 *     CONNECTING, ASKED -- broken, malformed, not in time --> bad, ENDED
 *     any -- netprobe_free() --> gone, without an answer
 *
 * A gRPC server is asked by grpc.health.v1.Health/Check, without TLS, as kubelet does.  Failures
 * are told in kubelet's sentences, which people search for.  A redirection is good as it stands,
 * and nobody looks where it leads.  Each probe has a connection of its own, since a server that can
 * serve only one would be kept from others by a kept one.
 *
 * Loop thread only; real loops only.
 */
#ifndef RUNNER_NETPROBE_H
#define RUNNER_NETPROBE_H

#include <stdbool.h>

struct client;
struct err;
struct loop;
struct netprobe;
struct podspec_probe;
struct tls;

/* What all probes of a loop share. */
struct netprobe_ground {
    struct loop *loop;
    struct client *client;
    struct tls *tls; /* from the first HTTPS probe on */
};

void netprobe_ground_init(struct netprobe_ground *g, struct loop *l);
/* Its probes must have been freed. */
void netprobe_ground_done(struct netprobe_ground *g);

/* The answer, once, from the loop; `text` says why not, in a few words.  May free the probe. */
typedef void netprobe_fn(void *arg, bool ok, const char *text);

/* Begins.  `pod_ip` is where the pod is (runner/podnet.h); *spec is borrowed for the call.  NULL
 * with *e filled if nothing can be tried. */
struct netprobe *netprobe_new(struct netprobe_ground *g, const struct podspec_probe *spec,
                              const char *pod_ip, netprobe_fn *fn, void *arg, struct err *e);
/* NULL is fine. */
void netprobe_free(struct netprobe *p);

#endif
