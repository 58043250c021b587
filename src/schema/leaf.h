/*
 * leaf - the scalar types of the Kubernetes API, and whether a JSON value is one.
 *
 * Pure; any thread.
 */
#ifndef SCHEMA_LEAF_H
#define SCHEMA_LEAF_H

#include <stdbool.h>

#include "base/str.h"
#include "schema/schema.h"

struct json;

/* NULL if v, which is not null, is a good value of the form; else what is expected, as in "must be
 * a(n) ...".  Objects, lists and maps are not asked here. */
const char *leaf_expects(enum schema_form form, const struct json *v);

#endif
