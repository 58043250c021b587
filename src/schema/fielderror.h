/*
 * fielderror - what is wrong with the value of a field, classified and worded as Kubernetes does
 * it.
 *
 *     spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never"
 *
 * Each function appends one problem whose `reason` and text become a cause of the Status.  `path`
 * is the field's path as upstream writes it; `detail`, which may be "", stands behind the value.
 */
#ifndef SCHEMA_FIELDERROR_H
#define SCHEMA_FIELDERROR_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct json;
struct problems;

void fielderror_required(struct problems *ps, const char *path, const char *detail);
/* NULL for the value is null. */
void fielderror_invalid(struct problems *ps, const char *path, const struct json *value,
                        const char *detail);
void fielderror_invalid_str(struct problems *ps, const char *path, struct str value,
                            const char *detail);
void fielderror_invalid_int(struct problems *ps, const char *path, int64_t value,
                            const char *detail);
/* A value that is no text, as it is to be shown. */
void fielderror_invalid_shown(struct problems *ps, const char *path, const char *shown,
                              const char *detail);
void fielderror_duplicate_shown(struct problems *ps, const char *path, const char *shown,
                                const char *detail);
/* `supported` ends with NULL and is printed in its order. */
void fielderror_unsupported(struct problems *ps, const char *path, struct str value,
                            const char *const *supported);
void fielderror_forbidden(struct problems *ps, const char *path, const char *detail);
void fielderror_duplicate(struct problems *ps, const char *path, struct str value);
void fielderror_not_found(struct problems *ps, const char *path, struct str value,
                          const char *detail);
void fielderror_too_long(struct problems *ps, const char *path, size_t limit_bytes);

#endif
