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

/* 128974848, 129e6, 129M, 123Mi, 0.5, 100m.  Source: apimachinery's resource.Quantity. */
bool leaf_is_quantity(struct str text);
/* RFC 3339 with seconds and zone; a fraction is allowed. */
bool leaf_is_time(struct str text);
/* Go's durations: "1h30m", "1.5s", "0". */
bool leaf_is_duration(struct str text);
/* Standard base64, padded; white space is skipped. */
bool leaf_is_base64(struct str text);

#endif
