/*
 * argo_loop - the items of withItems, withParam and withSequence.
 *
 * Pure, but for the names that the texts contain.
 */
#ifndef FLOW_ARGO_ARGO_LOOP_H
#define FLOW_ARGO_ARGO_LOOP_H

#include <stdbool.h>

struct argo_scope;
struct err;
struct json;
struct json_doc;

enum { ARGO_MAX_ITEMS = 1000000 };

bool argo_loop_is(const struct json *call);
/* A document that is the list of items.  ERR_INVALID: what is wrong, in upstream's words. */
int argo_loop_items(struct argo_scope *s, const struct json *call, struct json_doc **ret,
                    struct err *e);

#endif
