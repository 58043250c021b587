/*
 * netcall - the network calls of a pod's processes, made for them by init.
 *
 * The kernel hands bind, connect, listen, and sendto with an address to this supervisor (seccomp
 * user notification), which makes each call itself, on a duplicate of the descriptor and with a
 * copy of the address, and answers with the result.  It never lets the kernel go on with a call: in
 * between, the process could change the memory or put another socket behind the number.
 *
 *   any address to bind to, and no address  the pod's own (127.97.x.y); IPv6 sockets: the same,
 *   127/8, ::1, 0.0.0.0, :: as destination  the pod's own; port 53 stays that of the machine's
 *                                           resolver; shared ports of 127.0.0.1, ::1, 0.0.0.0
 *                                           and :: are those of the machine's 127.0.0.1
 *   pods, Services, this machine's others   the source is bound to the pod's address before
 *   ports below 1024                        moved by the rule of sandbox/netmap.h
 *   abstract Unix names                     get the pod's prefix
 *   paths of Unix sockets                   by a child with the caller's root, directory and ids
 *
 * Calls that may wait for somebody are made by a thread of their own.  Where the kernel cannot keep
 * signals from interrupting a caller (no WAIT_KILLABLE), answers are remembered
 * (init/netcall_memory.h) and given when the call is made again; those of Unix sockets are not.
 *
 * Init's thread.
 */
#ifndef INIT_NETCALL_H
#define INIT_NETCALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"

/* A port that a socket of this container has, for pairs of sockets of one port: IPv4 and IPv6-only.
 */
struct netcall_port {
    uint16_t port; /* on the wire */
    int type;
    bool only6;
    pid_t process;
    ino_t socket;
};

struct netcall_ground {
    uint32_t address;       /* the pod's, host order; 0: no supervisor */
    const uint32_t *shared; /* ports of the machine's 127.0.0.1 that the pod reaches */
    size_t shared_n;
    bool remember;
    bool other_ids;        /* callers may have other ids than this process */
    uint64_t capabilities; /* of the step */
    int proc;              /* /proc of the pid namespace */
    VEC(struct netcall_port) ports;
};

/* A new listener. */
void netcall_prepare(int listener);
/* Takes one call from the listener and makes it.  False: all processes that it supervised are gone.
 */
bool netcall_serve(struct netcall_ground *g, int listener);

#endif
