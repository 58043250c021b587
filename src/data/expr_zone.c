/*
 * Named time zones of expressions.  "Local" is taken as UTC, as on a cluster.
 */
#include "base/arena.h"
#include "base/err.h"
#include "data/expr_gotime.h"
#include "data/zone.h"

static struct str
plain(struct str name)
{
    return str_is(name, "Local") ? STR("UTC") : name;
}

int
expr_gotime_zone(struct str name, struct err *e)
{
    cleanup_zone struct zone *z = NULL;

    return zone_load(plain(name), &z, e);
}

struct expr_value
expr_gotime_in(struct arena *a, struct expr_value t, struct str zone)
{
    cleanup_zone struct zone *z = NULL;
    struct err ignored = ERR_INIT;
    char abbreviation[ZONE_ABBREVIATION_MAX];

    (void)zone_load(plain(zone), &z, &ignored);
    t.time.at.offset = zone_offset(z, t.time.at.seconds, abbreviation);
    t.time.zone = arena_strdup(a, abbreviation);
    return t;
}
