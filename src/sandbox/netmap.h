/*
 * netmap - the addresses and ports of the pod network.
 *
 * All pods share the machine's network; each has an address of its own among those of the loopback
 * device: 127.97.x.y, Services 127.96.x.y.  Ports below 1024 are not an ordinary process's to bind,
 * so a fixed rule moves them: port p of a pod or a Service is, on the wire, port 64512 + p of the
 * same address.  The rule needs no table that could be lost; it costs pods the ports from 64512 up,
 * which are refused to them.
 *
 * Addresses are in host byte order.  Pure; any thread.
 */
#ifndef SANDBOX_NETMAP_H
#define SANDBOX_NETMAP_H

#include <stdbool.h>
#include <stdint.h>

enum { NETMAP_PRIVILEGED = 1024, NETMAP_MOVED = 64512 };
#define NETMAP_PODS UINT32_C(0x7f610000)     /* 127.97.0.0/16 */
#define NETMAP_SERVICES UINT32_C(0x7f600000) /* 127.96.0.0/16 */
#define NETMAP_MASK UINT32_C(0xffff0000)

static inline bool
netmap_is_pod(uint32_t address)
{
    return (address & NETMAP_MASK) == NETMAP_PODS;
}

static inline bool
netmap_is_ours(uint32_t address)
{
    return netmap_is_pod(address) || (address & NETMAP_MASK) == NETMAP_SERVICES;
}

/* The port on the wire of a pod's or Service's port. */
static inline uint16_t
netmap_real_port(uint16_t port)
{
    return port != 0 && port < NETMAP_PRIVILEGED ? (uint16_t)(NETMAP_MOVED + port) : port;
}

/* And back. */
static inline uint16_t
netmap_shown_port(uint16_t port)
{
    return port > NETMAP_MOVED ? (uint16_t)(port - NETMAP_MOVED) : port;
}

#endif
