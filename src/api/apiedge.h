/*
 * apiedge - the API behind an edge: requests to apicalls, answers to replies, streams to feeds.
 *
 * The handler runs on edge threads; answers of what went through the core leave from the core's.
 */
#ifndef API_APIEDGE_H
#define API_APIEDGE_H

struct apiserver;
struct buf;
struct err;
struct request;
struct routes;

/* For edge_options.write_error: an error as a Status. */
void apiedge_write_error(void *arg, const struct request *rq, int status, const struct err *why,
                         struct buf *body, const char **content_type);
/* Adds the API's paths to a table; `s` must outlive it. */
int apiedge_add_routes(struct apiserver *s, struct routes *r, struct err *e);

#endif
