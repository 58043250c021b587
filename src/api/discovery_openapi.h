/*
 * discovery_openapi - /openapi/v3 and /openapi/v2, from the schema tables.  For discovery.c.
 */
#ifndef API_DISCOVERY_OPENAPI_H
#define API_DISCOVERY_OPENAPI_H

#include <stdbool.h>

#include "base/str.h"

struct apicall;

bool discovery_openapi(struct apicall *c, struct str path);

#endif
