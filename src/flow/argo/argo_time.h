/*
 * argo_time - times as the language writes them: microseconds inside, text outside.
 */
#ifndef FLOW_ARGO_ARGO_TIME_H
#define FLOW_ARGO_ARGO_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct argo_scope;
struct err;
struct json;
struct json_build;

/* "20", "1m", "2h30m", "1d". */
int argo_time_duration(struct str text, int64_t *ret_us, struct err *e);
/* Microseconds of such a text in a field that may hold tags; 0 where it is absent or empty. */
int argo_time_field(struct argo_scope *s, const struct json *v, int64_t *ret_us, struct err *e);
/* "12.345678": the seconds between two times, as durations are written; 0.000000 if it has not
 * begun (`from_us` 0). */
void argo_time_seconds(int64_t from_us, int64_t to_us, char *to, size_t size);
/* RFC 3339 with whole seconds; the caller frees. */
char *argo_time_text(int64_t us);
/* The same as a field; 0 adds null. */
void argo_time_add(struct json_build *b, const char *key, int64_t us);

#endif
