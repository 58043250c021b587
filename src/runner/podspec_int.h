/* podspec_int - shared by the files of podspec. */
#ifndef RUNNER_PODSPEC_INT_H
#define RUNNER_PODSPEC_INT_H

#include "runner/podspec.h"

/* What is being parsed, for messages: "spec.containers[2]". */
struct podspec_where {
    struct arena *arena;
    char text[160];
};

/* A field of v; ERR_INVALID with its path.  Text is borrowed and has no NUL; STR_NULL if it is not
 * there. */
int podspec_text_of(const struct json *v, const char *key, const struct podspec_where *w,
                    struct str *ret, struct err *e);
int podspec_int_of(const struct json *v, const char *key, const struct podspec_where *w,
                   int64_t otherwise, int64_t min, int64_t *ret, struct err *e);
int podspec_seconds_of(const struct json *v, const char *key, const struct podspec_where *w,
                       int64_t otherwise, int64_t min, int64_t *ret_us, struct err *e);
/* A list of texts without a NUL, or nothing. */
int podspec_check_texts(const struct json *list, const struct podspec_where *w, const char *key,
                        struct err *e);

/* A probe of the container; *ret is NULL if it has none of that name. */
int podspec_probe_parse(const struct json *container, const char *key,
                        const struct podspec_where *w, struct podspec_probe **ret, struct err *e);

#endif
