/*
 * fuzz_cron - a schedule that was read has a next time that comes later, at a whole second, and
 * fits its own fields; or none.
 */
#include "base/err.h"
#include "base/log.h"
#include "data/cron.h"
#include "data/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    cleanup_zone struct zone *z = NULL;
    struct err e = ERR_INIT;
    struct cron c;
    int64_t at = INT64_C(1700000000) * 1000000, next;

    if (cron_parse(text, &c, &e) < 0)
        return 0;
    (void)zone_load(c.zone, &z, &e);
    for (int i = 0; i < 3; i++) {
        next = cron_next(&c, z, at);
        if (next == 0)
            return 0;
        CHECK(next > at && next % 1000000 == 0);
        if (c.every_us == 0)
            CHECK(next % 60000000 == 0);
        at = next;
    }
    return 0;
}
