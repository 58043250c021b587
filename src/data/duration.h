/*
 * duration - spans of time as text.
 *
 * Argo and Kubernetes write them as Go does ("1h30m", "1.5s", "300ms"); Argo adds
 * days and takes a plain integer for seconds.  A duration is in nanoseconds, as in
 * Go, so that every text has an exact value up to 292 years.
 *
 * Pure functions; any thread.
 */
#ifndef DATA_DURATION_H
#define DATA_DURATION_H

#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

#define DURATION_US INT64_C(1000)
#define DURATION_MS INT64_C(1000000)
#define DURATION_SECOND INT64_C(1000000000)
#define DURATION_MINUTE (60 * DURATION_SECOND)
#define DURATION_HOUR (60 * DURATION_MINUTE)
#define DURATION_DAY (24 * DURATION_HOUR)

/* [-+](number unit)+ with units ns us ms s m h d, a plain integer (seconds), or 0.
 * ERR_BADREQUEST with the text in the message. */
int duration_parse(struct str text, int64_t *ret_ns, struct err *e);

/* As Go prints it: "1h30m0s", "1.5s", "2ms", "0s". */
void duration_write(struct buf *to, int64_t ns);

/* As kubectl's AGE columns: 45s, 2m5s, 10m, 3h20m, 8h, 2d3h, 30d, 2y20d, 8y; below zero "0s"
 * (down to two seconds of clock difference) or "<invalid>". */
void duration_write_age(struct buf *to, int64_t ns);

#endif
