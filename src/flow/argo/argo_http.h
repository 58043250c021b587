/*
 * argo_http - http templates: one request, and what follows from its answer.
 *
 *   (nothing remembered) -- {"asked":1} is remembered; after the commit the request leaves
 *   remembered -- under way                              --> looked at again when the answer comes
 *              -- answered, a good answer                --> Succeeded, outputs.result is the body
 *              -- answered otherwise, or not at all      --> Failed
 *              -- unknown, a method that may be repeated --> asked again, {"asked":2}
 *              -- unknown, another method                --> Error: whether the server has heard of
 *                                                            it, nobody can say
 *
 * So a request that changes something leaves once: what a kill makes doubtful is told, and the
 * retry strategy decides.  GET, HEAD, OPTIONS, PUT and DELETE may be repeated (RFC 9110, 9.2.2).
 *
 * A good answer is one of 2xx, or what successCondition says, with the names request.method, url,
 * body, headers and response.statusCode, body, headers; headers are lists of texts by their names,
 * which are spelled as Go's http.Header spells them.
 */
#ifndef FLOW_ARGO_ARGO_HTTP_H
#define FLOW_ARGO_ARGO_HTTP_H

#include <stdint.h>

struct err;
struct flow_node;
struct flow_result;
struct json;
struct turn;

enum {
    ARGO_HTTP_TIMEOUT_S = 30,
    ARGO_HTTP_ANSWER_BYTES = 256 * 1024, /* as much as a step's result */
};

/* `tmpl` is filled in.  See struct flow_language's tend. */
int argo_http_tend(struct turn *t, struct flow_node *leaf, const struct json *tmpl,
                   struct flow_result *r, int64_t *again_us, struct err *e);
/* A leaf ended: a request of it is needed no more. */
void argo_http_ended(struct turn *t, const struct flow_node *leaf);

#endif
