/*
 * apiparam - the query of an API request.
 *
 * Names and values live in the arena they were read into.  Of one name given more than once the
 * first counts, except for apiparam_each().  Pure; any thread.
 */
#ifndef API_APIPARAM_H
#define API_APIPARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct err;

enum { APIPARAM_MAX = 256 };

struct apiparam {
    struct apiparam_pair {
        struct str name, value;
    } * at;
    size_t n;
};

/* ERR_BADREQUEST for malformed escapes, ERR_TOOLARGE for more than APIPARAM_MAX. */
int apiparam_parse(struct arena *a, struct str query, struct apiparam *ret, struct err *e);

/* STR_NULL if it was not given. */
struct str apiparam_text(const struct apiparam *p, const char *name);
/* As Kubernetes reads booleans: absent, "0" and "false" are false, all else is true. */
bool apiparam_bool(const struct apiparam *p, const char *name);
/* `otherwise` if it was not given or is empty.  ERR_BADREQUEST if it is no integer. */
int apiparam_int(const struct apiparam *p, const char *name, int64_t otherwise, int64_t *ret,
                 struct err *e);
/* The values of one name in their order: start with *at = 0; STR_NULL behind the last. */
struct str apiparam_each(const struct apiparam *p, const char *name, size_t *at);

#endif
