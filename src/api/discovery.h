/*
 * discovery - what the API has to offer: versions, groups, resources, schemas, and its health.
 *
 * Everything here follows from the table of kinds; nothing needs the core.  Two shapes of
 * discovery are served: the old one, a document for each group-version, and the aggregated one
 * (apidiscovery.k8s.io/v2) for clients that ask for it.
 *
 * Any thread.
 */
#ifndef API_DISCOVERY_H
#define API_DISCOVERY_H

#include <stdbool.h>

#include "base/str.h"

struct apicall;
struct kind;

/* The version of Kubernetes whose API this is. */
#define DISCOVERY_MAJOR "1"
#define DISCOVERY_MINOR "34"
#define DISCOVERY_VERSION "v1.34.1+sluice"

/* Answers a request for what is no object; false if there is nothing of that path. */
bool discovery_answer(struct apicall *c);
/* Whether a group-version has any kind that is served. */
bool discovery_has_version(const struct kind *const *kinds, struct str group, struct str version);

#endif
