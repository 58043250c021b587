/*
 * civil - dates of the Gregorian calendar, in both directions, and divisions that round down.
 *
 * Without the C library's, which reads files about time zones and would double the size of what is
 * linked statically.  Pure; any thread.
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>

enum { CIVIL_DAY_SECONDS = 86400 };

struct civil {
    int year, month, day; /* months and days from 1 */
};

/* Days since 1970-01-01. */
int64_t civil_days(int64_t year, int month, int day);
struct civil civil_date(int64_t days);

/* Rounded down, not towards zero. */
static inline int64_t
civil_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

#endif
