#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/civil.h"

static int64_t
read_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

static int64_t
machine_wall(const struct clock *c)
{
    (void)c;
    return read_clock(CLOCK_REALTIME);
}

static int64_t
machine_boot(const struct clock *c)
{
    (void)c;
    return read_clock(CLOCK_BOOTTIME);
}

const struct clock clock_machine = {.wall_us = machine_wall, .boot_us = machine_boot};

size_t
clock_stamp(char to[CLOCK_STAMP_SIZE], int digits)
{
    struct timespec now;
    struct civil date;
    int in_day;
    long fraction;

    clock_gettime(CLOCK_REALTIME, &now);
    date = civil_date(civil_floor_div(now.tv_sec, CIVIL_DAY_SECONDS));
    in_day = (int)(now.tv_sec - civil_floor_div(now.tv_sec, CIVIL_DAY_SECONDS) * CIVIL_DAY_SECONDS);
    fraction = now.tv_nsec;
    for (int i = digits; i < 9; i++)
        fraction /= 10;
    return (size_t)snprintf(to, CLOCK_STAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%0*ldZ", date.year,
                            date.month, date.day, in_day / 3600, in_day / 60 % 60, in_day % 60,
                            digits, fraction);
}

static int64_t
manual_wall(const struct clock *c)
{
    return ((const struct clock_manual *)c)->wall;
}

static int64_t
manual_boot(const struct clock *c)
{
    return ((const struct clock_manual *)c)->boot;
}

void
clock_manual_init(struct clock_manual *m, int64_t wall_us)
{
    *m = (struct clock_manual){.clock = {.wall_us = manual_wall, .boot_us = manual_boot},
                               .wall = wall_us};
}

void
clock_manual_advance(struct clock_manual *m, int64_t us)
{
    m->wall += us;
    m->boot += us;
}
