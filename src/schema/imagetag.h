/*
 * imagetag - the tag in the name of a container image.
 *
 *     busybox -> latest    r.io:5000/a/b:1.2 -> 1.2    a@sha256:... -> none
 *
 * Source: the grammar of references in the OCI distribution documentation.  Pure; any thread.
 */
#ifndef SCHEMA_IMAGETAG_H
#define SCHEMA_IMAGETAG_H

#include "base/str.h"

/* STR_NULL if there is none, or the name is none of an image. */
struct str imagetag_of(struct str image);

#endif
