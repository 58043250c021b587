/* netcall_int - shared by the files of netcall. */
#ifndef INIT_NETCALL_INT_H
#define INIT_NETCALL_INT_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "init/netcall.h"
#include "init/netcall_memory.h"

enum { NETCALL_MAX_PAYLOAD = 65536 };

union netcall_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
};

/* One call, copied from the caller. */
struct netcall {
    enum netcall_kind kind;
    int listener;
    uint64_t id;
    pid_t pid; /* the calling thread */
    int fd;    /* a duplicate of its socket */
    ino_t socket;
    struct netcall *next; /* among those that wait */
    int domain, type;
    union netcall_address address;
    socklen_t length;
    int backlog; /* LISTEN */
    char *payload;
    size_t payload_n;
    int flags; /* SENDTO */
};

/* Makes the call as it stands; 0 or more, or -errno. */
long netcall_make(const struct netcall *c, bool wait);
/* Whether the caller is ready to wait. */
bool netcall_may_wait(const struct netcall *c);
/* A child that may answer, although other threads may do so at this moment. */
pid_t netcall_fork(void);
void netcall_answer(const struct netcall *c, long result);
/* The process of a thread; -1: it is gone. */
pid_t netcall_process(const struct netcall_ground *g, pid_t thread);

/* Rewrites address and socket; 0: the call is to be made now; else -errno. */
int netcall_inet_prepare(struct netcall_ground *g, struct netcall *c);
/* Makes a prepared BIND. */
long netcall_inet_bind(struct netcall_ground *g, struct netcall *c);

/* Makes a Unix socket's call in a child, which answers by itself; 0 or -errno. */
int netcall_unix(struct netcall_ground *g, struct netcall *c);

#endif
