#include "base/civil.h"

enum { DAYS_OF_400_YEARS = 146097, DAYS_TO_1970 = 719468 };

/* Counted in years that begin in March, so that a leap day is the last day of its year, and in eras
 * of 400 years, which are all alike. */
int64_t
civil_days(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2), era = civil_floor_div(y, 400), in_era = y - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * DAYS_OF_400_YEARS + in_era * 365 + in_era / 4 - in_era / 100 + in_year -
           DAYS_TO_1970;
}

struct civil
civil_date(int64_t days)
{
    int64_t z = days + DAYS_TO_1970, era = civil_floor_div(z, DAYS_OF_400_YEARS);
    int64_t day = z - era * DAYS_OF_400_YEARS;
    int64_t year = (day - day / 1460 + day / 36524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
    int64_t in_year = day - (365 * year + year / 4 - year / 100), month = (5 * in_year + 2) / 153;
    struct civil c = {.day = (int)(in_year - (153 * month + 2) / 5 + 1),
                      .month = (int)(month < 10 ? month + 3 : month - 9)};

    c.year = (int)(year + era * 400 + (c.month <= 2));
    return c;
}
