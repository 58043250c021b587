/*
 * cron - schedules: when something is to happen again and again.
 *
 *   schedule = [("CRON_TZ=" | "TZ=") zone " "] (fields | "@" word | "@every " duration)
 *   fields   = minute hour day-of-month month day-of-week
 *   field    = item ("," item)*
 *   item     = ("*" | "?" | value ["-" value]) ["/" step]
 *
 * Values are numbers, or the first three letters of a month or weekday; Sunday is 0.  "5/15" means
 * from 5 to the end by 15.  Where both days are restricted, either will do, else both must fit.
 * Words: yearly, annually, monthly, weekly, daily, midnight, hourly.  As robfig/cron v3, which
 * Argo and Kubeflow use, understands them.
 *
 * Times are those of a clock on the wall in the zone: what is skipped in spring does not happen,
 * what comes twice in autumn happens twice.
 *
 * Pure but for zone files; any thread.
 */
#ifndef DATA_CRON_H
#define DATA_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct zone;

struct cron {
    uint64_t minutes, hours, days, months, weekdays; /* bit n: the value n */
    bool any_day, any_weekday;                       /* written as * */
    int64_t every_us;                                /* of @every; else 0 */
    struct str zone;                                 /* borrowed from the text; STR_NULL: none */
};

/* ERR_BADREQUEST, with what is wrong. */
int cron_parse(struct str text, struct cron *ret, struct err *e);
/* The first time after `after_us`, in microseconds since 1970, in a zone (NULL: UTC); 0 if there is
 * none within CRON_YEARS. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after_us);

enum { CRON_YEARS = 5 };

#endif
