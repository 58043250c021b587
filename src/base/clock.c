#include "base/clock.h"

#include <time.h>

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
