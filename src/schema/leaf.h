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

/* What data/quantity.h, timestamp.h, duration.h and base64.h read; in base64 text line ends do not
 * count, as in Go. */
bool leaf_is_quantity(struct str text);
bool leaf_is_time(struct str text);
bool leaf_is_duration(struct str text);
bool leaf_is_base64(struct str text);

#endif
