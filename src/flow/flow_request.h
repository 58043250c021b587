/*
 * flow_request - requests that leaves make to servers elsewhere, under the leaf's own name.
 *
 *   (nothing stored) -- flow_request_ask(), and the language remembers that it asked
 *       -- [the turn's commit] --> the request leaves --> the answer comes: the leaf is tended
 *   tended: flow_request_look() lends the answer; what follows from it is stored, and when that is
 *       durable the answer is forgotten (flow_request_forget)
 *
 * A leaf that remembers to have asked and finds its request unknown was asked by a process that is
 * gone: whether the server has heard of it nobody can say, and the language decides.
 *
 * Core thread; files of flow/ only.
 */
#ifndef FLOW_FLOW_REQUEST_H
#define FLOW_FLOW_REQUEST_H

#include <stdbool.h>

struct flow;
struct flow_node;
struct flow_run;
struct requester_answer;
struct requester_request;
struct turn;

/* There is somebody who makes requests. */
bool flow_request_possible(const struct flow *f);
/* After the commit.  What `q` points to lives in the turn's arena, as it does itself. */
void flow_request_ask(struct turn *t, const struct flow_node *n, const struct requester_request *q);
/* False: unknown.  *ret is NULL while it is under way. */
bool flow_request_look(const struct flow_node *n, const struct requester_answer **ret);
/* After the commit. */
void flow_request_forget(struct turn *t, const struct flow_node *n);
/* The same for all of a run whose object is gone. */
void flow_request_forget_all(struct turn *t, const struct flow_run *run);

#endif
