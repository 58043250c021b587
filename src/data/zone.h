/*
 * zone - named time zones, from the machine's zone database in the format of RFC 8536.
 *
 * Only the second, 64-bit block is read.  Instants beyond the last transition follow the footer's
 * rule where it is one of the usual ones ("CET-1CEST,M3.5.0,M10.5.0/3"), else the last offset.
 *
 * A zone is immutable; any thread.
 */
#ifndef DATA_ZONE_H
#define DATA_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct err;
struct zone;

enum { ZONE_ABBREVIATION_MAX = 16 };

/* *ret is NULL for UTC ("", "UTC").  "Local" is the machine's own.  ERR_NOTFOUND: "unknown time
 * zone x". */
int zone_load(struct str name, struct zone **ret, struct err *e);
void zone_free(struct zone *z); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct zone *, zone_free)
#define cleanup_zone CLEANUP(zone_free)

/* Seconds east of UTC at an instant; z NULL: UTC.  Pass abbreviation NULL if it is not wanted. */
int32_t zone_offset(const struct zone *z, int64_t at, char abbreviation[ZONE_ABBREVIATION_MAX]);

#endif
