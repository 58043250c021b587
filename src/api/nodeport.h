/*
 * nodeport - the ports of this machine at which Services of type NodePort and LoadBalancer are.
 *
 * Each port of such a Service has one of 30000 to 32767 that no other Service has: what it had
 * before, what the client asks for, or one that is free.
 *
 * Core thread.
 */
#ifndef API_NODEPORT_H
#define API_NODEPORT_H

struct err;
struct json;
struct json_doc;
struct objects;
struct problems;
struct turn;

enum { NODEPORT_FIRST = 30000, NODEPORT_LAST = 32767 };

/* `old` is NULL for a creation.  *ret is the Service with its ports, or NULL if nothing changes;
 * wishes that cannot be had go into ps.  ERR_UNAVAILABLE: none is left. */
int nodeport_fill(struct objects *os, struct turn *t, const struct json *old,
                  const struct json *next, struct json_doc **ret, struct problems *ps,
                  struct err *e);

#endif
