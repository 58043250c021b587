/*
 * screentime - moments and durations as people read them.
 *
 * Moments are microseconds since 1970 UTC, durations microseconds.  Pure, but for the local zone
 * (TZ) in screentime_moment.
 */
#ifndef CLI_SCREENTIME_H
#define CLI_SCREENTIME_H

#include <stdint.h>

struct buf;
struct json;

/* One unit, rounded down: "26s", "1m", "4h", "3d".  Days are the largest; a negative duration shows
 * as its amount. */
void screentime_short(struct buf *to, int64_t us);
/* Two units: "26 seconds", "1 minute 5 seconds", "2 hours 0 minutes". */
void screentime_long(struct buf *to, int64_t us);
/* "Sun Jul 03 16:57:04 +0900 (4 hours ago)"; or (now), (1 minute from now). */
void screentime_moment(struct buf *to, int64_t at_us, int64_t now_us);
/* "2022-07-03 16:57:04 +0900 JST". */
void screentime_stamp(struct buf *to, int64_t at_us);
/* status.resourcesDuration: "14s*(1 cpu),4s*(100Mi memory)". */
void screentime_resources(struct buf *to, const struct json *durations);

#endif
