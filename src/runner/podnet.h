/*
 * podnet - how the server reaches pods, and how it knows them (the rules of sandbox/netmap.h).
 *
 * A pod's address is its status.podIP: 127.97.x.y, or the host's (127.0.0.1) for pods on the host's
 * network and where there is no supervisor.  Whoever connects to a pod for somebody (probes,
 * Services, port-forward, the gateway) asks podnet_target() where to; whoever listens for a Service
 * does so at netmap_real_port() of its 127.96.x.y.
 *
 * A peer with a pod's address is a pod, whatever user its process has, and one with a Service's may
 * be anybody: neither gets what the owner of the server gets without a login.  (The reverse is not
 * so: unconnected datagrams are not supervised, and pods without an address look like the host's
 * users.)
 *
 * Pure; any thread.
 */
#ifndef RUNNER_PODNET_H
#define RUNNER_PODNET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sandbox/netmap.h"

/* Where to connect for `port` of the pod with this status.podIP.  False: the text is no IPv4
 * address. */
static inline bool
podnet_target(const char *pod_ip, uint16_t port, struct sockaddr_in *ret)
{
    *ret = (struct sockaddr_in){.sin_family = AF_INET};
    if (inet_pton(AF_INET, pod_ip, &ret->sin_addr) != 1)
        return false;
    if (netmap_is_ours(ntohl(ret->sin_addr.s_addr)))
        port = netmap_real_port(port);
    ret->sin_port = htons(port);
    return true;
}

/* The IPv4 address of a peer, also of one that is mapped into IPv6; 0: it has none. */
static inline uint32_t
podnet_address(const struct sockaddr *peer)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)peer;
    uint32_t raw;

    if (peer->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)peer)->sin_addr.s_addr);
    if (peer->sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        return 0;
    memcpy(&raw, six->sin6_addr.s6_addr + 12, sizeof raw);
    return ntohl(raw);
}

/* Whether a connection from there is a pod's. */
static inline bool
podnet_is_pod(const struct sockaddr *peer)
{
    return netmap_is_pod(podnet_address(peer));
}

/* The same, or one that a Service forwards for somebody. */
static inline bool
podnet_is_of_network(const struct sockaddr *peer)
{
    return netmap_is_ours(podnet_address(peer));
}

#endif
