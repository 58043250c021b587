/*
 * discovery_list - the resources of group-versions, in both shapes of discovery.  For discovery.c.
 */
#ifndef API_DISCOVERY_LIST_H
#define API_DISCOVERY_LIST_H

#include <stdbool.h>

struct apicall;

/* APIResourceList of the group-version of the path. */
bool discovery_resources(struct apicall *c);
/* APIGroupDiscoveryList: of the core group, or of all others. */
bool discovery_aggregated(struct apicall *c, bool core);

#endif
