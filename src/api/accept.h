/*
 * accept - in what form a client wants its answer.
 *
 * The Accept field is a list of media types; the first that can be served is taken:
 *
 *     application/json                                            the object
 *     application/json;as=Table;g=meta.k8s.io;v=v1                rows for a terminal
 *     application/json;as=PartialObjectMetadata(List);...         metadata alone
 *     application/json;as=APIGroupDiscoveryList;...               aggregated discovery
 *     application/yaml
 *
 * Quality values are ignored but for q=0, as clients list what they prefer first.  Protobuf is
 * never written: a client that asks for it understands JSON too.  Pure; any thread.
 */
#ifndef API_ACCEPT_H
#define API_ACCEPT_H

#include <stdbool.h>

#include "base/str.h"

enum accept_as { ACCEPT_OBJECT, ACCEPT_TABLE, ACCEPT_PARTIAL, ACCEPT_DISCOVERY };

struct accept {
    enum accept_as as;
    bool yaml;
    bool beta; /* meta.k8s.io/v1beta1 */
};

/* False if nothing of it can be served.  An absent or empty field takes JSON. */
bool accept_parse(struct str field, struct accept *ret);

#endif
