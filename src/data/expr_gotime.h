/*
 * expr_gotime - times, durations and zones as Go's time package reads and writes them.
 *
 * Layouts are written with the reference time Mon Jan 2 15:04:05 MST 2006.  Zones come from the
 * machine's zone database ($TZDIR or /usr/share/zoneinfo); their names are checked, since they
 * come from outside.  The calendar is the proleptic Gregorian one.
 *
 * Any thread.  Private to expr*.c, sprig*.c and condition*.c.
 */
#ifndef DATA_EXPR_GOTIME_H
#define DATA_EXPR_GOTIME_H

#include <stdbool.h>

#include "base/str.h"
#include "data/expr_value.h"

struct arena;
struct buf;
struct err;

struct expr_civil {
    int64_t year;
    int month, day; /* 1-12, 1-31 */
    int hour, minute, second;
    int weekday, yearday; /* 0 is Sunday; 1-366 */
};

/* Days since 1970-01-01 of a date of the Gregorian calendar; months beyond 1-12 carry over. */
int64_t expr_gotime_days(int64_t year, int64_t month, int64_t day);
struct expr_civil expr_gotime_civil(int64_t local_seconds);

/* A time in UTC, in a zone of fixed offset, or in a named zone. */
struct expr_value expr_gotime_utc(int64_t seconds, int32_t nanos);
struct expr_value expr_gotime_in(struct arena *a, struct expr_value time, struct str zone);

/* "UTC", "Local" (taken as UTC), "Europe/Zurich".  ERR_NOTFOUND: "unknown time zone x". */
int expr_gotime_zone(struct str name, struct err *e);

void expr_gotime_format(struct buf *to, struct expr_value time, struct str layout);
/* Text without a zone of its own is taken to be in `zone`.  ERR_INVALID. */
int expr_gotime_parse(struct arena *a, struct str text, struct str layout, struct str zone,
                      struct expr_value *ret, struct err *e);

/* "1h2m3.5s", without the days that duration_parse() knows; duration_write() is the way back. */
int expr_gotime_parse_duration(struct str text, int64_t *nanos, struct err *e);

#endif
