/*
 * clock - where time comes from, so that a test can turn the hands.
 *
 * Wall time is for deadlines and time stamps, in microseconds since 1970 UTC;
 * boot time runs through suspend, never jumps, and is for pauses.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_us)(const struct clock *c);
    int64_t (*boot_us)(const struct clock *c);
};

#define CLOCK_SECOND INT64_C(1000000)

/* The machine's own. */
extern const struct clock clock_machine;

static inline int64_t
clock_wall_us(const struct clock *c)
{
    return c->wall_us(c);
}

static inline int64_t
clock_boot_us(const struct clock *c)
{
    return c->boot_us(c);
}

enum { CLOCK_STAMP_SIZE = 40 };

/* Writes the machine's time as "2024-01-02T03:04:05.678Z", with 3, 6 or 9 digits behind the point;
 * returns the bytes. */
size_t clock_stamp(char to[CLOCK_STAMP_SIZE], int digits);

/* One that stands still until it is told otherwise. */
struct clock_manual {
    struct clock clock; /* first, so that a pointer to it is one to this */
    int64_t wall, boot;
};

void clock_manual_init(struct clock_manual *m, int64_t wall_us);
void clock_manual_advance(struct clock_manual *m, int64_t us);

#endif
