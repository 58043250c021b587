/*
 * defaults_int - the defaults that depend on other values.
 */
#ifndef SCHEMA_DEFAULTS_INT_H
#define SCHEMA_DEFAULTS_INT_H

#include <stdbool.h>

#include "base/str.h"

struct json;
struct json_build;

/* What a function must know of the object around its value. */
struct defaults_context {
    bool pod;          /* the object is a Pod, no template of one */
    bool host_network; /* spec.hostNetwork of the Pod */
    struct str service_type;
};

/* Adds to an open object the fields by which a merge patch (RFC 7386) turns `v` into what it is
 * with its defaults; nothing if it is so already. */
typedef void defaults_fill_fn(const struct defaults_context *c, const struct json *v,
                              struct json_build *patch);

/* The function for a type of v1; NULL if there is none. */
defaults_fill_fn *defaults_fill_of(struct str type_name);

#endif
