/*
 * yaml_resolve - what a plain scalar means.
 *
 * The rules are those of go-yaml version 2, which Kubernetes' tools use: most of
 * YAML 1.1's, without base 60 numbers, and with Go's prefixes of integers.
 */
#ifndef DATA_YAML_RESOLVE_H
#define DATA_YAML_RESOLVE_H

#include <stdbool.h>

#include "base/str.h"

struct buf;

enum yaml_kind {
    YAML_STRING,
    YAML_NULL,
    YAML_TRUE,
    YAML_FALSE,
    YAML_INT,
    YAML_FLOAT,
    YAML_NOT_FINITE, /* .inf and .nan */
    YAML_MERGE,      /* << */
};

/* The kind of an unquoted text; `only_true_false` as in struct yaml_limits.  For YAML_INT and
 * YAML_FLOAT also appends it as JSON writes it. */
enum yaml_kind yaml_resolve(struct str s, bool only_true_false, struct buf *number);

/* Whether a string can be written without quotes as far as its meaning goes.  Stricter than
 * yaml_resolve(): what other readers take for a time or a base 60 number is quoted too. */
bool yaml_is_plainly_string(struct str s);

#endif
