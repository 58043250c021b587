/*
 * timestamp - points in time as text.
 *
 * A time stamp is microseconds since 1970 UTC, as base/clock tells it.  Kubernetes
 * writes RFC 3339 in UTC with whole seconds (metav1.Time) or six decimals
 * (MicroTime).  The calendar is the proleptic Gregorian one, from year 0 to 9999.
 *
 * Pure functions, no time zone of the machine; any thread.
 */
#ifndef DATA_TIMESTAMP_H
#define DATA_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;
struct err;

#define TIMESTAMP_SECOND INT64_C(1000000)

/* "2024-05-17T09:31:42Z", with an optional fraction (beyond microseconds it is cut) and with Z or
 * an offset like +02:00.  ERR_BADREQUEST with the text in the message. */
int timestamp_parse(struct str text, int64_t *ret_us, struct err *e);

/* "2024-05-17T09:31:42Z": the part below a second is dropped. */
void timestamp_write(struct buf *to, int64_t us);
/* "2024-05-17T09:31:42.000000Z": always six decimals, as MicroTime. */
void timestamp_write_micro(struct buf *to, int64_t us);

/* One conversion of strftime in the C locale and UTC, by its letter, as in
 * {{workflow.creationTimestamp.Y}}: A a B b C c D d e F H I j k l M m n p R r S T t U u V v W w X x
 * Y y Z z, and s (seconds since 1970), L (milliseconds), f (microseconds).  False for others. */
bool timestamp_write_letter(struct buf *to, int64_t us, char letter);

/* A date and time of day. */
struct timestamp_parts {
    int year, month, day; /* 1 to 12, 1 to 31 */
    int hour, minute, second, micro;
    int week_day; /* 0: Sunday */
    int year_day; /* 0: 1 January */
};
struct timestamp_parts timestamp_split(int64_t us);
/* The reverse, of fields in their ranges; week_day and year_day are ignored. */
int64_t timestamp_join(const struct timestamp_parts *parts);

#endif
