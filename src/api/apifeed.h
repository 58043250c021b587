/*
 * apifeed - a stream (apistream.h) as the body of an answer.
 *
 * The edge pulls the feed, the feed pulls the stream; what the stream says of its next moment
 * becomes a timer of the edge's loop.  When the answer is over, however it ended, the stream is
 * freed.
 */
#ifndef API_APIFEED_H
#define API_APIFEED_H

struct apistream;
struct call;
struct loop;
struct reply;

/* Answers the call with the stream, which is taken, for a body; `r` says the rest.  `loop` is that
 * of the call's edge thread.  On the thread that the stream came on. */
void apifeed_reply(struct call *c, struct loop *loop, struct reply *r, struct apistream *stream);

#endif
