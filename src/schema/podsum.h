/*
 * podsum - how much of a resource the containers of a Pod ask for together.
 *
 * Containers run side by side; init containers one after another, each beside the sidecars before
 * it.  A container that only has a limit asks for that.  Pure; any thread.
 */
#ifndef SCHEMA_PODSUM_H
#define SCHEMA_PODSUM_H

#include <stdbool.h>

#include "base/str.h"

struct json;
struct quantity;

/* Of the Pod's spec; `list` is "requests" or "limits".  False, and zero, if none names it. */
bool podsum_of(const struct json *spec, const char *list, struct str resource,
               struct quantity *ret);

#endif
